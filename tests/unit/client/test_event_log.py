"""The log of one job: every reader sees everything once, whoever comes when."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gradwire.client.event_log import AsyncReader, EventLog, Reader, wait, wait_in_thread
from gradwire.errors import AppError, GradwireError
from gradwire.wire.events import Event, LogEvent
from gradwire.wire.prediction import Prediction

GOOD: Any = Prediction.__new__(Prediction)  # nothing here looks into it


def event(number: int) -> LogEvent:
    return LogEvent(log=str(number), level="info", endpoint="/fn", fn_index=0)


EVENTS: list[Event] = [event(number) for number in range(300)]


def write(log: EventLog, outcome: Any = GOOD, pause: Callable[[], object] = lambda: None) -> None:
    """Write all events in batches of random size, then the end."""
    rest = list(EVENTS)
    while rest:
        batch = [rest.pop(0) for _ in range(min(len(rest), random.randint(1, 5)))]
        log.add(batch)
        pause()
    log.end(outcome)


def drain(log: EventLog) -> tuple[list[Any], GradwireError | None]:
    """Read to the end, and make sure that it stays the end."""
    reader: Reader[Event] = Reader(log)
    seen: list[Event] = []
    error = None
    try:
        for each in reader:
            seen.append(each)  # noqa: PERF402  (what came before an error counts, too)
    except GradwireError as raised:
        error = raised
    assert list(reader) == []
    assert next(reader, "over") == "over"
    return seen, error


async def drain_async(log: EventLog) -> tuple[list[Any], GradwireError | None]:
    reader: AsyncReader[Event] = AsyncReader(log)
    seen: list[Event] = []
    error = None
    try:
        async for each in reader:
            seen.append(each)  # noqa: PERF401
    except GradwireError as raised:
        error = raised
    assert [each async for each in reader] == []
    return seen, error


def nobody_waits(log: EventLog) -> bool:
    return log._at_change == log._at_end == ()


@pytest.mark.parametrize("outcome", [GOOD, AppError("boom")])
def test_a_late_reader_sees_everything(outcome: Any) -> None:
    log = EventLog()
    write(log, outcome)
    error = outcome if isinstance(outcome, AppError) else None
    for _ in range(2):
        assert drain(log) == (EVENTS, error)
        assert asyncio.run(drain_async(log)) == (EVENTS, error)


def test_the_first_end_counts() -> None:
    log, first = EventLog(), AppError("first")
    log.end(first)
    log.end(GOOD)
    log.end(AppError("second"))
    assert log.outcome is first
    with pytest.raises(AppError, match="first"):
        log.result()


def test_the_result() -> None:
    log = EventLog()
    with pytest.raises(AssertionError):
        log.result()
    log.end(GOOD)
    assert log.result() is GOOD
    assert log.result() is GOOD


def test_an_error_does_not_pile_up_the_frames_of_its_readers() -> None:
    log = EventLog()
    log.end(AppError("boom"))
    depths = []
    for _ in range(5):
        with pytest.raises(AppError) as caught:
            log.result()
        depths.append(len(caught.traceback))
    assert len(set(depths)) == 1


@pytest.mark.parametrize("outcome", [GOOD, AppError("boom")])
def test_many_threads_read_while_one_writes(outcome: Any) -> None:
    for _ in range(20):
        log, error = EventLog(), outcome if isinstance(outcome, AppError) else None
        with ThreadPoolExecutor(9) as pool:
            readers = [pool.submit(drain, log) for _ in range(8)]
            pool.submit(write, log, outcome, lambda: time.sleep(0))
            for reader in readers:
                assert reader.result(30) == (EVENTS, error)
        assert nobody_waits(log)


def test_many_tasks_read_while_one_writes() -> None:
    async def main() -> None:
        log = EventLog()
        readers = [asyncio.create_task(drain_async(log)) for _ in range(20)]
        for each in EVENTS:
            log.add([each])
            if random.random() < 0.3:
                await asyncio.sleep(0)
        log.end(GOOD)
        for seen, error in await asyncio.gather(*readers):
            assert seen == EVENTS
            assert error is None
        assert nobody_waits(log)

    asyncio.run(main())


def test_threads_read_what_a_loop_writes() -> None:
    log = EventLog()

    async def main() -> None:
        waiting = [asyncio.to_thread(drain, log) for _ in range(3)]
        tasks = [asyncio.create_task(each) for each in waiting]
        for each in EVENTS:
            log.add([each])
            await asyncio.sleep(0)
        log.end(GOOD)
        for seen, _ in await asyncio.gather(*tasks):
            assert seen == EVENTS

    asyncio.run(main())


def test_a_reader_may_leave_and_another_begins_at_the_first_event() -> None:
    log = EventLog()
    log.add(EVENTS[:3])
    reader: Reader[Event] = Reader(log)
    assert next(reader) is EVENTS[0]
    assert next(Reader(log)) is EVENTS[0]
    assert next(reader) is EVENTS[1]


def test_an_empty_batch_wakes_nobody() -> None:
    log, calls = EventLog(), []
    assert log.wake_after(0, lambda: calls.append(1))
    log.add([])
    assert calls == []
    log.add(EVENTS[:1])
    log.add(EVENTS[:1])
    assert calls == [1]


def test_what_has_happened_is_not_waited_for() -> None:
    log = EventLog()
    log.add(EVENTS[:2])
    assert not log.wake_after(1, pytest.fail)
    assert log.wake_after(2, lambda: None)
    log.end(GOOD)
    assert not log.wake_after(99, pytest.fail)
    assert not log.wake_at_end(pytest.fail)


def test_the_end_wakes_everybody_once() -> None:
    log, calls = EventLog(), []
    log.wake_at_end(lambda: calls.append("end"))
    log.wake_after(0, lambda: calls.append("change"))
    log.end(GOOD)
    log.end(GOOD)
    assert sorted(calls) == ["change", "end"]
    assert nobody_waits(log)


def test_one_readers_trouble_is_not_that_of_the_others(caplog: pytest.LogCaptureFixture) -> None:
    log, calls = EventLog(), []

    def trouble() -> None:
        raise RuntimeError("its loop is closed")

    log.wake_after(0, trouble)
    log.wake_after(0, lambda: calls.append(1))
    with caplog.at_level(logging.ERROR, "gradwire"):
        log.add(EVENTS[:1])
    assert calls == [1]
    assert "could not be woken" in caplog.text


def test_who_is_forgotten_is_not_called() -> None:
    log = EventLog()
    log.wake_after(0, pytest.fail)
    log.wake_at_end(pytest.fail)
    log.forget(pytest.fail)
    log.forget(pytest.fail)
    log.add(EVENTS)
    log.end(GOOD)


def test_waiting_in_a_thread_has_a_limit() -> None:
    log = EventLog()
    begin = time.monotonic()
    assert not wait_in_thread(log, timeout=0.05)
    assert time.monotonic() - begin >= 0.05
    assert not wait_in_thread(log, 0, timeout=0)
    assert nobody_waits(log)
    log.add(EVENTS[:1])
    assert wait_in_thread(log, 0, timeout=0)
    assert not wait_in_thread(log, timeout=0)
    log.end(GOOD)
    assert wait_in_thread(log, timeout=0)


def test_waiting_in_a_thread_for_the_end_sleeps_through_the_events() -> None:
    log = EventLog()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_in_thread, log)
        log.add(EVENTS)
        time.sleep(0.05)
        assert not waiting.done()
        log.end(GOOD)
        assert waiting.result(10)


def test_a_cancelled_task_leaves_nothing_behind() -> None:
    async def main() -> None:
        log = EventLog()
        waiting = [asyncio.create_task(wait(log)), asyncio.create_task(wait(log, 0))]
        await asyncio.sleep(0)
        assert not nobody_waits(log)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert nobody_waits(log)
        log.add(EVENTS)
        await wait(log, 0)

    asyncio.run(main())


def test_an_end_and_a_cancellation_at_once() -> None:
    async def main() -> None:
        log = EventLog()
        waiting = asyncio.create_task(wait(log))
        await asyncio.sleep(0)
        log.end(GOOD)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert nobody_waits(log)
        await wait(log)

    asyncio.run(main())


def test_nothing_is_missed_between_the_look_and_the_wait() -> None:
    """A writer as fast as can be against a reader that waits for each single event."""
    for _ in range(200):
        log, begin = EventLog(), threading.Barrier(2)

        def read(log: EventLog = log, begin: threading.Barrier = begin) -> bool:
            begin.wait()
            return all(wait_in_thread(log, seen, 10) for seen in range(3)) and wait_in_thread(
                log, None, 10
            )

        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read)
            begin.wait()
            for each in EVENTS[:3]:
                log.add([each])
            log.end(GOOD)
            assert reading.result(20)


# -- more events than may be kept ------------------------------------------------------------------


def read_on(reader: Reader[Event], count: int) -> list[str]:
    return [next(reader).log for _ in range(count)]  # type: ignore[union-attr]


def numbers(start: int, end: int) -> list[str]:
    return [str(number) for number in range(start, end)]


def test_the_older_half_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog(most=10)
    early: Reader[Event] = Reader(log)
    for each in EVENTS[:10]:
        assert not log.add([each])
    assert read_on(early, 7) == numbers(0, 7)
    assert log.add([EVENTS[10]])
    assert log.window == (6, EVENTS[6:11])
    assert log.total == 11
    assert read_on(early, 4) == numbers(7, 11)
    assert caplog.text == ""
    with caplog.at_level(logging.WARNING, "gradwire"):
        assert read_on(Reader(log), 5) == numbers(6, 11)
    assert "6 events of a job were dropped" in caplog.text
    assert "Limits.kept_events" in caplog.text


def test_what_came_last_is_kept_however_large_it_is() -> None:
    log = EventLog(most_bytes=100)
    assert not log.add(EVENTS[:3], 60)
    assert log.add(EVENTS[3:5], 1000)
    assert log.window == (3, EVENTS[3:5])
    assert log.add(EVENTS[5:6], 20)
    assert log.window == (5, EVENTS[5:6])
    assert not log.add(EVENTS[6:7], 20)
    assert not log.add(EVENTS[7:8], 30)
    assert log.add(EVENTS[8:9], 40)
    assert log.window == (8, EVENTS[8:9])


def test_a_batch_of_more_than_may_be_kept_is_cut() -> None:
    log = EventLog(most=10)
    assert log.add(EVENTS)
    assert log.window == (290, EVENTS[290:])
    assert log.add(EVENTS[:1])
    assert log.window == (300, EVENTS[:1])


def test_a_reader_that_waits_is_woken_across_a_drop() -> None:
    log, calls = EventLog(most=4), []
    log.add(EVENTS[:4])
    assert log.wake_after(4, lambda: calls.append(1))
    log.add(EVENTS[4:5])
    assert calls == [1]
    assert not log.wake_after(4, pytest.fail)
    assert log.wake_after(5, lambda: None)


def test_the_end_comes_after_the_newest_events() -> None:
    log = EventLog(most=5)
    write(log, AppError("boom"))
    seen, error = drain(log)
    assert seen == EVENTS[-len(seen) :]
    assert 1 <= len(seen) <= 5
    assert str(error) == "boom"
    assert asyncio.run(drain_async(log))[0] == seen


def test_threads_read_what_they_can_while_much_is_dropped() -> None:
    for _ in range(20):
        log = EventLog(most=8)
        with ThreadPoolExecutor(5) as pool:
            readers = [pool.submit(drain, log) for _ in range(4)]
            pool.submit(write, log, GOOD, lambda: time.sleep(0))
            for reader in readers:
                seen, _ = reader.result(30)
                places = [int(each.log) for each in seen]
                assert places == sorted(set(places))
                assert places[-1] == 299
        assert nobody_waits(log)


def test_memory_stays_bounded() -> None:
    log = EventLog(most=100, most_bytes=10_000)
    for number in range(10_000):
        log.add([EVENTS[number % 300]], 50)
        assert len(log.window.events) <= 101
        assert len(log._batches) <= 101
    assert log.total == 10_000
