"""No job of a pool waits for nothing: whatever happens, somebody will send it or give it up."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradwire import ConnectError, GradwireError, JobCancelledError, QueueFullError
from gradwire.batch import dispatch, pool_job, replica
from gradwire.batch.dispatch import Core
from gradwire.batch.pool_job import PoolJob
from gradwire.batch.replica import Member, Track
from gradwire.batch.settings import Settings

KEYS = ("/x", "/y")


class Loop:
    """An event loop whose time stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._made = 0

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[..., object], *args: Any) -> Any:
        self._made += 1
        entry = (self.now + seconds, self._made, lambda: call(*args))
        heapq.heappush(self._due, entry)
        return SimpleNamespace(cancel=lambda: entry in self._due and self._due.remove(entry))

    def call_soon(self, call: Callable[..., object], *args: Any) -> Any:
        return self.call_later(0.0, call, *args)

    def go_on(self, seconds: float) -> None:
        end = self.now + seconds
        while self._due and min(self._due)[0] <= end:
            heapq.heapify(self._due)
            self.now, _, call = heapq.heappop(self._due)
            call()
        self.now = end

    def next_in(self) -> float | None:
        return min(self._due)[0] - self.now if self._due else None


class Job:
    """A job without a server; what its failures mean is decided by the code of real jobs."""

    session = None
    files = ()
    sent = True
    way = "stream"

    pause_before_retry = PoolJob.pause_before_retry
    _again = PoolJob._again
    _may_repeat = PoolJob._may_repeat
    _leave = PoolJob._leave
    _too_late = PoolJob._too_late
    _begin = PoolJob._begin

    def __init__(self, core: Core, key: str, only: Member | None, patient: bool) -> None:
        self.key, self.only, self._core = key, only, core
        self.refused: set[Member] = set()
        self.patience: Any = None
        self.track: Track | None = None
        self.ended: object = None
        self.tries = self._outs = 0
        self._begun = False
        self._made = object()
        self._ends_at = None
        self.options = SimpleNamespace(resubmit=True, max_retries=3, retry_queue_full=patient)
        self.run = SimpleNamespace(event_id=None, started=False)
        self._engine = SimpleNamespace(give_up=lambda run, error: self.end(error))

    def send(self) -> None:
        if self.ended is None:
            self._core.place(self)  # type: ignore[arg-type]

    def go_to(self, track: Track) -> None:
        self.track, self._begun, self._outs = track, False, track.replica.outs
        track.enter(self, dispatch.monotonic())  # type: ignore[arg-type]

    def begin(self) -> None:
        self._begin()  # type: ignore[misc]
        self._core.pump(self.key)
        assert self.track is not None
        if self.track.replica.trial:
            self._core.trust(self.track.replica)

    def come_back(self) -> bool:
        if self._begun:
            return False
        self._leave(answered=False)  # type: ignore[misc]
        return True

    def fail(self, error: GradwireError) -> None:
        seconds = self.pause_before_retry(error)  # type: ignore[misc]
        if seconds is None:
            self.end(error)
        else:
            self.tries += 1
            self._core.loop.call_later(seconds, self.send)

    def end(self, outcome: object) -> None:
        track, self.ended = self.track, outcome
        self._leave(answered=outcome is True)  # type: ignore[misc]
        self._core.forget(self)  # type: ignore[arg-type]
        if track is not None:
            if outcome is True:
                self._core.answered(track.replica)
            self._core.freed(track.replica, self.key)


