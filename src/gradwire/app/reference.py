"""What a user calls an app: an address, with whatever people leave on it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from gradwire.errors import InvalidArgumentError, redact_url

_SPACE = re.compile(r"[\w-]+/[\w.-]+")
_NAME = re.compile(r"[\w.-]+|[0-9a-fA-F:.]+(%[\w.-]+)?")
_SPACE_PAGE = re.compile(r"^(https?://)?(www\.)?huggingface\.co/spaces/(?=[\w-]+/[\w.-]+$)")
_HOST = re.compile(r"(localhost|[\w-]+(\.[\w-]+)+|\[[0-9a-fA-F:.]+\])(:\d+)?(/.*)?")


@dataclass(frozen=True, slots=True)
class AppReference:
    """An app's address, taken apart.

    Attributes:
        base_url: Scheme, host and sub-path, with a slash at the end.
        query: The address's query parameters, to be sent with every request.
        authorization: A `Basic` header, if the address has user info.
    """

    base_url: str
    query: dict[str, str] = field(default_factory=dict, repr=False)
    authorization: str | None = field(default=None, repr=False)


def parse_reference(text: object) -> AppReference:
    """Read an app's address.

    Args:
        text: `http(s)://host[:port][/sub/path][/][?query]`; a host without scheme is taken for
            `http://` if it is this machine, else for `https://`.

    Raises:
        InvalidArgumentError: It is no address; the message says what one looks like.
    """
    if not isinstance(text, str):
        raise InvalidArgumentError(
            f"An app is named by its address, a string; got {type(text).__name__}."
        )
    address = text.strip()
    address = _SPACE_PAGE.sub("", address)
    if _SPACE.fullmatch(address) and not address.startswith("localhost"):
        owner, name = address.lower().replace("_", "-").replace(".", "-").split("/")
        raise InvalidArgumentError(
            f"{address!r} is the name of a Hugging Face Space. This version connects by address: "
            f"that of a public Space is usually https://{owner}-{name}.hf.space."
        )
    if "://" not in address and _HOST.fullmatch(address.split("?")[0]):
        local = address.startswith(("localhost", "127.", "0.0.0.0", "[::1]"))
        address = f"{'http' if local else 'https'}://{address}"
    return _split(address, text)


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
        host = host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise _no_address(given) from None
    place = host if port is None else f"{host}:{port}"
    path = re.sub(r"/{2,}", "/", parts.path).strip("/")
    if any(ord(char) <= 32 for char in path):
        raise _no_address(given)
    path = quote(path, safe="/%:@!$&'()*+,;=~-._")
    base_url = f"{parts.scheme.lower()}://{place}/" + (f"{path}/" if path else "")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return AppReference(base_url, query, _basic(parts.username, parts.password))


def _basic(username: str | None, password: str | None) -> str | None:
    if username is None:
        return None
    pair = f"{unquote(username)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _no_address(given: str) -> InvalidArgumentError:
    # Without the user info and the tokens that an address may hold.
    shown = re.sub(r"^(\w+://)?[^/?#]*@", r"\1", redact_url(given.strip()))
    return InvalidArgumentError(
        f"{shown!r} is not the address of an app. Examples: http://127.0.0.1:7860, "
        "https://host/sub/path, https://owner-name.hf.space."
    )
