"""The engine of `map`, with calls that the test answers."""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from copy import copy
from itertools import chain, count
from types import MappingProxyType
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.client import mapping_work, pace
from gradwire.client.mapping import Outcome, Outcomes, outcomes
from gradwire.client.mapping_checks import checked_inputs
from gradwire.client.mapping_sync import Handover, SyncMap
from gradwire.errors import (
    AppError,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    GradwireError,
    InvalidArgumentError,
    JobCancelledError,
    QueueFullError,
    QuotaExceededError,
)


class Done:
    """In the place of a Prediction."""

    duration = None

    def __init__(self, value: Any) -> None:
        self.value = value


class FakeJob:
    """A call that the test ends."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.event_id: str | None = None
        self.cancelled = False
        self.end: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[Any, None, Any]:
        return self.end.__await__()

    async def cancel(self) -> bool:
        """Note it, and take a moment for it."""
        self.cancelled = True
        await asyncio.sleep(0)
        if not self.end.done():
            self.end.set_exception(JobCancelledError("cancelled"))
            self.end.exception()
        return True

    def succeed(self) -> None:
        """End well."""
        self.event_id = "id"
        self.end.set_result(Done(self.data))


class Fake:
    """Starts jobs. `answer` gets each when it is there, and may end it at once."""

    def __init__(self, answer: Callable[[FakeJob], object] = lambda job: None) -> None:
        self.jobs: list[FakeJob] = []
        self.answer = answer

    def submit(self, endpoint: str | int, data: Any, /) -> Any:
        """Start one."""
        job = FakeJob(data)
        self.jobs.append(job)
        self.answer(job)
        return job

    @property
    def pending(self) -> list[FakeJob]:
        """Those that have not ended."""
        return [job for job in self.jobs if not job.end.done()]


def succeed(job: FakeJob) -> None:
    job.succeed()


def fails(*errors: GradwireError | None) -> Callable[[FakeJob], None]:
    """Let the first calls fail so, None: not, and the others succeed."""
    left = list(errors)

    def answer(job: FakeJob) -> None:
        error = left.pop(0) if left else None
        if error is None:
            job.succeed()
        else:
            job.event_id = error.event_id
            job.end.set_exception(error)

    return answer


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a test; nothing but it may be left in its loop."""

    async def watched() -> Any:
        result = await asyncio.wait_for(work, 20)
        await quiet()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left
        return result

    return asyncio.run(watched())


async def quiet() -> None:
    """Let everything happen that can happen without an answer."""
    for _ in range(20):
        await asyncio.sleep(0)


async def values(rows: Outcomes) -> list[Any]:
    return [seen(outcome) async for outcome in rows]


def seen(outcome: Outcome) -> Any:
    if outcome.error is not None:
        return type(outcome.error).__name__
    prediction: Any = outcome.prediction
    return prediction.value


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(pace, "LONGEST_PAUSE", 0.002)


# -- rows ------------------------------------------------------------------------------------------


def test_rows_come_as_mappings_lists_and_single_values() -> None:
    source = Fake(succeed)
    items = [{"a": 1}, [1, 2], (3, 4), "text", None, 5, {6}]
    rows = run(values(outcomes(source, "/x", iter(items))))
    assert rows == [{"a": 1}, [1, 2], (3, 4), ["text"], [None], [5], [{6}]]


def test_an_outcome_says_which_row_it_is_of() -> None:
    async def work() -> list[Outcome]:
        return [
            each async for each in outcomes(Fake(fails(None, AppError("no"))), "/x", iter("ab"))
        ]

    one, other = run(work())
    assert (one.index, one.item, one.error) == (0, "a", None)
    assert (other.index, other.item, other.prediction) == (1, "b", None)
    assert other.error.row == 1


def one_dict() -> Iterator[Any]:
    row: dict[str, Any] = {}
    for number in range(5):
        row["text"] = f"m{number}"
        yield row


def one_list() -> Iterator[Any]:
    row = [""]
    for number in range(5):
        row[0] = f"m{number}"
        yield row


def one_proxy() -> Iterator[Any]:
    for row in one_dict():
        yield MappingProxyType(row)


