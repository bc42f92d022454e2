"""What observers hear of jobs on real servers, and that nothing they do harms a job."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from helpers import asynchronous, eventually, unique
from proxy import Cut, Proxy, Reply
from servers.launch import Server

from gradwire import (
    AppError,
    AsyncClient,
    Client,
    ClientClosedError,
    GradwireError,
    InvalidArgumentError,
    JobCancelledError,
    Metrics,
    ObservedJob,
    Observer,
    Pool,
    handle_file,
)

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO", default="nobody")


class Notes(Observer):
    """Writes down what it hears, with the thread and the caller's context."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self.heard: list[str] = []
        self.jobs: list[ObservedJob] = []
        self.callers: set[str] = set()
        self.threads: set[str] = set()
        self.headers = headers

    def _note(self, what: str, job: ObservedJob) -> None:
        self.heard.append(what)
        self.callers.add(WHO.get())
        self.threads.add(threading.current_thread().name)
        if job not in self.jobs:
            self.jobs.append(job)

    def on_submit(self, job: ObservedJob) -> Mapping[str, str] | None:
        self._note("submit", job)
        return self.headers

    def on_accept(self, job: ObservedJob) -> None:
        self._note("accept", job)

    def on_start(self, job: ObservedJob) -> None:
        assert job.queue_wait is not None
        self._note("start", job)

    def on_end(self, job: ObservedJob) -> None:
        assert job.duration is not None
        self._note("end", job)


QUEUED = ["submit", "accept", "start", "end"]


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.mark.ends
@asynchronous
async def test_the_way_of_a_job(any_server: Server, notes: Notes) -> None:
    async with AsyncClient.connect(any_server.url, observer=notes) as client:
        before = time.time()
        job = client.submit("/slow", [0.3])
        await job
        assert notes.heard == QUEUED
        [seen] = notes.jobs
        assert seen.event_id == job.event_id is not None
    assert (seen.endpoint, seen.outcome, seen.error, seen.error_type) == ("/slow", "ok", None, None)
    assert seen.app == f"{any_server.url}/"
    assert before <= seen.submitted_at <= time.time()
    assert seen.duration is not None
    assert seen.queue_wait is not None
    assert 0.25 < seen.duration < 20
    assert 0 <= seen.queue_wait <= seen.duration - 0.2
    assert (seen.queued, seen.attempts, seen.events) == (True, 1, 1)
    assert seen.received_bytes > 100


@pytest.mark.parametrize("kind", ["ws_server", "sse_server"])
def test_jobs_with_a_connection_each(request: pytest.FixtureRequest, kind: str) -> None:
    old: Server = request.getfixturevalue(kind)
    notes = Notes()
    with Client.connect(old.url, observer=notes) as client:
        assert client.predict("/slow", [0.2]).value
        assert notes.heard == QUEUED
        with pytest.raises(AppError):
            client.predict("/fail", ["gr"])
    assert notes.heard[-1] == "end"
    assert [job.outcome for job in notes.jobs] == ["ok", "error"]
    assert notes.jobs[0].received_bytes > 100


@asynchronous
async def test_the_wait_in_the_queue_is_that_behind_others(server: Server, notes: Notes) -> None:
    async with AsyncClient.connect(server.url, observer=notes) as client:
        await asyncio.gather(*(client.predict("/slow", [0.5]) for _ in range(2)))
    waits = sorted(job.queue_wait or 0.0 for job in notes.jobs)
    assert waits[0] < 0.4 < waits[1]


@asynchronous
async def test_a_call_around_the_queue(server: Server, notes: Notes) -> None:
    async with AsyncClient.connect(server.url, observer=notes) as client:
        await client.predict("/noqueue", ["x"])
    assert notes.heard == ["submit", "end"]
    assert (notes.jobs[0].queued, notes.jobs[0].queue_wait) == (False, None)


@asynchronous
async def test_how_jobs_end(server: Server, notes: Notes) -> None:
    async with AsyncClient.connect(server.url, observer=notes) as client:
        with pytest.raises(AppError):
            await client.predict("/fail", ["gr"])
        steps = [event async for event in client.submit("/stream", ["abc"])]
        job = client.submit("/slow_gen", [60, unique()])
        await anext(aiter(job))
        await job.cancel()
        left = client.submit("/slow", [0.5])
        await left.wait_for_id()
    failed, stepped, cancelled, closed = notes.jobs
    assert (failed.outcome, failed.error_type) == ("error", "AppError")
    assert (stepped.outcome, stepped.events) == ("ok", len(steps))
    assert cancelled.outcome == "cancelled"
    assert isinstance(cancelled.error, JobCancelledError)
    assert isinstance(closed.error, ClientClosedError)
    assert notes.heard.count("end") == notes.heard.count("submit") == 4


