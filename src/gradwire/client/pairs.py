"""Options that are pairs of texts: headers, cookies, query parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gradwire.errors import InvalidArgumentError


def wrong(name: str, expected: str, value: object) -> InvalidArgumentError:
    """Return the error for an option of a wrong type."""
    # The value is not shown: it may be a secret.
    return InvalidArgumentError(f"{name} must be {expected}, not {type(value).__name__}.")


def checked_pairs(name: str, value: Any) -> dict[str, str]:
    """Take a mapping of texts that can be sent as what the option is called."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong(name, "a mapping of strings to strings", value)
    for key, item in value.items():
        if not isinstance(key, str) or not isinstance(item, str):
            raise wrong(f"{name}[{key!r}]", "a string", item)
        if name != "query_params" and not _TOKEN.fullmatch(key):
            raise InvalidArgumentError(f"{name}: {key!r} cannot be the name of one.")
        if _CONTROL.search(item) and name != "query_params":
            raise InvalidArgumentError(f"{name}[{key!r}] holds a line break or control character.")
        if SURROGATE.search(key + item):
            raise InvalidArgumentError(f"{name}[{key!r}] holds half a character (a surrogate).")
        if key.lower() in _NOT_YOURS[name]:
            raise InvalidArgumentError(f"{name}: {key!r} is set by the client itself.")
    return dict(value)


# Headers that say how a message is framed, and words that a cookie cannot be called.
_NOT_YOURS: dict[str, frozenset[str]] = {
    "headers": frozenset({"content-length", "transfer-encoding", "content-type", "host"}),
    "cookies": frozenset(
        {"path", "domain", "expires", "max-age", "samesite", "secure", "httponly"}
    ),
    "query_params": frozenset(),
}
SURROGATE = re.compile("[\ud800-\udfff]")


_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)  # RFC 9110, section 5.6.2
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def checked_cookies(name: str, value: Any) -> dict[str, str]:
    """Take a mapping of cookies, or a text of them."""
    return parse_cookies(value) if isinstance(value, str) else checked_pairs(name, value)


def parse_cookies(raw: str) -> dict[str, str]:
    """Read a raw `Cookie` string, or one or more `Set-Cookie` strings.

    Attributes of `Set-Cookie` (`Path`, `Expires` …) are left out, so both forms give the same.

    Raises:
        InvalidArgumentError: It holds no cookie.
    """
    if not isinstance(raw, str):
        raise wrong("cookies", "a string such as 'name=value; other=value'", raw)
    cookies: dict[str, str] = {}
    for line in raw.replace("\r", "\n").split("\n"):
        for part in _cookie_parts(line):
            name, sign, value = part.strip().partition("=")
            if sign and name.strip() and name.strip().lower() not in _COOKIE_ATTRIBUTES:
                cookies[name.strip()] = value.strip()
    if not cookies:
        raise InvalidArgumentError("cookies: there is none in this string; expected 'name=value'.")
    return checked_pairs("cookies", cookies)


_COOKIE_ATTRIBUTES = frozenset(
    {
        "path",
        "domain",
        "expires",
        "max-age",
        "samesite",
        "secure",
        "httponly",
        "partitioned",
        "priority",
    }
)


def _cookie_parts(line: str) -> Iterable[str]:
    """Split at `;`, and at a `,` that starts another cookie (not at the one in `Expires`)."""
    for part in line.split(";"):
        head, comma, tail = part.partition(",")
        if comma and "=" in tail and "=" in head:
            yield head
            yield tail
        else:
            yield part
