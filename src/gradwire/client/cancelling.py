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
when its turn comes; its second end then breaks the stream for everybody. So does that of a job
whose own end is on its way already: there the function is stopped first, and the end is asked for
only if none comes (`_ends_itself`).

So a cancellation is held back while it cannot be made, or would hit others. The job ends for its
caller at once; the session keeps listening for it (`Session.leave`), and it is stopped when it
starts to run, or when the others are done. While a function is being stopped no job of it is
handed in, and where some wait, those that begin just now get the time to say so. What remains is a
waiting job that gets another slot of its function in the very moment in which the request travels.

When a stream breaks, the server may learn of it late, or never if the network lets nothing pass.
Until then it sends messages of the session to nobody, so the next job could wait for ever for an
end that went astray; and when it learns of it, it drops whatever is pending in the session, also a
job that was handed in meanwhile. But it ends a stream with the last job that it is for. So the jobs
of a broken stream are stopped, and until that is done no job is handed in (`banish`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING

from gradwire.data.json import JSONDecodeFailure, decode
from gradwire.errors import (
    ConnectError,
    ConnectionLostError,
    DeadlineExceededError,
    GradwireError,
    JobCancelledError,
    shown_url,
)
from gradwire.transport.base import Answer
from gradwire.wire.run import Run

if TYPE_CHECKING:
    from gradwire.client.engine import Engine

_log = logging.getLogger("gradwire")

CANCEL_GRACE = 3.0
"""Seconds that the server has to confirm a cancellation before the client ends the job itself."""
SETTLE = 0.2
"""Seconds for which jobs that start at the same time get to say so, before one is stopped."""
NO_FUNCTION = -1
"""A function index that no server has: takes a job from the queue, and stops no other."""
NO_JOB = "0" * 32
"""The id of a job that no server has: stops a function, and says nothing on the stream."""
CANCELS = (4, 31)
UNQUEUES = (6, 14)
LAST_WORDS = 0.3
"""Seconds in which the end of a job is heard that was on its way when the job was stopped."""


class Cancels:
    """The cancellations of one session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._telling: set[Run] = set()
        self._asked: dict[Run, int] = {}
        """Jobs that the server was told to stop, and the function that was named."""
        self._joining: Counter[int] = Counter()
        self._posting: dict[int, asyncio.Future[None]] = {}
        self._ends: dict[Run, asyncio.Future[None]] = {}
        """Jobs that may end by themselves before the server is asked for their end."""
        self._lost: set[Run] = set()
        """Jobs of broken streams, as long as the server has not been told to stop them."""
        self._banishing: asyncio.Future[None] | None = None

    # -- jobs being handed in ----------------------------------------------------------------------

    async def ready(self, fn_index: int) -> None:
        """Wait while jobs of this function, or those of a broken stream, are being stopped.

        Raises:
            GradwireError: Those of a broken stream cannot be stopped.
        """
        while True:
            stopping = self._posting.get(fn_index) or self._banishing
            if stopping is not None:
                await asyncio.wait([stopping])
            elif self._lost:
                await self._banish_first()
            else:
                return

    def before_join(self, fn_index: int) -> None:
        """A job of this function is about to be handed in."""
        self._joining[fn_index] += 1

    def after_join(self, fn_index: int) -> None:
        """The server has answered, and the session knows the job."""
        self._joining[fn_index] -= 1
        if self.busy:
            self.retry()

    @property
    def busy(self) -> bool:
        """Whether jobs are being stopped, or shall be."""
        return bool(self._asked) or self._engine.session.has_left

    # -- jobs being stopped ------------------------------------------------------------------------

    async def tell(self, run: Run) -> bool:
        """Tell the server to stop an accepted job.

        Returns:
            Whether it was told; False if that has to wait.
        """
        if run in self._telling or run in self._asked:
            return True  # a second request would end the job twice, and break the stream
        self._telling.add(run)
        return await self._tell(run)

    async def tell_or_warn(self, run: Run) -> bool:
        """Do the same; what goes wrong is logged."""
        try:
            return await self.tell(run)
        except GradwireError as error:
            _log.warning("the server could not be told to stop a job: %s", error)
            return False

    async def _tell(self, run: Run) -> bool:
        session = self._engine.session
        session.leave(run)
        self._engine.stream.keep()
        try:
            if run.started and session.siblings(run) and self._version >= CANCELS:
                await asyncio.sleep(SETTLE)
            function = None if run.over else self._function(run)
            return function is not None and await self._ask(run, function)
        finally:
            self._telling.discard(run)

    async def _ask(self, run: Run, function: int) -> bool:
        self._asked[run] = function
        posting = self._posting[function] = self._engine.loop.create_future()
        told = False
        try:
            told = await self._post(run, function)
        finally:
            self._posting.pop(function, None)
            posting.set_result(None)
            if not told:
                self._asked.pop(run, None)
        return told

    def tell_later(self, run: Run) -> None:
        """Tell the server to stop a job, without waiting for it."""
        if self._engine.closed or run.over or run in self._telling:
            return
        # At once, or news of the job could pass by before anybody listens for it.
        self._engine.session.leave(run)
        self._engine.stream.keep()
        function = self._function(run)
        if function is not None and self._asked.get(run) != function:
            self._telling.add(run)
            self._engine.spawn(self._tell_quietly(run))

    async def _tell_quietly(self, run: Run) -> None:
        try:
            await self._tell(run)
        except GradwireError as error:
            self._engine.session.let_go(run)
            _log.debug("a job could not be cancelled on the server: %s", error)
        finally:
            self._telling.discard(run)

    def heard(self, run: Run) -> None:
        """There is news of a job: tell what was held back, if that can be done now."""
        if run.over:
            self._engine.session.let_go(run)
            self._asked.pop(run, None)
            if run in self._ends and not self._ends[run].done():
                self._ends[run].set_result(None)
        self.retry()

    def retry(self) -> None:
        """Something has changed: tell what was held back, if that can be done now."""
        left = self._engine.session.left
        for run in self._asked.keys() - set(left):
            del self._asked[run]
        for run in left:
            self.tell_later(run)

    async def banish(self, runs: list[Run]) -> None:
        """Have the server end a broken stream, by stopping all jobs that it is for."""
        self._lost.update(run for run in runs if run.event_id is not None)
        while self._banishing is not None:
            await asyncio.wait([self._banishing])
        try:
            await self._banish()
        except GradwireError as error:
            _log.debug("the jobs of a broken stream could not be stopped yet: %s", error)

    async def _banish_first(self) -> None:
        """Do it for a job that is to be handed in: nothing of that one was sent if it fails."""
        try:
            await self._banish()
        except (ConnectError, ConnectionLostError) as error:
            raise _unsent(error, shown_url(self._engine.app.requests.base_url)) from error

    async def _banish(self) -> None:
        done = self._banishing = self._engine.loop.create_future()
        try:
            async with asyncio.timeout(CANCEL_GRACE):
                ends = (self._stop_lost(run) for run in list(self._lost))
                for failure in await asyncio.gather(*ends, return_exceptions=True):
                    if failure is not None:
                        raise failure
        except TimeoutError as error:
            if isinstance(error, ConnectError):
                raise
            raise DeadlineExceededError(
                "The server does not say that it has stopped the jobs of a stream that broke. The "
                "call was not sent."
            ) from None
        finally:
            self._banishing = None
            done.set_result(None)

    async def _stop_lost(self, run: Run) -> None:
        if self._version >= (CANCELS if run.started else UNQUEUES):
            engine = self._engine
            # The function is named though all its running jobs stop by that: they are lost, too.
            request = engine.app.requests.cancel(
                engine.session.session_hash, run.fn_index, str(run.event_id)
            )
            await engine.transport.request(request, engine.options.timeout)
        self._lost.discard(run)

    def _function(self, run: Run) -> int | None:
        """Return the function to name when a job is to be stopped now; None if that must wait."""
        version, function = self._version, run.fn_index
        if version < CANCELS:
            return function if run.started else None
        others = self._engine.session.siblings(run)
        if not run.started:
            if version < UNQUEUES:
                return None
            return NO_FUNCTION if others or self._joining[function] else function
        if self._joining[function] or any(other.started for other in others):
            return None
        asked = (each for each, named in self._asked.items() if named == function)
        return None if any(each is not run for each in asked) else function

    async def _post(self, run: Run, function: int) -> bool:
        assert run.event_id is not None
        engine = self._engine
        requests, timeout = engine.app.requests, engine.options.timeout
        if self._version >= CANCELS:
            if self._version < UNQUEUES and engine.session.has_others(run):
                if await self._ends_itself(run, function):
                    return True
                function = NO_FUNCTION  # the next job of it may run by now
            request = requests.cancel(engine.session.session_hash, function, run.event_id)
            answer = await engine.transport.request(request, timeout)
            if answer.status not in (404, 405):
                if answer.status != 200:
                    _log.warning("the server answered %s to a cancellation", answer.status)
                return True
        answer = await engine.transport.request(requests.reset(run.event_id), timeout)
        if not _succeeded(answer):
            return False
        engine.session.let_go(run)
        engine.give_up(run, JobCancelledError("The job was cancelled.", event_id=run.event_id))
        return True

    async def _ends_itself(self, run: Run, function: int) -> bool:
        """Stop a function without asking for the job's end; return whether that has come."""
        engine = self._engine
        request = engine.app.requests.cancel(engine.session.session_hash, function, NO_JOB)
        await engine.transport.request(request, engine.options.timeout)
        ended = self._ends[run] = engine.loop.create_future()
        try:
            if not run.over:
                await asyncio.wait([ended], timeout=LAST_WORDS)
        finally:
            del self._ends[run]
        return run.over

    @property
    def _version(self) -> tuple[int, int]:
        return self._engine.app.config.release


def _succeeded(answer: Answer) -> bool:
    try:
        body = decode(answer.body)
    except JSONDecodeFailure:
        return False
    return isinstance(body, dict) and body.get("success") is True


def _unsent(error: ConnectError | ConnectionLostError, address: str) -> ConnectError:
    """Return the error for a call before which jobs of a broken stream could not be stopped.

    Its caller knows nothing of that, so it names the app and not the request for it.
    """
    after = "The event stream broke before, and the call was not sent."
    if isinstance(error, ConnectionLostError):
        return ConnectError(f" to {address} again: {error.reason}. {after}", url=address)
    words = str(error).replace(shown_url(error.url or address), address)
    return type(error)(
        f"{words} {after}", retry_after=error.retry_after, status=error.status, url=address
    )
