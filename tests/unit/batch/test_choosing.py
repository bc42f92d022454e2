"""Which replica gets the next job."""

from __future__ import annotations

import heapq
from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.batch.choosing import (
    MOST_WAITING,
    UNKNOWN_WAITING,
    WINDOW_SECONDS,
    Load,
    Pace,
    choose,
    expected,
    window,
)

costs = st.none() | st.floats(1e-6, 1e4)
loads = st.builds(
    Load,
    in_flight=st.integers(0, 200),
    waiting=st.integers(0, 80),
    ahead=st.integers(0, 100),
    cost=costs,
    total=st.integers(0, 500),
)


@given(st.lists(st.none() | loads, max_size=6), st.integers(1, 1000))
def test_who_is_chosen_may_be_and_has_room(each: list[Load | None], in_line: int) -> None:
    place = choose(each, in_line)
    if place is not None:
        load = each[place]
        assert load is not None
        assert load.waiting < window(load.cost)


@given(st.lists(loads, min_size=1, max_size=6), st.integers(1, 1000))
def test_where_all_have_room_the_soonest_is_chosen(each: list[Load], in_line: int) -> None:
    free = [Load(load.in_flight, 0, load.ahead, load.cost, load.total) for load in each]
    typical = min((load.cost for load in free if load.cost is not None), default=1.0)
    place = choose(free, in_line)
    assert place is not None
    assert expected(free[place], typical) == min(expected(load, typical) for load in free)


@given(st.lists(loads, min_size=1, max_size=6))
def test_a_long_line_uses_everybody_who_has_room(each: list[Load]) -> None:
    """Only somebody who is full, and has our jobs, is waited for."""
    has_room = any(load.waiting < window(load.cost) for load in each)
    assert (choose(each, 10**15) is not None) == has_room


def test_equal_ones_take_turns() -> None:
    assert choose([Load(1, 1), Load(0, 0)]) == 1
    assert choose([Load(total=5), Load(total=2)]) == 1


def test_nobody() -> None:
    assert choose([]) is None
    assert choose([None, None]) is None
    assert choose([None, Load()]) == 1


def test_the_jobs_of_others_count() -> None:
    assert choose([Load(ahead=7, cost=0.1), Load(in_flight=3, cost=0.1)]) == 1


def test_a_quick_one_that_is_full_is_waited_for_only_while_that_is_sooner() -> None:
    quick, slow = Load(11, 10, cost=0.05), Load(0, 0, cost=5.0)
    assert window(quick.cost) == 10
    assert choose([quick, slow], in_line=1) is None
    assert choose([quick, slow], in_line=100) == 1


@given(costs)
def test_windows(cost: float | None) -> None:
    assert 1 <= window(cost) <= MOST_WAITING
    if cost is None:
        assert window(cost) == UNKNOWN_WAITING
    elif window(cost) > 1:
        assert window(cost) * cost <= WINDOW_SECONDS * 1.0001


# -- measuring -------------------------------------------------------------------------------------


def test_nothing_is_known_before_a_job_has_ended() -> None:
    assert Pace().cost(100.0, None) is None
    assert Pace().cost(100.0, (50.0, 1)) is None


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 50)), min_size=1, max_size=20))
def test_a_cost_lies_between_those_that_were_measured(ended: list[tuple[float, int]]) -> None:
    pace = Pace()
    for seconds, among in ended:
        pace.note(seconds, among, 1.0)
    measured = [seconds / among for seconds, among in ended]
    cost = pace.cost(1.0, None)
    assert cost is not None
    assert min(measured) - 1e-9 <= cost <= max(measured) + 1e-9


def test_a_replica_that_is_left_alone_is_tried_again_one_day() -> None:
    pace = Pace()
    pace.note(30.0, 1, 0.0)
    costs = [pace.cost(now, None) for now in (0.0, 600.0, 6000.0)]
    assert costs == [30.0, 15.0, pytest.approx(30.0 / 1024)]


def test_the_servers_own_word_counts_until_something_is_measured() -> None:
    pace = Pace()
    pace.suppose(3.0, 0.0)
    assert pace.cost(0.0, None) == 3.0
    pace.note(1.0, 1, 0.0)
    pace.suppose(3.0, 0.0)
    assert pace.cost(0.0, None) == 1.0


def test_one_that_has_jobs_and_does_not_end_them_is_slow() -> None:
    pace = Pace()
    pace.note(1.0, 1, 0.0)
    assert pace.cost(500.0, (500.0, 2)) == 250.0


# -- all together ----------------------------------------------------------------------------------


def simulate(servers: list[tuple[float, int]], jobs: int) -> tuple[float, Counter[int]]:
    """Send jobs, all there at once, to servers that need some seconds and run some side by side.

    Returns:
        When the last job was done, and how many each server has done.
    """
    now, line = 0.0, deque(range(jobs))
    paces = [Pace() for _ in servers]
    waiting: list[deque[tuple[float, int]]] = [deque() for _ in servers]
    running: list[dict[int, tuple[float, int]]] = [{} for _ in servers]
    ends: list[tuple[float, int, int]] = []
    done: Counter[int] = Counter()

    def load(place: int) -> Load:
        inside = [*running[place].values(), *waiting[place]]
        oldest = min(inside, default=None)
        told = None if oldest is None else (now - oldest[0], oldest[1])
        cost = paces[place].cost(now, told)
        return Load(len(inside), len(waiting[place]), 0, cost, len(inside))

    def step(place: int) -> None:
        seconds, beside = servers[place]
        while waiting[place] and len(running[place]) < beside:
            job = len(ends) + sum(done.values()) + 1000 * place
            running[place][job] = waiting[place].popleft()
            heapq.heappush(ends, (now + seconds, place, job))

    while line or ends:
        place = choose([load(each) for each in range(len(servers))], len(line)) if line else None
        if place is not None:
            line.popleft()
            held = load(place)
            waiting[place].append((now, held.in_flight + 1))
            step(place)
            continue
        assert ends, "jobs wait, and nothing will ever happen"
        now, place, job = heapq.heappop(ends)
        since, among = running[place].pop(job)
        paces[place].note(now - since, among, now)
        done[place] += 1
        step(place)
    return now, done


@given(
    st.lists(
        st.tuples(st.floats(0.01, 5.0), st.integers(1, 8)),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 300),
)
def test_all_jobs_are_done_about_as_soon_as_they_can_be(
    servers: list[tuple[float, int]], jobs: int
) -> None:
    took, done = simulate(servers, jobs)
    assert done.total() == jobs
    best = jobs / sum(beside / seconds for seconds, beside in servers)
    slowest = max(seconds for seconds, _ in servers)
    # What was sent before anything was measured, and the last job, may be at the slowest; and what
    # each got ahead may be more than it should have been.
    assert took <= 1.3 * best + (UNKNOWN_WAITING + 2) * slowest + WINDOW_SECONDS


def test_a_slow_one_gets_a_smaller_share() -> None:
    took, done = simulate([(0.1, 1), (0.1, 1), (1.0, 1)], 210)
    assert done[2] <= 15
    assert abs(done[0] - done[1]) <= 4
    assert took < 11.5
