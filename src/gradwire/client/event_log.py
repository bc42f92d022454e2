"""What has happened to one job: its events, and its end.

The one place that readers look at, whatever thread they are in. Only the event loop's thread
writes. The events are kept, so any number of readers may come, early or late, and each sees all
of them from the first on.

Where a job has more events than may be kept (`Limits.kept_events`, `kept_bytes`), the older half
is dropped. A reader that had not come so far goes on with the oldest that is left, and says in the
log how many it has missed. To drop some, the writer puts another window in the place of the old
one, so that a reader that looks at this moment sees either, and each is right.

A reader looks, and if there is nothing new, leaves a callback that is called once. The lock makes
sure that nothing can happen unseen between the look and the leaving.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from gradwire.app.words import exact_seconds
from gradwire.client.loop_thread import leave_daemon
from gradwire.errors import DeadlineExceededError, GradwireError, endpoint_text
from gradwire.wire.events import Event
from gradwire.wire.prediction import Prediction
from gradwire.wire.run import Run

_log = logging.getLogger("gradwire")

E = TypeVar("E", bound=Event, covariant=True)
Wake = Callable[[], object]

AHEAD = 16
"""Events that a reader takes from a log at once. It keeps them, also if the log drops them."""


class Window(NamedTuple):
    """The events that are kept, oldest first, and how many came before them."""

    dropped: int
    events: list[Any]


class EventLog:
    """The events of one job and how it ended.

    Args:
        most: Events that are kept.
        most_bytes: Bytes of the messages that they came in.

    Attributes:
        window: The newest events.
        outcome: None while the job lives.
    """

    __slots__ = (
        "_at_change",
        "_at_end",
        "_batches",
        "_bytes",
        "_lock",
        "_most",
        "_most_bytes",
        "outcome",
        "window",
    )

    def __init__(self, most: int = sys.maxsize, most_bytes: int = sys.maxsize) -> None:
        self.window = Window(0, [])
        self.outcome: Prediction | GradwireError | None = None
        self._most = most
        self._most_bytes = most_bytes
        # How many events came at once, and the bytes of their messages; of those that are kept.
        self._batches: list[tuple[int, int]] = []
        self._bytes = 0
        # Tuples, which are few and short: most jobs have one reader, which waits once.
        self._at_change: tuple[Wake, ...] = ()
        self._at_end: tuple[Wake, ...] = ()
        self._lock = threading.Lock()

    # -- writing, in the loop's thread -------------------------------------------------------------

    def add(self, events: list[Event], size: int = 0) -> bool:
        """Append events and wake those who wait for one.

        Args:
            events: What came at once.
            size: Bytes of the messages that they came in.

        Returns:
            Whether older events had to go for them.
        """
        if not events:
            return False
        kept = self.window.events
        kept.extend(events)
        self._batches.append((len(events), size))
        self._bytes += size
        full = len(kept) > self._most or self._bytes > self._most_bytes
        if full:
            self._shorten()
        self._wake(ended=False)
        return full

    def _shorten(self) -> None:
        """Keep the newer half of what may be kept, and at least what came last."""
        batches, kept, held = self._batches, 0, 0
        first = len(batches)
        while first:
            count, size = batches[first - 1]
            if kept and (kept + count > self._most // 2 or held + size > self._most_bytes // 2):
                break
            kept, held, first = kept + count, held + size, first - 1
        kept = min(kept, self._most)
        dropped, events = self.window
        gone = len(events) - kept
        self.window = Window(dropped + gone, events[gone:])
        self._batches, self._bytes = [(kept, held)], held

    def end(self, outcome: Prediction | GradwireError) -> None:
        """Set the outcome, once, and wake everybody."""
        if self.outcome is None:
            self.outcome = outcome
            self._wake(ended=True)

    def _wake(self, *, ended: bool) -> None:
        with self._lock:
            waiting = self._at_change
            self._at_change = ()
            if ended:
                waiting, self._at_end = waiting + self._at_end, ()
        for wake in waiting:
            try:
                wake()
            except Exception:
                # One reader's trouble (its loop is closed, say) is not that of the others.
                _log.exception("a reader of a job could not be woken")

    # -- reading, in any thread --------------------------------------------------------------------

    def wake_after(self, seen: int, wake: Wake) -> bool:
        """Have `wake` called once when there are more than `seen` events, or the end.

        Returns:
            False if that is so already; `wake` is then not called.
        """
        with self._lock:
            if self.outcome is not None or self.total > seen:
                return False
            self._at_change += (wake,)
            return True

    def wake_at_end(self, wake: Wake) -> bool:
        """Have `wake` called once at the end; False if it has come."""
        with self._lock:
            if self.outcome is not None:
                return False
            self._at_end += (wake,)
            return True

    def forget(self, wake: Wake) -> None:
        """Do not call `wake` any more."""
        with self._lock:
            self._at_change = tuple(each for each in self._at_change if each != wake)
            self._at_end = tuple(each for each in self._at_end if each != wake)

    @property
    def total(self) -> int:
        """Events so far, with those that were dropped."""
        dropped, events = self.window
        return dropped + len(events)

    def result(self) -> Prediction:
        """Return the result of an ended job, or raise its error."""
        outcome = self.outcome
        if isinstance(outcome, GradwireError):
            # Without the frames of earlier readers, which would pile up and keep their locals
            # alive.
            raise outcome.with_traceback(None)
        assert outcome is not None, "asked for the result of a job that has not ended"
        return outcome


def _missed(seen: int, dropped: int) -> int:
    """Say that events are gone which a reader has not seen; return where it goes on."""
    _log.warning(
        "%d events of a job were dropped before they were read; see Limits.kept_events and "
        "Limits.kept_bytes",
        dropped - seen,
    )
    return dropped


class _Place(Generic[E]):
    """How far one iteration over a log has come."""

    __slots__ = ("_ahead", "_index", "_log", "_over")

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._ahead: Iterator[E] = iter(())
        self._index = 0  # of what comes after `_ahead`
        self._over = False

    def _take(self, stop: type[Exception]) -> bool:
        """Take some of the next events from the log, to be handed out one by one.

        Returns:
            Whether there are any yet.

        Raises:
            stop, GradwireError: There will be none.
        """
        log = self._log
        # The outcome first: what is there once it is set is all that there will be.
        ended = log.outcome is not None
        dropped, events = log.window
        place = self._index - dropped
        if place < 0:
            self._index, place = _missed(self._index, dropped), 0
        taken = events[place : place + AHEAD]
        if taken:
            self._index += len(taken)
            self._ahead = iter(taken)
            return True
        if self._over:
            raise stop
        if ended:
            self._over = True
            log.result()
            raise stop
        return False


class AsyncReader(_Place[E]):
    """One iteration over a log in an event loop: `async for event in AsyncReader(log)`."""

    __slots__ = ()

    def __aiter__(self) -> AsyncReader[E]:
        return self

    async def __anext__(self) -> E:
        event = next(self._ahead, None)
        if event is None:
            while not self._take(StopAsyncIteration):
                await wait(self._log, self._index)
            event = next(self._ahead)
        return event


async def wait(log: EventLog, seen: int | None = None) -> None:
    """Wait in this loop for more than `seen` events, or with None for the end."""
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    wake = partial(_set, waiter)
    pending = log.wake_at_end(wake) if seen is None else log.wake_after(seen, wake)
    if not pending:
        return
    try:
        await waiter
    finally:
        if not waiter.done() or waiter.cancelled():
            log.forget(wake)


def not_within(seconds: float, run: Run) -> DeadlineExceededError:
    """Return the error for a result that did not come in time."""
    return DeadlineExceededError(
        f"{endpoint_text(run.endpoint)} gave no result within {exact_seconds(seconds)}; the job "
        "goes on. Wait for it again, or cancel() it.",
        endpoint=str(run.endpoint),
        event_id=run.event_id,
    )


async def wait_within(log: EventLog, seconds: float, run: Run) -> None:
    """Wait for the end of a log, `seconds` at most.

    Raises:
        DeadlineExceededError: It did not come.
    """
    try:
        async with asyncio.timeout(seconds):
            await wait(log)
    except TimeoutError:
        raise not_within(seconds, run) from None


def _set(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Reader(_Place[E]):
    """One iteration over a log in a thread: `for event in Reader(log)`.

    Args:
        log: What is read.
        check: Called before each waiting, to raise an error where it would be in vain.
    """

    __slots__ = ("_check",)

    def __init__(self, log: EventLog, check: Callable[[], object] = lambda: None) -> None:
        super().__init__(log)
        self._check = check

    def __iter__(self) -> Reader[E]:
        return self

    def __next__(self) -> E:
        event = next(self._ahead, None)
        if event is None:
            while not self._take(StopIteration):
                self._check()
                wait_in_thread(self._log, self._index)
            event = next(self._ahead)
        return event


def wait_in_thread(log: EventLog, seen: int | None = None, timeout: float | None = None) -> bool:
    """Block this thread until there are more than `seen` events, or with None until the end.

    Returns:
        False if `timeout` seconds have passed first.
    """
    news = threading.Event()
    pending = log.wake_at_end(news.set) if seen is None else log.wake_after(seen, news.set)
    if not pending:
        return True
    try:
        return news.wait(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
    finally:
        log.forget(news.set)
        leave_daemon()