def test_a_call_that_is_refused_here_is_none(server: Server, notes: Notes) -> None:
    with Client.connect(server.url, observer=notes) as client:
        with pytest.raises(InvalidArgumentError):
            client.predict("/slow", [float("nan")])
        with pytest.raises(InvalidArgumentError):
            client.predict("/hello", ["x"], nonsense=1)
    assert notes.heard == []


def test_a_job_that_is_handed_in_again(server: Server, notes: Notes) -> None:
    with Proxy(server.url) as proxy:
        replies = [Reply(503, b"busy")]
        proxy.rules["*/queue/join"] = lambda seen: replies.pop() if replies else None
        with Client.connect(proxy.url, observer=notes) as client:
            assert client.predict("/hello", ["x"]).value == "Hello x"
    assert notes.heard == QUEUED
    assert notes.jobs[0].attempts == 2


def test_a_job_that_begins_anew_is_accepted_twice(server: Server, notes: Notes) -> None:
    with Proxy(server.url) as proxy:
        cuts = [Cut(300)]
        proxy.rules["*/queue/data"] = lambda seen: cuts.pop() if cuts else None
        with Client.connect(proxy.url, observer=notes, resubmit=True) as client:
            job = client.submit("/slow", [0.3])
            job.result()
            assert notes.jobs[0].event_id == job.event_id
    assert notes.heard.count("accept") == notes.jobs[0].attempts == 2
    assert notes.heard[-1] == "end"
    assert notes.heard.count("end") == 1


@asynchronous
async def test_without_an_observer_nothing_of_it_runs(server: Server) -> None:
    """Not one instruction; the places that would call it only look whether there is one."""
    ran: set[str] = set()

    def note(frame: FrameType, event: str, arg: object) -> None:
        ran.add(Path(frame.f_code.co_filename).name)

    async with AsyncClient.connect(server.url) as client:
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            await client.predict("/hello", ["x"])
        finally:
            sys.setprofile(before)
    assert {"async_job.py", "engine.py", "joining.py"} <= ran
    assert not {"observing.py", "metrics.py"} & ran


# -- whose context, which thread -------------------------------------------------------------------


def test_hooks_run_in_the_loop_with_the_context_of_the_caller(server: Server, notes: Notes) -> None:
    with Client.connect(server.url, observer=notes) as client:
        token = WHO.set("ada")
        try:
            client.predict("/hello", ["x"])
        finally:
            WHO.reset(token)
    assert notes.heard == QUEUED
    assert notes.callers == {"ada"}
    assert notes.threads == {"gradwire"}


@asynchronous
async def test_each_task_has_its_own_context(server: Server) -> None:
    seen: dict[str, str] = {}

    class Who(Observer):
        def on_end(self, job: ObservedJob) -> None:
            seen[job.event_id or ""] = WHO.get()

    async def call(name: str) -> str:
        WHO.set(name)
        job = client.submit("/hello", [name])
        await job
        return job.event_id or ""

    async with AsyncClient.connect(server.url, observer=Who()) as client:
        names = [f"caller {number}" for number in range(10)]
        ids = await asyncio.gather(*map(call, names))
    assert seen == dict(zip(ids, names, strict=True))


# -- headers ---------------------------------------------------------------------------------------


@pytest.mark.ends
def test_the_app_sees_the_headers_of_an_observer(any_server: Server) -> None:
    notes = Notes({"X-Test": "seen"})
    with Client.connect(any_server.url, observer=notes) as client:
        assert client.predict("/whoami").value["headers"]["x-test"] == "seen"
        mine = client.with_options(headers={"x-test": "mine"})
        assert mine.predict("/whoami").value["headers"]["x-test"] == "mine"
        off = client.with_options(observer=None)
        assert off.predict("/whoami").value["headers"]["x-test"] is None


def test_a_websocket_carries_them_too(ws_server: Server) -> None:
    with Client.connect(ws_server.url, observer=Notes({"X-Test": "seen"})) as client:
        assert client.predict("/whoami").value["headers"]["x-test"] == "seen"


def test_uploads_carry_them_and_the_shared_stream_does_not(server: Server) -> None:
    with Proxy(server.url) as proxy:
        with Client.connect(proxy.url, observer=Notes({"X-Test": "seen"})) as client:
            client.predict("/file_io", [handle_file(b"x", name="a.txt")])
        carried = {seen.path: seen.headers.get("x-test") for seen in proxy.requests}
    assert carried["/gradio_api/upload"] == carried["/gradio_api/queue/join"] == "seen"
    assert carried["/gradio_api/queue/data"] is carried["/config"] is None


def test_what_the_caller_gave_when_connecting_comes_first(server: Server) -> None:
    notes, mine = Notes({"X-Test": "seen"}), {"x-test": "mine"}
    with Client.connect(server.url, observer=notes, headers=mine) as client:
        assert client.predict("/whoami").value["headers"]["x-test"] == "mine"


# -- what goes wrong -------------------------------------------------------------------------------


