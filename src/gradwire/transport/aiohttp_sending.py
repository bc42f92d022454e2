"""How aiohttp connects and sends, where its own way is not ours."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import aiohttp
from aiohttp.connector import Connection

from gradwire.wire.requests import Request

BIG_BODY = 64 * 1024
"""Bytes of a request that the operating system may not take at once."""


class SentRequest(aiohttp.ClientRequest):
    """A request that remembers by which connection it was sent."""

    transport: asyncio.BaseTransport | None = None

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        self.transport = conn.transport
        return await super().send(conn)


class UnrepeatableError(aiohttp.ClientError):
    """The connection broke, and aiohttp must not send the request once more."""


async def once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request once: aiohttp repeats a GET when a connection that it had kept breaks.

    Whether that connection was closed while it was idle, or the server had begun to answer, is not
    known.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # never repeated, and more to the point
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise UnrepeatableError(str(error) or type(error).__name__) from error


async def dropped(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Drop the connection of a request that fails while its body is sent.

    Closing it, as aiohttp does, would wait until a server that reads nothing has read the rest.
    """
    try:
        return await handler(request)
    except BaseException:
        transport = getattr(request, "transport", None)
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        raise


def middlewares_for(request: Request) -> tuple[aiohttp.ClientMiddlewareType, ...] | None:
    """Return what a request has to be sent through; None: nothing."""
    if request.once:
        return (once,)
    return (dropped,) if request.body is not None and len(request.body) > BIG_BODY else None


def socket_with_keepalive(address: Any) -> socket.socket:
    """Make a socket whose system notices a peer that is gone, in about a minute."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    return made
