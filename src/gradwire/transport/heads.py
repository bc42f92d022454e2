"""Heads of requests, as bytes (RFC 9112, section 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gradwire.errors import ProtocolError, shown_url
from gradwire.transport.decoding import ACCEPTED

KEPT_HEADS = 256
"""Heads that are kept, since most requests have one that was sent before."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_TARGET = re.compile(r"[\x21-\x7e]+")


class Heads:
    """Writes heads for one server.

    Args:
        host: What `Host` says.
        headers: Sent with every request, below the request's own.
    """

    def __init__(self, host: str, headers: Mapping[str, str]) -> None:
        usual = {"Host": host, "Accept": "*/*", "Accept-Encoding": ACCEPTED}
        self._fixed = {**_by_name(usual), **_by_name(headers)}
        self._kept: dict[object, bytes] = {}

    def head(
        self,
        method: str,
        url: str,
        target: str,
        headers: Mapping[str, str],
        cookies: str,
        length: int | None,
    ) -> bytes:
        """Return a head.

        Args:
            method: Such as `GET`.
            url: The whole address, to be named in errors.
            target: What of the address comes behind the host, beginning with a slash.
            headers: The request's own.
            cookies: What the jar has for the address; nothing: no cookies.
            length: Bytes of the body; None: there is none.

        Raises:
            ProtocolError: Something in it would be taken for something else.
        """
        key = method, target, *headers.items()
        begin = self._kept.get(key)
        if begin is None or cookies:
            begin = self._begin(method, url, target, headers, cookies)
            if not cookies:
                if len(self._kept) >= KEPT_HEADS:
                    self._kept.clear()
                self._kept[key] = begin
        return begin + (b"\r\n" if length is None else b"Content-Length: %d\r\n\r\n" % length)

    def _begin(
        self, method: str, url: str, target: str, headers: Mapping[str, str], cookies: str
    ) -> bytes:
        named = {**self._fixed, **_by_name(headers)}
        if cookies:
            own = named.get("cookie", ("", ""))[1]
            named["cookie"] = "Cookie", merged(own, cookies)
        if not _TARGET.fullmatch(target):
            raise ProtocolError(f"{shown_url(url)!r} cannot be asked: it is not quoted.", url=url)
        lines = [f"{method} {target} HTTP/1.1"]
        for name, value in named.values():
            if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
                raise ProtocolError(
                    f"{shown_url(url)} cannot be asked: the header {name!r} has characters in it "
                    "that no header may have.",
                    url=url,
                )
            lines.append(f"{name}: {value}")
        return "\r\n".join([*lines, ""]).encode("utf-8", "surrogateescape")


def _by_name(headers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {name.lower(): (name, value) for name, value in headers.items()}


def merged(own: str, kept: str) -> str:
    """Join two `Cookie` headers; of two cookies of a name, that of the second is sent."""
    pairs = [pair.strip() for pair in f"{own};{kept}".split(";")]
    return "; ".join({pair.partition("=")[0]: pair for pair in pairs if pair}.values())
