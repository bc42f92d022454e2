"""One submission, as the caller of an `AsyncClient` holds it.

What a job promises:

- It ends exactly once, with a result or an error, whatever happens.
- Each iteration begins with the job's first event. Iterating twice, late, or from several tasks
  shows everyone the same events; leaving a loop early or never iterating costs nothing and stops
  nothing. Of more events than may be kept (see `Limits`) the oldest are gone, and `dropped` counts
  them.
- An iteration ends after the job's last event. If the job failed, it raises the job's error.
- `await job` and `job.result()` may be used before, after and beside iterating, and again.
- A job that nobody holds runs on. Its client stays alive until it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from typing import Any, Generic

from gradwire.app.endpoint import Endpoint
from gradwire.client import chunks
from gradwire.client.cancelling import CANCEL_GRACE
from gradwire.client.checks import checked_callback, checked_seconds
from gradwire.client.engine import Engine, Owner
from gradwire.client.event_log import AsyncReader, E, EventLog, wait, wait_within
from gradwire.client.job_inputs import Inputs, Way
from gradwire.client.leaving import AsyncContext
from gradwire.client.observing import Watch
from gradwire.client.options import Options
from gradwire.client.retries import wait_before_retry
from gradwire.client.shown_job import ShownJob
from gradwire.data.inputs import FileInput
from gradwire.errors import GradwireError, JobCancelledError
from gradwire.transport.base import bound
from gradwire.transport.hooks import fenced, shown
from gradwire.wire.events import StatusEvent
from gradwire.wire.prediction import Prediction
from gradwire.wire.requests import Requests
from gradwire.wire.run import Run

_QUEUED = ("stream", "dialogue")


class AsyncJob(Inputs, AsyncContext, ShownJob, Generic[E]):
    """One submission; made by `AsyncClient.submit`.

    `AsyncJob[DataEvent]` yields data events, which is the default; `AsyncJob[Event]` all kinds.
    Used with `async with`, it is cancelled when the block is left, if it is not done by then.
    """

    __slots__ = (
        "__weakref__",
        "_accepted",
        "_callbacks",
        "_deadline",
        "_make_run",
        "_owner",
        "_task",
        "log",
        "run",
        "sent",
        "tries",
        "watch",
    )

    def __init__(
        self,
        owner: Owner,
        make_run: Callable[[], Run],
        endpoint: Endpoint,
        payload: dict[str, Any],
        requests: Requests,
        options: Options,
        *,
        way: Way,
        files: tuple[FileInput, ...] = (),
    ) -> None:
        self.run = make_run()
        self._make_run = make_run
        self.tries = 0
        limits = options.limits
        self.log = EventLog(bound(limits.kept_events), bound(limits.kept_bytes))
        self.options = options
        self.sent = False
        self._owner = owner
        self.endpoint = endpoint
        self.requests = requests
        self._set_inputs(way, payload, owner.engine.uploads.check(files) if files else {})
        self._task: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._callbacks: tuple[Callable[[Any], object], ...] = ()
        self._accepted: asyncio.Event | None = None
        self.watch: Watch | None = None

    def __repr__(self) -> str:
        status = self.status
        return f"<{type(self).__name__} {self.run.endpoint!r}: {status.code or status.stage}>"

    # -- for the engine ----------------------------------------------------------------------------

    @property
    def _engine(self) -> Engine:
        return self._owner.engine

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that drives the job."""
        return self._engine.loop

    def start(self) -> None:
        """Begin; the job goes on by itself from here."""
        if self.watch is not None:
            self.watch.begin(self)
        self._engine.add(self)
        if self.done():
            return
        total = self.options.timeout.total
        if total is not None:
            loop = self._engine.loop
            # Not the run of now: by then the job may have begun anew.
            self._deadline = loop.call_later(total, lambda: self._engine.expire(self.run, total))
        self.send()

    def send(self) -> None:
        """Bring the job to the server, for the first time or again."""
        if not self.done():
            self._task = self._engine.start(self)

    def begin_anew(self) -> Run:
        """Forget what came of the job so far, but for the events that were told."""
        self.tries += 1
        self.sent = False
        self.run = self._make_run()
        if self.watch is not None:
            self.watch.begin_anew()
        return self.run

    def pause_before_retry(self, error: GradwireError) -> float | None:
        """Return the seconds after which the job begins anew; None: it ends with the error."""
        return wait_before_retry(self, error)

    def on_news(self) -> None:
        """The server has said something of the job, which goes on."""

    def on_accepted(self) -> None:
        """The server has given the job an id."""
        if self.watch is not None and not self.done():
            self.watch.accepted(self.run)
        if not self.options.resubmit or self.done():
            self.forget_inputs()
        waiting, self._accepted = self._accepted, None  # it may begin anew, and get another id
        if waiting is not None:
            waiting.set()

    def on_ended(self, outcome: Prediction | GradwireError) -> None:
        """The job has its outcome: tell everybody who waits."""
        if self._deadline is not None:
            self._deadline.cancel()
        if self.watch is not None:
            self.watch.end(outcome, self.log.total)
        self.log.end(outcome)
        self.on_accepted()
        callbacks, self._callbacks = self._callbacks, ()
        for callback in callbacks:
            self._call_back(callback)

    def abandon(self) -> None:
        """Stop the job on the server after it has ended here."""
        if self.way == "dialogue":
            self._engine.dialogues.abandon(self)
        elif self.run.event_id is not None:
            self._engine.cancels.tell_later(self.run)
        elif self._task is not None and not self.sent:
            self.hang_up()
        # else the server decides just now, and the engine cancels the job when it knows its id

    def hang_up(self) -> None:
        """Stop what this side does for the job."""
        if self._task is not None:
            self._task.cancel()

    def drop(self) -> None:
        """End the job, here and on the server, because nobody wants it any more."""
        if not self.done():
            self._engine.give_up(self.run, self._cancelled())
            self.abandon()

    def _cancelled(self) -> JobCancelledError:
        return JobCancelledError(
            "The job was cancelled.",
            endpoint=str(self.run.endpoint),
            event_id=self.run.event_id,
        )

    # -- looking -----------------------------------------------------------------------------------

    def done(self) -> bool:
        """Tell whether the job has ended."""
        return self.log.outcome is not None

    @property
    def status(self) -> StatusEvent:
        """The latest status, also if status events were not asked for."""
        return self.run.status

    @property
    def event_id(self) -> str | None:
        """The server's id of the job; None before it is accepted, and for unqueued calls."""
        return self.run.event_id

    @property
    def dropped(self) -> int:
        """How many of the job's oldest events are kept no longer; see `Limits.kept_events`."""
        return self.log.window.dropped

    def outputs(self) -> list[list[Any]]:
        """Return the `data` of all data events so far; the result of a generator twice."""
        return [event.data for event in self.log.window.events if event.type == "data"]

    async def wait_for_id(self) -> str | None:
        """Wait for the id that the server gives the job; None if it never gives one."""
        if self.run.event_id is None and not self.done() and self.way in _QUEUED:
            if self._accepted is None:
                self._accepted = asyncio.Event()
            await self._accepted.wait()
        return self.run.event_id

    # -- the result --------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, Prediction]:
        return self.result().__await__()

    async def result(self, timeout: float | None = None) -> Prediction:
        """Wait for the result.

        Args:
            timeout: Seconds to wait; the job itself goes on when they have passed.

        Raises:
            DeadlineExceededError: The result did not come in time (a `TimeoutError`).
            GradwireError: The job failed; see `gradwire.errors`.
        """
        checked_seconds("timeout", timeout)
        if self.log.outcome is None:
            await (wait(self.log) if timeout is None else wait_within(self.log, timeout, self.run))
        return self.log.result()

    def __aiter__(self) -> AsyncIterator[E]:
        return AsyncReader(self.log)

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call `callback(job)` in the event loop when the job ends; at once if it has ended."""
        checked_callback("callback", callback)
        if self.done():
            self._call_back(callback)
        else:
            self._callbacks += (callback,)

    def _call_back(self, callback: Callable[[Any], object]) -> None:
        with fenced(shown(self._engine.loop, "a done-callback of a job failed")):
            callback(self)

    # -- steering ----------------------------------------------------------------------------------

    async def cancel(self) -> bool:
        """Cancel the job, on the server too, without touching other jobs.

        A generator stops at its next `yield`. A plain function that has begun runs to its end on
        the server, for Gradio cannot interrupt it, and so does an unqueued one; what it returns is
        dropped. In Gradio 3.9 nothing stops a generator but its end.
        While other jobs of the same function run in this session, a running job ends here at once,
        but is stopped on the server only when they are done: Gradio would stop them all.
        Before Gradio 6.14 a waiting job cannot be taken from the queue: it too ends here at once,
        and is stopped on the server when its turn comes.

        Returns:
            Whether the job ended by this: its result is then a `JobCancelledError`. False if it had
            ended already, or ended otherwise meanwhile.
        """
        if self.sent and self.run.event_id is None:
            # The server decides just now, and can only be told with the id; later if that is late.
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wait_for_id(), CANCEL_GRACE)
        if self.done():
            return False
        if self.way == "dialogue":
            await self._engine.dialogues.cancel(self)
        elif self.run.event_id is None:
            self.drop()
        else:
            await self._cancel_accepted()
        return isinstance(self.log.outcome, JobCancelledError)

    async def _cancel_accepted(self) -> None:
        engine = self._engine
        # The server is told also if nobody waits so long for it.
        telling = engine.spawn(engine.cancels.tell_or_warn(self.run))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_GRACE):
                    if await asyncio.shield(telling):
                        await wait(self.log)
        finally:
            engine.give_up(self.run, self._cancelled())

    async def send_chunk(self, payload: Any) -> None:
        """Send the next chunk of a streaming input.

        Args:
            payload: The endpoint's inputs: a list, or a mapping by name (or, as the server takes
                it, `{"data": [...]}`).
        """
        await chunks.send_chunk(self._engine, self, payload)

    async def close_stream(self) -> None:
        """End a streaming input; the job then ends with what the function returned last."""
        await chunks.close_stream(self._engine, self)
