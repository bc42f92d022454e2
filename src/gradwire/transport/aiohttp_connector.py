"""The pool of connections."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Coroutine
from time import monotonic
from typing import Any

import aiohttp

RESTED = 0.01
"""Seconds after which a kept connection is looked at before it is used again."""


class Connector(aiohttp.TCPConnector):
    """A pool that offers no dead connection, and drops at once what is left in the middle.

    A server closes connections that rest. Its goodbye may have arrived while the event loop was
    busy elsewhere; a request that is sent then is lost, and a POST may not be repeated, since
    nobody can tell whether it was taken. So who has rested is asked first.

    What aiohttp closes first sends what is still in its buffer, and a peer that takes nothing keeps
    it open for ever: the connection of an upload that was given up would outlive its client. And
    the goodbyes of TLS would be waited for after the client, and its loop, are gone.
    """

    def _get(
        self, key: Any, traces: Any
    ) -> Coroutine[Any, Any, aiohttp.connector.Connection | None]:
        kept = self._conns.get(key)
        while kept and monotonic() - kept[0][1] > RESTED and has_word(kept[0][0].transport):
            kept.popleft()[0].abort()
        return super()._get(key, traces)

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        transport = protocol.transport
        if transport is not None:
            closes = should_close or protocol.should_close
            if transport.get_write_buffer_size() or (closes and key.is_ssl):
                protocol.abort()
        super()._release(key, protocol, should_close=should_close)


def has_word(transport: asyncio.Transport | None) -> bool:
    """Whether there is something to read: of a connection that rests, the peer's goodbye."""
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows, whose select() takes any socket
        return bool(select.select([sock], [], [], 0)[0])
    asked = select.poll()
    asked.register(sock, select.POLLIN)
    return bool(asked.poll(0))


def socket_with_keepalive(address: Any) -> socket.socket:
    """Make a socket whose system notices a peer that is gone, in about a minute."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    return made