async def later(rows: Iterator[Any]) -> AsyncIterator[Any]:
    for row in rows:
        yield row


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("inputs", [one_dict, one_list, one_proxy])
def test_inputs_that_fill_one_object_again_and_again(
    inputs: Callable[[], Iterator[Any]], asynchronous: bool
) -> None:
    async def work() -> list[Any]:
        given: Any = later(inputs()) if asynchronous else inputs()
        source = Fake(lambda job: asyncio.get_running_loop().call_soon(job.succeed))
        return await values(outcomes(source, "/x", checked_inputs(given)))

    def text(number: int) -> Any:
        return [f"m{number}"] if inputs is one_list else {"text": f"m{number}"}

    assert run(work()) == [text(number) for number in range(5)]


def test_an_input_that_is_no_row_of_values_is_handed_on_as_it_is() -> None:
    item = object()
    assert list(checked_inputs([item])) == [item]  # type: ignore[arg-type]


def test_no_rows() -> None:
    assert run(values(outcomes(Fake(), "/x", iter(())))) == []


def test_asynchronous_inputs() -> None:
    async def letters() -> AsyncIterator[str]:
        for letter in "abc":
            await asyncio.sleep(0)
            yield letter

    assert run(values(outcomes(Fake(succeed), "/x", letters()))) == [["a"], ["b"], ["c"]]


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 9), st.booleans())
def test_each_row_has_one_outcome_whatever_order_they_end_in(
    turns: list[int], concurrency: int, ordered: bool
) -> None:
    def answer(job: FakeJob) -> None:
        loop = asyncio.get_running_loop()

        def later(left: int) -> None:
            loop.call_soon(later, left - 1) if left else job.succeed()

        later(turns[job.data[0]])

    async def work() -> list[int]:
        rows = outcomes(
            Fake(answer), "/x", iter(range(len(turns))), concurrency=concurrency, ordered=ordered
        )
        return [outcome.index async for outcome in rows]

    found = run(work())
    assert (found if ordered else sorted(found)) == list(range(len(turns)))


# -- bounds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ordered", [True, False])
def test_inputs_without_end_are_read_a_little_ahead_only(ordered: bool) -> None:
    async def work() -> None:
        read = count()
        source = Fake(succeed)
        rows = outcomes(source, "/x", read, concurrency=3, ordered=ordered)
        for taken in range(1, 200):
            await anext(rows)
            await quiet()
            assert next(read) - 2 * taken < 4 * 3  # each look takes one itself
        await rows.aclose()

    run(work())


def test_rows_behind_a_slow_one_do_not_pile_up() -> None:
    async def work() -> None:
        source = Fake(lambda job: job.data == [0] or job.succeed())
        rows = outcomes(source, "/x", count(), concurrency=5)
        first = asyncio.ensure_future(anext(rows))
        await quiet()
        assert len(source.jobs) <= 4 * 5
        source.jobs[0].succeed()
        assert (await first).index == 0
        await rows.aclose()

    run(work())


def test_out_of_order_a_slow_row_holds_nothing_up() -> None:
    async def work() -> None:
        source = Fake(lambda job: job.data == [0] or job.succeed())
        rows = outcomes(source, "/x", count(), concurrency=2, ordered=False)
        assert [(await anext(rows)).index for _ in range(100)] == list(range(1, 101))
        await rows.aclose()

    run(work())


@pytest.mark.parametrize("concurrency", [1, 2, 7])
def test_no_more_calls_than_the_ceiling(concurrency: int) -> None:
    most = 0

    def answer(job: FakeJob) -> None:
        nonlocal most
        most = max(most, len(source.pending))
        asyncio.get_running_loop().call_later(0.001, job.succeed)

    source = Fake(answer)
    rows = outcomes(source, "/x", iter(range(100)), concurrency=concurrency)
    assert len(run(values(rows))) == 100
    assert min(4, concurrency) <= most <= concurrency


def test_nothing_happens_before_somebody_asks() -> None:
    async def work() -> None:
        read = count()
        rows = outcomes(Fake(), "/x", read)
        await quiet()
        assert next(read) == 0
        await rows.aclose()
        assert await values(rows) == []

    run(work())


# -- failures --------------------------------------------------------------------------------------

FULL = QueueFullError("queue full", status=503)
NOBODY = ConnectError(": nobody there")
LOST = ConnectionLostError("lost")


