"""Many calls through one client: memory, sockets, threads and tasks must stay what they are.

    python benchmarks/soak.py            # everything: 100,000 predictions, 1,000 generator jobs
    python benchmarks/soak.py --scale 20 # a twentieth of it

The predictions go to `server.py`, the jobs to a real Gradio server (`make servers-subset` installs
it): a third of these is read to its end, a third is cancelled at a random step, and the rest is
given up in other ways. Each phase is measured at its start, on its way at moments when nothing is
pending, and at its end. What grows fails the run.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from gradwire import AsyncClient, Client, JobCancelledError
from gradwire.client.joining import MAX_WORKERS

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from servers.launch import running  # noqa: E402

GRADIO = "6.31.0"
PREDICTIONS, THREADED, JOBS = 100_000, 20_000, 1_000
IN_FLIGHT, THREADS = 50, 8
LOOKS = 10
IDLE = 10.0
"""Seconds after which a client has closed the connections that it does not need: it looks for them
every four seconds, and closes those that have been idle for as long."""
MAY_GROW = 4.0
"""Megabytes from the first look on the way to the end: the client remembers the ids of 10,000 jobs
that have ended, and memory comes in blocks."""

_process = psutil.Process()


class Look(NamedTuple):
    """What the process holds at one moment."""

    phase: str
    done: int
    seconds: float
    megabytes: float
    sockets: int
    files: int
    threads: int
    tasks: int

    def row(self) -> str:
        """Return a line of the table."""
        return (
            f"| {self.phase} | {self.done:,} | {self.seconds:.0f} | {self.megabytes:.1f} | "
            f"{self.sockets} | {self.files} | {self.threads} | {self.tasks} |"
        )


HEAD = (
    "| phase | calls | seconds | memory, MB | sockets | open files | threads | tasks |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


class Watch:
    """Looks at the process during one phase, and judges it."""

    def __init__(self, phase: str, tasks: Callable[[], int]) -> None:
        self._phase = phase
        self._tasks = tasks
        self._began = time.monotonic()
        self.looks: list[Look] = []

    def look(self, done: int) -> None:
        """Note and print what the process holds."""
        gc.collect()
        look = Look(
            self._phase,
            done,
            time.monotonic() - self._began,
            _process.memory_info().rss / 1e6,
            len(_process.net_connections("inet")),
            _process.num_fds(),
            threading.active_count(),
            self._tasks(),
        )
        self.looks.append(look)
        print(look.row(), flush=True)

    def problems(self) -> list[str]:
        """Tell what has grown; the first look is before any call, the last one is idle.

        The tasks that hand jobs in are kept when they have nothing to do, so that number is bounded
        and need not be flat.
        """
        start, first, *_, end = self.looks
        allowed = {"sockets": 0, "files": 0, "threads": 0, "tasks": MAX_WORKERS}
        found = [
            f"{self._phase}: {what} went from {getattr(start, what)} to {getattr(end, what)}"
            for what, more in allowed.items()
            if getattr(end, what) > getattr(start, what) + more
        ]
        grown = end.megabytes - first.megabytes
        if grown > MAY_GROW:
            found.append(f"{self._phase}: memory grew by {grown:.1f} MB")
        return found


def portions(total: int) -> Iterator[tuple[int, int]]:
    """Yield how many to do next, and how many are done then."""
    for number in range(LOOKS):
        start, end = total * number // LOOKS, total * (number + 1) // LOOKS
        yield end - start, end


# -- predictions -----------------------------------------------------------------------------------


async def predictions(address: str, total: int) -> Watch:
    """Predict through one `AsyncClient`, fifty at a time."""
    async with AsyncClient.connect(address) as client:
        await asyncio.sleep(IDLE)
        watch = Watch("AsyncClient: predictions", lambda: len(asyncio.all_tasks()))
        watch.look(0)
        for count, done in portions(total):
            numbers = iter(range(count))
            await asyncio.gather(*(predict_all(client, numbers) for _ in range(IN_FLIGHT)))
            watch.look(done)
        await asyncio.sleep(IDLE)
        watch.look(total)
    return watch


async def predict_all(client: AsyncClient, numbers: Iterator[int]) -> None:
    for number in numbers:
        result = await client.predict("/echo", [str(number)])
        assert result.value == str(number)


def threaded(address: str, total: int) -> Watch:
    """Predict through one `Client`, from eight threads."""
    with Client(address) as client, ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(time.sleep, [0.1] * THREADS))  # all threads are there
        loop = client._inner._engine.loop
        time.sleep(IDLE)
        watch = Watch("Client: predictions", lambda: len(asyncio.all_tasks(loop)))
        watch.look(0)

        def call(number: int) -> None:
            assert client.predict("/echo", [str(number)]).value == str(number)

        for count, done in portions(total):
            list(pool.map(call, range(count)))
            watch.look(done)
        time.sleep(IDLE)
        watch.look(total)
    return watch


# -- generators ------------------------------------------------------------------------------------


async def generators(address: str, total: int) -> Watch:
    """Run generator jobs, and end them in all ways."""
    chance = random.Random(5)
    async with AsyncClient.connect(address) as client:
        await client.predict("/hello", ["x"])
        await asyncio.sleep(IDLE)
        watch = Watch("AsyncClient: generator jobs", lambda: len(asyncio.all_tasks()))
        watch.look(0)
        for count, done in portions(total):
            numbers = iter(range(done - count, done))
            await asyncio.gather(*(run_all(client, numbers, chance) for _ in range(IN_FLIGHT)))
            await settled(client)
            watch.look(done)
        await asyncio.sleep(IDLE)
        watch.look(total)
    return watch


async def run_all(client: AsyncClient, numbers: Iterator[int], chance: random.Random) -> None:
    for number in numbers:
        await run_one(client, f"soak-{number}", chance)


async def run_one(client: AsyncClient, name: str, chance: random.Random) -> None:
    way, seconds = chance.random(), chance.uniform(0.3, 1.0)
    if way < 1 / 3:  # read to its end
        assert [event async for event in client.submit("/par_gen", [seconds, name])][-1].final
        return
    if way < 2 / 3:  # cancel at a step
        job, last = client.submit("/par_gen", [30, name]), chance.randrange(8)
        with suppress(JobCancelledError):
            async for number, _ in numbered(job):
                if number >= last:
                    await job.cancel()
        return
    if way < 5 / 6:  # cancel the task that waits
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await client.predict("/par_gen", [30, name])
        return
    async for _ in client.submit("/par_gen", [seconds, name]):  # leave it, and let it run
        break


async def numbered(job: AsyncIterator[object]) -> AsyncIterator[tuple[int, object]]:
    number = 0
    async for event in job:
        yield number, event
        number += 1


async def settled(client: AsyncClient) -> None:
    """Wait until nothing is pending any more: what was left, and what still has to be stopped."""
    engine = client._engine
    while engine._jobs or engine.session.has_left or engine.session.is_open:
        await asyncio.sleep(0.05)


# -- all -------------------------------------------------------------------------------------------


@contextmanager
def serving() -> Iterator[str]:
    """Run the benchmark's server; it leaves no stream open when nothing is pending."""
    words = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def main() -> int:
    """Run all phases; return how many things have grown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", type=int, default=1, help="do this part of it: 20, a twentieth")
    scale = parser.parse_args().scale
    print(HEAD, flush=True)
    with serving() as address:
        watches = [
            asyncio.run(predictions(address, PREDICTIONS // scale)),
            threaded(address, THREADED // scale),
        ]
    with running(GRADIO) as server:
        watches.append(asyncio.run(generators(server.url, JOBS // scale)))
    problems = [problem for watch in watches for problem in watch.problems()]
    print("\n" + ("\n".join(problems) or "Nothing has grown."))
    return len(problems)


if __name__ == "__main__":
    sys.exit(main())
