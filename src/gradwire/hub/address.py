"""Where the hub says that a Space's app answers: an address that is to be trusted with requests."""

from __future__ import annotations

from urllib.parse import urlsplit

from gradwire.app.reference import parse_reference
from gradwire.errors import InvalidArgumentError, ProtocolError


def app_address(host: str, space: str) -> str:
    """Check an address of the hub's; return it as it is to be used.

    More is refused than of an address that a user gives: user info would take the place of the
    token, a query would be dropped, and line breaks are dropped by whoever takes addresses apart.

    Raises:
        ProtocolError: It is none.
    """
    try:
        parts = urlsplit(host)
        if not host.isprintable() or " " in host or "\\" in host or "@" in parts.netloc:
            raise _no_address(host, space)
        if parts.scheme not in ("http", "https") or parts.query or parts.fragment:
            raise _no_address(host, space)
        reference = parse_reference(host)
    except (ValueError, InvalidArgumentError):
        raise _no_address(host, space) from None
    if not reference.base_url:  # the page of a Space
        raise _no_address(host, space)
    return reference.base_url


def _no_address(host: str, space: str) -> ProtocolError:
    return ProtocolError(f"The hub says that {space} is at {host!r:.200}: no address.", url=host)
