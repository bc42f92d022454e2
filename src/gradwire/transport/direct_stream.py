"""An answer that is read as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Any

from gradwire.errors import GradwireError
from gradwire.transport.base import AnswerStream, Timeout, bound, longest_silence
from gradwire.transport.direct_body import Body
from gradwire.transport.direct_connection import Connection
from gradwire.transport.http11 import AnswerReader
from gradwire.wire.requests import Request

if TYPE_CHECKING:
    from gradwire.transport.direct import DirectTransport


class DirectStream:
    """An answer; asked for when entered, given back when left."""

    __slots__ = ("_answer", "_other", "_request", "_timeout", "_transport")

    def __init__(self, transport: DirectTransport, request: Request, timeout: Timeout) -> None:
        self._transport = transport
        self._request = request
        self._timeout = timeout
        self._answer: DirectAnswer | None = None
        self._other: AbstractAsyncContextManager[AnswerStream] | None = None

    async def __aenter__(self) -> AnswerStream:
        transport, request, timeout = self._transport, self._request, self._timeout
        silence = longest_silence(request, timeout)
        found = await transport.led(request, timeout, silence, 0)
        if isinstance(found, Request):
            self._other = transport.elsewhere().stream(found, timeout)
            return await self._other.__aenter__()
        connection, reader = found
        try:
            limit = bound(transport.limits.answer)
            self._answer = DirectAnswer(connection, reader, silence, limit)
        finally:
            if self._answer is None:
                connection.drop()
        return self._answer

    async def __aexit__(self, *error: object) -> None:
        if self._answer is not None:
            self._transport.give_back(self._answer.connection)
        if self._other is not None:
            await self._other.__aexit__(None, None, None)


class DirectAnswer:
    """An HTTP answer whose body is read as it comes."""

    __slots__ = ("_body", "_limit", "connection", "headers", "status", "url")

    def __init__(
        self, connection: Connection, reader: AnswerReader, silence: float | None, limit: int
    ) -> None:
        self.connection = connection
        self.status = reader.status
        self.headers: Mapping[str, str] = reader.headers
        self.url = connection.url
        self._limit = limit
        self._body = Body(connection, reader, silence)

    def chunk(self) -> Coroutine[Any, Any, bytes]:
        """Return the next piece of the body; nothing at its end."""
        return self._body.piece()

    async def read(self) -> bytes:
        """Read the rest of the body."""
        return await self._body.rest(self._limit)

    async def finish(self, seconds: float) -> None:
        """Wait for the end of the body, dropping what still comes; `seconds` at most."""
        if self._body.complete:
            return
        # The end was announced, so how it comes does not matter any more.
        with suppress(TimeoutError, GradwireError):
            async with asyncio.timeout(seconds):
                while await self._body.piece():
                    pass
