"""What a user calls an app: an address, with whatever people leave on it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit

from gradwire.errors import InvalidArgumentError, is_secret, redact_url

_SPACE = re.compile(r"[\w-]+/[\w.-]+")
_NAME = re.compile(r"[\w.-]+|[0-9a-fA-F:.]+(%[\w.-]+)?")
_SPACE_PAGE = re.compile(
    r"(?i:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)(?::443|:80)?)"
    r"/spaces/([\w-]+/[\w.-]+)(?:[/?#].*)?"
)
_PAGE_END = re.compile(r"([\w-]+/[\w.-]+)(?:[/?#].*)?")
_SPACE_HOST = re.compile(r"([\w-]+)\.hf\.space")
_LOCAL = re.compile(r"(localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1\])(?![\w.-])", re.IGNORECASE)
_HOST = re.compile(r"(localhost|[\w-]+(\.[\w-]+)+|\[[0-9a-fA-F:.]+\])(:\d+)?(/.*)?")


@dataclass(frozen=True, slots=True)
class AppReference:
    """An app's address, taken apart.

    Attributes:
        base_url: Scheme, host and sub-path, with a slash at the end; empty for the name of a Space,
            whose address the hub knows.
        query: The address's query parameters, to be sent with every request.
        authorization: A `Basic` header, if the address has user info.
        space: `owner/name` of a Hugging Face Space, if it was named so.
        subdomain: `owner-name`, if the address is one of `*.hf.space`.
    """

    base_url: str
    query: dict[str, str] = field(default_factory=dict, repr=False)
    authorization: str | None = field(default=None, repr=False)
    space: str | None = None
    subdomain: str | None = None

    def at(self, base_url: str) -> AppReference:
        """Return the same app with the address that was found for it."""
        return replace(self, base_url=base_url if base_url.endswith("/") else f"{base_url}/")


def parse_reference(text: object, hub: str = "") -> AppReference:
    """Read an app's address, or the name of a Space.

    Args:
        text: `http(s)://host[:port][/sub/path][/][?query]`; a host without scheme is taken for
            `http://` if it is this machine, else for `https://`. Or `owner/name`, or the address of
            a Space's page on the Hugging Face hub.
        hub: The address of another hub, whose pages of Spaces are known as well.

    Raises:
        InvalidArgumentError: It is no address; the message says what one looks like.
    """
    if not isinstance(text, str):
        raise InvalidArgumentError(
            f"An app is named by its address, a string; got {type(text).__name__}."
        )
    address = text.strip()
    page = _SPACE_PAGE.fullmatch(address) or _page_of(hub, address)
    if page:
        return AppReference("", space=page[1])
    if _SPACE.fullmatch(address) and not _LOCAL.match(address):
        return AppReference("", space=address)
    if "://" not in address and _HOST.fullmatch(address.split("?")[0]):
        address = f"{'http' if _LOCAL.match(address) else 'https'}://{address}"
    return _split(address, text)


def public_address(text: str) -> tuple[str, list[str]]:
    """Return an app's address as it may stand in code that others read.

    Returns:
        The address without user info, without query parameters that are secret, and without a
        fragment; and what was left out: `name:password@`, and parameters such as `__sign=`.
    """
    address, question, query = text.strip().partition("#")[0].partition("?")
    bare = redact_url(address)
    missing = ["name:password@"] if "@" in address and bare.count("@") < address.count("@") else []
    kept = []
    for part in query.split("&") if question else []:
        name, _, value = part.partition("=")
        if is_secret(unquote_plus(name), unquote_plus(value)):
            missing.append(f"{quote(unquote_plus(name))}=")
        else:
            kept.append(part)
    return bare + (f"?{'&'.join(kept)}" if any(kept) else ""), missing


def _page_of(hub: str, address: str) -> re.Match[str] | None:
    """Find the name of a Space in the address of its page on another hub."""
    beginning = f"{hub}/spaces/"
    for start in (beginning, beginning.partition("://")[2]):
        if hub and start and address.startswith(start):
            return _PAGE_END.fullmatch(address[len(start) :])
    return None


def _split(address: str, given: str) -> AppReference:
    try:
        address.encode()  # lone surrogates have no place in an address
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _no_address(given) from None
    name = parts.hostname or ""
    if parts.scheme.lower() not in ("http", "https") or not _NAME.fullmatch(name):
        raise _no_address(given)
    host = f"[{name}]" if ":" in name else name
    if host == "0.0.0.0":
        host = "127.0.0.1"
    try:
        host = host.encode("idna").decode()  # also of what is ASCII: parts can be too long
    except UnicodeError:
        raise _no_address(given) from None
    place = host if port is None else f"{host}:{port}"
    path = re.sub(r"/{2,}", "/", parts.path).strip("/")
    if any(ord(char) <= 32 for char in path):
        raise _no_address(given)
    path = quote(path, safe="/%:@!$&'()*+,;=~-._")
    base_url = f"{parts.scheme.lower()}://{place}/" + (f"{path}/" if path else "")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    subdomain = _SPACE_HOST.fullmatch(host)
    return AppReference(
        base_url,
        query,
        _basic(parts.username, parts.password),
        subdomain=subdomain[1] if subdomain else None,
    )


def _basic(username: str | None, password: str | None) -> str | None:
    if username is None:
        return None
    pair = f"{unquote(username)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _no_address(given: str) -> InvalidArgumentError:
    # Without the tokens that an address may hold, and the user info: all before the last @, as a
    # password that is not quoted may have any character.
    shown = re.sub(r"^(\w+://)?.*@", r"\1", redact_url(given.strip()), flags=re.DOTALL)
    return InvalidArgumentError(
        f"{shown!r} is not the address of an app. Examples: http://127.0.0.1:7860, "
        "https://host/sub/path, https://owner-name.hf.space; or owner/name, a Space's name."
    )
