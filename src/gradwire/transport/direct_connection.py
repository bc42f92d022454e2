"""One connection to a server: a request out, an answer in, one after the other."""

from __future__ import annotations

import asyncio
import math
import select
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from gradwire.errors import GradwireError
from gradwire.transport.failures import lost, silent, what_broke
from gradwire.transport.http11 import AnswerReader, NotHttpError
from gradwire.transport.silence import Silence

READ_AHEAD = 256 * 1024
"""Bytes of an answer that may wait to be taken; with more, the server has to wait."""


class Connection(asyncio.Protocol):
    """A connection, and whoever waits at it.

    Attributes:
        transport: What asyncio writes to.
        reader: Reads the answer that is owed; None: none is.
        url: What is asked for, to be named in errors.
        used: Whether an answer came over it before the present one.
        rested: When the last answer was complete, by the loop's clock.
        deadline: When the server's silence has been too long, by the loop's clock.
    """

    __slots__ = (
        "_error",
        "_limit",
        "_lost",
        "_on_lost",
        "_on_made",
        "_paused",
        "_seconds",
        "_silence",
        "_waiter",
        "_writable",
        "deadline",
        "reader",
        "rested",
        "transport",
        "url",
        "used",
    )

    def __init__(
        self,
        silence: Silence,
        on_made: Callable[[Connection], object],
        on_lost: Callable[[Connection], object],
    ) -> None:
        self.transport: asyncio.Transport
        self.reader: AnswerReader | None = None
        self.url = ""
        self.used = False
        self.rested = 0.0
        self.deadline = math.inf
        self._silence = silence
        self._on_made = on_made
        self._on_lost = on_lost
        self._error: GradwireError | None = None
        self._paused = False
        self._limit = 0
        self._lost = False
        self._seconds: float | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None

    # -- what asyncio tells ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)
        self._on_made(self)

    def data_received(self, data: bytes) -> None:
        """Read what came, and wake who waits for it."""
        reader = self.reader
        if reader is None:
            self.transport.abort()  # nobody has asked for anything
            return
        try:
            reader.receive(data)
        except NotHttpError as error:
            self.fail(lost(self.url, str(error)))
            return
        if reader.complete or reader.size >= self._limit:
            self._wake()
            if reader.complete and self._writable is not None:
                self.resume_writing()  # who still sends learns that it is in vain
            if reader.size > READ_AHEAD and not (reader.complete or self._paused):
                self._paused = True
                self.transport.pause_reading()
        elif self._seconds is not None:
            self.deadline = self._silence.loop.time() + self._seconds

    def eof_received(self) -> None:
        """Read the end of what comes; asyncio closes the connection then."""
        reader = self.reader
        if reader is not None and not reader.complete:
            try:
                reader.receive_eof()
            except NotHttpError as error:
                self.fail(lost(self.url, str(error)))
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits that nothing will come."""
        self._lost = True
        if self._error is None:
            self._error = lost(self.url, what_broke(exc) or "the server closed it")
            self._error.__cause__ = exc
        self._wake()
        self.resume_writing()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """More is waiting to be sent than the server takes."""
        self._writable = self._silence.loop.create_future()

    def resume_writing(self) -> None:
        """The server has taken what was waiting."""
        _settle(self._writable)
        self._writable = None

    # -- sending -----------------------------------------------------------------------------------

    def send(self, data: bytes, url: str) -> AnswerReader:
        """Send a request, or its beginning; return what will read its answer."""
        reader = self.reader = AnswerReader()
        self.url = url
        self._limit, self._seconds = 0, None
        if self._lost:
            self._error = lost(url, "the server closed it")
        else:
            self.transport.write(data)
        return reader

    async def send_more(self, data: bytes, seconds: float | None) -> None:
        """Send more of a request, and wait until there is room for yet more.

        Raises:
            ConnectionLostError: The connection broke.
            DeadlineExceededError: The server takes nothing for too long.
        """
        self._check()
        self.transport.write(data)
        if self._writable is not None:
            await self._wait(self._writable, seconds)
            self._check()

    def _check(self) -> None:
        """Raise what broke the connection, unless the answer came before that."""
        reader = self.reader
        if self._error is not None and not (reader and (reader.complete or reader.pieces)):
            raise self._error

    # -- receiving ---------------------------------------------------------------------------------

    async def received(self, size: int, seconds: float | None) -> None:
        """Wait until so much of the answer's body is there, or all of it.

        Args:
            size: Bytes; 0: something new of the answer, be it its head only.
            seconds: The longest silence of the server; None: for ever.

        Raises:
            ConnectionLostError: The connection broke before that.
            DeadlineExceededError: The server said nothing for too long.
        """
        reader = self.reader
        assert reader is not None, "an answer is owed"
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        if reader.complete:
            return
        if self._error is not None:
            raise self._error
        self._limit, self._seconds = size, seconds
        waiter = self._waiter = self._silence.loop.create_future()
        await self._wait(waiter, seconds)
        self._check()

    async def _wait(self, waiter: asyncio.Future[None], seconds: float | None) -> None:
        if seconds is None:
            await waiter
            return
        silence = self._silence
        self.deadline = silence.loop.time() + seconds
        silence.add(self)
        try:
            await waiter
        finally:
            silence.drop(self)

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        _settle(waiter)

    # -- ending ------------------------------------------------------------------------------------

    def rest(self) -> bool:
        """Have no answer owed any more; tell whether another request may follow."""
        reader, self.reader = self.reader, None
        self.used = True
        self.rested = self._silence.loop.time()
        return (
            reader is not None
            and reader.complete
            and reader.reusable
            and self._error is None
            and not self.transport.is_closing()
            # What was not taken of the request would come before the next one.
            and not self.transport.get_write_buffer_size()
        )

    def expire(self) -> None:
        """The server's silence has been too long."""
        self.fail(silent(self.url))

    def fail(self, error: GradwireError) -> None:
        """Drop the connection, with an error for whoever waits."""
        if self._error is None:
            self._error = error
        self._wake()
        self.resume_writing()
        self.drop()

    def drop(self) -> None:
        """Close the connection at once, whatever is still to be sent."""
        if self._lost:
            return  # asyncio has forgotten it, and knows no abort any more
        with suppress(RuntimeError):  # the loop is closed: the socket goes with it
            self.transport.abort()

    def has_word(self) -> bool:
        """Whether there is something to read: of a connection that rests, the peer's goodbye."""
        return self.transport.is_closing() or has_word(self.transport)


def _settle(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            waiter.set_result(None)


def has_word(transport: asyncio.Transport | None) -> bool:
    """Whether there is something to read at a connection that rests."""
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows, whose select() takes any socket
        return bool(select.select([sock], [], [], 0)[0])
    asked = select.poll()
    asked.register(sock, select.POLLIN)
    return bool(asked.poll(0))
