"""Silence is noticed, with one timer, and leaves the task as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from gradwire.transport.silence import Silence, SilentError, Wait


async def waiting(wait: Wait, work: Coroutine[Any, Any, Any], *, owed: bool = True) -> Any:
    """Wait as a transport does."""
    error: BaseException | None = None
    result = None
    wait.begin(owed=owed)
    try:
        result = await work
    except BaseException as caught:
        error = caught
    error = wait.end(error)
    if error is not None:
        raise error
    return result


def timers() -> int:
    """Count what the running loop has scheduled for later."""
    return sum(not handle.cancelled() for handle in asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]


def test_a_server_that_speaks_in_time() -> None:
    async def main() -> None:
        silence = Silence()
        assert await waiting(Wait(silence, 30), asyncio.sleep(0, "word")) == "word"
        assert await waiting(Wait(silence, None), asyncio.sleep(0, "word")) == "word"
        silence.close()
        assert timers() == 0

    asyncio.run(main())


def test_a_server_that_is_silent() -> None:
    async def main() -> None:
        silence = Silence()
        with pytest.raises(SilentError):
            await waiting(Wait(silence, 0.01), asyncio.sleep(60))
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0)  # and nothing comes later
        assert timers() == 0

    asyncio.run(main())


def test_a_server_that_owes_nothing_for_a_while() -> None:
    async def main() -> None:
        silence = Silence()
        wait = Wait(silence, 0.02)

        async def work() -> str:
            wait.rest()
            await asyncio.sleep(0.06)
            wait.heard()
            return "word"

        assert await waiting(wait, work()) == "word"
        with pytest.raises(SilentError):
            await waiting(wait, _owing(wait))
        silence.close()

    async def _owing(wait: Wait) -> None:
        wait.rest()
        wait.heard()
        await asyncio.sleep(60)

    asyncio.run(main())


def test_all_waits_share_one_timer() -> None:
    async def main() -> None:
        silence = Silence()
        waits = [waiting(Wait(silence, 30 + n), asyncio.sleep(0)) for n in range(50)]
        tasks = [asyncio.create_task(each) for each in waits]
        await asyncio.sleep(0)
        assert timers() == 1
        await asyncio.gather(*tasks)
        silence.close()

    asyncio.run(main())


def test_a_shorter_wait_is_not_kept_waiting_by_a_longer_one() -> None:
    async def main() -> None:
        silence = Silence()
        long = asyncio.create_task(waiting(Wait(silence, 30), asyncio.sleep(60)))
        await asyncio.sleep(0)
        with pytest.raises(SilentError):
            await waiting(Wait(silence, 0.01), asyncio.sleep(60))
        assert not long.done()
        assert timers() == 2  # the other sleep, and ours for the long wait
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        silence.close()

    asyncio.run(main())


def test_each_word_begins_the_silence_anew() -> None:
    async def main() -> None:
        silence = Silence()
        loop = asyncio.get_running_loop()
        wait = Wait(silence, 0.05)
        began = loop.time()

        async def speak() -> None:
            for _ in range(6):
                await asyncio.sleep(0.02)
                wait.heard()
            await asyncio.sleep(60)

        with pytest.raises(SilentError):
            await waiting(wait, speak())
        assert loop.time() - began >= 0.12 + 0.05

    asyncio.run(main())


def test_who_owes_nothing_may_be_silent() -> None:
    async def main() -> None:
        silence = Silence()
        wait = Wait(silence, 0.01)

        async def send() -> None:
            await asyncio.sleep(0.05)
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0
            wait.heard()
            await asyncio.sleep(60)

        with pytest.raises(SilentError):
            await waiting(wait, send(), owed=False)

    asyncio.run(main())


def test_another_cancellation_is_not_swallowed() -> None:
    async def main() -> None:
        silence = Silence()
        wait = Wait(silence, 30)
        task = asyncio.create_task(waiting(wait, asyncio.sleep(60)))
        await asyncio.sleep(0)
        wait.expire()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        silence.close()

    asyncio.run(main())


def test_a_failure_instead_of_the_cancellation_stays_what_it_is() -> None:
    async def main() -> None:
        silence = Silence()

        async def fail() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise ConnectionResetError from None

        with pytest.raises(ConnectionResetError):
            await waiting(Wait(silence, 0.01), fail())
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(main())
