"""What a worker of a distributed engine does, without the engine: rows of batches on a real app."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous, eventually, unique
from proxy import Proxy, Reply
from servers.launch import Server

from gradwire import AsyncClient, AsyncPool, ConnectError, GradwireError, InvalidArgumentError
from gradwire.batch.checkpoint import Counts
from gradwire.batch.keeper import Keeper, counts_of
from gradwire.batch.leases import BorrowedSlots, Leases
from gradwire.batch.worker import Note, RowId, RowResult, Worker, digest_of

JOB = {"endpoint": "/work_16"}
RENEWED = 1.0
"""Seconds of a loan as borrowers know it; each looks four times as often whether it has some."""


@pytest.fixture(scope="module")
def rows_server() -> Iterator[Server]:
    with_rows = Server("6.31.0", "rows")
    try:
        yield with_rows.start()
    finally:
        with_rows.close()


class Near:
    """A ledger in this process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keeper = Keeper(str(path), "retry")
        self.broken = False
        self.calls = 0
        self.may_take: Callable[[int], object] = lambda notes: True
        """Whether it can take so many notes now."""

    async def begin(self, rows: Sequence[RowId]) -> list[RowResult | None]:
        return self.keeper.begin(JOB, rows)

    async def note(self, notes: Sequence[Note]) -> None:
        self.calls += 1
        await eventually(lambda: self.may_take(len(notes)))
        if self.broken:
            raise GradwireError("the ledger is lost")
        self.keeper.note(JOB, notes)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Near]:
    near = Near(tmp_path / "rows.sqlite")
    yield near
    near.keeper.close()


@asynccontextmanager
async def working(address: str, **options: Any) -> Any:
    async with AsyncClient.connect(address) as client:
        worker = Worker(client, options.pop("endpoint", "/work_16"), **options)
        try:
            yield worker
        finally:
            await worker.close()


def rows(word: str, number: int, **more: Any) -> tuple[list[dict[str, Any]], list[RowId]]:
    inputs = [{"name": f"{word}-{n}", **more} for n in range(number)]
    return inputs, [RowId(row["name"], digest_of(row)) for row in inputs]


async def times_called(server: Server, word: str) -> Counter[str]:
    async with AsyncClient.connect(server.url) as client:
        lines = (await client.predict("/journal")).value
    return Counter(line for line in lines if line.startswith(word))


@asynchronous
async def test_batches_side_by_side(rows_server: Server) -> None:
    word = unique("side")
    async with working(rows_server.url) as worker:
        batches = [rows(f"{word}-{n}", 20)[0] for n in range(4)]
        found = await asyncio.gather(*(worker.call(batch) for batch in batches))
    for batch, results in zip(batches, found, strict=True):
        assert results == [RowResult([row["name"].upper()], None) for row in batch]
    assert set((await times_called(rows_server, word)).values()) == {1}


@asynchronous
async def test_what_is_done_is_not_called_again(rows_server: Server, ledger: Near) -> None:
    word = unique("again")
    inputs, ids = rows(word, 10)
    async with working(rows_server.url, ledger=ledger) as worker:
        first = await worker.call(inputs[:6], ids[:6])
        assert counts_of(ledger.path) == Counts(done=6), "before anybody has the results"
    async with working(rows_server.url, ledger=ledger) as worker:
        assert (await worker.call(inputs, ids))[:6] == first
    assert await times_called(rows_server, word) == Counter(row["name"] for row in inputs)


@asynchronous
async def test_what_is_to_be_kept_while_the_ledger_is_busy_goes_together(
    rows_server: Server, ledger: Near
) -> None:
    inputs, ids = rows(unique("together"), 10)
    async with working(rows_server.url, ledger=ledger) as worker:
        ledger.may_take = lambda notes: ledger.calls > 1 or notes + len(worker._notes) == 10
        first = await worker.call(inputs, ids)
    assert ledger.calls <= 2
    assert all(result.data for result in first)
    assert counts_of(ledger.path) == Counts(done=10)


@asynchronous
async def test_rows_of_one_id_are_called_once(rows_server: Server, ledger: Near) -> None:
    word = unique("same")
    inputs, ids = rows(word, 2)
    async with working(rows_server.url, ledger=ledger) as worker:
        found = await worker.call([inputs[0], inputs[1], inputs[0]], [ids[0], ids[1], ids[0]])
        with pytest.raises(InvalidArgumentError, match="stands for two rows"):
            await worker.call(inputs, [RowId("k", "a"), RowId("k", "b")])
    assert found[0] == found[2] != found[1]
    assert set((await times_called(rows_server, word)).values()) == {1}


