"""A limit that several processes share, of which any may be lost at any moment.

A slot is lent, not given: a holder that does not say from time to time that it is there loses its
slots, and others get them. For one event loop; knows nothing of how holders are reached.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import Protocol


@dataclass(slots=True)
class _Loan:
    slots: int
    until: float


class Leases:
    """So many slots, lent to holders in the order in which they ask.

    Args:
        most: Slots that there are.
        seconds: For how long a holder that says nothing keeps its slots.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self._seconds = seconds
        self._loans: dict[str, _Loan] = {}
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, holder: str) -> None:
        """Wait for a slot."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((holder, turn))
        self._lend()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(holder)  # it came at the same moment
            raise

    def release(self, holder: str) -> None:
        """Take a slot back."""
        loan = self._loans.get(holder)
        if loan is not None:
            loan.slots -= 1
            if loan.slots <= 0:
                del self._loans[holder]
        self._lend()

    def renew(self, holder: str, slots: int) -> None:
        """Hear that a holder is there.

        Args:
            holder: Its name.
            slots: How many it uses. They are its own, also if nothing is known of that: it was not
                heard for too long, or this is a new object in the place of one that was lost.
        """
        loan = self._loans.setdefault(holder, _Loan(0, 0.0))
        loan.slots = max(loan.slots, slots)
        loan.until = monotonic() + self._seconds
        if loan.slots == 0:
            del self._loans[holder]

    @property
    def lent(self) -> int:
        """Slots that are lent now."""
        self._forget_the_lost()
        return sum(loan.slots for loan in self._loans.values())

    def _forget_the_lost(self) -> None:
        now = monotonic()
        for holder in [name for name, loan in self._loans.items() if loan.until <= now]:
            del self._loans[holder]

    def _lend(self) -> None:
        """Lend what is free; look again when the next loan may have ended."""
        free = self.most - self.lent
        while self._waiting and free > 0:
            holder, turn = self._waiting.popleft()
            if not turn.done():
                loan = self._loans.setdefault(holder, _Loan(0, 0.0))
                loan.slots += 1
                loan.until = max(loan.until, monotonic() + self._seconds)
                free -= 1
                turn.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and self._loans:
            first = min(loan.until for loan in self._loans.values())
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(first - monotonic(), 0.0) + 0.001, self._lend)


class Lender(Protocol):
    """The way from a holder to the `Leases`, which may be on another machine."""

    async def acquire(self, holder: str) -> None:
        """Wait for a slot."""

    async def renew(self, holder: str, slots: int) -> None:
        """Say that a holder is there."""

    def release(self, holder: str) -> None:
        """Give a slot back, without waiting for an answer."""


class BorrowedSlots:
    """One holder's side: borrows slots, and says that it is there while it has some.

    Args:
        lender: Where they come from.
        seconds: For how long it lends to somebody who says nothing.
    """

    def __init__(self, lender: Lender, seconds: float) -> None:
        self._lender = lender
        self._every = seconds / 4
        self._holder = uuid.uuid4().hex
        self._held = 0
        self._renewing: asyncio.Task[None] | None = None

    async def acquire(self) -> None:
        """Wait for a slot; one that comes when nobody waits any more is given back."""
        asking = asyncio.ensure_future(self._ask())
        try:
            await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(self._too_late)
            raise

    async def _ask(self) -> None:
        await self._lender.acquire(self._holder)
        self._held += 1
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.ensure_future(self._renew())

    def _too_late(self, asked: asyncio.Future[None]) -> None:
        if not asked.cancelled() and asked.exception() is None:
            self.release()

    def release(self) -> None:
        """Give a slot back."""
        self._held -= 1
        self._lender.release(self._holder)

    async def _renew(self) -> None:
        while self._held:
            await asyncio.sleep(self._every)
            await self._lender.renew(self._holder, self._held)
