"""What has happened to one job: its events, and its end.

The one place that readers look at, whatever thread they are in. Only the event loop's thread
writes. The events are kept, so any number of readers may come, early or late, and each sees all
of them from the first on.

A reader looks, and if there is nothing new, leaves a callback that is called once. The lock makes
sure that nothing can happen unseen between the look and the leaving.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from gradwire.errors import GradwireError
from gradwire.wire.events import Event
from gradwire.wire.prediction import Prediction

_log = logging.getLogger("gradwire")

E = TypeVar("E", bound=Event, covariant=True)
Wake = Callable[[], object]


class EventLog:
    """The events of one job and how it ended.

    Attributes:
        events: All events so far, oldest first.
        outcome: None while the job lives.
    """

    __slots__ = ("_at_change", "_at_end", "_lock", "events", "outcome")

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.outcome: Prediction | GradwireError | None = None
        # Tuples, which are few and short: most jobs have one reader, which waits once.
        self._at_change: tuple[Wake, ...] = ()
        self._at_end: tuple[Wake, ...] = ()
        self._lock = threading.Lock()

    # -- writing, in the loop's thread -------------------------------------------------------------

    def add(self, events: list[Event]) -> None:
        """Append events and wake those who wait for one."""
        if events:
            self.events += events
            self._wake(ended=False)

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
            if len(self.events) > seen or self.outcome is not None:
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

    def result(self) -> Prediction:
        """Return the result of an ended job, or raise its error."""
        outcome = self.outcome
        if isinstance(outcome, GradwireError):
            # Without the frames of earlier readers, which would pile up and keep their locals
            # alive.
            raise outcome.with_traceback(None)
        assert outcome is not None, "asked for the result of a job that has not ended"
        return outcome


class AsyncReader(Generic[E]):
    """One iteration over a log in an event loop: `async for event in AsyncReader(log)`."""

    __slots__ = ("_index", "_log", "_over")

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._index = 0
        self._over = False

    def __aiter__(self) -> AsyncReader[E]:
        return self

    async def __anext__(self) -> E:
        log = self._log
        while True:
            # The outcome first: what is there once it is set is all that there will be.
            ended = log.outcome is not None
            if self._index < len(log.events):
                break
            if self._over:
                raise StopAsyncIteration
            if ended:
                self._over = True
                log.result()
            else:
                await wait(log, self._index)
        event: E = log.events[self._index]
        self._index += 1
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


def _set(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Reader(Generic[E]):
    """One iteration over a log in a thread: `for event in Reader(log)`."""

    __slots__ = ("_index", "_log", "_over")

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._index = 0
        self._over = False

    def __iter__(self) -> Reader[E]:
        return self

    def __next__(self) -> E:
        log = self._log
        while True:
            # The outcome first: what is there once it is set is all that there will be.
            ended = log.outcome is not None
            if self._index < len(log.events):
                break
            if self._over:
                raise StopIteration
            if ended:
                self._over = True
                log.result()
            else:
                wait_in_thread(log, self._index)
        event: E = log.events[self._index]
        self._index += 1
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
