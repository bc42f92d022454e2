"""Which replica gets the next job. Pure: numbers in, a choice out.

A job goes where it is likely to be done first. What a replica is likely to take is told by three
numbers: our own jobs there, what the server says of the jobs of others in its queue, and the
replica's *cost*: the seconds by which one more job makes its queue longer. The cost is measured. A
job that took `t` seconds beside `n - 1` others has cost `t / n`: that is a job's own time where one
runs after the other, and less where some run side by side.

Jobs are not sent before a replica has use for them. Each gets about half a second of work ahead
(its `window`), the rest waits here. So a slow replica does not sit on jobs which a quick one would
have done by now, and one that dies takes few with it.

A cost that nobody measures any more says less and less: it is halved from time to time, so a
replica that was slow once is tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW_SECONDS = 0.5
"""Work that a replica gets ahead of what it runs."""
MOST_WAITING = 64
UNKNOWN_WAITING = 2
"""Jobs that may wait at a replica of which nothing is measured yet."""
NEWEST = 0.25
"""The weight of the newest measurement."""
FRESH_SECONDS = 5.0
FRESH_JOBS = 20
"""A cost counts for half after so many seconds, or the time of so many jobs, without news."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is known of one replica when a job is to be sent.

    Attributes:
        in_flight: Our jobs there that have not ended.
        waiting: Those among them that the server has not begun.
        ahead: Jobs of others that wait there, as the server says.
        cost: Seconds by which one job makes the queue longer; None: not known yet.
        total: Our jobs there, of all endpoints.
    """

    in_flight: int = 0
    waiting: int = 0
    ahead: int = 0
    cost: float | None = None
    total: int = 0


def choose(loads: Sequence[Load | None], in_line: int = 1) -> int | None:
    """Return the place of the replica that gets the next job; None: it waits here for now.

    Args:
        loads: One for each replica; None for one that may not have it.
        in_line: Jobs that wait here, with this one.
    """
    known = [load.cost for load in loads if load is not None and load.cost is not None]
    typical = min(known, default=1.0)
    ranked = sorted(
        (expected(load, typical), load.total, place)
        for place, load in enumerate(loads)
        if load is not None
    )
    soonest = None
    for seconds, _, place in ranked:
        load = loads[place]
        assert load is not None
        if load.waiting < window(load.cost):
            return place if soonest is None or seconds <= soonest else None
        # Full, but all that waits here may be done there before a slower one is through with it.
        cost = typical if load.cost is None else load.cost
        drained = seconds + (max(in_line, 1) - 1) * cost
        soonest = drained if soonest is None else min(soonest, drained)
    return None


def expected(load: Load, typical: float) -> float:
    """Return the seconds in which one more job is likely to be done there.

    Args:
        load: The replica's.
        typical: The cost to suppose where it is not known.
    """
    cost = typical if load.cost is None else load.cost
    return (load.in_flight + load.ahead + 1) * cost


def window(cost: float | None) -> int:
    """Return how many jobs may wait at a replica of this cost."""
    if cost is None:
        return UNKNOWN_WAITING
    if cost * MOST_WAITING <= WINDOW_SECONDS:
        return MOST_WAITING
    return max(1, int(WINDOW_SECONDS / cost))


class Pace:
    """The measured cost of one endpoint at one replica."""

    __slots__ = ("_at", "_cost", "_supposed")

    def __init__(self) -> None:
        self._cost: float | None = None
        self._supposed: float | None = None
        self._at = 0.0

    def note(self, seconds: float, among: int, now: float) -> None:
        """Take in a job that has ended.

        Args:
            seconds: What it took.
            among: The jobs that were there when it came, itself included.
            now: The clock.
        """
        cost = max(seconds, 0.0) / max(among, 1)
        old = self._cost
        self._cost = cost if old is None else old + NEWEST * (cost - old)
        self._at = now

    def suppose(self, cost: float, now: float) -> None:
        """Take the server's own word for it as long as nothing was measured."""
        if self._cost is None and cost > 0:
            self._supposed, self._at = cost, now

    def cost(self, now: float, oldest: tuple[float, int] | None) -> float | None:
        """Return the cost as it is to be taken now.

        Args:
            now: The clock.
            oldest: Of the job that has been there longest: its seconds, and the jobs that were
                there when it came. None: there is none.
        """
        cost = self._supposed if self._cost is None else self._cost
        if cost is None:
            return None
        if oldest is not None:
            seconds, among = oldest
            return max(cost, seconds / max(among, 1))
        half = max(FRESH_SECONDS, FRESH_JOBS * cost)
        return float(cost * 0.5 ** min((now - self._at) / half, 60.0))