@pytest.mark.parametrize(
    ("errors", "retry", "resubmit", "calls", "outcome"),
    [
        ([NOBODY, NOBODY], 2, False, 3, ["a"]),
        ([NOBODY, NOBODY, NOBODY], 2, False, 3, "ConnectError"),
        ([NOBODY], 0, False, 1, "ConnectError"),
        ([ConnectError(": 503", status=503)], 2, False, 2, ["a"]),
        ([ConnectError(": 502", status=502)], 2, False, 1, "ConnectError"),
        ([ConnectError(": 502", status=502)], 2, True, 2, ["a"]),
        ([ConnectError(": lost later", event_id="e")], 2, False, 1, "ConnectError"),
        ([FULL] * 30, 0, False, 31, ["a"]),
        ([ConnectError(": 429", status=429)] * 30, 0, False, 31, ["a"]),
        ([LOST], 2, False, 1, "ConnectionLostError"),
        ([LOST], 2, True, 2, ["a"]),
        ([LOST, LOST], 1, True, 2, "ConnectionLostError"),
        ([AppError("no", event_id="e")], 2, True, 1, "AppError"),
        ([QuotaExceededError("none left", event_id="e")], 2, False, 1, "QuotaExceededError"),
        ([QuotaExceededError("none left", event_id="e")], 2, True, 2, ["a"]),
        ([JobCancelledError("somebody did", event_id="e")], 2, True, 1, "JobCancelledError"),
    ],
)  # fmt: skip
def test_which_failures_are_tried_again(
    errors: list[GradwireError], retry: int, resubmit: bool, calls: int, outcome: Any
) -> None:
    source = Fake(fails(*errors))
    rows = outcomes(source, "/x", iter("a"), retry=retry, resubmit=resubmit)
    assert run(values(rows)) == [outcome]
    assert len(source.jobs) == calls


def test_a_row_that_is_turned_away_for_too_long_fails() -> None:
    source = Fake(fails(*[FULL] * 1000))
    rows = outcomes(source, "/x", iter("a"), patience=0.05)
    assert run(values(rows)) == ["QueueFullError"]
    assert 3 < len(source.jobs) < 200


GONE = ConnectError(" to x: refused", url="http://x/")


@pytest.mark.parametrize("ordered", [True, False])
def test_when_nobody_is_there_any_more_it_ends(
    monkeypatch: pytest.MonkeyPatch, ordered: bool
) -> None:
    monkeypatch.setattr(mapping_work, "NOBODY", 0.05)
    source = Fake(fails(None, None, *[copy(GONE) for _ in range(10_000)]))
    read: list[int] = []

    def inputs() -> Iterator[int]:
        for number in count():
            read.append(number)
            yield number

    async def work() -> list[Outcome]:
        found = []
        with pytest.raises(ConnectError, match=r"refused.*no more rows are called") as caught:
            async for outcome in outcomes(source, "/x", inputs(), ordered=ordered):
                found.append(outcome)  # noqa: PERF401 -- what came before the error is kept
        assert caught.value.url == "http://x/"
        return found

    found = run(work())
    assert sorted(each.index for each in found) == list(range(len(found)))
    assert len(read) - len(found) <= 1, "what was read has an outcome"
    assert [each.error is None for each in found].count(True) == 2
    assert all(each.error.row == each.index for each in found if each.error is not None)


def test_it_does_not_end_for_the_last_row_nor_when_somebody_was_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mapping_work, "NOBODY", 0.0)
    rows = outcomes(Fake(fails(copy(GONE))), "/x", iter("a"), retry=0)
    assert run(values(rows)) == ["ConnectError"]
    monkeypatch.setattr(mapping_work, "NOBODY", 0.1)
    answers = [each for _ in range(400) for each in (copy(GONE), None)]
    rows = outcomes(Fake(fails(*answers)), "/x", iter(range(400)), retry=0, concurrency=1)
    assert len(run(values(rows))) == 400


def test_a_quota_that_is_used_up_makes_the_others_wait() -> None:
    async def work() -> None:
        spent = QuotaExceededError("none left", retry_after=0.2, event_id="e")
        source = Fake(fails(spent))
        rows = outcomes(source, "/x", iter("ab"), concurrency=1)
        assert seen(await anext(rows)) == "QuotaExceededError"
        await quiet()
        assert len(source.jobs) == 1
        loop = asyncio.get_running_loop()
        asked = loop.time()
        assert seen(await anext(rows)) == ["b"]
        assert loop.time() - asked > 0.1
        await rows.aclose()

    run(work())


