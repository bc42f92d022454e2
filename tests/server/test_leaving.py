"""`with client.submit(…) as job:`: whoever leaves the block leaves no job behind."""

from __future__ import annotations

import asyncio
import time

import pytest
from helpers import asynchronous, eventually, eventually_so, unique
from servers.launch import Server

from gradwire import AsyncClient, Client, JobCancelledError

LONG = 60
"""Seconds that a job would run if nobody stopped it; no test waits for that."""


class OwnError(Exception):
    """Raised in a block."""


def closed(server: Server, name: str) -> bool:
    """Tell whether the generator was closed on the server."""
    with Client(server.url) as client:
        return f"closed {name}" in client.predict("/journal").value


@pytest.mark.parametrize("leave", ["end", "break", "error"])
def test_leaving_stops_the_generator(any_server: Server, leave: str) -> None:
    name = unique()
    with Client(any_server.url) as client:
        try:
            with client.submit("/slow_gen", [LONG, name]) as job:
                for _ in job:
                    if leave == "error":
                        raise OwnError
                    break
        except OwnError:
            assert leave == "error"
        else:
            assert leave != "error"
        assert job.done()
        with pytest.raises(JobCancelledError):
            job.result()
        eventually_so(lambda: closed(any_server, name))
        assert client.predict("/hello", ["x"]).value == "Hello x"


@pytest.mark.parametrize("leave", ["break", "error", "cancel", "cancel twice"])
@asynchronous
async def test_leaving_stops_the_generator_async(server: Server, leave: str) -> None:
    name = unique()
    async with AsyncClient.connect(server.url) as client:
        jobs = []

        async def work() -> None:
            async with client.submit("/slow_gen", [LONG, name]) as job:
                jobs.append(job)
                async for _ in job:
                    if leave == "error":
                        raise OwnError
                    if leave == "break":
                        break

        task = asyncio.create_task(work())
        if leave.startswith("cancel"):
            await eventually(lambda: jobs and jobs[0].outputs())
            task.cancel()
            if leave == "cancel twice":
                await asyncio.sleep(0)
                task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        wanted = {"error": OwnError, "break": type(None)}.get(leave, asyncio.CancelledError)
        assert type(outcome) is wanted
        assert jobs[0].done()
        await eventually(lambda: asyncio.to_thread(closed, server, name))


def test_leaving_at_once(server: Server) -> None:
    name = unique()
    with Client(server.url) as client:
        with client.submit("/slow_gen", [LONG, name]) as job:
            pass
        with pytest.raises(JobCancelledError):
            job.result()


def test_a_job_that_is_done_is_left_as_it_is(server: Server) -> None:
    with Client(server.url) as client:
        with client.submit("/hello", ["x"]) as job:
            assert job.result().value == "Hello x"
        assert job.status.code is None
        assert job.result().value == "Hello x"


def test_an_error_is_not_masked_where_the_client_is_gone(server: Server) -> None:
    with pytest.raises(OwnError):
        with Client(server.url) as client, client.submit("/slow_gen", [LONG, unique()]):
            client.close()
            raise OwnError


def test_leaving_does_not_wait_long(old_server: Server) -> None:
    with Client(old_server.url) as client:
        name = unique()
        with client.submit("/slow_gen", [LONG, name]) as job:
            next(iter(job))
            begun = time.monotonic()
        assert time.monotonic() - begun < 5
        eventually_so(lambda: closed(old_server, name))
