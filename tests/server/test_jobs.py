"""A job ends exactly once, whoever looks, and whatever happens to the server."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import asynchronous, connections, eventually, eventually_so, unique
from servers.launch import Server, StartServer

from gradwire import (
    AppError,
    AsyncClient,
    AsyncJob,
    Client,
    ClientClosedError,
    ConnectionLostError,
    DataEvent,
    DeadlineExceededError,
    GradwireError,
    Job,
    Prediction,
)

LONG = 60
"""Seconds that a job would run if nobody stopped it; no test waits for that."""

LETTERS = [["a"], ["ab"], ["abc"], ["abc"]]
"""What /stream says of "abc", the last twice."""


async def values(job: AsyncJob) -> list[list[object]]:
    return [event.data async for event in job if isinstance(event, DataEvent)]


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


# -- looking at one job, in a loop -----------------------------------------------------------------


@asynchronous
async def test_iterating_twice_and_late(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit("stream", ["abc"])
        assert await values(job) == LETTERS
        assert await values(job) == LETTERS
        late = client.submit("stream", ["abc"])
        assert (await late).value == "abc"
        assert await values(late) == LETTERS


@asynchronous
async def test_iterating_after_the_client_was_closed(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job = client.submit("stream", ["abc"])
        await job
    assert await values(job) == LETTERS
    assert (await job).value == "abc"


@asynchronous
async def test_leaving_a_loop_early(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job = client.submit("stream", ["abc"])
        async for event in job:
            assert event.data == ["a"]
            break
        assert (await job).value == "abc"
        assert await values(job) == LETTERS


@asynchronous
async def test_never_iterating(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job = client.submit("stream", ["abc"])
        await eventually(job.done)
        assert job.outputs() == LETTERS


@asynchronous
async def test_awaiting_and_iterating_side_by_side(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job = client.submit("stream", ["abc"])
        seen = await asyncio.gather(values(job), job.result(), values(job), job.result())
        assert seen[0] == seen[2] == LETTERS
        assert isinstance(seen[1], Prediction)
        assert seen[1] is seen[3] is await job


@asynchronous
async def test_going_on_after_the_end(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        steps = aiter(client.submit("hello", ["x"]))
        assert (await anext(steps)).data == ["Hello x"]
        for _ in range(3):
            with pytest.raises(StopAsyncIteration):
                await anext(steps)


@asynchronous
async def test_iterating_a_failed_job_raises_its_error(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit("fail", ["gr"])
        for _ in range(2):
            steps = aiter(job)
            with pytest.raises(AppError, match="gr boom"):
                await anext(steps)
            with pytest.raises(StopAsyncIteration):
                await anext(steps)
        for _ in range(2):
            with pytest.raises(AppError, match="gr boom"):
                await job


@asynchronous
async def test_waiting_for_the_result_no_longer_than(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        name = unique()
        job = client.submit("slow_gen", [0.5, name])
        with pytest.raises(DeadlineExceededError, match="the job goes on") as caught:
            await job.result(timeout=0.05)
        assert isinstance(caught.value, TimeoutError)
        assert (await job.result(timeout=30)).value == f"{name} 4"


@asynchronous
async def test_the_id_of_a_job(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job, unqueued = client.submit("hello", ["x"]), client.submit("noqueue", ["x"])
        assert job.event_id is None
        assert await job.wait_for_id() == job.event_id
        assert job.event_id
        assert await unqueued.wait_for_id() is None
        await asyncio.gather(job, unqueued)
        assert await job.wait_for_id() == job.event_id


@pytest.mark.complains
@asynchronous
async def test_callbacks_at_the_end(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    async with AsyncClient.connect(server.url) as client:
        called: list[tuple[str, object]] = []
        job = client.submit("hello", ["x"])
        job.add_done_callback(lambda job: called.append(("before", job)))
        job.add_done_callback(lambda _: 1 / 0)
        job.add_done_callback(lambda job: called.append(("after a bad one", job)))
        assert called == []
        await job
        job.add_done_callback(lambda job: called.append(("late", job)))
    assert called == [("before", job), ("after a bad one", job), ("late", job)]
    assert "done-callback" in caplog.text
    caplog.clear()


@asynchronous
async def test_callbacks_of_a_job_that_fails(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job = client.submit("fail", ["gr"])
        ended: list[bool] = []
        job.add_done_callback(lambda job: ended.append(job.done()))
        await eventually(job.done)
        assert ended == [True]


# -- dropping --------------------------------------------------------------------------------------


@asynchronous
async def test_a_job_that_nobody_holds_runs_on_and_is_then_forgotten(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        name = unique()
        gone = weakref.ref(client.submit("slow_gen", [0.5, name]))

        async def closed() -> bool:
            gc.collect()
            return f"tick {name} 4" in (await client.predict("journal")).value

        await eventually(closed)
        await eventually(lambda: gc.collect() >= 0 and gone() is None)


@asynchronous
async def test_a_job_keeps_its_client_alive(server: Server) -> None:
    client = await AsyncClient.connect(server.url)
    job = client.submit("stream", ["abc"])
    del client
    gc.collect()
    assert (await job).value == "abc"
    assert await values(job) == LETTERS
    del job
    await eventually(lambda: connections(server.port) == 0)


@asynchronous
async def test_dropping_client_and_job_leaves_nothing(server: Server) -> None:
    client = await AsyncClient.connect(server.url)
    client.submit("stream", ["abc"])
    del client
    await eventually(lambda: connections(server.port) == 0)
    await eventually(lambda: len(asyncio.all_tasks()) == 1)


# -- looking at one job, in threads ----------------------------------------------------------------


def test_iterating_in_threads(client: Client) -> None:
    job = client.submit("stream", ["abcdefgh"])
    with ThreadPoolExecutor(8) as pool:
        ways = [pool.submit(lambda: [event.data for event in job]) for _ in range(4)]
        results = [pool.submit(lambda: job.result().value) for _ in range(4)]
        seen = [way.result(20) for way in ways]
        assert {result.result(20) for result in results} == {"abcdefgh"}
    assert all(each == seen[0] for each in seen)
    assert len(seen[0]) == 9
    assert [event.data for event in job] == seen[0]


def test_leaving_a_loop_early_in_a_thread(client: Client) -> None:
    job = client.submit("stream", ["abc"])
    for event in job:
        assert event.data == ["a"]
        break
    assert [event.data for event in job] == LETTERS
    assert job.result().value == "abc"
    assert job.outputs() == LETTERS


def test_going_on_after_the_end_in_a_thread(client: Client) -> None:
    steps = iter(client.submit("hello", ["x"]))
    assert next(steps).data == ["Hello x"]
    assert [next(steps, None) for _ in range(3)] == [None] * 3


def test_iterating_a_failed_job_raises_its_error_in_a_thread(client: Client) -> None:
    job = client.submit("fail", ["gr"])
    for _ in range(2):
        steps = iter(job)
        with pytest.raises(AppError, match="gr boom"):
            next(steps)
        assert next(steps, None) is None
    with pytest.raises(AppError, match="gr boom"):
        job.result()


def test_a_job_of_one_thread_is_waited_for_in_another(client: Client) -> None:
    name = unique()
    job = client.submit("slow_gen", [0.5, name])
    with pytest.raises(DeadlineExceededError, match="the job goes on"):
        job.result(timeout=0.05)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(job.result).result(20).value == f"{name} 4"
    assert job.wait_for_id() == job.event_id is not None


@pytest.mark.complains
def test_callbacks_in_a_thread(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    called: list[Job] = []
    job = client.submit("hello", ["x"])
    job.add_done_callback(called.append)
    job.add_done_callback(lambda _: 1 / 0)
    job.result()
    eventually_so(lambda: called == [job])
    job.add_done_callback(called.append)
    assert called == [job, job]
    eventually_so(lambda: "done-callback" in caplog.text)
    caplog.clear()


# -- many ------------------------------------------------------------------------------------------


# Whenever a job starts, the server tells all others that wait for the same function: a thousand
# of one function make half a million messages, for which it needs a minute.
FEW = {
    "hello": "Hello {}",
    "begrüße": "Grüße, {} 👋",
    "valid": "Hello {}",
    "hidden": "Hello {}",
    "multi": "{}|3|True|a",
    "stream": "{}",
}


def thousand() -> list[tuple[str, list[str], str]]:
    """Return a thousand calls, in batches, alone and unqueued, and what each answers first."""
    few = list(FEW.items())
    ways = [("batched", "{}"), ("batched", "{}"), ("noqueue", "nq {}")]
    return [
        (name, [str(number)], said.format(number))
        for number in range(1000)
        for name, said in [few[number // 3 % 6] if number % 3 == 0 else ways[number % 9 // 3]]
    ]


@asynchronous
async def test_a_thousand_jobs_at_once(server: Server) -> None:
    calls = thousand()
    async with AsyncClient.connect(server.url) as client:
        jobs = [client.submit(name, data) for name, data, _ in calls]
        results = await asyncio.gather(*jobs)
        assert [result.data[0] for result in results] == [said for *_, said in calls]
        queued = [job for job in jobs if job.way == "stream"]
        assert len({job.event_id for job in queued}) == len(queued) > 0
        assert all(
            job.outputs()[-1][0] == said for job, (*_, said) in zip(jobs, calls, strict=True)
        )


def test_a_thousand_jobs_at_once_without_a_loop(client: Client) -> None:
    calls = thousand()
    threads = threading.active_count()
    jobs = [client.submit(name, data) for name, data, _ in calls]
    assert threading.active_count() == threads
    assert [job.result().data[0] for job in jobs] == [said for *_, said in calls]


# -- when the client or the server goes away -------------------------------------------------------


@asynchronous
async def test_closing_the_client_fails_what_is_pending(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        running = client.submit("slow_gen", [LONG, unique()])
        await eventually(lambda: running.status.stage == "generating")
        jobs = [running, *(client.submit("slow_gen", [LONG, unique()]) for _ in range(20))]
        jobs += [client.submit("noqueue", ["x"])]
    for job in jobs:
        assert job.done()
        with pytest.raises(ClientClosedError):
            await job
        assert job.status.code == "client_closed"
        assert not await job.cancel()
    with pytest.raises(ClientClosedError):
        client.submit("hello", ["x"])


def test_closing_the_client_while_threads_wait(server: Server) -> None:
    # The client is left before the pool, so that no thread waits on when an assertion fails.
    with ThreadPoolExecutor(10) as pool, Client(server.url) as client:
        jobs = [client.submit("slow_gen", [LONG, unique()]) for _ in range(5)]
        waiting = [pool.submit(job.result) for job in jobs]
        waiting += [pool.submit(lambda job=job: list(job)) for job in jobs]  # type: ignore[misc]
        # Which of them the server takes first is its own affair.
        eventually_so(lambda: any(job.status.stage == "generating" for job in jobs))
        client.close()
        assert all(isinstance(each.exception(5), ClientClosedError) for each in waiting)


@asynchronous
async def test_a_server_that_dies(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server()
    async with AsyncClient.connect(server.url) as client:
        # One after the other: which of two calls a server takes first is not promised.
        running = client.submit("slow_gen", [LONG, "dying"])
        await eventually(lambda: running.status.stage == "generating")
        waiting = client.submit("slow_gen", [LONG, "waiting"])
        await waiting.wait_for_id()
        server.kill()
        killed = time.monotonic()
        lost = await asyncio.gather(running, waiting, return_exceptions=True)
        assert time.monotonic() - killed < 2
        for job, error in zip((running, waiting), lost, strict=True):
            assert isinstance(error, ConnectionLostError)
            assert error.event_id == job.event_id
            assert set(error.event_ids) == {running.event_id, waiting.event_id}
            assert error.session_hash == client.session_hash
            assert job.status.code == "connection_lost"
        with pytest.raises(GradwireError):
            await client.predict("hello", ["x"])
        assert await client.reconnect() == "broken"
        # That is no fault of ours, which would be logged as one.
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
        server.start()
        assert await client.reconnect() == "changed"
        assert (await client.predict("hello", ["again"])).value == "Hello again"
        assert await values(client.submit("stream", ["abc"])) == LETTERS
        await client.refresh()
        assert await client.reconnect() == "connected"


def test_a_server_that_dies_while_threads_wait(start_server: StartServer) -> None:
    server = start_server()
    with Client(server.url) as client:
        job = client.submit("slow_gen", [LONG, "dying"])
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(job.result), pool.submit(lambda: list(job))]
            eventually_so(lambda: job.status.stage == "generating")
            server.kill()
            errors = [each.exception(2) for each in waiting]
        assert all(isinstance(error, ConnectionLostError) for error in errors)
        server.start()
        assert client.reconnect() == "changed"
        assert client.predict("hello", ["again"]).value == "Hello again"