def test_a_long_pause_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        spent = QuotaExceededError("none left", retry_after=3600.0, event_id="e")
        rows = outcomes(Fake(fails(spent)), "/x", iter("ab"), concurrency=1)
        await anext(rows)
        await quiet()
        await rows.aclose()

    run(work())
    assert [each.getMessage() for each in caplog.records] == ["/x: nothing is sent for 3600 s"]


def test_a_row_that_is_no_call_fails_alone_and_is_not_sent() -> None:
    class Refusing(Fake):
        def submit(self, endpoint: str | int, data: Any, /) -> Any:
            if data == [1]:
                raise InvalidArgumentError("not 1")
            return super().submit(endpoint, data)

    source = Refusing(succeed)
    rows = outcomes(source, "/x", iter([0, 1, 2]), retry=5)
    assert run(values(rows)) == [[0], "InvalidArgumentError", [2]]
    assert len(source.jobs) == 2


# -- ends ------------------------------------------------------------------------------------------


class InputsBrokeError(Exception):
    """Of the caller's own."""


def broken(after: int) -> Iterator[int]:
    yield from range(after)
    raise InputsBrokeError


@pytest.mark.parametrize("ordered", [True, False])
def test_what_the_inputs_raise_comes_after_the_rows_before_it(ordered: bool) -> None:
    async def work() -> None:
        source = Fake(lambda job: asyncio.get_running_loop().call_later(0.01, job.succeed))
        rows = outcomes(source, "/x", broken(3), ordered=ordered)
        found = [await anext(rows) for _ in range(3)]
        assert {outcome.index for outcome in found} == {0, 1, 2}
        with pytest.raises(InputsBrokeError):
            await anext(rows)
        assert await values(rows) == []

    run(work())


def test_a_fault_of_what_submits_ends_everything() -> None:
    class Broken(Fake):
        def submit(self, endpoint: str | int, data: Any, /) -> Any:
            if data == [2]:
                raise ZeroDivisionError
            return super().submit(endpoint, data)

    async def work() -> None:
        source = Broken()
        rows = outcomes(source, "/x", count())
        with pytest.raises(ZeroDivisionError):
            await anext(rows)
        await rows.aclose()
        assert all(job.cancelled for job in source.jobs)

    run(work())


def test_a_client_that_is_closed_ends_everything() -> None:
    async def work() -> None:
        source = Fake(fails(None, ClientClosedError("closed")))
        rows = outcomes(source, "/x", count(), concurrency=1)
        assert seen(await anext(rows)) == [0]
        with pytest.raises(ClientClosedError):
            await anext(rows)
        assert await values(rows) == []

    run(work())


