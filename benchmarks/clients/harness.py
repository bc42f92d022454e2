"""One contender in one process: warm up, do the work, print what it cost as one line of JSON.

python CONTENDER.py URL WORK COUNT IN_FLIGHT [SIZE]

predict   COUNT predictions, IN_FLIGHT at a time; with one in flight of a function that takes
no time, with more of one that takes 5 ms, so that the server has always some pending
kept      the same, one at a time, on a stream that stays open
threads   the same, from IN_FLIGHT threads that share one client; asynchronous ones: IN_FLIGHT tasks
jobs      COUNT jobs at once that take two seconds, after a look at the idle process
connect   connect and predict once, nothing before
others    see `plan` in plans.py
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

from meter import Meter
from plans import PLANS, plan, small

SHORT, LONG = 0.005, 2.0


def run_async(connect: Callable[[str], AbstractAsyncContextManager[Any]]) -> None:
    """Run the command line's work with an asynchronous contender."""
    url, work, count, in_flight, size = _arguments()
    asyncio.run(_async_main(connect(url), work, count, in_flight, size))


async def _async_main(
    connection: AbstractAsyncContextManager[Any], work: str, count: int, in_flight: int, size: int
) -> None:
    meter = Meter(work, count)
    async with connection as calls:
        if work in PLANS:
            await _async_plan(calls, *small(work), None)
            await _async_plan(calls, work, count, size, meter)
        elif work != "connect":
            await _async_work(calls, work, _warm_up_size(work, count), in_flight, None)
            meter.start()
        if work not in PLANS:
            await _async_work(calls, work, count, in_flight, meter)
        meter.report()


async def _async_plan(calls: Any, work: str, count: int, size: int, meter: Meter | None) -> None:
    with plan(calls, work, count, size) as (do, times, good):
        if meter:
            meter.start()
        for _ in range(times):
            good(await do())
        if meter:
            meter.stop()


async def _async_work(
    calls: Any, work: str, count: int, in_flight: int, meter: Meter | None
) -> None:
    if work == "jobs":
        await _async_jobs(calls, count, meter)
    elif in_flight == 1:
        echo = getattr(calls, "kept", calls.echo) if work == "kept" else calls.echo
        seconds = []
        for text in _texts(count):
            before = time.perf_counter()
            _check(await echo(text), text)
            seconds.append(time.perf_counter() - before)
        if meter and count > 1:
            meter.took(seconds)
    else:
        texts = iter(_texts(count))
        await asyncio.gather(*(_worker(calls, texts) for _ in range(in_flight)))


async def _worker(calls: Any, texts: Iterable[str]) -> None:
    for text in texts:
        _check(await calls.wait(text, SHORT), text)


async def _async_jobs(calls: Any, count: int, meter: Meter | None) -> None:
    seconds = LONG if meter else SHORT
    jobs = asyncio.gather(*(calls.wait(text, seconds) for text in _texts(count)))
    if meter:
        await asyncio.sleep(LONG / 2)
        meter.look()
    _check_all(await jobs, count)


def run_sync(connect: Callable[[str], AbstractContextManager[Any]]) -> None:
    """Run the command line's work with a blocking contender."""
    url, work, count, in_flight, size = _arguments()
    meter = Meter(work, count)
    with connect(url) as calls:
        if work in PLANS:
            _sync_plan(calls, *small(work), None)
            _sync_plan(calls, work, count, size, meter)
        elif work != "connect":
            _sync_work(calls, work, _warm_up_size(work, count), in_flight, None)
            meter.start()
        if work not in PLANS:
            _sync_work(calls, work, count, in_flight, meter)
        meter.report()


def _sync_plan(calls: Any, work: str, count: int, size: int, meter: Meter | None) -> None:
    with plan(calls, work, count, size) as (do, times, good):
        if meter:
            meter.start()
        for _ in range(times):
            good(do())
        if meter:
            meter.stop()


def _sync_work(calls: Any, work: str, count: int, in_flight: int, meter: Meter | None) -> None:
    if work == "jobs":
        _sync_jobs(calls, count, meter)
    elif work == "threads":
        with ThreadPoolExecutor(in_flight) as pool:
            answers = list(pool.map(lambda text: calls.wait(text, SHORT)(), _texts(count)))
            if meter:
                meter.look()
        _check_all(answers, count)
    elif in_flight == 1:
        echo = getattr(calls, "kept", calls.echo) if work == "kept" else calls.echo
        seconds = []
        for text in _texts(count):
            before = time.perf_counter()
            _check(echo(text), text)
            seconds.append(time.perf_counter() - before)
        if meter and count > 1:
            meter.took(seconds)
    else:
        for start in range(0, count, in_flight):
            texts = _texts(min(in_flight, count - start))
            results = [calls.wait(text, SHORT) for text in texts]
            _check_all([result() for result in results], len(texts))


def _sync_jobs(calls: Any, count: int, meter: Meter | None) -> None:
    seconds = LONG if meter else SHORT
    results = [calls.wait(text, seconds) for text in _texts(count)]
    if meter:
        time.sleep(LONG / 2)
        meter.look()
    _check_all([result() for result in results], count)


def _arguments() -> tuple[str, str, int, int, int]:
    url, work, *numbers = sys.argv[1:]
    count, in_flight, size = ([int(number) for number in numbers] + [0])[:3]
    return url, work, count, in_flight, size


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
