"""How far the rows of a table are."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_WINDOW = 60.0
"""Seconds over which the rate is measured."""
_SAMPLE = 1.0
_OFTEN = 0.1
"""Seconds between two calls of a callback, at least."""


@dataclass(frozen=True, slots=True)
class TableProgress:
    """How far a table is.

    Attributes:
        total: Rows of the table.
        done: Rows that are done, by this run or by earlier ones.
        failed: Rows that have failed, likewise.
        in_flight: Rows that are with the app now.
        seconds: How long this run takes so far.
        rate: Rows a second, lately; None: not known yet.
    """

    total: int
    done: int
    failed: int
    in_flight: int
    seconds: float
    rate: float | None

    @property
    def finished(self) -> int:
        """Rows that are done or have failed."""
        return self.done + self.failed

    @property
    def eta(self) -> float | None:
        """Seconds until all rows are finished, at this rate; None: not known."""
        return (self.total - self.finished) / self.rate if self.rate else None


ProgressTold = Callable[[TableProgress], object]


class Meter:
    """Counts rows, and tells a callback, but not more often than somebody can look."""

    def __init__(
        self,
        total: int,
        done: int,
        failed: int,
        told: ProgressTold | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total, self.done, self.failed = total, done, failed
        self.in_flight = self.called = self.unsent = 0
        self._told = told
        self._clock = clock
        self._began = clock()
        self._last = float("-inf")
        self._samples: deque[tuple[float, int]] = deque([(self._began, done + failed)])

    def count(self, *, done: bool, in_flight: int, sent: bool = True) -> None:
        """A row is finished."""
        self.called += sent
        self.unsent += not sent
        self.done += done
        self.failed += not done
        self.in_flight = in_flight
        now = self._clock()
        if now - self._samples[-1][0] >= _SAMPLE:
            self._samples.append((now, self.done + self.failed))
            while now - self._samples[0][0] > _WINDOW:
                self._samples.popleft()
        if now - self._last >= _OFTEN:
            self.tell()

    def tell(self) -> None:
        """Tell how far it is."""
        if self._told is not None:
            self._last = self._clock()
            self._told(self.now())

    def now(self) -> TableProgress:
        """Return how far it is."""
        now, finished = self._clock(), self.done + self.failed
        since, before = self._samples[0]
        rate = (finished - before) / (now - since) if now > since and finished > before else None
        return TableProgress(
            self.total, self.done, self.failed, self.in_flight, now - self._began, rate
        )
