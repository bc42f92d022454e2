"""The body of an answer, read as a whole, up to a limit."""

from __future__ import annotations

import aiohttp

from gradwire.transport.aiohttp_sending import tell_of_loss
from gradwire.transport.base import Answer
from gradwire.transport.failures import too_long
from gradwire.transport.silence import Wait


async def whole(response: aiohttp.ClientResponse, url: str, wait: Wait, limit: int) -> Answer:
    """Read an answer, and give its connection back.

    Raises:
        ProtocolError: It has more than `limit` bytes.
    """
    try:
        end = tell_of_loss(response) if response.content_length is None else None
        body = await rest(response, url, wait, limit)
        if end is not None:
            end()
        return Answer(response.status, response.headers, body, url)
    finally:
        response.release()


async def rest(response: aiohttp.ClientResponse, url: str, wait: Wait, limit: int) -> bytes:
    """Read the rest of a body; most come in one piece.

    Raises:
        ProtocolError: It has more than `limit` bytes.
    """
    content = response.content
    pieces = [await content.readany()]
    size = len(pieces[0])
    while size <= limit:
        if content.at_eof():
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        wait.heard()
        pieces.append(await content.readany())
        size += len(pieces[-1])
    raise too_long(url, limit, response.status)