def test_whose_owner_cancels_the_tasks_ends_everything() -> None:
    async def endless() -> AsyncIterator[int]:
        yield 0
        await asyncio.Event().wait()

    async def work() -> None:
        tasks: list[asyncio.Task[None]] = []

        def spawn(each: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            tasks.append(asyncio.ensure_future(each))
            return tasks[-1]

        rows = outcomes(Fake(succeed), "/x", endless(), spawn=spawn)
        assert seen(await anext(rows)) == [0]
        waiting = asyncio.ensure_future(anext(rows))
        await quiet()
        for task in tasks:
            task.cancel()
        with pytest.raises(ClientClosedError):
            await waiting

    run(work())


async def begun(source: Fake, **settings: Any) -> tuple[Outcomes, Any]:
    """Return rows of which some are in flight, and somebody who waits."""
    rows = outcomes(source, "/x", count(), **settings)
    waiting = asyncio.ensure_future(anext(rows))
    await quiet()
    assert len(source.pending) == 4
    return rows, waiting


def test_closing_calls_off_what_is_in_flight() -> None:
    async def work() -> None:
        source = Fake()
        rows, waiting = await begun(source)
        await rows.aclose()
        assert all(job.cancelled for job in source.jobs)
        assert not source.pending
        with pytest.raises(StopAsyncIteration):
            await waiting
        await rows.aclose()

    run(work())


def test_rows_that_nobody_holds_any_more_are_called_off() -> None:
    async def work() -> None:
        source = Fake()
        rows, waiting = await begun(source)
        waiting.cancel()
        await quiet()
        assert not any(job.cancelled for job in source.jobs)
        del rows, waiting
        gc.collect()
        await quiet()
        assert all(job.cancelled for job in source.jobs)

    run(work())


def test_leaving_the_loop_is_enough() -> None:
    async def work() -> None:
        source = Fake(lambda job: job.data == [0] and job.succeed())
        async for _ in outcomes(source, "/x", count()):
            break
        await quiet()
        assert len(source.jobs) > 1
        assert all(job.cancelled for job in source.jobs[1:])

    run(work())


def test_a_loop_that_ends_takes_everything_with_it() -> None:
    source = Fake()

    async def work() -> None:
        await begun(source)

    asyncio.run(work())
    assert all(job.cancelled for job in source.jobs)


def test_a_cancellation_that_is_cancelled_drops_the_jobs() -> None:
    dropped: list[FakeJob] = []

    class Stubborn(FakeJob):
        async def cancel(self) -> bool:
            await asyncio.Event().wait()
            return True

        def drop(self) -> None:
            dropped.append(self)

    class Source(Fake):
        def submit(self, endpoint: str | int, data: Any, /) -> Any:
            self.jobs.append(Stubborn(data))
            return self.jobs[-1]

    async def work() -> None:
        source = Source()
        rows, waiting = await begun(source)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(rows.aclose(), 0.05)
        await quiet()
        assert sorted(job.data for job in dropped) == [[0], [1], [2], [3]]
        with pytest.raises(StopAsyncIteration):
            await waiting

    run(work())


def test_a_refused_row_does_not_wait_for_inputs_that_do_not_come() -> None:
    async def one_then_none() -> AsyncIterator[str]:
        yield "a"
        await asyncio.Event().wait()

    async def work() -> None:
        rows = outcomes(Fake(fails(FULL, FULL)), "/x", one_then_none())
        assert seen(await anext(rows)) == ["a"]
        await rows.aclose()

    run(work())


def test_who_submits_is_told_of_each_job() -> None:
    told: list[Any] = []
    source = Fake(fails(None, FULL))
    rows = outcomes(
        source, "/x", iter("ab"), concurrency=1,
        on_submit=lambda index, item, job: told.append((index, item, job)),
    )  # fmt: skip
    run(values(rows))
    assert told == list(zip([0, 1, 1], "abb", source.jobs, strict=True))


def test_several_readers_share_the_rows() -> None:
    async def work() -> None:
        source = Fake(lambda job: asyncio.get_running_loop().call_soon(job.succeed))
        rows = outcomes(source, "/x", iter(range(50)))
        shares = await asyncio.gather(*(values(rows) for _ in range(3)))
        assert sorted(chain.from_iterable(shares)) == [[number] for number in range(50)]

    run(work())


def test_the_window_is_what_the_documentation_says() -> None:
    assert mapping_work.AHEAD == 4


# -- the caller's iterator, read in the caller's thread --------------------------------------------


class NoThread:
    """In the place of the thread of the loop, which is woken by hand."""

    def call_soon(self, work: Callable[[], object]) -> None:
        pass


def test_what_the_inputs_raised_is_what_they_ended_with() -> None:
    """Also if the loop has asked for more before it saw that."""

    def inputs() -> Iterator[str]:
        yield "a"
        raise ZeroDivisionError

    handover = Handover(inputs(), cast("Any", NoThread()))

    async def read() -> list[str]:
        return [item async for item in handover]

    for _ in range(2):
        handover._wanted = 4
        handover.serve()
    assert list(handover._arrived) == ["a"]
    with pytest.raises(ZeroDivisionError):
        asyncio.run(read())


def test_one_that_is_closed_by_another_thread_just_now_ends() -> None:
    """Whatever lies between the look for a result and the taking of it."""

    class Closed(deque[Any]):
        def __bool__(self) -> bool:
            found = len(self) > 0
            self.clear()
            return found

    nothing: Any = None
    results: SyncMap[Any] = SyncMap(nothing, "raise", nothing, nothing)
    results._ready = Closed([Outcome(0, "a", cast("Any", Done("a")), None)])
    with pytest.raises(StopIteration):
        next(results)
