"""Parquet, by pyarrow: the extra `parquet`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradwire.batch.cells import plain
from gradwire.batch.database import as_json
from gradwire.batch.kinds import Kind
from gradwire.batch.tables import Row, checked_columns
from gradwire.errors import InvalidArgumentError, MissingLibraryError

BATCH_ROWS = 100
"""Rows that are in memory as Python objects."""
_GROUP_ROWS = 100_000
_GROUP_BYTES = 64 * 1024 * 1024
"""What a row group holds at most, more or less: it is in memory until it is written."""


def pyarrow() -> Any:
    """Import pyarrow.

    Raises:
        MissingLibraryError: It is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingLibraryError(
            "Parquet needs pyarrow: pip install 'gradwire[parquet]'"
        ) from error
    return pyarrow


class Parquet:
    """A Parquet file to be read; see `tables.Reader`."""

    texts = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrow = pyarrow()
        with self._open() as file:
            self.schema = file.schema_arrow
            self.number = int(file.metadata.num_rows)
        self.columns: tuple[str, ...] | None = checked_columns(path, self.schema.names)

    def rows(self, only: Sequence[str] | None = None) -> Iterator[Row]:
        """Yield the rows; see `tables.Reader.rows`."""
        columns = None if only is None else [name for name in self.schema.names if name in only]
        if columns == []:
            yield from ({} for _ in range(self.number))
            return
        for batch in self.batches(columns):
            yield from _with_python_values(self._arrow, batch).to_pylist()

    def batches(self, columns: list[str] | None = None) -> Iterator[Any]:
        """Yield the rows as record batches, with all columns or some."""
        with self._open() as file:
            try:
                yield from file.iter_batches(batch_size=BATCH_ROWS, columns=columns)
            except self._arrow.ArrowException as error:
                raise self._broken(error) from error

    def _open(self) -> Any:
        try:
            # A whole column of a row group is not read ahead: files are as large as they are.
            return self._arrow.parquet.ParquetFile(self.path, pre_buffer=False)
        except (self._arrow.ArrowException, OSError) as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> InvalidArgumentError:
        return InvalidArgumentError(f"{self.path} cannot be read as Parquet: {error}")


def _with_python_values(arrow: Any, batch: Any) -> Any:
    """Give up nanoseconds, which no value of Python's own has."""
    for place, column in enumerate(batch.schema):
        kind = column.type
        new = None
        if arrow.types.is_timestamp(kind) and kind.unit == "ns":
            new = arrow.timestamp("us", kind.tz)
        elif arrow.types.is_duration(kind) and kind.unit == "ns":
            new = arrow.duration("us")
        elif arrow.types.is_time64(kind) and kind.unit == "ns":
            new = arrow.time64("us")
        if new is not None:
            values = batch.column(place).cast(new, safe=False)
            batch = batch.set_column(place, column.with_type(new), values)
    return batch


def schema_of(columns: Sequence[str], kinds: Mapping[str, Kind]) -> Any:
    """Return the schema of columns whose kinds are known; an unknown one holds texts."""
    arrow = pyarrow()
    types = {
        "bool": arrow.bool_(),
        "small": arrow.int64(),
        "int": arrow.int64(),
        "float": arrow.float64(),
    }
    return arrow.schema(
        [
            arrow.field(
                name,
                types.get(kinds.get(name, "text"), arrow.string()),
                # Tells `_value` which texts are JSON; and whoever reads the file.
                metadata={"gradwire": "json"} if kinds.get(name) == "json" else None,
            )
            for name in columns
        ]
    )


class ParquetWriter:
    """A Parquet file that is being written; see `tables.Writer`.

    Values that have no column type of their own, such as lists, are JSON texts.
    """

    def __init__(self, path: Path, schema: Any) -> None:
        self._arrow = pyarrow()
        self._schema = schema
        self._json = {field.name for field in schema if field.metadata == {b"gradwire": b"json"}}
        self._writer = self._arrow.parquet.ParquetWriter(path, schema)
        self._rows: list[Mapping[str, Any]] = []
        self._batches: list[Any] = []
        self._size = self._number = 0

    def write(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        self._rows.append(row)
        if len(self._rows) >= BATCH_ROWS:
            self._pack()

    def write_beside(self, batch: Any, more: Sequence[Mapping[str, Any]]) -> None:
        """Add rows of another table with further columns to their right.

        Args:
            batch: The rows as that table has them; they stay what they are.
            more: For each row, the values of the further columns.
        """
        names = self._schema.names[batch.num_columns :]
        arrays = [self._array(name, [row.get(name) for row in more]) for name in names]
        columns = [*batch.columns, *arrays]
        self._keep(self._arrow.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        """Write what is still held back, and close the file."""
        try:
            self._pack()
            self._write_group()
        finally:
            self._writer.close()

    def _pack(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            names = self._schema.names
            arrays = [self._array(name, [row.get(name) for row in rows]) for name in names]
            self._keep(self._arrow.RecordBatch.from_arrays(arrays, schema=self._schema))

    def _array(self, name: str, values: list[Any]) -> Any:
        kind = self._schema.field(name).type
        if kind == self._arrow.string():
            values = [_text(value, as_it_is=name not in self._json) for value in values]
        return self._arrow.array(values, kind)

    def _keep(self, batch: Any) -> None:
        self._batches.append(batch)
        self._size += batch.nbytes
        self._number += batch.num_rows
        if self._number >= _GROUP_ROWS or self._size >= _GROUP_BYTES:
            self._write_group()

    def _write_group(self) -> None:
        batches, self._batches = self._batches, []
        self._size = self._number = 0
        if batches:
            self._writer.write_table(self._arrow.Table.from_batches(batches))


def _text(value: Any, *, as_it_is: bool) -> str | None:
    if value is None:
        return None
    text = value if as_it_is and isinstance(value, str) else as_json(plain(value))
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
