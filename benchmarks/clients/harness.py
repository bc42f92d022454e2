"""One contender in one process: warm up, do the work, print what it cost as one line of JSON.

    python CONTENDER.py URL WORK COUNT IN_FLIGHT

    predict   COUNT predictions, IN_FLIGHT at a time; with one in flight of a function that takes
              no time, with more of one that takes 5 ms, so that the server has always some pending
    tokens    one generator of COUNT steps, each looked at
    connect   connect and predict once, nothing before
    jobs      COUNT jobs at once that take two seconds, after a look at the idle process

Cost is CPU time of this process, user and system. Memory is read from /proc where there is one.
"""

import asyncio
import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from pathlib import Path
from typing import Protocol

SHORT, LONG = 0.005, 2.0


class AsyncCalls(Protocol):
    """What an asynchronous contender can do."""

    async def echo(self, text: str) -> str: ...
    async def wait(self, text: str, seconds: float) -> str: ...
    async def tokens(self, count: int) -> int: ...


class SyncCalls(Protocol):
    """What a blocking contender can do; `wait` starts a job and returns the way to its result."""

    def echo(self, text: str) -> str: ...
    def wait(self, text: str, seconds: float) -> Callable[[], str]: ...
    def tokens(self, count: int) -> int: ...


class Meter:
    """Measures what happens between its making and `report`."""

    def __init__(self, work: str, count: int) -> None:
        self.facts: dict[str, object] = {"work": work, "count": count}
        self.start()

    def start(self) -> None:
        """Forget all that was before."""
        _reset_peak()
        self.facts["rss_idle"] = _status("VmRSS") * 1024
        self._wall, self._cpu = time.perf_counter(), _cpu()

    def look(self) -> None:
        """Count the threads now, in the thick of it."""
        self.facts["threads"] = _status("Threads")

    def report(self) -> None:
        """Print the facts."""
        self.facts["cpu"] = _cpu() - self._cpu
        self.facts["wall"] = time.perf_counter() - self._wall
        self.facts["rss_peak"] = _status("VmHWM") * 1024
        self.facts.setdefault("threads", _status("Threads"))
        print(json.dumps(self.facts), flush=True)


def run_async(connect: Callable[[str], AbstractAsyncContextManager[AsyncCalls]]) -> None:
    """Run the command line's work with an asynchronous contender."""
    url, work, count, in_flight = _arguments()
    asyncio.run(_async_main(connect(url), work, count, in_flight))


async def _async_main(
    connection: AbstractAsyncContextManager[AsyncCalls], work: str, count: int, in_flight: int
) -> None:
    meter = Meter(work, count)
    async with connection as calls:
        for warm_up in (True, False):
            if warm_up and work == "connect":
                continue
            if not warm_up and work != "connect":
                meter.start()
            size = _warm_up_size(work, count) if warm_up else count
            if work == "tokens":
                _check_tokens(await calls.tokens(size), size)
            elif work == "jobs":
                await _async_jobs(calls, size, None if warm_up else meter)
            elif in_flight == 1:
                for text in _texts(size):
                    _check(await calls.echo(text), text)
            else:
                texts = iter(_texts(size))
                await asyncio.gather(*(_worker(calls, texts) for _ in range(in_flight)))
        meter.report()


async def _worker(calls: AsyncCalls, texts: Iterable[str]) -> None:
    for text in texts:
        _check(await calls.wait(text, SHORT), text)


async def _async_jobs(calls: AsyncCalls, count: int, meter: Meter | None) -> None:
    seconds = LONG if meter else SHORT
    jobs = asyncio.gather(*(calls.wait(text, seconds) for text in _texts(count)))
    if meter:
        await asyncio.sleep(LONG / 2)
        meter.look()
    _check_all(await jobs, count)


def run_sync(connect: Callable[[str], AbstractContextManager[SyncCalls]]) -> None:
    """Run the command line's work with a blocking contender."""
    url, work, count, in_flight = _arguments()
    meter = Meter(work, count)
    with connect(url) as calls:
        if work != "connect":
            _sync_work(calls, work, _warm_up_size(work, count), in_flight, None)
            meter.start()
        _sync_work(calls, work, count, in_flight, meter)
        meter.report()


def _sync_work(
    calls: SyncCalls, work: str, count: int, in_flight: int, meter: Meter | None
) -> None:
    if work == "tokens":
        _check_tokens(calls.tokens(count), count)
    elif work == "jobs":
        _sync_jobs(calls, count, meter)
    elif in_flight == 1:
        for text in _texts(count):
            _check(calls.echo(text), text)
    else:
        for start in range(0, count, in_flight):
            texts = _texts(min(in_flight, count - start))
            results = [calls.wait(text, SHORT) for text in texts]
            _check_all([result() for result in results], len(texts))


def _sync_jobs(calls: SyncCalls, count: int, meter: Meter | None) -> None:
    seconds = LONG if meter else SHORT
    results = [calls.wait(text, seconds) for text in _texts(count)]
    if meter:
        time.sleep(LONG / 2)
        meter.look()
    _check_all([result() for result in results], count)


def _arguments() -> tuple[str, str, int, int]:
    url, work, count, in_flight = sys.argv[1:]
    return url, work, int(count), int(in_flight)


def _warm_up_size(work: str, count: int) -> int:
    return 20 if work == "jobs" else min(max(count // 4, 5), 2000)


def _texts(count: int) -> list[str]:
    return [f"hello {i}" for i in range(count)]


def _check(answer: str, expected: str) -> None:
    if answer != expected:
        raise AssertionError(f"expected {expected!r}, got {answer!r}")


def _check_all(answers: list[str], count: int) -> None:
    if answers != _texts(count):
        raise AssertionError("an answer went to the wrong job")


def _check_tokens(seen: int, count: int) -> None:
    if seen < count:
        raise AssertionError(f"{seen} of {count} messages seen")


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _status(key: str) -> int:
    """One figure of /proc/self/status; 0 where there is none."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{key}:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _reset_peak() -> None:
    """Let the peak resident size begin anew, where the kernel allows it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
