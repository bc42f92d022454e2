"""Stopping jobs on the server, without touching others.

What servers offer, from `cancel_event`, `reset_iterator` and `cancel_tasks` in Gradio's `routes.py`
and `utils.py`:

| Gradio | stops a running job | stops a waiting job |
|---|---|---|
| up to 4.30 | `/reset` by its id, once it has yielded; says nothing on the stream | nothing does |
| 4.31 to 6.13 | `/cancel` by session *and function* | nothing does |
| from 6.14 | the same | the same `/cancel` takes it from the queue |

By function means: with a job every other running job of its function in this session, without a
word to those. And from 4.31 to 6.13 a waiting job that is cancelled is reported as ended, but runs
when its turn comes; its second end then breaks the stream for everybody.

So a cancellation is held back while it cannot be made, or would hit others. The job ends for its
caller at once; the session keeps listening for it (`Session.leave`), and it is stopped when it
starts to run, or when the others are done.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from gradwire.data.json import JSONDecodeFailure, decode
from gradwire.errors import GradwireError, JobCancelledError
from gradwire.transport.base import Answer
from gradwire.wire.run import Run

if TYPE_CHECKING:
    from gradwire.client.engine import Engine

_log = logging.getLogger("gradwire")

CANCEL_GRACE = 3.0
"""Seconds that the server has to confirm a cancellation before the client ends the job itself."""
NO_FUNCTION = -1
"""A function index that no server has: takes a job from the queue and stops no other."""
CANCELS = (4, 31)
UNQUEUES = (6, 14)


class Cancels:
    """The cancellations of one session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._telling: set[Run] = set()

    async def tell(self, run: Run) -> bool:
        """Tell the server to stop an accepted job.

        Returns:
            Whether it was told; False if that has to wait.
        """
        session = self._engine.session
        session.leave(run)
        self._engine.keep_reading()
        if self._must_wait(run):
            return False
        by_function = run.started or not session.siblings(run)
        self._telling.add(run)
        try:
            told = await self._post(run, run.fn_index if by_function else NO_FUNCTION)
        finally:
            self._telling.discard(run)
        if told and by_function:
            session.let_go(run)
        # Else it may have begun unseen; then the next message says so, and `retry` tells again.
        return told

    def tell_later(self, run: Run) -> None:
        """Tell the server to stop a job, without waiting for it."""
        if self._engine.closed or run.over:
            return
        # At once, or news of the job could pass by before anybody listens for it.
        self._engine.session.leave(run)
        self._engine.keep_reading()
        if not self._must_wait(run):
            self._telling.add(run)
            self._engine.spawn(self._tell_quietly(run))

    def retry(self) -> None:
        """Something has changed: tell what was held back, if that can be done now."""
        for run in self._engine.session.left:
            if run not in self._telling and not self._must_wait(run):
                self.tell_later(run)

    async def _tell_quietly(self, run: Run) -> None:
        try:
            await self.tell(run)
        except GradwireError as error:
            self._engine.session.let_go(run)
            _log.debug("a job could not be cancelled on the server: %s", error)
        finally:
            self._telling.discard(run)

    def _must_wait(self, run: Run) -> bool:
        version = self._version
        if not run.started:
            return version < UNQUEUES
        others = self._engine.session.siblings(run)
        return version >= CANCELS and any(other.started for other in others)

    async def _post(self, run: Run, function: int) -> bool:
        assert run.event_id is not None
        engine = self._engine
        requests, timeout = engine.app.requests, engine.options.timeout
        if self._version >= CANCELS:
            request = requests.cancel(engine.session.session_hash, function, run.event_id)
            answer = await engine.transport.request(request, timeout)
            if answer.status not in (404, 405):
                if answer.status != 200:
                    _log.warning("the server answered %s to a cancellation", answer.status)
                return True
        answer = await engine.transport.request(requests.reset(run.event_id), timeout)
        if not _succeeded(answer):
            return False
        engine.give_up(run, JobCancelledError("The job was cancelled.", event_id=run.event_id))
        return True

    @property
    def _version(self) -> tuple[int, int]:
        """Major and minor version of the server; one that says none is taken for new."""
        found = re.match(r"(\d+)\.(\d+)", self._engine.app.config.version)
        return (int(found[1]), int(found[2])) if found else UNQUEUES


def _succeeded(answer: Answer) -> bool:
    try:
        body = decode(answer.body)
    except JSONDecodeFailure:
        return False
    return isinstance(body, dict) and body.get("success") is True