@asynchronous
async def test_rows_that_fail(rows_server: Server, ledger: Near) -> None:
    word = unique("bad")
    inputs, ids = rows(word, 3)
    async with working(rows_server.url, ledger=ledger) as worker:
        for _ in range(2):
            found = await worker.call(inputs, ids)
            assert [result.data for result in found] == [None] * 3
            assert found[0].error == f"AppError: {word}-0 is bad"
    assert counts_of(ledger.path) == Counts(failed=3)
    assert set((await times_called(rows_server, word)).values()) == {1}


@asynchronous
async def test_slots_of_all_workers_together(rows_server: Server) -> None:
    leases = Leases(3, 60)
    most = 0

    class Counting:
        async def acquire(self, holder: str) -> None:
            nonlocal most
            await leases.acquire(holder)
            most = max(most, leases.lent)

        async def renew(self, holder: str, slots: int) -> None:
            leases.renew(holder, slots)

        def release(self, holder: str) -> None:
            leases.release(holder)

    async with (
        working(rows_server.url, slots=BorrowedSlots(Counting(), RENEWED)) as one,
        working(rows_server.url, slots=BorrowedSlots(Counting(), RENEWED)) as other,
    ):
        batches = [rows(unique("slot"), 20)[0] for _ in range(2)]
        await asyncio.gather(one.call(batches[0]), other.call(batches[1]))
        assert leases.lent == 0
    assert most == 3


@asynchronous
async def test_an_app_that_is_gone_is_not_the_rows_fault(rows_server: Server, ledger: Near) -> None:
    word = unique("gone")
    inputs, ids = rows(word, 8)
    leases = Leases(2, 60)

    class Direct:
        async def acquire(self, holder: str) -> None:
            await leases.acquire(holder)

        async def renew(self, holder: str, slots: int) -> None:
            leases.renew(holder, slots)

        def release(self, holder: str) -> None:
            leases.release(holder)

    with Proxy(rows_server.url) as proxy:
        options = {"ledger": ledger, "slots": BorrowedSlots(Direct(), RENEWED), "retry": 0}
        async with working(proxy.url, **options) as worker:
            proxy.rules["*/queue/join"] = Reply(503, b"gone")
            with pytest.raises(ConnectError):
                await worker.call(inputs, ids)
            await eventually(lambda: leases.lent == 0)
            assert counts_of(ledger.path).finished == 0
            del proxy.rules["*/queue/join"]
            found = await worker.call(inputs, ids)
    assert [result.data for result in found] == [[row["name"].upper()] for row in inputs]
    assert counts_of(ledger.path) == Counts(done=8)


@asynchronous
async def test_a_ledger_that_is_lost_is_an_error(rows_server: Server, ledger: Near) -> None:
    inputs, ids = rows(unique("ledger"), 3)
    async with working(rows_server.url, ledger=ledger) as worker:
        ledger.broken = True
        with pytest.raises(GradwireError, match="the ledger is lost"):
            await worker.call(inputs, ids)
        ledger.broken = False
        assert all(result.data for result in await worker.call(inputs, ids))


@asynchronous
async def test_a_client_that_is_closed_ends_the_waiting(rows_server: Server) -> None:
    async with AsyncClient.connect(rows_server.url) as client:
        worker = Worker(client, "/work_1")
        calling = asyncio.ensure_future(worker.call(rows(unique("close"), 5, seconds=1)[0]))
        await eventually(lambda: worker._pending)
    with pytest.raises(GradwireError, match="closed"):
        await calling


@asynchronous
async def test_a_worker_of_a_pool(rows_server: Server, ledger: Near) -> None:
    word = unique("pool")
    inputs, ids = rows(word, 30)
    with Proxy(rows_server.url) as one, Proxy(rows_server.url) as other:
        async with AsyncPool.connect([one.url, other.url]) as pool:
            one.rules["*/queue/join"] = Reply(503, b"busy")
            worker = Worker(pool, "/work_16", ledger=ledger)
            found = await worker.call(inputs, ids)
            await worker.close()
    assert [result.data for result in found] == [[row["name"].upper()] for row in inputs]
    assert set((await times_called(rows_server, word)).values()) == {1}
