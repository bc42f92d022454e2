"""A server's silence, noticed with one timer for all who wait.

A timer of its own for each wait would be set and cancelled with every piece of an answer, which
costs as much as reading the piece. Here a wait only notes when it has been too long. The one timer
runs to the earliest such time that it knows of, ends who is late, and is set again.
"""

from __future__ import annotations

import asyncio
import math
from typing import Protocol


class SilentError(TimeoutError):
    """The server said nothing for too long."""


class Waiting(Protocol):
    """One who waits."""

    @property
    def deadline(self) -> float:
        """When it has been too long, by the loop's clock."""
        ...

    def expire(self) -> None:
        """The deadline has passed; nobody watches any more."""
        ...


class Silence:
    """The waits of one transport.

    Attributes:
        loop: The event loop in which they wait.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._waits: set[Waiting] = set()
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, wait: Waiting) -> None:
        """Watch over a wait."""
        self._waits.add(wait)
        if wait.deadline < self._due:
            self._set(wait.deadline)

    def drop(self, wait: Waiting) -> None:
        """Watch over it no longer. The timer stays: the next wait will need it."""
        self._waits.discard(wait)

    def close(self) -> None:
        """Take the timer out of the loop."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = None, math.inf

    def _set(self, when: float) -> None:
        self.close()
        if when < math.inf:
            self._due = when
            self._timer = self.loop.call_at(when, self._look)

    def _look(self) -> None:
        now = self.loop.time()
        for wait in [each for each in self._waits if each.deadline <= now]:
            self._waits.discard(wait)
            wait.expire()
        self._set(min((each.deadline for each in self._waits), default=math.inf))


class Wait:
    """One wait: `begin` it, say when something is `heard`, `end` it.

    When the silence has been too long, the task that waits is cancelled, and when the wait is ended
    that is taken back, as `asyncio.timeout` does it.

    Args:
        seconds: The longest silence; None: for ever.

    Attributes:
        deadline: When it has been too long, by the loop's clock.
    """

    __slots__ = ("_cancelling", "_expired", "_seconds", "_silence", "_task", "deadline")

    def __init__(self, silence: Silence, seconds: float | None) -> None:
        self._silence = silence
        self._seconds = seconds
        self._expired = False

    def begin(self, owed: bool = True) -> None:
        """Begin to wait; if the server owes nothing yet, its silence counts from `heard` on."""
        if self._seconds is not None:
            loop = self._silence.loop
            task = asyncio.current_task(loop)
            assert task is not None, "nobody can wait outside of a task"
            self._task: asyncio.Task[object] = task
            self._cancelling = task.cancelling()
            self.deadline = loop.time() + self._seconds if owed else math.inf
            self._silence.add(self)

    def heard(self) -> None:
        """The server has said something: the silence begins anew."""
        if self._seconds is not None and not self._expired:
            self.deadline = self._silence.loop.time() + self._seconds
            self._silence.add(self)

    def rest(self) -> None:
        """The server owes nothing, until something is `heard` again."""
        self.deadline = math.inf

    def expire(self) -> None:
        """The deadline has passed."""
        self._expired = True
        self._task.cancel()

    def end(self, error: BaseException | None) -> BaseException | None:
        """Wait no longer.

        Args:
            error: What the waiting was ended by.

        Returns:
            What it shall be ended by: a `SilentError` in the place of our own cancellation.
        """
        if self._seconds is None:
            return error
        self._silence.drop(self)
        if self._expired:
            others = self._task.uncancel() > self._cancelling
            if isinstance(error, asyncio.CancelledError) and not others:
                return SilentError()
        return error
