"""`client.map` against real apps."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous, eventually, eventually_so, unique
from servers.launch import Server, StartServer

from gradwire import (
    AppError,
    AsyncClient,
    AsyncFile,
    Client,
    ClientClosedError,
    ConnectError,
    EndpointNotFoundError,
    GradwireError,
    InvalidArgumentError,
    Prediction,
    QueueFullError,
    Timeout,
)
from gradwire.client import mapping_work

LONG = 60
"""Seconds that a job would run if nobody stopped it; no test waits for that."""


def journal(server: Server) -> list[str]:
    with Client(server.url) as client:
        lines: list[str] = client.predict("/journal").value
        return lines


def rows(*names: str, seconds: float = 0.0) -> list[dict[str, Any]]:
    return [{"name": name, "seconds": seconds} for name in names]


# -- results ---------------------------------------------------------------------------------------


@pytest.mark.ends
@pytest.mark.parametrize("ordered", [True, False])
@asynchronous
async def test_each_row_has_its_result(any_server: Server, ordered: bool) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        names = [f"n{number}" for number in range(60)]
        results = client.map("/hello", iter(names), ordered=ordered)
        found = [result.value async for result in results]
        wanted = [f"Hello {name}" for name in names]
        assert (found if ordered else sorted(found)) == (wanted if ordered else sorted(wanted))
        assert (results.done, results.failed) == (60, 0)


@pytest.mark.ends
def test_each_row_has_its_result_in_a_thread(any_server: Server) -> None:
    with Client(any_server.url) as client:
        results = client.map("hello", (f"n{number}" for number in range(60)))
        assert [result.value for result in results] == [f"Hello n{n}" for n in range(60)]
        assert (results.done, results.failed) == (60, 0)
        assert list(results) == []


def test_old_servers_and_calls_outside_of_the_queue(old_server: Server) -> None:
    with Client(old_server.url) as client:
        found = [result.value for result in client.map("/hello", map(str, range(12)))]
        assert found == [f"Hello {number}" for number in range(12)]


def test_calls_outside_of_the_queue(rows_server: Server) -> None:
    with Client(rows_server.url) as client:
        found = [result.value for result in client.map("/direct", map(str, range(100)))]
        assert found == [str(number) for number in range(100)]


def test_files_go_up_with_their_rows_and_come_down(server: Server, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(12)]
    for path in paths:
        path.write_text(path.name * 3)
    with Client(server.url) as client:
        for path, result in zip(paths, client.map("/file_io", paths), strict=True):
            assert result.value.download(tmp_path / "out").read_text() == "GOT:" + path.name * 3


@asynchronous
async def test_files_of_an_async_client_belong_to_it(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("abc")
    async with AsyncClient.connect(server.url, max_retries=5) as client:
        [result] = [result async for result in client.map("/file_io", [{"file": path}])]
        assert isinstance(result.value, AsyncFile)
        assert await result.value.read() == b"GOT:abc"
        assert result.value._client is client


@asynchronous
async def test_asynchronous_inputs(server: Server) -> None:
    async def names() -> AsyncIterator[str]:
        for name in "abc":
            await asyncio.sleep(0.01)
            yield name

    async with AsyncClient.connect(server.url) as client:
        found = [result.value async for result in client.map("/hello", names())]
        assert found == ["Hello a", "Hello b", "Hello c"]


def test_inputs_are_read_in_the_callers_thread_and_may_use_the_client(server: Server) -> None:
    threads = set()

    def names() -> Iterator[str]:
        for name in "abcdef":
            threads.add(threading.current_thread())
            yield client.predict("/hello", name=name).value

    with Client(server.url) as client:
        found = [result.value for result in client.map("/hello", names())]
    assert found == [f"Hello Hello {name}" for name in "abcdef"]
    assert threads == {threading.current_thread()}


def test_inputs_that_fill_one_object_again_and_again(server: Server) -> None:
    def calls() -> Iterator[dict[str, Any]]:
        row: dict[str, Any] = {}
        for number in range(12):
            row["name"] = str(number)
            yield row

    with Client(server.url) as client:
        found = [result.value for result in client.map("/hello", calls())]
    assert found == [f"Hello {number}" for number in range(12)]


def test_several_threads_share_one(server: Server) -> None:
    with Client(server.url) as client:
        results = client.map("/hello", map(str, range(60)))
        found: list[str] = []
        threads = [
            threading.Thread(target=lambda: found.extend(each.value for each in results))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(found) == sorted(f"Hello {number}" for number in range(60))


# -- pace ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "calls"),
    [
        pytest.param(1, 12, marks=pytest.mark.slow),
        (4, 60),
        pytest.param(16, 140, marks=pytest.mark.slow),
    ],
)
def test_as_many_as_the_app_runs_and_some_that_wait(
    rows_server: Server, limit: int, calls: int
) -> None:
    with Client(rows_server.url) as client:
        results = client.map(f"/work_{limit}", ([str(n), 0.4] for n in range(calls)))
        reached = [results.concurrency for _ in results]
    assert limit / 2 < max(reached) <= 2 * limit + 6  # a busy machine runs fewer


@pytest.mark.parametrize("limit", [1, 4, 16])
def test_a_queue_of_four_loses_no_row(four_server: Server, limit: int) -> None:
    tag = unique()
    with Client(four_server.url) as client:
        names = [f"{tag} {number}" for number in range(100)]
        results = client.map(f"/work_{limit}", rows(*names, seconds=0.02), concurrency=64)
        assert [result.value for result in results] == [name.upper() for name in names]
    ran = [line for line in journal(four_server) if line.startswith(tag)]
    assert sorted(ran) == sorted(names)  # each once


def test_a_queue_that_others_fill_is_asked_in_vain_a_few_times_only(
    four_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with Client(four_server.url) as others, Client(four_server.url) as client:
        filling = [others.submit("/work_1", ["x", 2.0])]
        eventually_so(lambda: filling[0].status.stage == "pending" and filling[0].event_id)
        filling += [others.submit("/work_1", ["x", 0.2]) for _ in range(40)]
        eventually_so(lambda: any(job.done() for job in filling))  # turned away
        with caplog.at_level(logging.DEBUG, "gradwire"):
            found = [result.value for result in client.map("/work_1", rows("a", "b", "c"))]
        assert found == ["A", "B", "C"]
        again = [each for each in caplog.messages if "is sent again" in each]
        assert len(again) < 30
        for job in filling:
            job.cancel()


def test_a_row_waits_for_its_turn_no_longer_than_total(four_server: Server) -> None:
    with Client(four_server.url) as others:
        filling = [others.submit("/work_1", ["x", 4.0]) for _ in range(12)]
        eventually_so(lambda: any(job.done() for job in filling))
        with Client(four_server.url, timeout=Timeout(total=1.0)) as client:
            [error] = client.map("/work_1", ["a"], on_error="return")
        assert isinstance(error, QueueFullError)
        assert error.row == 0
        for job in filling:
            job.cancel()


# -- failures --------------------------------------------------------------------------------------

MIXED = rows("a", "bad b", "c", "bad d", "e")


def shown(result: Any) -> str:
    return result.value if isinstance(result, Prediction) else f"{result.row}: {result}"


def test_errors_in_the_places_of_results(rows_server: Server) -> None:
    with Client(rows_server.url) as client:
        results = client.map("/work_4", MIXED, on_error="return")
        assert [shown(each) for each in results] == [
            "A", "1: bad b is bad", "C", "3: bad d is bad", "E",
        ]  # fmt: skip
        assert (results.done, results.failed) == (5, 2)
        assert repr(results) == "<SyncMap: 5 done, 2 of them failed>"


def test_rows_that_fail_are_left_out(rows_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with Client(rows_server.url) as client:
        results = client.map("/work_4", MIXED, on_error="skip")
        assert [each.value for each in results] == ["A", "C", "E"]
        assert (results.done, results.failed) == (5, 2)
    assert [each.getMessage() for each in caplog.records] == [
        "row 1 is skipped: bad b is bad",
        "row 3 is skipped: bad d is bad",
    ]


def test_the_first_error_is_raised_and_the_rest_called_off(server: Server) -> None:
    tag = unique()
    with Client(server.url) as client:

        def calls() -> Iterator[Any]:
            yield [0.1, f"{tag} first"]
            yield [None, f"{tag} bad"]  # float(None)
            yield [LONG, f"{tag} long"]

        results = client.map("/par_gen", calls())
        assert next(results).value == f"{tag} first 0"
        with pytest.raises(AppError) as caught:
            next(results)
        assert caught.value.row == 1
        assert list(results) == []
        eventually_so(lambda: not running(server, tag))


@asynchronous
async def test_the_first_error_is_raised_async(rows_server: Server) -> None:
    async with AsyncClient.connect(rows_server.url) as client:
        results = client.map("/work_4", MIXED)
        assert (await anext(results)).value == "A"
        with pytest.raises(AppError, match="bad b is bad") as caught:
            await anext(results)
        assert caught.value.row == 1
        assert [each async for each in results] == []


def test_a_row_that_is_no_call(server: Server) -> None:
    with Client(server.url) as client:
        inputs = [["a"], ["b", "one too many"], {"nam": "c"}, ["d"]]
        found = list(client.map("/hello", inputs, on_error="return"))
        assert [type(each) for each in found] == [
            Prediction, InvalidArgumentError, InvalidArgumentError, Prediction,
        ]  # fmt: skip


@pytest.mark.slow
def test_nobody_there_any_more(start_server: StartServer) -> None:
    server = start_server(mode="rows")
    with Client(server.url) as client:
        results = client.map("/work_1", map(str, count()), retry=1)
        assert next(results).value == "0"
        server.kill()
        with pytest.raises(GradwireError) as caught:
            list(results)
        assert isinstance(caught.value, ConnectionError)
        assert caught.value.row is not None


@pytest.mark.parametrize("on_error", ["return", pytest.param("skip", marks=pytest.mark.slow)])
def test_rows_cannot_be_blamed_for_an_app_that_is_gone(
    start_server: StartServer, on_error: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping_work, "NOBODY", 1.0)
    server = start_server(mode="rows")
    with Client(server.url) as client:
        results = client.map("/work_1", map(str, count()), on_error=on_error)
        assert isinstance(next(results), Prediction)
        server.kill()
        with pytest.raises(ConnectError, match="no more rows are called") as caught:
            list(results)
        assert "/cancel" not in str(caught.value)
        assert results.failed
        assert list(results) == []


@pytest.mark.slow
def test_a_restart_is_ridden_out_by_rows_that_were_not_taken(start_server: StartServer) -> None:
    server = start_server(mode="rows")
    with Client(server.url) as client:
        results = client.map(
            "/work_1", ([str(n), 0.05] for n in range(40)), retry=100, on_error="return"
        )
        found = [next(results) for _ in range(5)]
        server.restart()
        found += results
        assert len(found) == 40
        lost = [each for each in found if isinstance(each, GradwireError)]
        assert all(not isinstance(each, ConnectError) for each in lost)
        # At most those that were in flight, of which nobody knows whether they ran.
        assert len(lost) <= 8
        assert isinstance(found[-1], Prediction)


# -- leaving ---------------------------------------------------------------------------------------


def running(server: Server, tag: str) -> set[str]:
    """Return the generators of this test that run on the server.

    One that was stopped between two steps, Gradio 6 may keep without closing it; then it ticks no
    more, where others do ten times a second.
    """
    before = [line for line in journal(server) if tag in line]
    begun = {line.removeprefix("start ") for line in before if line.startswith("start ")}
    left = begun - {line.removeprefix("closed ") for line in before if line.startswith("closed ")}
    if left:
        time.sleep(0.5)
        new = [line for line in journal(server) if tag in line][len(before) :]
        left = {name for name in left if any(f"tick {name} " in line for line in new)}
    return left


def endless(tag: str, first: float = 0.1) -> Iterator[list[Any]]:
    yield [first, f"{tag} 0"]
    for number in count(1):
        yield [LONG, f"{tag} {number}"]


@pytest.mark.parametrize("leave", ["with", "close", "break", "drop", "client"])
def test_whoever_leaves_leaves_nothing_running(server: Server, leave: str) -> None:
    tag = unique()
    with Client(server.url) as client:
        results = client.map("/par_gen", endless(tag))
        if leave == "with":
            with results:
                next(results)
                all_run(server, tag)
        elif leave == "break":
            for _ in results:
                all_run(server, tag)
                break
        else:
            next(results)
            all_run(server, tag)
        if leave == "close":
            results.close()
        elif leave == "client":
            client.close()
            with pytest.raises(ClientClosedError):
                next(results)
        else:
            del results
            gc.collect()
        eventually_so(lambda: begun(server, tag) and not running(server, tag))


def begun(server: Server, tag: str) -> bool:
    return any(tag in line for line in journal(server))


def all_run(server: Server, tag: str) -> None:
    """Wait until all that may be in flight at first runs, and has run for a while.

    What starts in the moment in which it is cancelled is not stopped; see `cancelling.py`.
    """
    wanted = {f"tick {tag} {number} 9" for number in range(1, 5)}
    eventually_so(lambda: wanted <= set(journal(server)))


@pytest.mark.parametrize("leave", ["with", "close", "break", "error", "cancel", "client", "inputs"])
@asynchronous
async def test_whoever_leaves_leaves_nothing_running_async(server: Server, leave: str) -> None:
    tag = unique()
    async with AsyncClient.connect(server.url) as client:
        task = asyncio.create_task(leaving(server, client, tag, leave))
        if leave == "cancel":
            await asyncio.to_thread(all_run, server, tag)
            task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        wanted = {
            "error": ZeroDivisionError,
            "inputs": ZeroDivisionError,
            "cancel": asyncio.CancelledError,
            "client": ClientClosedError,
        }
        assert type(outcome) is wanted.get(leave, type(None))
        del task, outcome
        gc.collect()
        await eventually(lambda: asyncio.to_thread(begun, server, tag))
        await eventually(lambda: asyncio.to_thread(lambda: not running(server, tag)))


async def leaving(server: Server, client: AsyncClient, tag: str, leave: str) -> None:
    def inputs() -> Iterator[list[Any]]:
        yield from ([0.1, f"{tag} {number}"] for number in range(3))
        raise ZeroDivisionError

    results = client.map("/par_gen", inputs() if leave == "inputs" else endless(tag))
    if leave == "with":
        async with results:
            await anext(results)
            await asyncio.to_thread(all_run, server, tag)
        return
    async for _ in results:
        if leave in ("close", "break", "error", "client"):
            await asyncio.to_thread(all_run, server, tag)
        if leave == "close":
            await results.aclose()
        elif leave == "break":
            break
        elif leave == "error":
            raise ZeroDivisionError
        elif leave == "client":
            await client.close()


def test_what_the_inputs_raise_comes_after_the_rows_before_it(rows_server: Server) -> None:
    def inputs() -> Iterator[str]:
        yield from ("a", "b", "c")
        raise ZeroDivisionError

    with Client(rows_server.url) as client:
        results = client.map("/work_4", inputs())
        assert [next(results).value for _ in range(3)] == ["A", "B", "C"]
        with pytest.raises(ZeroDivisionError):
            next(results)
        assert list(results) == []


def test_an_interrupt_in_the_inputs_calls_everything_off(server: Server) -> None:
    tag = unique()

    def inputs() -> Iterator[list[Any]]:
        yield [LONG, f"{tag} 0"]
        eventually_so(lambda: f"tick {tag} 0 9" in journal(server))
        raise KeyboardInterrupt

    with Client(server.url) as client:
        with pytest.raises(KeyboardInterrupt):
            next(client.map("/par_gen", inputs()))
        eventually_so(lambda: not running(server, tag))
        assert client.predict("/hello", ["x"]).value == "Hello x"


def test_inputs_that_wait_for_the_call_before_them(server: Server) -> None:
    tag = unique()

    def inputs() -> Iterator[list[Any]]:
        for number in range(3):
            yield [0.1, f"{tag} {number}"]
            eventually_so(lambda: f"closed {tag} {number}" in journal(server))  # noqa: B023

    with Client(server.url) as client:
        found = [result.value for result in client.map("/par_gen", inputs())]
    assert found == [f"{tag} {number} 0" for number in range(3)]


def test_inputs_that_ask_for_their_own_results(server: Server) -> None:
    def inputs() -> Iterator[str]:
        yield "a"
        next(results)
        yield "b"

    with Client(server.url) as client:
        results = client.map("/hello", inputs())
        assert next(results).value == "Hello a"
        with pytest.raises(InvalidArgumentError, match="its own results"):
            next(results)


# -- arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"inputs": "text"}, "not one str"),
        ({"inputs": b"bytes"}, "not one bytes"),
        ({"inputs": {"name": "a"}}, r"not one dict.*\[row\]"),
        ({"inputs": 5}, "not int"),
        ({"inputs": None}, "not NoneType"),
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": True}, "concurrency"),
        ({"concurrency": 2.0}, "concurrency"),
        ({"retry": -1}, "retry"),
        ({"on_error": "ignore"}, "'raise', 'return', 'skip'"),
        ({"on_error": None}, "on_error"),
        ({"ordered": 1}, "ordered"),
    ],
)
@asynchronous
async def test_wrong_arguments_are_refused_at_once(
    rows_server: Server, arguments: dict[str, Any], words: str
) -> None:
    async with AsyncClient.connect(rows_server.url) as client:
        with pytest.raises(InvalidArgumentError, match=words):
            client.map("/direct", **({"inputs": ["a"]} | arguments))


def test_wrong_arguments_in_a_thread(rows_server: Server) -> None:
    async def names() -> AsyncIterator[str]:
        yield "a"

    with Client(rows_server.url) as client:
        with pytest.raises(InvalidArgumentError, match=r"AsyncClient\.map"):
            client.map("/direct", names())  # type: ignore[call-overload]
        with pytest.raises(InvalidArgumentError, match="concurrency"):
            client.map("/direct", ["a"], concurrency=0)
        with pytest.raises(EndpointNotFoundError, match="/work_4"):
            client.map("/wrk", ["a"])
    with pytest.raises(ClientClosedError):
        client.map("/direct", ["a"])


def test_frames_are_not_iterated_by_columns(rows_server: Server) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"name": ["a", "b"]})
    with Client(rows_server.url) as client:
        with pytest.raises(InvalidArgumentError, match="iter_rows"):
            client.map("/direct", frame)
        results = client.map("/direct", frame.iter_rows(named=True))
        assert [each.value for each in results] == ["A", "B"]


@asynchronous
async def test_a_plain_loop_over_an_asynchronous_map(rows_server: Server) -> None:
    async with AsyncClient.connect(rows_server.url) as client:
        with pytest.raises(TypeError, match="async for"):
            list(client.map("/direct", ["a"]))  # type: ignore[call-overload]


@asynchronous
async def test_a_client_would_block_a_loop(rows_server: Server) -> None:
    client = await asyncio.to_thread(Client, rows_server.url)
    results = client.map("/direct", ["a"])
    with pytest.raises(InvalidArgumentError, match="AsyncClient"):
        next(results)
    await asyncio.to_thread(client.close)
