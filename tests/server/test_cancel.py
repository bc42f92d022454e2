"""Cancelling: the function stops on the server, and nothing else does.

The server's journal tells: a generator writes a tick every tenth of a second.
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
from gates import GatedProxy
from helpers import asynchronous, eventually, eventually_so, unique
from servers.launch import Server

from gradwire import (
    AsyncClient,
    AsyncJob,
    Client,
    DeadlineExceededError,
    GradwireError,
    JobCancelledError,
    Timeout,
    handle_file,
)
from gradwire.client.cancelling import CANCEL_GRACE

LONG = 60
"""Seconds that a job would run if nobody stopped it; no test waits for that."""


async def journal(client: AsyncClient, *names: str) -> list[str]:
    """Return what the server has written down about some jobs."""
    lines = (await client.predict("/journal")).value
    return [line for line in lines if line.split(" ")[1:2] and line.split(" ")[1] in names]


def wrote(client: AsyncClient, line: str) -> Callable[[], Awaitable[bool]]:
    """Return a question: has the server written this line?"""

    async def ask() -> bool:
        return line in await journal(client, line.split(" ")[1])

    return ask


def stopped(client: AsyncClient, *names: str) -> Callable[[], Awaitable[bool]]:
    """Return a question: have these generators begun, and do they make no more steps?"""

    async def ask() -> bool:
        before = await journal(client, *names)
        await asyncio.sleep(0.5)
        return before != [] and await journal(client, *names) == before

    return ask


def generating(job: AsyncJob) -> Callable[[], bool]:
    return lambda: job.status.stage == "generating"


async def start_long(client: AsyncClient, endpoint: str = "/slow_gen") -> tuple[AsyncJob, str]:
    """Start a generator that would run for long; return when it has begun."""
    name = unique()
    job = client.submit(endpoint, [LONG, name])
    await eventually(generating(job))
    return job, name


# -- during ----------------------------------------------------------------------------------------


@asynchronous
async def test_a_running_generator_stops(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job, name = await start_long(client)
        assert await job.cancel()
        assert job.done()
        assert (job.status.stage, job.status.code) == ("error", "cancelled")
        with pytest.raises(JobCancelledError) as caught:
            await job
        assert caught.value.event_id == job.event_id
        await eventually(stopped(client, name))
        assert (await client.predict("/hello", ["after"])).value == "Hello after"


@asynchronous
async def test_iterating_a_cancelled_job_gives_its_steps_and_then_the_error(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job, name = await start_long(client)
        await job.cancel()
        seen = []
        with pytest.raises(JobCancelledError):
            async for event in job:
                seen += [event.data]
        assert seen[0] == [f"{name} 0"]


@asynchronous
async def test_other_jobs_go_on(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job, _ = await start_long(client)
        other = client.submit("/stream", ["unharmed", 0.05])
        await eventually(generating(other))
        assert await job.cancel()
        assert (await other).value == "unharmed"


@asynchronous
async def test_parallel_jobs_of_the_same_function_go_on(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job, name = await start_long(client, "/par_gen")
        names = [unique(), unique()]
        others = [client.submit("/par_gen", [1, each]) for each in names]
        for other in others:
            await eventually(generating(other))
        assert await job.cancel()
        assert not any(other.done() for other in others)
        assert [(await other).value for other in others] == [f"{each} 9" for each in names]
        for other, each in zip(others, names, strict=True):
            assert other.outputs()[:-1] == [[f"{each} {number}"] for number in range(10)]
        await eventually(stopped(client, name))


@asynchronous
async def test_other_jobs_go_on_when_it_is_about_to_end(any_server: Server) -> None:
    """Then its own end and that of the cancellation meet, which servers can stumble over."""
    async with AsyncClient.connect(any_server.url) as client:
        for _ in range(8):
            other = client.submit("/slow", [0.5, unique()])
            job = client.submit("/par_gen", [0.1, unique()])
            await eventually(lambda job=job: job.outputs())  # its only step
            await job.cancel()
            assert (await other).value.endswith(" done")


@asynchronous
async def test_all_of_several_parallel_jobs_can_be_cancelled(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        started = [await start_long(client, "/par_gen") for _ in range(3)]
        cancelled = await asyncio.gather(*(job.cancel() for job, _ in started))
        assert cancelled == [True] * 3
        for _, name in started:
            await eventually(stopped(client, name))


@asynchronous
async def test_many_of_one_function_some_running_and_some_waiting(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        kept, names = unique(), [unique() for _ in range(11)]
        one = client.submit("/par_gen", [1.5, kept])
        await eventually(generating(one))
        jobs = [client.submit("/par_gen", [LONG, name]) for name in names]
        await eventually(lambda: sum(generating(job)() for job in jobs) == 7)
        assert await asyncio.gather(*(job.cancel() for job in jobs)) == [True] * 11
        assert (await one).value == f"{kept} 14"
        again = [client.submit("/par_gen", [0.2, kept]) for _ in range(8)]
        assert [(await job).value for job in again] == [f"{kept} 1"] * 8
        await eventually(stopped(client, *names))


@asynchronous
async def test_the_next_in_the_queue_runs(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job, _ = await start_long(client)
        name = unique()
        waiting = client.submit("/slow_gen", [0.3, name])
        await waiting.wait_for_id()
        assert await job.cancel()
        assert (await waiting).value == f"{name} 2"


@asynchronous
async def test_a_plain_function_runs_on_and_its_result_is_dropped(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        name = unique()
        job = client.submit("/slow", [1, name])
        await eventually(wrote(client, f"start {name}"))
        assert await job.cancel()
        with pytest.raises(JobCancelledError):
            await job
        await eventually(wrote(client, f"done {name}"))
        assert job.outputs() == []
        assert (await client.predict("/slow", [0, name])).value == f"{name} done"


@asynchronous
async def test_an_unqueued_call(server: Server) -> None:
    with GatedProxy(server.url) as proxy:
        async with AsyncClient.connect(proxy.url) as client:
            with proxy.closed("/run/") as gate:
                job = client.submit("/noqueue", ["x"])
                await eventually(lambda: gate.waiting)
                assert await job.cancel()
                with pytest.raises(JobCancelledError):
                    await job
            assert (await client.predict("/noqueue", ["x"])).value == "nq x"


# -- before ----------------------------------------------------------------------------------------


@asynchronous
async def test_at_once(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        name = unique()
        job = client.submit("/slow_gen", [LONG, name])
        assert await job.cancel()
        assert (await client.predict("/slow_gen", [0.1, unique()])).data
        assert await journal(client, name) == []


@asynchronous
async def test_while_uploading(server: Server) -> None:
    with GatedProxy(server.url) as proxy:
        async with AsyncClient.connect(proxy.url) as client:
            with proxy.closed("/upload") as gate:
                job = client.submit("/file_size", [handle_file(io.BytesIO(b"abc"))])
                await eventually(lambda: gate.waiting)
                assert await job.cancel()
                with pytest.raises(JobCancelledError):
                    await job
            assert (await client.predict("/hello", ["x"])).value == "Hello x"
    assert len(proxy.paths("/gradio_api/queue/join")) == 1


@pytest.mark.parametrize("before", [True, False], ids=["on-its-way", "accepted"])
@asynchronous
async def test_while_the_job_is_handed_in(server: Server, before: bool) -> None:
    name = unique()
    with GatedProxy(server.url) as proxy:
        async with AsyncClient.connect(proxy.url) as client:
            with proxy.closed("/queue/join", before=before) as gate:
                job = client.submit("/slow_gen", [LONG, name])
                await eventually(lambda: gate.waiting)
                cancelling = asyncio.create_task(job.cancel())
            assert await cancelling
            with pytest.raises(JobCancelledError):
                await job
            if not before:
                await eventually(stopped(client, name))
            next_one = await client.predict("/slow_gen", [0.1, unique()])
            assert next_one.data


@asynchronous
async def test_while_the_server_does_not_answer(server: Server) -> None:
    """It takes no longer than when it does, and is made up for when the answer has come."""
    name = unique()
    with GatedProxy(server.url) as proxy:
        async with AsyncClient.connect(proxy.url) as client:
            with proxy.closed("/queue/join") as gate:
                job = client.submit("/par_gen", [LONG, name])
                await eventually(lambda: gate.waiting)
                began = time.monotonic()
                assert await job.cancel()
                assert time.monotonic() - began < 2 * CANCEL_GRACE
            await eventually(stopped(client, name))


@asynchronous
async def test_while_it_waits_in_the_queue(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        first, second = unique(), unique()
        running = client.submit("/slow_gen", [1.5, first])
        await eventually(generating(running))
        waiting = client.submit("/slow_gen", [LONG, second])
        await eventually(lambda: waiting.event_id)
        assert await waiting.cancel()
        assert waiting.status.code == "cancelled"
        # The server cancels by function: the one that runs must not notice.
        assert (await running).value == f"{first} 14"
        assert running.outputs()[:-1] == [[f"{first} {number}"] for number in range(15)]
        assert (await client.predict("/slow_gen", [0.1, unique()])).data


# -- after -----------------------------------------------------------------------------------------


@asynchronous
async def test_a_job_that_has_ended(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit("/hello", ["x"])
        await job
        assert not await job.cancel()
        assert (await job).value == "Hello x"
        failed = client.submit("/fail", ["gr"])
        with pytest.raises(GradwireError):
            await failed
        assert not await failed.cancel()


@asynchronous
async def test_twice(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        beside = client.submit("/stream", ["unharmed " * 4, 0.03])
        job, _ = await start_long(client)
        assert await job.cancel()
        assert not await job.cancel()
        other, name = await start_long(client)
        assert await asyncio.gather(*(other.cancel() for _ in range(3))) == [True] * 3
        assert (await beside).value == "unharmed " * 4
        await eventually(stopped(client, name))


# -- by other means --------------------------------------------------------------------------------


def test_from_another_thread(server: Server) -> None:
    with Client(server.url) as client:
        name = unique()
        job = client.submit("/slow_gen", [LONG, name])
        outcomes: list[BaseException] = []

        def wait() -> None:
            try:
                job.result()
            except JobCancelledError as error:
                outcomes.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        eventually_so(lambda: job.status.stage == "generating")
        assert job.cancel()
        waiting.join(5)
        assert len(outcomes) == 1
        assert not job.cancel()
        eventually_so(lambda: f"closed {name}" in client.predict("/journal").value)


@asynchronous
async def test_cancelling_the_task_that_predicts_stops_the_job(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        name = unique()
        task = asyncio.create_task(client.predict("/slow_gen", [LONG, name]))
        await eventually(wrote(client, f"start {name}"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await eventually(stopped(client, name))
        assert (await client.predict("/slow_gen", [0.1, name])).value == f"{name} 0"


@asynchronous
async def test_cancelling_a_task_that_predicts_through_an_endpoint(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        name = unique()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.api.slow_gen(LONG, name)
        await eventually(stopped(client, name))


@asynchronous
async def test_cancelling_a_task_that_awaits_a_job_leaves_the_job(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        name = unique()
        job = client.submit("/slow_gen", [0.5, name])
        waiting = asyncio.create_task(job.result())
        await eventually(generating(job))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await job).value == f"{name} 4"


@asynchronous
async def test_the_total_deadline_stops_the_job(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        name = unique()
        hasty = client.with_options(timeout=Timeout(total=0.7))
        with pytest.raises(DeadlineExceededError, match=r"0\.7 seconds") as caught:
            await hasty.predict("/slow_gen", [LONG, name])
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.event_id is not None
        await eventually(stopped(client, name))
        assert (await client.predict("/slow_gen", [0.1, name])).value == f"{name} 0"


@asynchronous
async def test_the_total_deadline_while_waiting_in_the_queue(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        name, late = unique(), unique()
        running = client.submit("/slow_gen", [1, name])
        await eventually(generating(running))
        with pytest.raises(DeadlineExceededError):
            await client.with_options(timeout=0.3).predict("/slow_gen", [LONG, late])
        assert (await running).value == f"{name} 9"
        assert (await client.predict("/slow_gen", [0.1, name])).data
        assert await journal(client, late) == []
