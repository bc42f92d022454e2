"""One run over a table, from the lock on its output to the output itself."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from gradwire.app.endpoint import Endpoint
from gradwire.batch.assemble import write_output
from gradwire.batch.checkpoint import Checkpoint
from gradwire.batch.columns import Columns
from gradwire.batch.database import OtherWorkError
from gradwire.batch.identity import Fingerprint, identity, other_work
from gradwire.batch.lock import FileLock
from gradwire.batch.progress import Meter, ProgressTold, TableProgress
from gradwire.batch.results import Files, output_names
from gradwire.batch.running import UNKNOWN_ERROR, Runner
from gradwire.batch.survey import survey
from gradwire.batch.table_job import TableJob, database_in
from gradwire.errors import GradwireError, InvalidArgumentError
from gradwire.transport.hooks import fenced, shown

T = TypeVar("T")


@dataclass(frozen=True)
class TableSummary:
    """What came of a table.

    Attributes:
        rows: Rows of the table, and of the output.
        done: Rows that are done.
        failed: Rows that have failed; the output says why.
        called: Rows that this run has called and finished.
        unsent: Rows that failed in this run because they cannot be sent. All others were finished
            before.
        seconds: How long this run took.
        output: Where the output is.
    """

    rows: int
    done: int
    failed: int
    called: int
    unsent: int
    seconds: float
    output: Path

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "seconds": round(self.seconds, 3), "output": str(self.output)}


class _Stopped(Exception):
    """Nobody waits any more for what a thread does."""


class TableRun:
    """One run of a job, from the lock to the output; with an `AsyncClient`, or several."""

    def __init__(
        self,
        client: Any,
        endpoint: str | int,
        job: TableJob,
        told: ProgressTold | None,
        on_columns: Callable[[Columns], object] | None = None,
    ) -> None:
        self._client = client
        self._name = endpoint
        self._job = job
        self._told = None if told is None else _careful(told)
        self._on_columns = on_columns
        self._stop = threading.Event()
        self._files: Files | None = None
        self._began = time.monotonic()

    async def go(self) -> TableSummary:
        """Do all of it."""
        endpoint = (await self._client.view_api()).find(self._name)
        if endpoint.streaming_input:
            raise InvalidArgumentError(
                f"{endpoint.address} takes its input in chunks, and a table has none."
            )
        job = self._job
        table = job.table()
        columns = job.columns(endpoint, table)
        whole = job.output_form == "parquet" and job.form == "jsonl"
        with _failures(job), _locked(job), _files(job, endpoint) as self._files:
            fingerprint = await self._beside(lambda: Fingerprint.of(job.source))
            seen = await self._beside(
                lambda: survey(
                    table, columns, self._tick, whole=whole, refuse=_refuses(job), words=job.words
                )
            )
            with _checkpoint(job, endpoint, fingerprint) as checkpoint:
                meter = _meter(job, checkpoint, seen.rows, self._told)
                before = meter.done + meter.failed
                if before < seen.rows:
                    await self._call_rows(endpoint, columns, checkpoint, meter)
                elif job.output.exists() and checkpoint.noted("written") == _state_of(job.output):
                    return self._summary(meter)
                fingerprint.check(job.source)
                names = output_names(endpoint)
                await self._beside(
                    lambda: write_output(job, table, seen, names, checkpoint, self._tick)
                )
                checkpoint.note("written", _state_of(job.output))
                return self._summary(meter)

    async def _call_rows(
        self, endpoint: Endpoint, columns: Columns, checkpoint: Checkpoint, meter: Meter
    ) -> None:
        job, files = self._job, self._files
        if self._on_columns is not None:
            self._on_columns(columns)
        meter.tell()
        source = self._client._map_source(endpoint.address)
        runner = Runner(source, endpoint, job, columns, checkpoint, meter, files)
        await runner.run(job.table())

    def _summary(self, meter: Meter) -> TableSummary:
        return TableSummary(
            rows=meter.total,
            done=meter.done,
            failed=meter.failed,
            called=meter.called,
            unsent=meter.unsent,
            seconds=time.monotonic() - self._began,
            output=self._job.output,
        )

    async def _beside(self, work: Callable[[], T]) -> T:
        """Do something in a thread; when this is cancelled, it stops at its next row."""
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._stop.set()
            with suppress(Exception):
                await running
            raise

    def _tick(self) -> None:
        if self._stop.is_set():
            raise _Stopped


def _careful(told: ProgressTold) -> ProgressTold:
    """Show what a callback raises, and go on."""

    def tell(progress: TableProgress) -> None:
        with fenced(shown(asyncio.get_running_loop(), "on_progress of a table failed")):
            told(progress)

    return tell


@contextmanager
def _locked(job: TableJob) -> Iterator[None]:
    job.folder.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(job.folder / "lock").take(str(job.output))
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            job.folder.rmdir()  # there is nothing in it if nothing was begun


@contextmanager
def _files(job: TableJob, endpoint: Endpoint) -> Iterator[Files | None]:
    """Have the folder for files alone, before a checkpoint is begun that names it."""
    if job.files_to is None:
        yield None
        return
    files = Files(job.files_to, job.output.parent, job.output if job.kept else None)
    try:
        files.prepare(endpoint)
        yield files
    finally:
        files.close()


@contextmanager
def _failures(job: TableJob) -> Iterator[None]:
    """Say in words of this library what cannot be written, such as that the disk is full."""
    try:
        yield
    except sqlite3.Error as error:
        raise GradwireError(
            f"The checkpoint in {job.checkpoint} cannot be used: {error}."
        ) from error
    except OSError as error:
        if isinstance(error, GradwireError):
            raise
        place = error.filename or job.output
        raise GradwireError(f"{place} cannot be written: {error.strerror or error}.") from error


def _refuses(job: TableJob) -> bool:
    """Tell whether rows that cannot be sent end the run before it begins.

    Where failed rows are to be called once more, it was decided before that they may fail.
    """
    again = job.retry_failed and not job.restart and database_in(job.checkpoint).exists()
    return job.bad_rows == "refuse" and not again


@contextmanager
def _checkpoint(
    job: TableJob, endpoint: Endpoint, fingerprint: Fingerprint
) -> Iterator[Checkpoint]:
    database = database_in(job.checkpoint)
    if job.output.exists() and not database.exists() and not job.restart:
        raise InvalidArgumentError(
            f"{job.output} is there already, and nothing says that it comes of the same work. Name "
            f"another output, or write over it ({job.words('restart', 'True')})."
        )
    job.checkpoint.mkdir(mode=0o700, parents=True, exist_ok=True)
    same = identity(job, endpoint, fingerprint)
    try:
        opened = Checkpoint.open(database, same, restart=job.restart)
    except OtherWorkError as error:
        raise other_work(job, error) from None
    with opened as checkpoint:
        if job.retry_failed:
            checkpoint.retry_failed()
        if job.unknown == "fail":
            checkpoint.fail_unknown(UNKNOWN_ERROR)
        yield checkpoint


def _meter(job: TableJob, checkpoint: Checkpoint, rows: int, told: ProgressTold | None) -> Meter:
    counts = checkpoint.counts()
    return Meter(rows, counts.done, counts.failed, told)


def _state_of(path: Path) -> list[int] | None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return [facts.st_size, facts.st_mtime_ns]
