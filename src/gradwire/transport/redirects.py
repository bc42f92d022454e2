"""Where an answer leads on to. Followed here, so that credentials stay where they belong.

A GET is led on by any redirect; a POST only by 307 and 308, which say that it may be repeated. It
is not turned into a GET, and not carried to another server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urljoin, urlsplit

from gradwire.errors import ProtocolError, shown_url
from gradwire.wire.requests import Request

MAX_REDIRECTS = 10
STATUS = frozenset({301, 302, 303, 307, 308})
_REPEATED = frozenset({307, 308})
_WEB = re.compile(r"https?://[^/?#]", re.ASCII | re.IGNORECASE)
_KEPT = "!#$%&'()*+,/:;=?@[]~"


def target_of(request: Request, status: int, headers: Mapping[str, str]) -> str | None:
    """Return the address that a request is led on to; None: its answer is this one."""
    location = headers.get("location")
    if not location or not (request.method == "GET" or status in _REPEATED):
        return None
    try:
        found = urlsplit(urljoin(request.url, quote(location, safe=_KEPT)))
        _ = found.port  # which may be none that there is
        # User info would be taken for a login, which is not for a server to choose.
        target = found._replace(netloc=found.netloc.rpartition("@")[2]).geturl()
    except ValueError:
        return None  # nonsense: the answer itself is what the caller gets to judge
    return target if _WEB.match(target) else None


def elsewhere(url: str, target: str) -> ProtocolError:
    """Return the error for a call that another server is to be given."""
    return ProtocolError(
        f"{shown_url(url)} redirects the call to another server, {shown_url(target)}. Connect to "
        "that address instead.",
        url=url,
    )


def too_many(url: str) -> ProtocolError:
    """Return the error for redirects that do not end."""
    return ProtocolError(f"{shown_url(url)} redirects more than {MAX_REDIRECTS} times.", url=url)
