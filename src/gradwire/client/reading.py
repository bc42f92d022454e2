"""Reading the one event stream of a session: when to open it, and what becomes of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from gradwire.errors import GradwireError
from gradwire.transport.base import AnswerStream, Timeout, bound
from gradwire.transport.retrying import refused_by, wait_for
from gradwire.wire.failures import broken_by
from gradwire.wire.sse import EventStreamParser

if TYPE_CHECKING:
    from gradwire.client.engine import Engine

_log = logging.getLogger("gradwire")

CLOSE_GRACE = 2.0
"""Seconds that a stream may stay open after the server has said that it closes it."""
HEARTBEAT_SILENCE = 20.0
"""Seconds for which a healthy event stream may be silent: heartbeats come every 15."""


class Reader:
    """Reads the stream of one session; two readers would take each other's messages."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._timeout = _patient(engine.options.timeout)
        self._reading = False

    def keep(self) -> None:
        """Have a reader while the session needs one; never two."""
        if self._takes_over_reading():
            self._engine.spawn(self._read())

    async def read(self) -> None:
        """Be the reader, if the session needs one and has none."""
        if self._takes_over_reading():
            await self._read()

    def _takes_over_reading(self) -> bool:
        """Tell whether a reader is missing; whoever asks has to be it then."""
        if self._reading or self._engine.closed or not self._engine.session.needs_stream:
            return False
        self._reading = True
        return True

    async def _read(self) -> None:
        engine, session = self._engine, self._engine.session
        try:
            while session.needs_stream and not engine.closed:
                _log.debug("the event stream is opened")
                session.opening()
                reason: str | None = "the client was closed"
                try:
                    reason = await self._read_stream()
                finally:
                    pending = [*session.pending, *session.left]
                    lost = session.ended(reason)
                    for run, events in lost:
                        engine.publish(run, events)
                if lost or reason is not None:
                    await engine.cancels.banish(pending)
        finally:
            self._reading = False

    async def _read_stream(self, attempt: int = 0) -> str | None:
        """Read one stream to its end; return what broke it, None if nothing did."""
        session, refusal = self._engine.session, None
        request = self._engine.app.requests.events(session.session_hash)
        try:
            async with self._engine.transport.stream(request, self._timeout) as answer:
                if answer.status == 200:
                    await self._read_events(answer)
                    return None
                refusal = refused_by(answer, await answer.read(), "")
        except GradwireError as error:
            failure = error
        except Exception as error:
            _log.exception("the reader of the event stream failed")
            return repr(error)
        else:
            failure = refusal
        return await self._read_again(failure, attempt, refusal)

    async def _read_again(
        self, failure: GradwireError, attempt: int, refusal: GradwireError | None
    ) -> str | None:
        """Read the stream once more, if nobody has begun to send it; else say what is wrong."""
        if attempt < self._engine.options.max_retries:
            seconds = wait_for(failure, attempt, repeatable=False)
            if seconds is not None:
                await asyncio.sleep(seconds)
                return await self._read_stream(attempt + 1)
        if refusal is None:
            return broken_by(failure)
        for run, events in self._engine.session.fail_all(refusal):
            self._engine.publish(run, events)
        return None

    async def _read_events(self, answer: AnswerStream) -> None:
        engine, session = self._engine, self._engine.session
        parser = EventStreamParser(bound(engine.options.limits.event))
        while not session.closing and (chunk := await answer.chunk()):
            for run, events in session.receive_all(parser.feed(chunk)).items():
                engine.publish(run, events)
        if session.closing:
            await answer.finish(CLOSE_GRACE)


def _patient(timeout: Timeout) -> Timeout:
    """Allow the event stream the silence that is usual between two heartbeats."""
    read = timeout.read
    return timeout if read is None else replace(timeout, read=max(read, HEARTBEAT_SILENCE))
