"""A whole table through an endpoint: `map_table`, which can be stopped at any moment.

The rows' results are kept in a checkpoint beside the output as they come. When all rows are
finished, the output is written from it: one row for each row of the input, in the input's order.
Whoever runs the same again, after Ctrl-C, a crash or `kill -9`, goes on where it ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Unpack

from gradwire.batch.checkpoint import Checkpoint
from gradwire.batch.columns import Columns
from gradwire.batch.pool import AsyncPool
from gradwire.batch.progress import ProgressTold
from gradwire.batch.sync_pool import Pool
from gradwire.batch.table_job import (
    StrPath,
    TableJob,
    TableOptions,
    database_in,
    folder_of,
    table_job,
)
from gradwire.batch.table_run import TableRun, TableSummary
from gradwire.client.async_client import AsyncClient
from gradwire.client.sync import Client
from gradwire.errors import InvalidArgumentError

_END_SECONDS = 30.0
"""How long an interrupted run may take to call off its jobs."""


@dataclass(frozen=True)
class FailedRow:
    """A row that has failed.

    Attributes:
        row: Its number in the table, from 1 on.
        error: The kind of error, and its message.
        tries: How often it was about to be called; 0: it cannot be sent.
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
    client: Client | Pool,
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
        client: The app, or a pool of several.
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
    if not isinstance(client, Client | Pool):
        raise InvalidArgumentError(
            f"map_table takes a Client or a Pool, not {type(client).__name__}; in asyncio use "
            "map_table_async, with an AsyncClient or an AsyncPool."
        )
    job = table_job(source, output, options)
    return run_here(client, endpoint, job, on_progress)


async def map_table_async(
    client: AsyncClient | AsyncPool,
    endpoint: str | int,
    source: StrPath,
    output: StrPath,
    *,
    on_progress: ProgressTold | None = None,
    **options: Unpack[TableOptions],
) -> TableSummary:
    """Do what `map_table` does, with an `AsyncClient` or an `AsyncPool`.

    Args:
        client: The app.
        endpoint: See `map_table`; so are all others.
        source: See `map_table`.
        output: See `map_table`.
        on_progress: Called in the event loop.
        **options: See `map_table`.
    """
    if not isinstance(client, AsyncClient | AsyncPool):
        raise InvalidArgumentError(
            "map_table_async takes an AsyncClient or an AsyncPool, not "
            f"{type(client).__name__}; map_table takes a Client or a Pool."
        )
    return await TableRun(client, endpoint, table_job(source, output, options), on_progress).go()


def run_here(
    client: Client | Pool,
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
            return await TableRun(client._inner, endpoint, job, on_progress, on_columns).go()
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
