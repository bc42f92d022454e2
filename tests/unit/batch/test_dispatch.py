"""Jobs that wait in a pool, with replicas and jobs that are not real."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from gradwire.batch import dispatch, health
from gradwire.batch.dispatch import Core
from gradwire.batch.replica import Member, Track
from gradwire.batch.settings import Settings


class Waiting:
    """A job that does as little as it can; what happens when it is sent is the test's to say."""

    session = only = patience = None

    def __init__(
        self, core: Core, on_sent: Callable[[], object] = lambda: None, key: str = "/run"
    ) -> None:
        self.key = key
        self.refused: set[Member] = set()
        self.sent_to: list[str] = []
        self._engine = SimpleNamespace(give_up=self.fail)
        self.run = SimpleNamespace()
        self.error: Exception | None = None
        self.track: Track | None = None
        self._core = core
        self._on_sent = on_sent

    def fail(self, run: object, error: Exception) -> None:
        self.error = error

    def go_to(self, track: Track) -> None:
        self.track = track
        self.sent_to.append(track.replica.address)
        track.enter(self, dispatch.monotonic())  # type: ignore[arg-type]
        self._on_sent()

    def leave(self) -> Member:
        assert self.track is not None
        track, self.track = self.track, None
        track.leave(self, begun=False, answered=False, now=1.0)  # type: ignore[arg-type]
        return track.replica

    def end(self) -> None:
        self._core.freed(self.leave(), self.key)

    def come_back(self) -> bool:
        self.leave()
        return True


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def core_of(loop: asyncio.AbstractEventLoop, *addresses: str, patience: float = 0.0) -> Core:
    """Make the middle of a pool without any client."""
    members = []
    for address in addresses:
        member = Member(address, lambda: None, is_space=False)  # type: ignore[arg-type, return-value]
        member.turn(True)
        members.append(member)
    first: Any = SimpleNamespace(
        _engine=SimpleNamespace(
            app=SimpleNamespace(config=None, api=None, requests=SimpleNamespace(base_url=""))
        )
    )

    async def make() -> Core:
        return Core(members, first, Settings(patience=patience))

    core = loop.run_until_complete(make())
    core.health.watch = lambda: None  # type: ignore[method-assign]
    return core


def place(core: Core, job: Any) -> Any:
    core.place(job)
    return job


def test_a_job_that_is_submitted_while_another_is_sent_is_not_lost(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """A done-callback may submit: then a line is looked through while it is looked through."""
    core = core_of(loop, "a")  # where two may wait
    more: list[Any] = [Waiting(core), Waiting(core)]
    first = place(core, Waiting(core, on_sent=lambda: [core.place(job) for job in more]))
    assert [job.sent_to for job in (first, *more)] == [["a"], ["a"], []]
    assert list(core.waiting()) == more[1:]
    first.end()
    assert more[1].sent_to == ["a"]
    assert list(core.waiting()) == []
    assert core._lines == {}


def test_jobs_are_sent_in_order_and_not_before_there_is_room(
    loop: asyncio.AbstractEventLoop,
) -> None:
    core = core_of(loop, "a", "b")
    jobs = [place(core, Waiting(core)) for _ in range(10)]
    assert [len(job.sent_to) for job in jobs] == [1] * 4 + [0] * 6
    assert [job.sent_to for job in jobs[:4]] == [["a"], ["b"], ["a"], ["b"]]
    jobs[1].end()
    assert jobs[4].sent_to == ["b"]
    core.forget(jobs[5])  # cancelled
    jobs[0].end()
    assert (jobs[5].sent_to, jobs[6].sent_to) == ([], ["a"])


def test_a_line_for_one_replica_does_not_hold_up_the_others(
    loop: asyncio.AbstractEventLoop,
) -> None:
    core = core_of(loop, "a", "b")
    core.members[0].turn(False)
    bound = Waiting(core)
    bound.only = core.members[0]  # type: ignore[assignment]
    core.settings = Settings(patience=None)
    place(core, bound)
    assert place(core, Waiting(core)).sent_to == ["b"]
    core.members[0].turn(True)
    core.on_in(core.members[0])
    assert bound.sent_to == ["a"]


def test_patience_ends_only_where_nobody_is_there(loop: asyncio.AbstractEventLoop) -> None:
    core = core_of(loop, "a", "b")
    for member in core.members:
        member.turn(False)
    jobs = [place(core, Waiting(core)) for _ in range(3)]
    assert all(job.patience is not None for job in jobs)
    loop.run_until_complete(asyncio.sleep(0.01))
    assert {str(job.error) for job in jobs} == {
        "Could not connect to any of the 2 replicas. a: it gave no reason; b: it gave no reason"
    }
    assert core._lines == {}


def test_who_has_refused_a_job_gets_it_when_nobody_else_is_left(
    loop: asyncio.AbstractEventLoop,
) -> None:
    core = core_of(loop, "a", "b", patience=30.0)
    a, b = core.members
    job = Waiting(core)
    job.refused.add(a)
    assert place(core, job).sent_to == ["b"]
    b.turn(False)
    core.on_out(b)
    assert job.sent_to == ["b", "a"]
    assert job.patience is None


def test_who_has_refused_a_job_does_not_stand_idle(loop: asyncio.AbstractEventLoop) -> None:
    core = core_of(loop, "a", "b")
    a = core.members[0]
    a.turn(False)
    long = [place(core, Waiting(core)) for _ in range(2)]
    assert [job.sent_to for job in long] == [["b"], ["b"]]
    job = Waiting(core)
    job.refused.add(a)
    place(core, job)
    behind = place(core, Waiting(core))
    a.turn(True)
    core.on_in(a)
    assert (job.sent_to, behind.sent_to) == (["a"], ["a"])
    assert list(core.waiting()) == []


def test_a_trial_that_ends_without_an_answer_lets_all_endpoints_go_on(
    loop: asyncio.AbstractEventLoop,
) -> None:
    core = core_of(loop, "a")
    core.members[0].trial = True
    trial = place(core, Waiting(core))
    other = place(core, Waiting(core, key="/other"))
    assert (trial.sent_to, other.sent_to) == (["a"], [])
    trial.end()  # cancelled, say
    assert other.sent_to == ["a"]


def test_a_job_does_not_wait_for_a_replica_that_has_become_slow(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was expected to be the soonest can be overtaken, though nothing happens anywhere."""
    core = core_of(loop, "quick", "slow")
    clock = [monotonic()]
    monkeypatch.setattr(dispatch, "monotonic", lambda: clock[0])
    for member, seconds in zip(core.members, (0.4, 5.0), strict=True):
        member.track("/run").pace.note(seconds, 1, clock[0])
    stuck = place(core, Waiting(core))
    waits = place(core, Waiting(core))
    assert (stuck.sent_to, waits.sent_to) == (["quick"], [])
    clock[0] += 60
    monkeypatch.setattr(health, "LOOK", 0.0)

    async def look() -> None:
        watching = asyncio.ensure_future(core.health._watch())
        for _ in range(5):
            await asyncio.sleep(0)
        watching.cancel()

    loop.run_until_complete(look())
    assert waits.sent_to == ["slow"]
