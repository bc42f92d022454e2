"""Cancelling at every turn of the event loop: no task, no connection, no half file is left.

Each operation is begun again and again, and cancelled after one turn more each time, until it is
done before that. So every `await` of it, and of what it has started, has been the one that was cut.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers import connections, eventually, unique
from proxy import Proxy
from servers.launch import Server

from gradwire import AsyncClient, handle_file
from gradwire.wire.run import Run

MOST_TURNS = 400
BYTES = 300_000

Work = Callable[[AsyncClient], Awaitable[Any]]


class CountingLoop(asyncio.SelectorEventLoop):
    """Cancels a task after a number of turns."""

    victim: asyncio.Task[Any] | None = None
    left = 0

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]
        self.left -= 1
        if self.left < 0 and self.victim is not None:
            self.victim.cancel()
            self.victim = None

    def cancel_after(self, turns: int, task: asyncio.Task[Any]) -> None:
        self.left, self.victim = turns, task


async def cut(work: Awaitable[Any], turns: int) -> bool:
    """Do something, cancelling it after some turns; tell whether it was done before."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CountingLoop)
    task = asyncio.ensure_future(work)
    loop.cancel_after(turns, task)
    try:
        await task
    except asyncio.CancelledError:
        return False
    finally:
        loop.victim = None
    return True


def at_every_turn(attempt: Callable[[int], Awaitable[bool]]) -> None:
    """Run `attempt(turns)` for more and more turns, each in a loop of its own, until it is done."""
    for turns in count():
        assert turns < MOST_TURNS, "it never gets done"
        with asyncio.Runner(loop_factory=CountingLoop) as runner:
            if runner.run(within(attempt(turns))):
                assert turns > 3, "it was never cut in the middle"
                return


async def within(work: Awaitable[bool]) -> bool:
    async with asyncio.timeout(30):
        done = await work
    await eventually(lambda: len(asyncio.all_tasks()) == 1)
    return done


def cut_at_every_turn(server: Server, work: Work, check: Callable[[], Any] | None = None) -> None:
    """Cut an operation of a client; after each time the client works on, and closes."""

    async def attempt(turns: int) -> bool:
        client = await AsyncClient.connect(server.url)
        try:
            done = await cut(work(client), turns)
            if not client.closed:
                assert (await client.predict("/hello", ["x"])).value == "Hello x"
            if check is not None:
                check()
        finally:
            await client.close()
        return done

    at_every_turn(attempt)
    gc.collect()
    assert connections(server.port) == 0


def test_connecting(server: Server) -> None:
    async def attempt(turns: int) -> bool:
        async def work() -> None:
            async with AsyncClient.connect(server.url):
                pass

        done = await cut(work(), turns)
        await eventually(lambda: connections(server.port) == 0)
        return done

    at_every_turn(attempt)


def test_predict(any_server: Server) -> None:
    cut_at_every_turn(any_server, lambda client: client.predict("/hello", ["x"]))


def test_predict_before_the_shared_stream(old_server: Server) -> None:
    cut_at_every_turn(old_server, lambda client: client.predict("/hello", ["x"]))


def test_an_unqueued_call(server: Server) -> None:
    cut_at_every_turn(server, lambda client: client.predict("/noqueue", ["x"]))


def test_iterating(server: Server) -> None:
    async def work(client: AsyncClient) -> None:
        steps = [event.data[0] async for event in client.submit("/stream", ["abc", 0.01])]
        assert steps == ["a", "ab", "abc", "abc"]

    cut_at_every_turn(server, work)


def test_a_call_that_is_cut_is_cancelled_on_the_server(proxy: Proxy) -> None:
    """At whatever moment: of each job that the server took, it says in the end that it is over.

    Whether its generator really stops is the server's matter: under load, Gradio 6.31 has confirmed
    a cancellation at a first step and gone on.
    """
    runs: list[Run] = []

    async def main() -> None:
        async with AsyncClient.connect(proxy.url) as client:
            engine = client._engine
            for turns in range(16):
                work = client._job("/par_gen", [300, unique()], None, None, frozenset(), {})
                runs.append(work.run)
                assert not await cut(client._predict(work), turns)
            await eventually(lambda: not engine.session.has_left and not engine.cancels.busy)
            # Those that the server's answer had not named by then are named, and stopped, later.
            await eventually(lambda: all(run.over for run in runs if run.event_id), within=60)
        assert proxy.paths("/gradio_api/queue/join")

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        runner.run(main())
    taken = [run for run in runs if run.event_id]
    assert len(taken) == len(proxy.paths("/gradio_api/queue/join"))
    assert len(proxy.paths("/gradio_api/cancel")) >= len(taken) > 3


def test_a_call_with_files(server: Server) -> None:
    cut_at_every_turn(server, lambda client: client.predict("/file_size", [b"x" * BYTES]))


def test_uploading(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"x" * BYTES)
    process = psutil.Process()

    def check() -> None:
        assert [each.path for each in process.open_files() if each.path == str(path)] == []

    cut_at_every_turn(
        server, lambda client: client.upload_files(None, [path, handle_file(path)]), check
    )


def test_downloading(server: Server, tmp_path: Path) -> None:
    async def fetch(client: AsyncClient) -> None:
        await client.download(address, tmp_path)

    async def address_of() -> str:
        async with AsyncClient.connect(server.url) as client:
            file = (await client.predict("/file_io", [b"x" * BYTES])).value
            return str(file.url)

    def check() -> None:
        for path in tmp_path.iterdir():
            assert path.stat().st_size == BYTES + len("GOT:")
            path.unlink()

    address = asyncio.run(address_of())
    cut_at_every_turn(server, fetch, check)


def test_reading_a_file(server: Server) -> None:
    async def work(client: AsyncClient) -> None:
        file = (await client.predict("/file_io", [b"x" * BYTES])).value
        with await file.open() as opened:
            assert len(opened.read()) == BYTES + len("GOT:")

    cut_at_every_turn(server, work)


def test_cancelling_a_job(server: Server) -> None:
    async def work(client: AsyncClient) -> None:
        job = client.submit("/par_gen", [30, unique()])
        await anext(aiter(job))
        await job.cancel()

    cut_at_every_turn(server, work)


def test_refreshing(server: Server) -> None:
    cut_at_every_turn(server, lambda client: client.refresh())


def test_closing(server: Server) -> None:
    async def work(client: AsyncClient) -> None:
        client.submit("/par_gen", [30, unique()])
        await client.predict("/hello", ["x"])
        await client.close()

    cut_at_every_turn(server, work)


@pytest.mark.parametrize("turns", range(0, 40, 6))
def test_a_loop_that_ends_at_any_moment(server: Server, turns: int) -> None:
    """What `asyncio.run` does at its end, and at Ctrl-C: cancel all tasks."""

    async def main() -> None:
        client = await AsyncClient.connect(server.url)
        jobs = [client.submit("/par_gen", [30, unique()]) for _ in range(3)]
        jobs.append(client.submit("/file_size", [b"x" * BYTES]))
        await cut(jobs[0].result(), turns)

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        runner.run(main())
    gc.collect()
    assert connections(server.port) == 0
