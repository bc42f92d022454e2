"""How many calls of a batch are in flight: as many as the app runs, and some that wait their turn.

No server says how many calls it runs at once. One that gets more lets them wait in its queue, where
they make nothing faster and everybody else wait longer. So the number is found by trying.

A round is over when as many calls have ended as may be in flight, eight at least; only those
count that were sent since the number was last changed. Of the time that they took, a share was
waiting in the app's queue. By Little's law the same share of the calls in flight only waits, and
the others run. In the next round there may be as many as ran, and half as many again, two at
least, so that the app finds its next call at once. While nothing waits, that is half as many more
each round. When calls only wait longer, it is fewer.

What waiting does not tell:

- Where all calls run at once and each takes longer for it (one processor does them all, say), more
  of them help nobody. Before the number grows again, it is looked whether it paid the last time:
  whether calls per second rose by at least a quarter of what was hoped for. If not, that step is
  taken back, and ten rounds pass before the next one.
- A number that was not used up, because inputs or results are what is slow, does not grow.
- A wait that each call has, such as the network's, is none: the shortest so far is taken off.

When the server takes no more (a full queue, 429, no quota left, nobody there), a quarter to a half
is taken off the number, once for all calls that were sent before; by chance, so that several
batches do not move in step. It then stays below the number that was too much, and comes one nearer
every ten rounds. Nothing is sent for a moment, which is longer each time, or as long as the
server asks. Until some call ends, there is never more than one in flight to try again with.
"""

from __future__ import annotations

import random
from collections.abc import Callable

CEILING = 256
"""Calls in flight at most, where the caller sets no ceiling."""
START = 4
SPARE = 2
"""Calls that may wait, at least."""
SMALLEST_ROUND = 8
HOLD = 10
"""Rounds for which what was too much is not tried again."""
PAYS = 0.25
"""The part of a hoped-for gain that has to come."""
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0


class Pace:
    """How many calls may be in flight, and when the next one may be sent.

    Knows no clock: all times are seconds of one that the caller reads.

    Args:
        ceiling: Never more than this.
        chance: Returns a number from 0 to 1.

    Attributes:
        limit: Calls that may be in flight, from 1 to `ceiling`, while none is refused.
    """

    def __init__(self, ceiling: int = CEILING, chance: Callable[[], float] = random.random) -> None:
        self.limit = min(START, ceiling)
        self._ceiling = ceiling
        self._chance = chance
        self._changed = float("-inf")
        self._refused = float("-inf")
        self._resumes = float("-inf")
        self._refusals = 0
        self._wall: int | None = None
        self._wall_rounds = 0
        self._held_rounds = 0
        self._before: tuple[int, float] | None = None
        """The number before it last grew, and the calls per second then."""
        self._least_wait = float("inf")
        self._begin_round()

    def _begin_round(self) -> None:
        self._ends = 0
        self._took = 0.0
        self._waited = 0.0
        self._used_up = 0

    # -- what the sender asks ----------------------------------------------------------------------

    @property
    def allowed(self) -> int:
        """Calls that may be in flight now: one, after a refusal, until some call ends."""
        return 1 if self._refusals else self.limit

    def pause(self, now: float) -> float:
        """Return the seconds for which nothing is to be sent; 0: none."""
        return max(0.0, self._resumes - now)

    # -- what the sender tells ---------------------------------------------------------------------

    def ended(self, now: float, sent: float, waited: float, in_flight: int) -> None:
        """A call has ended that the server had taken, well or not.

        Args:
            now: The present.
            sent: When it was sent.
            waited: Seconds of that time in which the function did not run.
            in_flight: Calls until now, with this one.
        """
        self._refusals = 0
        self._least_wait = min(self._least_wait, waited)
        if sent < self._changed:
            return
        self._ends += 1
        self._took += max(now - sent, 1e-9)
        self._waited += min(waited - self._least_wait, now - sent)
        self._used_up += in_flight >= self.limit
        if self._ends >= max(self.limit, SMALLEST_ROUND):
            self._decide(now)
            self._begin_round()

    def refused(self, now: float, sent: float, retry_after: float | None = None) -> None:
        """The server did not take a call.

        Args:
            now: The present.
            sent: When it was sent.
            retry_after: Seconds that the server asks to wait.
        """
        if sent >= self._refused:
            self._refusals += 1
            self._refused = now
            if self._refusals == 1:
                self._cut(now)
        self._resumes = max(self._resumes, now + self._pause(retry_after))

    def _cut(self, now: float) -> None:
        self._wall, self._wall_rounds = max(1, self.limit - 1), 0
        self._before = None
        self._set(now, int(self.limit * (0.5 + self._chance() / 4)))
        self._begin_round()

    def _pause(self, retry_after: float | None) -> float:
        if retry_after is not None:
            return retry_after
        doubled = min(max(self._refusals - 1, 0), 60)
        longest = min(FIRST_PAUSE * 2.0**doubled, LONGEST_PAUSE)
        return longest * (0.5 + self._chance() / 2)

    # -- the rule ----------------------------------------------------------------------------------

    def _decide(self, now: float) -> None:
        """Set the number for the next round."""
        self._pass_round()
        rate = self.limit * self._ends / self._took
        run = self.limit * (1 - self._waited / self._took)
        target = round(run + max(SPARE, run / 2))
        if target <= self.limit:
            self._before = None
            self._set(now, target)
        elif self._used_up * 2 >= self._ends:
            self._grow(now, target, rate)

    def _pass_round(self) -> None:
        self._held_rounds = max(0, self._held_rounds - 1)
        if self._wall is not None:
            self._wall_rounds += 1
            if self._wall_rounds >= HOLD:
                self._wall, self._wall_rounds = self._wall + 1, 0

    def _grow(self, now: float, target: int, rate: float) -> None:
        if self._before is not None:
            limit, before = self._before
            self._before = None
            if rate < before * (1 + PAYS * (self.limit / limit - 1)):
                self._held_rounds = HOLD
                self._set(now, limit)
                return
        if self._held_rounds == 0:
            was = self.limit
            self._set(now, target)
            if self.limit > was:
                self._before = was, rate

    def _set(self, now: float, limit: int) -> None:
        highest = self._ceiling if self._wall is None else min(self._wall, self._ceiling)
        limit = max(1, min(limit, highest))
        if limit != self.limit:
            self.limit, self._changed = limit, now
