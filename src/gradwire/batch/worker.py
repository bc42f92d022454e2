"""Calls the rows of many batches, as one worker of a distributed engine has them.

One engine of `client.map` goes through all batches of a worker: what it has learnt of the app's
pace stays, and rows of two batches are in flight side by side. What is shared with other workers
stands behind two protocols: `Ledger`, which knows what is done, and `Slots`, which limit how many
calls all workers have in flight.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from gradwire.batch.checkpoint import Key
from gradwire.batch.pool import AsyncPool
from gradwire.batch.results import error_text, with_paths
from gradwire.batch.running import NOT_THE_ROWS_FAULT
from gradwire.client.async_client import AsyncClient
from gradwire.client.mapping import Outcome, RowJob, outcomes
from gradwire.errors import ClientClosedError, GradwireError, InvalidArgumentError


class RowResult(NamedTuple):
    """What came of a row: its outputs as JSON, or the words of its error."""

    data: list[Any] | None
    error: str | None


class RowId(NamedTuple):
    """By what a row is known to all workers.

    Attributes:
        key: What the checkpoint calls it.
        digest: Of its inputs, so that one key cannot stand for two different rows.
    """

    key: Key
    digest: str


class Note(NamedTuple):
    """Something to be kept of a row."""

    row: RowId
    what: Literal["done", "failed", "release"]
    value: Any = None
    event_id: str | None = None


class Ledger(Protocol):
    """Knows what is done of the whole work."""

    async def begin(self, rows: Sequence[RowId]) -> list[RowResult | None]:
        """Claim rows; return what is known of each that is finished, None of the others."""

    async def note(self, notes: Sequence[Note]) -> None:
        """Keep what has become of rows; when this returns, it is kept."""


class Slots(Protocol):
    """Limit how many calls are in flight."""

    async def acquire(self) -> None:
        """Wait until one more may be."""

    def release(self) -> None:
        """Say that one has ended."""


def digest_of(values: Mapping[str, Any]) -> str:
    """Return what tells the inputs of a row from all others."""
    pairs = sorted(values.items())
    return hashlib.sha256(msgspec.msgpack.encode(pairs, enc_hook=repr)).hexdigest()


class _Call(dict[str, Any]):
    """The inputs of a row, with what waits for its result."""

    __slots__ = ("has_slot", "result", "row", "sent")

    def __init__(self, inputs: Mapping[str, Any], row: RowId | None) -> None:
        super().__init__(inputs)
        self.row = row
        self.sent = self.has_slot = False
        self.result: asyncio.Future[RowResult] = asyncio.get_running_loop().create_future()


class Worker:
    """Calls rows; made in the event loop of its client.

    Args:
        client: The app, or several.
        endpoint: What is called, as the app names it.
        concurrency: Calls of this worker in flight, at most; None: as many as are of use.
        retry: How often a row is sent again that the app has not taken.
        resubmit: Whether a row may be sent again that the app may have run.
        ledger: Knows what is done; None: nobody does.
        slots: Limit the calls of all workers; None: nothing does.
    """

    def __init__(
        self,
        client: AsyncClient | AsyncPool,
        endpoint: str | int,
        *,
        concurrency: int | None = None,
        retry: int = 2,
        resubmit: bool = False,
        ledger: Ledger | None = None,
        slots: Slots | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._source = client._map_source(endpoint)
        self._concurrency = concurrency
        self._retry = retry
        self._resubmit = resubmit
        self._ledger = ledger
        self._slots = slots
        self._line: asyncio.Queue[_Call] = asyncio.Queue()
        self._pending: dict[asyncio.Future[RowResult], _Call] = {}
        self._pump: asyncio.Task[None] | None = None
        self._notes: list[Note] = []
        self._telling: asyncio.Task[None] | None = None
        self._untold: Exception | None = None

    async def call(
        self, rows: Sequence[Mapping[str, Any]], ids: Sequence[RowId] | None = None
    ) -> list[RowResult]:
        """Call the endpoint with each of some rows that are not finished.

        Args:
            rows: The inputs, by name.
            ids: By what each is known, where there is a ledger. Rows of one id are called once.

        Returns:
            One result for each, in their order; with a ledger, all of them are kept by then.

        Raises:
            GradwireError: The app cannot be reached, or the like: it is not a row's fault.
            InvalidArgumentError: One key stands for two different rows.
        """
        if ids is None or self._ledger is None:
            return await self._all([_Call(row, None) for row in rows])
        _check_keys(ids)
        distinct = dict(zip(ids, rows, strict=True))
        known = dict(zip(distinct, await self._ledger.begin(list(distinct)), strict=True))
        calls = [_Call(distinct[row], row) for row, found in known.items() if found is None]
        called = await self._all(calls)
        await self._all_told()
        new = {call.row: result for call, result in zip(calls, called, strict=True)}
        return [known[row] or new[row] for row in ids]

    async def _all(self, calls: list[_Call]) -> list[RowResult]:
        """Bring calls to their results, or none of them any further."""
        for call in calls:
            self._pending[call.result] = call
            call.result.add_done_callback(self._pending.pop)
            self._line.put_nowait(call)
        if calls and (self._pump is None or self._pump.done()):
            self._pump = asyncio.ensure_future(self._run())
        try:
            return await asyncio.gather(*(call.result for call in calls))
        except BaseException:
            await self._drop(calls)
            raise

    async def _drop(self, calls: list[_Call]) -> None:
        for call in calls:
            if not call.result.done():
                call.result.cancel()
                if not call.sent:
                    self._note(call, "release")
            elif not call.result.cancelled():
                call.result.exception()  # one of them is told, and that is enough
        if self._ledger is not None:
            await self._all_told()

    # -- the engine --------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Be the engine of all batches, until it breaks."""
        found = outcomes(
            self,
            self._endpoint,
            self._rows(),
            concurrency=self._concurrency,
            ordered=False,
            retry=self._retry,
            resubmit=self._resubmit,
            patience=self._source.patience,
            spawn=self._source.spawn,
        )
        try:
            async with aclosing(found):
                async for outcome in found:
                    self._take(outcome)
        except BaseException as error:
            if not isinstance(error, Exception):
                error = ClientClosedError("The client was closed before all rows were called.")
            for call in list(self._pending.values()):
                self._give_back(call)
                if not call.result.done():
                    call.result.set_exception(error)

    async def _rows(self) -> AsyncGenerator[_Call, None]:
        while True:
            call = await self._line.get()
            if call.result.done():
                continue
            if self._slots is not None:
                await self._slots.acquire()
                call.has_slot = True
                if call.result.done():  # meanwhile nobody wants it any more
                    self._give_back(call)
                    continue
            yield call

    def submit(self, endpoint: str | int, data: Any, /) -> RowJob:
        """Send a row, for the engine."""
        data.sent = True
        return self._source.submits.submit(endpoint, data)

    def _take(self, outcome: Outcome) -> None:
        """Hand on what came of a row, and note it."""
        call, error = outcome.item, outcome.error
        self._give_back(call)
        data = None
        if outcome.prediction is not None:
            try:
                data = [with_paths(value, {}) for value in outcome.prediction.data]
            except GradwireError as problem:
                error = problem
        if isinstance(error, NOT_THE_ROWS_FAULT):
            self._note(call, "release")
            result: RowResult | GradwireError = error
        elif error is not None:
            result = RowResult(None, error_text(error))
            self._note(call, "failed", result.error, error.event_id)
        else:
            result = RowResult(data, None)
            self._note(call, "done", data)
        if call.result.done():
            return
        if isinstance(result, GradwireError):
            call.result.set_exception(result)
        else:
            call.result.set_result(result)

    def _give_back(self, call: _Call) -> None:
        if call.has_slot and self._slots is not None:
            call.has_slot = False
            self._slots.release()

    # -- telling the ledger ------------------------------------------------------------------------

    def _note(
        self,
        call: _Call,
        what: Literal["done", "failed", "release"],
        value: Any = None,
        event_id: str | None = None,
    ) -> None:
        """Tell the ledger, with all else that there is to tell when it has taken the last."""
        if call.row is None:
            return
        self._notes.append(Note(call.row, what, value, event_id))
        self._begin_to_tell()

    def _begin_to_tell(self) -> None:
        if self._notes and (self._telling is None or self._telling.done()):
            self._telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        assert self._ledger is not None
        while self._notes:
            notes, self._notes = self._notes, []
            try:
                await self._ledger.note(notes)
            except Exception as error:
                self._notes = [*notes, *self._notes]  # to be told once more, at a batch's end
                self._untold = error
                return

    async def _all_told(self) -> None:
        """Wait until the ledger has taken everything.

        Raises:
            Exception: What it raised.
        """
        self._begin_to_tell()
        if self._telling is not None:
            await asyncio.shield(self._telling)
        if self._notes and self._untold is not None:
            raise self._untold

    async def close(self) -> None:
        """Stop; what is in flight is called off."""
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
            await asyncio.wait([pump])


def _check_keys(ids: Sequence[RowId]) -> None:
    seen: dict[Key, str] = {}
    for key, digest in ids:
        if seen.setdefault(key, digest) != digest:
            raise two_rows(key)


def two_rows(key: Key) -> InvalidArgumentError:
    """Return the error for a key that was given to two rows."""
    return InvalidArgumentError(
        f"The key {key!r:.80} stands for two rows with different inputs. Give each row a key of "
        "its own, or none: rows are then known by their inputs."
    )
