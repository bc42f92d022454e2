"""`Job`: one submission of a `Client` or a `Pool`, for plain scripts and threads."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from gradwire.client import loop_thread
from gradwire.client.async_job import AsyncJob
from gradwire.client.checks import checked_callback, checked_seconds
from gradwire.client.event_log import E, Reader, not_within, wait_in_thread
from gradwire.client.leaving import Context
from gradwire.client.shown_job import ShownJob
from gradwire.wire.events import Event, StatusEvent
from gradwire.wire.prediction import Prediction

T = TypeVar("T")


class Job(Context, ShownJob, Generic[E]):
    """One submission of a `Client` or a `Pool`; see `AsyncJob` for what a job promises.

    `for event in job` blocks for each event; several threads may iterate, each sees all events.
    Used with `with`, it is cancelled when the block is left, if it is not done by then.
    """

    def __init__(self, job: AsyncJob[Event], thread: loop_thread.LoopThread) -> None:
        self._job = job
        self._thread = thread

    @property
    def _worker(self) -> AsyncJob[Event]:
        return self._job

    def __repr__(self) -> str:
        return repr(self._job).replace(type(self._job).__name__, type(self).__name__, 1)

    def _call_soon(self, function: Callable[[], object]) -> None:
        self._thread.call_soon(function)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._thread.run(work)

    def __iter__(self) -> Iterator[E]:
        if not self.done():
            loop_thread.check_no_loop()
            self._thread.check()
        return Reader(self._job.log, self._thread.check)

    def result(self, timeout: float | None = None) -> Prediction:
        """Wait for the result; see `AsyncJob.result`.

        Args:
            timeout: Seconds to wait; the job itself goes on when they have passed.
        """
        log = self._job.log
        checked_seconds("timeout", timeout)
        if log.outcome is None:
            loop_thread.check_no_loop()
            self._thread.check()
            if not wait_in_thread(log, timeout=timeout) and timeout is not None:
                raise not_within(timeout, self._job.run)
        return log.result()

    def cancel(self) -> bool:
        """Cancel the job, on the server too; see `AsyncJob.cancel`."""
        return False if self.done() else self._run(self._job.cancel())

    def done(self) -> bool:
        """Tell whether the job has ended."""
        return self._job.done()

    @property
    def status(self) -> StatusEvent:
        """The latest status, also if status events were not asked for."""
        return self._job.status

    @property
    def event_id(self) -> str | None:
        """The server's id of the job; None before it is accepted, and for unqueued calls."""
        return self._job.event_id

    def wait_for_id(self) -> str | None:
        """Wait for the id that the server gives the job; None if it never gives one."""
        return self.event_id or (None if self.done() else self._run(self._job.wait_for_id()))

    @property
    def dropped(self) -> int:
        """How many of the job's oldest events are kept no longer; see `Limits.kept_events`."""
        return self._job.dropped

    def outputs(self) -> list[list[Any]]:
        """Return the `data` of all data events so far; the result of a generator twice."""
        return self._job.outputs()

    def add_done_callback(self, callback: Callable[[Job[Any]], object]) -> None:
        """Call `callback(job)` in the background thread when the job ends; now if it has ended."""
        checked_callback("callback", callback)
        if self.done():
            self._job._call_back(lambda _: callback(self))
        else:
            self._call_soon(lambda: self._job.add_done_callback(lambda _: callback(self)))

    def send_chunk(self, payload: Sequence[Any] | Mapping[str, Any]) -> None:
        """Send the next chunk of a streaming input; see `AsyncJob.send_chunk`."""
        self._run(self._job.send_chunk(payload))

    def close_stream(self) -> None:
        """End a streaming input; see `AsyncJob.close_stream`."""
        self._run(self._job.close_stream())
