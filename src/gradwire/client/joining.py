"""Handing jobs in: from a client's `submit` to the server's word that it has taken the job.

Jobs that are handed in at the same time wait in a line, and a few workers take them from it. A
worker lives as long as the line does. The last thing it does is to read the event stream, if nobody
else does: for a single call that saves a task, and a turn of the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from gradwire.data.json import JSONDecodeFailure, beginning, decode
from gradwire.errors import ProtocolError
from gradwire.transport.base import Answer
from gradwire.transport.retrying import refused
from gradwire.wire.events import Event
from gradwire.wire.run import Run

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob
    from gradwire.client.engine import Engine

_log = logging.getLogger("gradwire")

MAX_WORKERS = 64
"""Jobs being handed in at the same time. Their answers are quick; more connections only cost."""


class Joins:
    """The jobs of one session that are being handed in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._line: deque[AsyncJob[Event]] = deque()
        self._workers = 0
        self._idle: list[asyncio.Future[None]] = []

    def add(self, job: AsyncJob[Event]) -> None:
        """Hand in a job when its turn comes."""
        self._line.append(job)
        if self._idle:
            self._idle.pop().set_result(None)
        elif self._workers < MAX_WORKERS:
            self._workers += 1
            self._engine.spawn(self._work())

    def withdraw(self, job: AsyncJob[Event]) -> bool:
        """Take a job out of the line; False if it is not there."""
        try:
            self._line.remove(job)
        except ValueError:
            return False
        return True

    async def _work(self) -> None:
        engine = self._engine
        while True:
            while self._line:
                job = self._line.popleft()
                await engine.attend(job, self._join(job))
                del job  # a worker that is idle keeps no job, and so no client, alive
            await engine.stream.read()
            if not self._line:
                call = engine.loop.create_future()
                self._idle.append(call)
                await call

    async def _join(self, job: AsyncJob[Event]) -> None:
        run, cancels = job.run, self._engine.cancels
        await cancels.ready(run.fn_index)
        if run.ended:
            return
        # Once it is being sent, only the answer tells whether the server has taken the job.
        request, job.sent = job.request(), True
        cancels.before_join(run.fn_index)
        try:
            answer = await self._engine.transport.request(request, job.options.timeout)
            event_id = _event_id(answer)
            if event_id is None:
                raise refused(answer, run.endpoint)
            self._accept(job, run, event_id)
        finally:
            cancels.after_join(run.fn_index)

    def _accept(self, job: AsyncJob[Event], run: Run, event_id: str) -> None:
        engine = self._engine
        _log.debug("%s was accepted as %s", run.endpoint, event_id)
        given_up = run.ended
        engine.publish(run, engine.session.accept(run, event_id))
        if given_up:
            engine.cancels.tell_later(run)
            return
        job.on_accepted()
        if self._line:
            engine.stream.keep()


def _event_id(answer: Answer) -> str | None:
    if answer.status != 200:
        return None
    try:
        body = decode(answer.body)
    except JSONDecodeFailure:
        body = None
    event_id = body.get("event_id") if isinstance(body, dict) else None
    if not isinstance(event_id, str):
        raise ProtocolError(
            f"{answer.url} did not answer with the id of a job: {beginning(answer.body, 80)!r}.",
            url=answer.url,
            status=answer.status,
        )
    return event_id
