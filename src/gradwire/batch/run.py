"""A whole table through an endpoint: `map_table`, which can be stopped at any moment.

The rows' results are kept in a checkpoint beside the output as they come. When all rows are
finished, the output is written from it: one row for each row of the input, in the input's order.
Whoever runs the same again, after Ctrl-C, a crash or `kill -9`, goes on where it ended.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar, Unpack

from gradwire.app.endpoint import Endpoint
from gradwire.batch.assemble import write_output
from gradwire.batch.checkpoint import Checkpoint
from gradwire.batch.columns import Columns
from gradwire.batch.lock import FileLock
from gradwire.batch.progress import Meter, ProgressTold
from gradwire.batch.results import Files, output_names
from gradwire.batch.running import UNKNOWN_ERROR, Runner
from gradwire.batch.survey import survey
from gradwire.batch.table_job import (
    Fingerprint,
    StrPath,
    TableJob,
    TableOptions,
    database_in,
    folder_of,
    table_job,
)
from gradwire.client.async_client import AsyncClient
from gradwire.client.sync import Client
from gradwire.errors import GradwireError, InvalidArgumentError

T = TypeVar("T")
_END_SECONDS = 30.0
"""How long an interrupted run may take to call off its jobs."""


@dataclass(frozen=True)
class TableSummary:
    """What came of a table.

    Attributes:
        rows: Rows of the table, and of the output.
        done: Rows that are done.
        failed: Rows that have failed; the output says why.
        called: Rows that were finished by this run; the others were before.
        seconds: How long this run took.
        output: Where the output is.
    """

    rows: int
    done: int
    failed: int
    called: int
    seconds: float
    output: Path

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "seconds": round(self.seconds, 3), "output": str(self.output)}


@dataclass(frozen=True)
class FailedRow:
    """A row that has failed.

    Attributes:
        row: Its number in the table, from 1 on.
        error: The kind of error, and its message.
        tries: How often it was called.
        event_id: The server's id of its last call; None: unknown.
    """

    row: int
    error: str
    tries: int
    event_id: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def map_table(
    client: Client,
    endpoint: str | int,
    source: StrPath,
    output: StrPath,
    *,
    on_progress: ProgressTold | None = None,
    **options: Unpack[TableOptions],
) -> TableSummary:
    """Call an endpoint with each row of a table, and write a table with the outputs.

    The output has the input's columns, one for each output of the endpoint, and `error`. Run the
    same again to go on after an interruption: rows that are finished are not called again.

    Args:
        client: The app.
        endpoint: Its name, with or without the slash, or its function index.
        source: The table: JSONL, CSV, TSV or Parquet.
        output: The table to write, of any of these formats. It appears when all rows are finished.
        on_progress: Called with a `TableProgress`, in the background thread.
        form: The input's format, where its name does not say it: `"jsonl"`, `"csv"`, `"tsv"`,
            `"parquet"`.
        output_form: The output's format, likewise.
        mapping: From columns to parameters, where their names differ.
        constants: Values that all rows have, by parameter.
        files: Columns with paths of files, relative to the input's folder, beside those whose
            parameter takes nothing but files.
        files_to: The folder for the outputs' files. Default: beside the output, called as it is,
            with `_files`. False: they are not fetched, and the output has their addresses.
        checkpoint: The folder for what is done so far, on a disk of this machine. Default: beside
            the output.
        restart: Forget what is done, and write over the output.
        retry_failed: Call rows again that have failed.
        unknown: What becomes of rows that the app may have run without an answer, because this
            process or the connection ended: `"retry"` calls them again, `"fail"` lets them fail.
        bad_rows: What becomes of rows that cannot be sent, such as one with a word for a number:
            `"refuse"` calls nothing, `"fail"` lets them fail.
        concurrency: Calls at the same time, at most. Default: as many as the app is found to take.
        retry: How often a call is tried again that the app has not taken. Default: 2.
        max_failed: Stop when so many rows have failed in this run.
        **options: All of the above from `form` on.

    Raises:
        InvalidArgumentError: An argument or the table is wrong, another process works on the
            output, or the checkpoint belongs to other work. Nothing was sent.
        GradwireError: The app cannot be reached any more, or the like. What is done is kept.
    """
    if not isinstance(client, Client):
        raise InvalidArgumentError(
            f"map_table takes a Client, not {type(client).__name__}; in asyncio use "
            "map_table_async, with an AsyncClient."
        )
    job = table_job(source, output, options)
    return run_here(client, endpoint, job, on_progress)


async def map_table_async(
    client: AsyncClient,
    endpoint: str | int,
    source: StrPath,
    output: StrPath,
    *,
    on_progress: ProgressTold | None = None,
    **options: Unpack[TableOptions],
) -> TableSummary:
    """Do what `map_table` does, with an `AsyncClient`.

    Args:
        client: The app.
        endpoint: See `map_table`; so are all others.
        source: See `map_table`.
        output: See `map_table`.
        on_progress: Called in the event loop.
        **options: See `map_table`.
    """
    return await _Run(client, endpoint, table_job(source, output, options), on_progress).go()


def run_here(
    client: Client,
    endpoint: str | int,
    job: TableJob,
    on_progress: ProgressTold | None,
    on_columns: Callable[[Columns], object] | None = None,
) -> TableSummary:
    """Run a job in the background thread, and wait for it in this one.

    Args:
        client: See `map_table`.
        endpoint: See `map_table`.
        job: What to do.
        on_progress: See `map_table`.
        on_columns: Called before anything is sent, with what goes where.
    """
    ended = threading.Event()

    async def work() -> TableSummary:
        try:
            return await _Run(client._inner, endpoint, job, on_progress, on_columns).go()
        finally:
            ended.set()

    try:
        return client._run(work())
    except (KeyboardInterrupt, SystemExit):
        # Meanwhile what is in flight is called off, and the checkpoint is closed.
        ended.wait(_END_SECONDS)
        raise


def failed_rows(output: StrPath, checkpoint: StrPath | None = None) -> Iterator[FailedRow]:
    """Yield the rows of a table that have failed, in their order.

    Args:
        output: The output, whether it is written already or not.
        checkpoint: The folder for what is done, if `map_table` was given one.

    Raises:
        InvalidArgumentError: There is no checkpoint.
    """
    folder = folder_of(Path(output)) if checkpoint is None else Path(checkpoint)
    with Checkpoint.look(database_in(folder)) as found, closing(found.rows("failed")) as rows:
        for row in rows:
            yield FailedRow(int(row.key) + 1, str(row.error), row.tries, row.event_id)


class _Stopped(Exception):
    """Nobody waits any more for what a thread does."""


class _Run:
    """One run of a job, from the lock to the output."""

    def __init__(
        self,
        source: Any,
        endpoint: str | int,
        job: TableJob,
        told: ProgressTold | None,
        on_columns: Callable[[Columns], object] | None = None,
    ) -> None:
        self._source = source
        self._name = endpoint
        self._job = job
        self._told = told
        self._on_columns = on_columns
        self._stop = threading.Event()
        self._began = time.monotonic()

    async def go(self) -> TableSummary:
        """Do all of it."""
        endpoint = (await self._source.view_api()).find(self._name)
        if endpoint.streaming_input:
            raise InvalidArgumentError(
                f"{endpoint.address} takes its input in chunks, and a table has none."
            )
        job = self._job
        table = job.table()
        columns = job.columns(endpoint, table)
        whole = job.output_form == "parquet" and job.form == "jsonl"
        with _locked(job), _database_errors(job):
            fingerprint = await self._beside(lambda: Fingerprint.of(job.source))
            seen = await self._beside(
                lambda: survey(
                    table, columns, self._tick, whole=whole, refuse=job.bad_rows == "refuse"
                )
            )
            with _checkpoint(job, endpoint, fingerprint) as checkpoint:
                meter = _meter(job, checkpoint, seen.rows, self._told)
                before = meter.done + meter.failed
                if before < seen.rows:
                    await self._call_rows(endpoint, columns, checkpoint, meter)
                elif checkpoint.noted("written") == _state_of(job.output):
                    return self._summary(meter, before)
                fingerprint.check(job.source)
                names = output_names(endpoint)
                await self._beside(
                    lambda: write_output(job, table, seen, names, checkpoint, self._tick)
                )
                checkpoint.note("written", _state_of(job.output))
                return self._summary(meter, before)

    async def _call_rows(
        self, endpoint: Endpoint, columns: Columns, checkpoint: Checkpoint, meter: Meter
    ) -> None:
        job, files = self._job, None
        if job.files_to is not None:
            files = Files(job.files_to, job.output.parent, self._source.download)
            files.tidy()
        if self._on_columns is not None:
            self._on_columns(columns)
        meter.tell()
        runner = Runner(self._source, endpoint, job, columns, checkpoint, meter, files)
        try:
            await runner.run(job.table())
        finally:
            if files is not None:
                files.tidy()

    def _summary(self, meter: Meter, before: int) -> TableSummary:
        called = meter.done + meter.failed - before
        seconds = time.monotonic() - self._began
        return TableSummary(
            meter.total, meter.done, meter.failed, called, seconds, self._job.output
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


@contextmanager
def _locked(job: TableJob) -> Iterator[None]:
    job.folder.mkdir(exist_ok=True)
    lock = FileLock(job.folder / "lock").take(str(job.output))
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            job.folder.rmdir()  # there is nothing in it if nothing was begun


@contextmanager
def _database_errors(job: TableJob) -> Iterator[None]:
    """Say what is wrong in words of this library, such as that the disk is full."""
    try:
        yield
    except sqlite3.Error as error:
        raise GradwireError(
            f"The checkpoint in {job.checkpoint} cannot be used: {error}."
        ) from error


@contextmanager
def _checkpoint(
    job: TableJob, endpoint: Endpoint, fingerprint: Fingerprint
) -> Iterator[Checkpoint]:
    database = database_in(job.checkpoint)
    if job.output.exists() and not database.exists() and not job.restart:
        raise InvalidArgumentError(
            f"{job.output} is there already, and nothing says that it comes of the same work. Name "
            "another output, or write over it (--restart)."
        )
    job.checkpoint.mkdir(parents=True, exist_ok=True)
    identity = job.identity(endpoint, fingerprint.to_dict())
    with Checkpoint.open(database, identity, restart=job.restart) as checkpoint:
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