class Broken(Observer):
    """Raises whatever it is asked."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def _raise(self, job: ObservedJob) -> Any:
        raise self.error

    on_submit = on_accept = on_start = on_end = _raise


@pytest.mark.complains
@pytest.mark.parametrize(
    "error", [ValueError("mine"), SystemExit("mine"), KeyboardInterrupt(), asyncio.CancelledError()]
)
def test_an_observer_that_raises_harms_nobody(
    server: Server, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    notes = Notes()
    with Client.connect(server.url, observer=[Broken(error), notes]) as client:
        assert client.predict("/hello", ["x"]).value == "Hello x"
        assert client.predict("/noqueue", ["x"]).value == "nq x"
    assert notes.heard == [*QUEUED, "submit", "end"]
    assert caplog.text.count("an observer of a job failed") == 6


@pytest.mark.complains
@pytest.mark.parametrize("headers", [{"A": 5}, {"A": "b\r\nC: d"}, {"Host": "h"}, 7])
def test_headers_that_cannot_be_sent_are_left_out(
    server: Server, headers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with Client.connect(server.url, observer=Notes(headers)) as client:
        assert client.predict("/hello", ["x"]).value == "Hello x"
    assert "an observer of a job failed" in caplog.text


# -- Metrics ---------------------------------------------------------------------------------------


@asynchronous
async def test_metrics_of_a_hundred_jobs(server: Server) -> None:
    metrics = Metrics()
    async with AsyncClient.connect(server.url, observer=metrics) as client:
        slow = client.submit("/slow", [0.5])
        await slow.wait_for_id()
        assert metrics.snapshot().in_flight == 1
        calls = [client.predict("/hello", [str(number)]) for number in range(80)]
        calls += [client.predict("/fail", ["gr"]) for _ in range(20)]
        await asyncio.gather(slow, *calls, return_exceptions=True)
    found = metrics.snapshot()
    assert (found.submitted, found.in_flight) == (101, 0)
    assert {name: each.counts for name, each in found.endpoints.items()} == {
        "/slow": {"ok": 1},
        "/hello": {"ok": 80},
        "/fail": {"AppError": 20},
    }
    median = found.endpoints["/slow"].duration.percentile(50)
    assert median is not None
    assert median >= 0.5
    assert found.total.queue_wait.count == 101


def test_what_predict_has_returned_is_counted(server: Server) -> None:
    """However soon after that somebody looks."""
    metrics = Metrics()
    with Client.connect(server.url, observer=metrics) as client:
        for number in range(1, 30):
            client.predict("/noqueue", ["x"])
            assert metrics.snapshot().total.counts == {"ok": number}


@pytest.fixture
def dead_after_connecting(server: Server) -> Iterator[Proxy]:
    with Proxy(server.url) as proxy:
        yield proxy


def test_jobs_that_never_reach_the_app(dead_after_connecting: Proxy, notes: Notes) -> None:
    proxy, metrics = dead_after_connecting, Metrics()
    with Client.connect(proxy.url, observer=[notes, metrics], max_retries=0) as client:
        proxy.rules["*/queue/join"] = Reply(403, b"no")
        with pytest.raises(GradwireError):
            client.predict("/hello", ["x"])
    assert notes.heard == ["submit", "end"]
    assert metrics.snapshot().in_flight == 0


@asynchronous
async def test_a_dropped_call_is_counted_as_cancelled(server: Server) -> None:
    metrics = Metrics()
    async with AsyncClient.connect(server.url, observer=metrics) as client:
        task = asyncio.create_task(client.predict("/slow", [5]))
        await eventually(lambda: metrics.snapshot().in_flight)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert metrics.snapshot().total.counts == {"cancelled": 1}


# -- many rows, several apps -----------------------------------------------------------------------


def test_rows_of_map_are_jobs_too(server: Server) -> None:
    metrics = Metrics()
    with Client.connect(server.url, observer=metrics) as client:
        assert len(list(client.map("/hello", map(str, range(30))))) == 30
    assert metrics.snapshot().endpoints["/hello"].counts == {"ok": 30}


def test_a_job_of_a_pool_that_goes_elsewhere_is_one_job(server: Server) -> None:
    notes, metrics = Notes({"X-Test": "seen"}), Metrics()
    with Proxy(server.url) as one, Proxy(server.url) as other:
        with Pool.connect([one.url, other.url], observer=[notes, metrics]) as pool:
            one.rules["*/queue/join"] = Reply(503, b"busy")
            seen = [pool.predict("/whoami").value["headers"]["x-test"] for _ in range(4)]
        turned_away = [each for each in one.requests if each.path.endswith("/queue/join")]
        assert turned_away
        assert {job.app for job in notes.jobs} == {f"{other.url}/"}
    assert seen == ["seen"] * 4
    assert notes.heard == QUEUED * 4
    found = metrics.snapshot().endpoints["/whoami"]
    assert found.counts == {"ok": 4}
    assert found.retries >= 1
