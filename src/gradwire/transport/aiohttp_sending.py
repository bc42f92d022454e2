"""How aiohttp sends, and loses connections, where its own way is not ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
from aiohttp.connector import Connection

from gradwire.wire.requests import Request

BIG_BODY = 64 * 1024
"""Bytes of a request that the operating system may not take at once."""


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
    sent_by: list[asyncio.Transport] = []
    send = request.send

    async def remembering(connection: Connection) -> aiohttp.ClientResponse:
        if connection.transport is not None:
            sent_by.append(connection.transport)
        return await send(connection)

    request.send = remembering  # type: ignore[method-assign, assignment]
    try:
        return await handler(request)
    except BaseException:
        for transport in sent_by:
            transport.abort()
        raise


def middlewares_for(request: Request) -> tuple[aiohttp.ClientMiddlewareType, ...] | None:
    """Return what a request has to be sent through; None: nothing."""
    if request.once:
        return (once,)
    return (dropped,) if request.body is not None and len(request.body) > BIG_BODY else None


def _seen(closed: asyncio.Future[None]) -> None:
    """Look at how a connection was lost, or asyncio would complain that nobody has."""
    if not closed.cancelled():
        closed.exception()


def tell_of_loss(response: aiohttp.ClientResponse) -> Callable[[], object] | None:
    """Have whoever reads a body in chunks be told when its connection is lost.

    After a chunk whose size it cannot read, aiohttp closes the connection and tells nobody.

    Returns:
        What ends the telling; None if there is nothing to tell.
    """
    connection, content = response.connection, response.content
    if connection is None or response.content_length is not None:
        return None
    protocol = connection.protocol
    closed = None if protocol is None else protocol.closed
    if closed is None:
        return None

    def tell(_: object) -> None:
        if content.exception() is None and not content.is_eof():
            content.set_exception(aiohttp.ClientPayloadError("the answer cannot be read"))

    closed.remove_done_callback(_seen)
    closed.add_done_callback(_seen)
    closed.add_done_callback(tell)
    return lambda: closed.remove_done_callback(tell)
