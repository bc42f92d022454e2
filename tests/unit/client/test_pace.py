"""The rule of `pace.py`, against simulated apps and against whatever may happen."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.client.pace import CEILING, LONGEST_PAUSE, START, Pace


@dataclass
class App:
    """A queue before `slots` workers, and a network before that."""

    slots: int
    seconds: Callable[[int], float]
    """How long a call takes, by how many run."""
    network: float = 0.01
    room: int | None = None
    """Calls that may wait."""
    others: int = 0
    """Of the room, what somebody else takes."""

    now: float = 0.0
    sent: int = 0
    refused: int = 0
    in_flight: int = 0
    most: int = 0
    waiting: list[float] = field(default_factory=list)
    running: list[tuple[float, float, float]] = field(default_factory=list)
    """End, sent, started."""

    def run(self, pace: Pace, calls: int) -> list[int]:
        """Have so many calls answered; return the limit at each end."""
        limits: list[int] = []
        while len(limits) < calls:
            self.send(pace)
            if not self.running:
                self.now += pace.pause(self.now) or 0.01
                continue
            end, sent, started = heapq.heappop(self.running)
            self.now = max(self.now, end)
            pace.ended(self.now, sent, started - sent, self.in_flight)
            self.in_flight -= 1
            self.start()
            limits.append(pace.limit)
        return limits

    def send(self, pace: Pace) -> None:
        while self.in_flight < pace.allowed and not pace.pause(self.now):
            self.sent += 1
            if self.room is not None and len(self.waiting) + self.others >= self.room:
                self.refused += 1
                pace.refused(self.now, self.now)
                continue
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            self.waiting.append(self.now)
            self.start()

    def start(self) -> None:
        while self.waiting and len(self.running) < self.slots:
            sent = self.waiting.pop(0)
            started = max(self.now, sent) + self.network
            end = started + self.seconds(len(self.running) + 1)
            heapq.heappush(self.running, (end, sent, started))


def even(run: int) -> float:
    return 0.5


def uneven(run: int, chance: random.Random = random.Random(4)) -> float:  # noqa: B008
    return chance.expovariate(2.0)


@pytest.mark.parametrize("seconds", [even, uneven])
@pytest.mark.parametrize("slots", [1, 2, 4, 16, 40, 100])
def test_as_many_as_run_and_some_that_wait(slots: int, seconds: Callable[[int], float]) -> None:
    settled = App(slots, seconds).run(Pace(chance=random.Random(1).random), 6000)[-2000:]
    typical = sorted(settled)[len(settled) // 2]
    assert slots < typical <= 2 * slots + 3
    assert min(settled) >= slots * 0.7


def test_the_slots_are_in_use_soon_and_all_the_time() -> None:
    app = App(16, even)
    app.run(Pace(chance=random.Random(1).random), 1000)
    assert app.now < 1000 * 0.51 / 16 * 1.2


def test_more_calls_that_only_make_each_slower_are_not_sent() -> None:
    """One processor for all: nothing waits, everything takes longer."""
    app = App(10_000, lambda run: 0.1 * run)
    settled = app.run(Pace(chance=random.Random(1).random), 3000)[-1000:]
    assert sorted(settled)[500] <= 10


def test_an_app_without_limits_gets_what_the_caller_allows() -> None:
    app = App(10_000, even)
    limits = app.run(Pace(50, random.Random(1).random), 3000)
    assert limits[-1] == max(limits) == app.most == 50
    assert App(10_000, even).run(Pace(chance=random.Random(1).random), 9000)[-1] == CEILING


def test_what_is_not_used_up_does_not_grow() -> None:
    pace = Pace()
    for number in range(1000):
        pace.ended(number, number - 0.5, 0.0, in_flight=2)
    assert pace.limit == START


@pytest.mark.parametrize("others", [0, 2, 3])
def test_a_small_queue_is_filled_and_hardly_ever_asked_in_vain(others: int) -> None:
    app = App(4, uneven, room=4, others=others)
    pace = Pace(chance=random.Random(1).random)
    app.run(pace, 2000)
    assert app.refused < 2000 / 8
    assert app.now < 2000 * 0.51 / 4 * 1.5


def test_a_queue_that_is_always_full_is_asked_seldom() -> None:
    pace, now, asked = Pace(chance=random.Random(1).random), 0.0, 0
    while now < 600:
        assert pace.allowed == 1 or asked == 0
        pace.refused(now, now)
        asked += 1
        assert pace.pause(now) <= LONGEST_PAUSE
        now += pace.pause(now)
    assert 600 / LONGEST_PAUSE < asked < 600 / LONGEST_PAUSE * 2 + 8


def test_calls_that_were_sent_together_are_one_refusal() -> None:
    pace = Pace(chance=lambda: 0.5)
    App(10_000, even).run(pace, 500)
    before = pace.limit
    for _ in range(before):
        pace.refused(1000.0, 999.0)
    assert pace.allowed == 1
    pace.ended(1001.0, 998.0, 0.0, 1)
    assert pace.allowed == pace.limit == int(before * 0.625)


def test_it_comes_back_after_everything_was_gone() -> None:
    pace = Pace(chance=lambda: 0.5)
    app = App(64, even)
    app.run(pace, 2000)
    before = pace.limit
    for _ in range(50):
        app.now += 10
        pace.refused(app.now, app.now)
    assert pace.limit >= before // 2
    assert sorted(app.run(pace, 1000))[500] >= before // 2


@pytest.mark.parametrize("seconds", [0.0, 7.0, 3600.0])
def test_a_server_that_says_when_is_asked_then(seconds: float) -> None:
    pace = Pace()
    pace.refused(10.0, 9.0, seconds)
    assert pace.pause(10.0) == seconds
    pace.refused(10.0, 9.0, 1.0)
    assert pace.pause(10.0) == max(seconds, 1.0)
    assert pace.pause(10.0 + max(seconds, 1.0)) == 0


def test_pauses_differ_so_that_batches_do_not_move_in_step() -> None:
    paces = [Pace() for _ in range(20)]
    for pace in paces:
        pace.refused(0.0, 0.0)
    assert len({pace.pause(0.0) for pace in paces}) > 10


events = st.one_of(
    st.tuples(st.just("ended"), st.floats(0, 100), st.floats(-1, 200), st.integers(1, 300)),
    st.tuples(st.just("refused"), st.floats(0, 100), st.none() | st.floats(0, 1e6), st.just(0)),
)


@given(st.integers(1, 300), st.lists(st.tuples(st.floats(0, 50), events), max_size=200))
def test_whatever_happens_it_stays_in_its_bounds(ceiling, happenings) -> None:  # type: ignore[no-untyped-def]
    pace, now = Pace(ceiling), 0.0
    for passed, (what, ago, value, in_flight) in happenings:
        now += passed
        if what == "ended":
            pace.ended(now, now - ago, value, in_flight)
            assert pace.allowed == pace.limit
        else:
            pace.refused(now, now - ago, value)
        assert 1 <= pace.allowed <= pace.limit <= ceiling
        assert pace.pause(now) >= 0
