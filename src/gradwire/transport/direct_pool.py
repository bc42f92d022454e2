"""The connections to one server: those that are busy, and those that rest."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from gradwire.transport import failures
from gradwire.transport.dialing import dial
from gradwire.transport.direct_connection import Connection
from gradwire.transport.silence import Silence

IDLE_SECONDS = 4.0
"""A connection that rests for longer is closed: uvicorn does so after 5 seconds, and a POST over a
connection that is just being closed cannot be repeated safely."""
RESTED = 0.001
"""Seconds after which a connection that rests is looked at before it is used again: the server's
goodbye may have come while the event loop was busy elsewhere."""
GOODBYE_SECONDS = 1.0


class Pool:
    """Connections to one server, any number: a hundred slow calls must not keep others waiting.

    Args:
        host: The server's name or address.
        port: Its port.
        tls: How TLS is spoken; None: not at all.
        silence: Watches over the server's silence.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, silence: Silence) -> None:
        self._place = host, port, tls
        self._silence = silence
        self._loop = silence.loop
        self._all: set[Connection] = set()
        self._resting: list[Connection] = []
        self._sweeping: asyncio.TimerHandle | None = None
        self._empty: asyncio.Future[None] | None = None
        self.closed = False

    def resting(self) -> Connection | None:
        """Return a connection that can be used at once, the one that has rested least."""
        now = self._loop.time()
        while self._resting:
            connection = self._resting.pop()
            rested = now - connection.rested
            fresh = rested <= RESTED and not connection.transport.is_closing()
            if fresh or (rested <= IDLE_SECONDS and not connection.has_word()):
                return connection
            connection.drop()
        return None

    async def open(self, url: str, timeout: float | None) -> Connection:
        """Open a new connection.

        Args:
            url: What it is for, to be named in errors.
            timeout: Seconds that it may take.

        Raises:
            ConnectError: It cannot be opened.
            ConnectTimeout: It could not be in time.
            ClientClosedError: The pool is closed.
        """
        if self.closed:
            raise failures.closed()
        try:
            connection = await dial(*self._place, timeout, self._make)
        except (OSError, UnicodeError) as error:
            if self.closed:
                raise failures.closed() from None
            if isinstance(error, TimeoutError) and error.errno is None:
                raise failures.not_connected_in_time(url) from error
            raise failures.not_connected(url, error) from error
        if self.closed:
            connection.drop()
            raise failures.closed()
        return connection

    def _make(self) -> Connection:
        return Connection(self._silence, self._all.add, self._forget)

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._resting:
            self._resting.remove(connection)
        if not self._all and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    def give_back(self, connection: Connection) -> None:
        """Take back a connection whose answer has been read, for others to use if it can be."""
        if not connection.rest() or self.closed:
            connection.drop()
            return
        self._resting.append(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(IDLE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what has rested too long."""
        self._sweeping = None
        oldest = self._loop.time() - IDLE_SECONDS
        while self._resting and self._resting[0].rested <= oldest:
            self._resting.pop(0).drop()
        if self._resting:
            self._sweeping = self._loop.call_at(self._resting[0].rested + IDLE_SECONDS, self._sweep)

    def abort(self) -> None:
        """Drop all connections; who waits at one gets an error."""
        self.closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._resting.clear()
        for connection in list(self._all):
            connection.fail(failures.closed())

    async def close(self) -> None:
        """Drop all connections, and wait until they are gone."""
        self.abort()
        if self._all:
            self._empty = self._loop.create_future()
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._empty