class World:
    """A pool of three, in which anything may happen at any time."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        nobody: Any = None
        self.members = [Member(name, nobody, is_space=False) for name in "abc"]
        for member in self.members:
            member.turn(True)
        app = SimpleNamespace(config=None, api=None, requests=SimpleNamespace(base_url=""))
        first: Any = SimpleNamespace(_engine=SimpleNamespace(app=app))
        self.core = Core(self.members, first, Settings(patience=5.0))
        health: Any = self.core.health
        health.watch = lambda: None
        health.take_out = self._take_out
        self.jobs: list[Job] = []

    def _take_out(self, member: Member, error: GradwireError) -> None:
        member.outs += 1
        member.turn(False)
        self.core.on_out(member)

    def submit(self, place: int) -> None:
        """Some at once; four in five may go anywhere."""
        for number in range(place, place + 1 + place % 4):
            only = self.members[0] if number % 5 == 0 else None
            job = Job(self.core, KEYS[place % 2], only, patient=number % 3 == 0)
            self.jobs.append(job)
            job.send()

    def in_flight(self, place: int) -> Job | None:
        jobs = [job for job in self.jobs if job.track is not None]
        return jobs[place % len(jobs)] if jobs else None

    def begin(self, place: int) -> None:
        job = self.in_flight(place)
        if job is not None and not job._begun:
            job.begin()

    def answer(self, place: int) -> None:
        job = self.in_flight(place)
        if job is not None:
            job.end(True)

    def refuse(self, place: int) -> None:
        job = self.in_flight(place)
        if job is not None and not job._begun:
            job.fail(QueueFullError("The queue is full."))

    def die(self, place: int) -> None:
        job = self.in_flight(place)
        if job is not None:
            job.fail(ConnectError(" to it"))

    def cancel(self, place: int) -> None:
        jobs = [job for job in self.jobs if job.ended is None]
        if jobs:
            jobs[place % len(jobs)].end(JobCancelledError("The job was cancelled."))

    def come_in(self, place: int) -> None:
        out = [member for member in self.members if not member.healthy]
        if out:
            member = out[place % len(out)]
            member.turn(True)
            member.trial, member.busy_until = True, 0.0
            self.core.on_in(member)

    def wait(self, place: int) -> None:
        self.loop.go_on((0.1, 0.5, 3.0)[place % 3])
        if any(member.in_flight for member in self.members):
            self.core.pump_all()  # as all two seconds; the costs have changed with the time

    def check(self) -> None:
        """Nobody waits who could be sent, and somebody will come for each who waits."""
        self.loop.go_on(0.0)
        waiting = list(self.core.waiting())
        self.core.pump_all()
        assert list(self.core.waiting()) == waiting
        for job in waiting:
            there = self.core.candidates(job)
            if not there:
                assert job.patience is not None
            assert not there or any(
                member.in_flight or member.busy_until > self.loop.now for member in there
            )

    def finish(self) -> None:
        """Answer all that is in flight, and let time go by until nothing is left to come."""
        for _ in range(20 * len(self.jobs) + 20):
            seconds = self.loop.next_in()
            if (job := self.in_flight(0)) is not None:
                job.end(True)
            elif seconds is not None:
                self.loop.go_on(seconds)
        assert [job for job in self.jobs if job.ended is None] == []
        assert self.core._lines == {}


# A replica that is left alone was the one that the first of those who wait had counted on.
LEFT_ALONE = [
    ("submit", 3), ("submit", 2), ("answer", 1), ("refuse", 3), ("submit", 0), ("submit", 0),
    ("answer", 0), ("submit", 3), ("answer", 0), ("answer", 0), ("answer", 0), ("die", 0),
    ("answer", 0), ("answer", 4), ("come_in", 0), ("die", 0), ("begin", 0), ("answer", 0),
    ("answer", 1), ("wait", 14), ("submit", 2), ("submit", 1), ("wait", 1), ("submit", 1),
    ("refuse", 1),
]  # fmt: skip
DOINGS = ("submit", "begin", "answer", "refuse", "die", "cancel", "come_in", "wait")


@settings(max_examples=max(200, settings.default.max_examples))  # type: ignore[union-attr]
@given(st.lists(st.tuples(st.sampled_from(DOINGS), st.integers(0, 29)), min_size=20, max_size=60))
@example(LEFT_ALONE)
def test_nobody_waits_for_nothing(doings: list[tuple[str, int]]) -> None:
    loop = Loop()
    with pytest.MonkeyPatch.context() as patch:
        for module in (dispatch, pool_job, replica):
            patch.setattr(module, "monotonic", loop.time)
        patch.setattr(dispatch.asyncio, "get_running_loop", lambda: loop)
        world = World(loop)
        for doing, place in doings:
            getattr(world, doing)(place)
            world.check()
        world.finish()
