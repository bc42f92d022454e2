"""The output: the input's rows, in their order, each with what came of it to its right."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from gradwire.batch.checkpoint import FINISHED, Checkpoint
from gradwire.batch.kinds import Kind, Kinds
from gradwire.batch.results import ERROR, free_columns
from gradwire.batch.survey import Survey
from gradwire.batch.table_job import TableJob
from gradwire.batch.tables import Reader, Row, flush, new_table
from gradwire.errors import GradwireError


def write_output(
    job: TableJob,
    table: Reader,
    seen: Survey,
    names: list[str],
    checkpoint: Checkpoint,
    tick: Callable[[], object],
) -> None:
    """Write the output whole, and put it into its place at once.

    Args:
        job: Where it goes.
        table: The input.
        seen: What is known of the input.
        names: Of the endpoint's outputs.
        checkpoint: What came of each row; all must be finished.
        tick: Called for each row; what it raises ends this, and nothing has taken its place.
    """
    columns = free_columns([*names, ERROR], seen.columns)
    results = _Results(columns, checkpoint, tick)
    if job.output_form == "parquet":
        _write_parquet(job, table, seen, results)
    else:
        with new_table(job.partial, job.output_form, (*seen.columns, *columns), {}) as writer:
            for row, more in results.beside(table):
                writer.write({**row, **more})
    os.replace(job.partial, job.output)
    _flush_folder(job.output.parent)


def _write_parquet(job: TableJob, table: Reader, seen: Survey, results: _Results) -> None:
    from gradwire.batch.parquet import Parquet, ParquetWriter, schema_of

    columns, kinds = results.columns, results.kinds()
    if not isinstance(table, Parquet):
        texts: dict[str, Kind] = dict.fromkeys(seen.columns, "text") if table.texts else seen.kinds
        both = {**texts, **kinds}
        with new_table(job.partial, "parquet", (*seen.columns, *columns), both) as writer:
            for row, more in results.beside(table):
                writer.write({**row, **more})
        return
    # What is Parquet already stays as it is, to the last nanosecond.
    schema = table.schema
    for field in schema_of(columns, kinds):
        schema = schema.append(field)
    parquet = ParquetWriter(job.partial, schema)
    try:
        with closing(results.all()) as found:
            for batch in table.batches():
                parquet.write_beside(batch, list(islice(found, batch.num_rows)))
    finally:
        parquet.close()
    flush(job.partial)


class _Results:
    """The further columns of each row, in the rows' order."""

    def __init__(
        self, columns: list[str], checkpoint: Checkpoint, tick: Callable[[], object]
    ) -> None:
        self.columns = columns
        self._checkpoint = checkpoint
        self._tick = tick

    def all(self) -> Generator[Row, None, None]:
        """Yield those of all rows."""
        *names, error = self.columns
        empty: Row = dict.fromkeys(self.columns)
        with closing(self._checkpoint.rows()) as rows:
            for number, row in enumerate(rows):
                self._tick()
                if row.key != number or row.state not in FINISHED:
                    raise GradwireError(f"The checkpoint knows nothing of row {number + 1}.")
                if row.state == "done":
                    yield {**empty, **dict(zip(names, row.result, strict=False))}
                else:
                    yield {**empty, error: row.error}

    def beside(self, table: Reader) -> Iterator[tuple[Row, Row]]:
        """Yield each row of the input, and its further columns."""
        with closing(self.all()) as results:
            for row in table.rows():
                more = next(results, None)
                if more is None:
                    raise _other_rows()
                yield row, more
            if next(results, None) is not None:
                raise _other_rows()

    def kinds(self) -> dict[str, Kind]:
        """Look through all of them for the types of the columns; of an empty one, text."""
        kinds = Kinds()
        for more in self.all():
            kinds.see(more)
        return {name: kind for name, kind in kinds.of.items() if kind != "null"}


def _other_rows() -> GradwireError:
    return GradwireError(
        "The table has not as many rows as when they were called: it has been changed meanwhile. "
        "Put the old one back and run the same again: only the output is still to be written."
    )


def _flush_folder(folder: Path) -> None:
    """Bring the new name of a file to the disk too."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
