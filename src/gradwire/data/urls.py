"""Where a server's file can be fetched: `file_url`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

_HTTP = re.compile(r"https?://", re.IGNORECASE)
_HOST = re.compile(r"https?://[^/?#\s\"<>\\^`{|}]+(?=[/?#]|$)", re.IGNORECASE)
_DOTS = re.compile(r"/\.\.?(/|$)")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def is_http_url(text: str) -> bool:
    """Tell whether a path is an http(s) URL."""
    return _HTTP.match(text) is not None


def file_url(
    file_obj: Mapping[str, Any], base_url: str, api_prefix: str, root: str = ""
) -> str | None:
    """Return the address of a server's file.

    A server behind a proxy can be wrong about its own address. So it is never asked: what lies on
    the server is addressed below the base address that the user gave. Only where an app refers to
    another place by an http(s) URL in `path`, that URL is kept; do not send it tokens.

    Args:
        file_obj: The file object, with `path`, `url` and `is_stream`.
        base_url: The app's address as the user gave it, with its sub-path.
        api_prefix: `"/gradio_api"`, or `""` before Gradio 5.
        root: What the config says of the app's address: a URL, a path, or nothing.

    Returns:
        An absolute URL, percent-encoded, which must not be quoted again; None if the object says
        nothing that can be fetched.
    """
    base, prefix = base_url.rstrip("/"), _prefix(api_prefix)
    path, url = _text(file_obj.get("path")), _text(file_obj.get("url"))
    route = _route(_below(url, base, root) or url, prefix)
    streams = file_obj.get("is_stream") is True
    if route.startswith(f"{prefix}/proxy="):  # a file of another app that this one has loaded
        return _join(base, route)
    if is_http_url(path):
        return _foreign_or_own(path, base, root)
    if route.startswith(f"{prefix}/stream/") and (streams or not _is_absolute(path)):
        return _join(base, route)
    if path.startswith(f"{prefix}/file="):
        return _join(base, path)
    if path:
        return f"{base}{prefix}{'/stream/' if streams else '/file='}{_quote_path(path)}"
    return _foreign_or_own(url, base, root)


def _prefix(api_prefix: str) -> str:
    stripped = api_prefix.strip("/")
    return f"/{stripped}" if stripped else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _below(url: str, base: str, root: str) -> str | None:
    """Return what comes after the app's address (the user's or the server's); None: elsewhere."""
    for start in (base, root.rstrip("/")):
        if start and url.startswith(f"{start}/"):
            return url[len(start) :]
    return None


def _route(url: str, prefix: str) -> str:
    """Return a file's URL from the server's route on, or `""`; the first route in it counts."""
    host = _HOST.match(url)
    rest = url[host.end() :] if host else url
    found = re.search(rf"{re.escape(prefix)}/(file=|proxy=|stream/)", rest)
    return rest[found.start() :] if found else ""


def _foreign_or_own(url: str, base: str, root: str) -> str | None:
    own = _below(url, base, root)
    if own is not None:
        return _join(base, own)
    host = _HOST.match(url)
    if host:
        return host[0] + _requote(url[host.end() :], "#")
    return _join(base, url) if url.startswith("/") else None


def _join(base: str, rest: str) -> str | None:
    """Append what a server named to the base; None if it would lead out of there."""
    return None if _DOTS.search(unquote(rest)) else base + _requote(rest)


def _requote(rest: str, also_safe: str = "") -> str:
    """Quote what cannot stand in a URL, and leave what is quoted already."""
    quoted = quote(rest, safe=f"/:?=&%+,;@!$'()*[]{also_safe}", errors="replace")
    return _STRAY_PERCENT.sub("%25", quoted)


def _quote_path(path: str) -> str:
    # Dot segments would be resolved on the way and could swallow the route's own name.
    plain = posixpath.normpath(path) if _DOTS.search(path) else path
    return quote(plain, safe="/", errors="replace")


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or path[1:2] == ":"
