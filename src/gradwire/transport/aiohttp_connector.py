"""The pool of connections."""

from __future__ import annotations

import socket
from typing import Any

import aiohttp


class Connector(aiohttp.TCPConnector):
    """A pool that drops at once what is left in the middle.

    What aiohttp closes first sends what is still in its buffer, and a peer that takes nothing keeps
    it open for ever: the connection of an upload that was given up would outlive its client.
    """

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        transport = protocol.transport
        if transport is not None and transport.get_write_buffer_size():
            protocol.abort()
        super()._release(key, protocol, should_close=should_close)


def socket_with_keepalive(address: Any) -> socket.socket:
    """Make a socket whose system notices a peer that is gone, in about a minute."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    return made
