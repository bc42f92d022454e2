"""Observers: what is told when a job is submitted, accepted, begins to run and ends.

A job without an observer has no `Watch`, and costs a comparison at each of these places. Hooks are
called in the event loop, with the context variables of whoever submitted the job, which is another
thread where the client is a `Client`. What they raise is shown as asyncio shows errors of its own
callbacks, and does the job no harm.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gradwire.client.pairs import checked_pairs, wrong
from gradwire.errors import GradwireError, InvalidArgumentError, JobCancelledError, shown_url
from gradwire.transport.hooks import fenced, shown
from gradwire.wire.events import Event
from gradwire.wire.prediction import Prediction
from gradwire.wire.run import Run

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob

Outcome = Literal["ok", "error", "cancelled"]


@dataclass(slots=True, eq=False, weakref_slot=True)
class ObservedJob:
    """What an observer is told of a job: one object for each, the same at every call.

    It is written by the client; observers read it. What is not known yet is None.

    Attributes:
        app: The app's address, without user info and query; of a pool, that of the replica.
        endpoint: What was called, such as `"/predict"`; the number of a function without a name.
        queued: Whether the call goes through the app's queue.
        submitted_at: When the caller submitted it, in seconds since 1970.
        event_id: The server's id of the job.
        attempts: How often it was handed in: more than once after a retry.
        queue_wait: Seconds from its acceptance to its start, as they are seen here.
        duration: Seconds from `submit` to its end, with uploads and retries.
        outcome: How it ended.
        error: What it ended with, if not with a result.
        events: How many events it gave; `predict` asks for none.
        received_bytes: Bytes of the messages that the server sent for it.
    """

    app: str
    endpoint: str
    queued: bool
    submitted_at: float
    event_id: str | None = None
    attempts: int = 1
    queue_wait: float | None = None
    duration: float | None = None
    outcome: Outcome | None = None
    error: GradwireError | None = None
    events: int = 0
    received_bytes: int = 0

    @property
    def error_type(self) -> str | None:
        """The name of the error's class; None if there is no error."""
        return None if self.error is None else type(self.error).__name__


class Observer(Protocol):
    """Is told of the jobs of a client; given as the option `observer`.

    Inherit from it, and write those methods that you need. All are called in the event loop, so
    they have to be quick; with a `Client` that is in the background thread. The context variables
    are those of the call that submitted the job.
    """

    def on_submit(self, job: ObservedJob) -> Mapping[str, str] | None:
        """Hear that a job begins.

        Returns:
            Headers to send with the job's requests and its uploads, if any. Those that the caller
            has set come first.
        """
        return None

    def on_accept(self, job: ObservedJob) -> None:
        """Hear that the app has taken a job into its queue; again after each retry."""
        return None

    def on_start(self, job: ObservedJob) -> None:
        """Hear that the app has begun to run a queued job; again after each retry."""
        return None

    def on_end(self, job: ObservedJob) -> None:
        """Hear how a job ended: once for each that was submitted."""
        return None


_HOOKS = ("on_submit", "on_accept", "on_start", "on_end")


def checked_observers(name: str, value: Any) -> tuple[Observer, ...]:
    """Take an observer, or several, or None."""
    if value is None:
        return ()
    given = tuple(value) if isinstance(value, Sequence) else (value,)
    for each in given:
        _check(name, each)
    return given


def _check(name: str, observer: Any) -> None:
    if isinstance(observer, type):
        raise InvalidArgumentError(
            f"{name} is the class {observer.__name__}; give an object of it: "
            f"{name}={observer.__name__}()."
        )
    hooks = [getattr(observer, hook, None) for hook in _HOOKS]
    if not all(map(callable, hooks)):
        raise wrong(name, f"an object with {', '.join(_HOOKS)} (see gradwire.Observer)", observer)
    if any(map(inspect.iscoroutinefunction, hooks)):
        raise InvalidArgumentError(
            f"{name}: the methods of an observer are plain functions, not coroutines; nobody "
            "waits for them. Use asyncio.create_task for what has to wait."
        )


class Watch:
    """Follows one job for its observers."""

    __slots__ = (
        "_accepted",
        "_began",
        "_context",
        "_failed",
        "_headers",
        "_observers",
        "_started",
        "job",
    )

    def __init__(self, observers: tuple[Observer, ...], job: AsyncJob[Event]) -> None:
        run = job.run
        app = shown_url(job.requests.base_url)
        self.job = ObservedJob(app, str(run.endpoint), job.endpoint.queued, time.time())
        self._observers = observers
        self._context = copy_context()
        self._failed: Callable[[BaseException], None] | None = None
        self._began = time.monotonic()
        self._headers: dict[str, str] = {}
        self._accepted: float | None = None
        self._started = False

    def begin(self, job: AsyncJob[Event]) -> None:
        """The job is about to be driven: its requests get the observers' headers."""
        self._failed = shown(job.loop, "an observer of a job failed")
        found: dict[str, str] = {}
        for observer in self._observers:
            with fenced(self._failed):
                given = self._context.run(observer.on_submit, self.job)
                found |= checked_pairs("headers", given)
        names = {name.lower() for name in job.options.headers}
        self._headers = {name: found[name] for name in found if name.lower() not in names}
        self._put_headers(job)

    def moved(self, job: AsyncJob[Event]) -> None:
        """The job has got other requests, those for another app."""
        self.job.app = shown_url(job.requests.base_url)
        self._put_headers(job)

    def _put_headers(self, job: AsyncJob[Event]) -> None:
        if self._headers:
            job.add_headers(self._headers)

    def follow(self, run: Run, size: int) -> None:
        """Something was heard of the job: messages of `size` bytes, or its id."""
        self.job.received_bytes += size
        if size or run.event_id is not None:
            self.accepted(run)
        if run.started and not self._started:
            self._started = True
            if self.job.queued and self._accepted is not None:
                self.job.queue_wait = time.monotonic() - self._accepted
                self._tell(each.on_start for each in self._observers)

    def accepted(self, run: Run) -> None:
        """The server has taken the job."""
        if self._accepted is None and self.job.queued:
            self._accepted = time.monotonic()
            self.job.event_id = run.event_id
            self._tell(each.on_accept for each in self._observers)

    def begin_anew(self) -> None:
        """The job is handed in again."""
        self.job.attempts += 1
        self.job.event_id = self.job.queue_wait = self._accepted = None
        self._started = False

    def end(self, outcome: Prediction | GradwireError, events: int) -> None:
        """The job has its outcome, and nobody knows yet."""
        job = self.job
        job.duration, job.events = time.monotonic() - self._began, events
        job.outcome = "ok"
        if isinstance(outcome, GradwireError):
            job.error = outcome
            job.outcome = "cancelled" if isinstance(outcome, JobCancelledError) else "error"
        self._tell(each.on_end for each in self._observers)

    def _tell(self, hooks: Iterable[Callable[[ObservedJob], object]]) -> None:
        assert self._failed is not None
        for hook in hooks:
            with fenced(self._failed):
                self._context.run(hook, self.job)
