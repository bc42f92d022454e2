"""Slots that are lent: never too many, in turn, and back from those who are lost."""

from __future__ import annotations

import asyncio

import pytest
from helpers import asynchronous, eventually

from gradwire.batch.leases import BorrowedSlots, Leases

LONG = 60.0


async def taken(leases: Leases, holder: str) -> asyncio.Task[None]:
    """Ask for a slot, and let the question arrive."""
    task = asyncio.ensure_future(leases.acquire(holder))
    await asyncio.sleep(0)
    return task


@asynchronous
async def test_no_more_than_there_are_and_in_turn() -> None:
    leases = Leases(2, LONG)
    tasks = [await taken(leases, name) for name in "abcd"]
    await asyncio.sleep(0)
    assert [task.done() for task in tasks] == [True, True, False, False]
    assert leases.lent == 2
    leases.release("a")
    await tasks[2]
    assert not tasks[3].done()
    leases.release("c")
    await tasks[3]
    assert leases.lent == 2


@asynchronous
async def test_one_holder_has_several() -> None:
    leases = Leases(3, LONG)
    for _ in range(3):
        await leases.acquire("a")
    waiting = await taken(leases, "b")
    leases.release("a")
    await waiting
    assert leases.lent == 3


@asynchronous
async def test_a_holder_that_is_lost_gives_all_back() -> None:
    leases = Leases(2, 0.2)
    await leases.acquire("lost")
    await leases.acquire("lost")
    async with asyncio.timeout(5):
        await leases.acquire("other")
        await leases.acquire("other")
    assert leases.lent == 2
    leases.release("lost")  # it was not lost, only late
    assert leases.lent == 2


@asynchronous
async def test_a_holder_that_says_that_it_is_there_keeps_them() -> None:
    leases = Leases(1, 0.3)
    await leases.acquire("a")
    waiting = await taken(leases, "b")
    for _ in range(10):
        await asyncio.sleep(0.1)
        leases.renew("a", 1)
    assert not waiting.done()
    leases.release("a")
    await waiting


@asynchronous
async def test_a_new_object_learns_what_is_lent() -> None:
    leases = Leases(2, LONG)
    leases.renew("from before", 2)
    waiting = await taken(leases, "b")
    await asyncio.sleep(0.05)
    assert not waiting.done()
    leases.release("from before")
    await waiting
    leases.renew("has none", 0)
    assert leases.lent == 2


@asynchronous
async def test_whoever_waits_no_more_gets_none() -> None:
    leases = Leases(1, LONG)
    await leases.acquire("a")
    waiting, other = await taken(leases, "b"), await taken(leases, "c")
    waiting.cancel()
    leases.release("a")
    await other
    assert leases.lent == 1
    both = await taken(leases, "d")
    leases.release("c")
    both.cancel()  # it has a slot by now, and does not know it
    with pytest.raises(asyncio.CancelledError):
        await both
    assert leases.lent == 0


class Direct:
    """A lender in the same process, which can be deaf."""

    def __init__(self, leases: Leases) -> None:
        self.leases = leases
        self.renewals = 0

    async def acquire(self, holder: str) -> None:
        await self.leases.acquire(holder)

    async def renew(self, holder: str, slots: int) -> None:
        self.renewals += 1
        self.leases.renew(holder, slots)

    def release(self, holder: str) -> None:
        self.leases.release(holder)


@asynchronous
async def test_borrowed_slots_are_kept_alive_and_given_back() -> None:
    leases = Leases(2, 0.4)
    lender = Direct(leases)
    one, other = BorrowedSlots(lender, 0.4), BorrowedSlots(lender, 0.4)
    await one.acquire()
    await one.acquire()
    waiting = asyncio.ensure_future(other.acquire())
    await eventually(lambda: lender.renewals >= 8)  # two leases long
    assert not waiting.done()
    one.release()
    await waiting
    one.release()
    other.release()
    assert leases.lent == 0
    await one.acquire()  # it is there again, and says so again
    before = lender.renewals
    await eventually(lambda: lender.renewals > before)
    one.release()


@asynchronous
async def test_a_slot_that_comes_too_late_goes_back() -> None:
    leases = Leases(1, LONG)
    await leases.acquire("a")
    slots = BorrowedSlots(Direct(leases), 0.2)
    waiting = asyncio.ensure_future(slots.acquire())
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert leases.lent == 1
    leases.release("a")
    await eventually(lambda: leases.lent == 0)
