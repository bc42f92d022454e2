"""Tables in files: JSONL, CSV and TSV here, Parquet in `parquet.py`.

Rows are read and written one at a time: a table may be larger than the memory. A row is a dict,
from column to value. In JSONL and Parquet values have types; in CSV and TSV all are texts.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, Protocol, get_args

from gradwire.app.words import did_you_mean
from gradwire.batch.cells import finite, plain
from gradwire.batch.database import as_json
from gradwire.batch.kinds import Kind
from gradwire.errors import InvalidArgumentError

Format = Literal["jsonl", "csv", "tsv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
Row = dict[str, Any]

_ENDINGS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_DELIMITERS = {"csv": ",", "tsv": "\t"}
_LONGEST_CELL = 1 << 30
"""Characters; the module `csv` takes 131,072 unless it is told."""


class Reader(Protocol):
    """A table that can be read, as often as wanted.

    Attributes:
        columns: Their names in order; None: only reading all rows will tell.
        texts: Whether all values are texts.
    """

    path: Path
    columns: tuple[str, ...] | None
    texts: bool

    def rows(self, only: Sequence[str] | None = None) -> Iterator[Row]:
        """Yield the rows.

        Args:
            only: The columns that are wanted; others may be left out.

        Raises:
            InvalidArgumentError: It is no such table; the message names the row, from 1 on.
        """


class Writer(Protocol):
    """A table that is being written."""

    def write(self, row: Mapping[str, Any]) -> None:
        """Add a row; what it does not have is empty."""

    def close(self) -> None:
        """Write what is still held back, and close the file."""


def format_of(path: Path, given: str | None, option: str = "format") -> Format:
    """Return the format of a file: the one given, or what its name says.

    Raises:
        InvalidArgumentError: Neither says it.
    """
    if given is not None:
        if given not in FORMATS:
            raise InvalidArgumentError(
                f"{option} cannot be {given!r}.{did_you_mean(given, FORMATS)} "
                f"It is one of {', '.join(FORMATS)}."
            )
        return given
    found = _ENDINGS.get(path.suffix.lower())
    if found is None:
        raise InvalidArgumentError(
            f"{path.name!r} does not say what table it is: a name that ends with "
            f"{', '.join(_ENDINGS)} does, and so does {option} ({', '.join(FORMATS)})."
        )
    return found


def open_table(path: Path, form: Format) -> Reader:
    """Return a table to be read.

    Raises:
        InvalidArgumentError: There is no such file, or it is no such table.
        MissingLibraryError: It is Parquet, and pyarrow is not installed.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise InvalidArgumentError(f"{path} {what}; name a table to read.")
    if form == "parquet":
        from gradwire.batch.parquet import Parquet

        return Parquet(path)
    return JsonLines(path) if form == "jsonl" else Csv(path, _DELIMITERS[form])


@contextmanager
def new_table(
    path: Path, form: Format, columns: Sequence[str], kinds: Mapping[str, Kind]
) -> Iterator[Writer]:
    """Write a table; after the block it is on the disk.

    Args:
        path: Where; what is there is written over.
        form: What.
        columns: All columns, in order.
        kinds: Of columns, for a table that gives them types.
    """
    writer: Writer
    if form == "parquet":
        from gradwire.batch.parquet import ParquetWriter, schema_of

        writer = ParquetWriter(path, schema_of(columns, kinds))
    elif form == "jsonl":
        writer = JsonLinesWriter(path)
    else:
        writer = CsvWriter(path, columns, _DELIMITERS[form])
    try:
        yield writer
    finally:
        writer.close()
    flush(path)


def flush(path: Path) -> None:
    """Bring a file to the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# -- JSONL -----------------------------------------------------------------------------------------


class JsonLines:
    """One JSON object a line; empty lines are passed over."""

    texts = False
    columns: tuple[str, ...] | None = None

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, only: Sequence[str] | None = None) -> Iterator[Row]:
        """Yield the rows; see `Reader.rows`."""
        number = 0
        with self.path.open("rb") as file:
            for line, text in enumerate(file, 1):
                if line == 1:
                    text = text.removeprefix(b"\xef\xbb\xbf")
                if text.strip():
                    number += 1
                    yield self._row(text, f"row {number} (line {line})")

    def _row(self, text: bytes, place: str) -> Row:
        try:
            row = json.loads(text.decode())
        except UnicodeDecodeError as error:
            raise _not_utf8(self.path, error, f", {place}") from None
        except (ValueError, RecursionError) as error:
            raise InvalidArgumentError(f"{self.path}, {place} is no JSON: {error}.") from None
        if not isinstance(row, dict):
            raise InvalidArgumentError(
                f"{self.path}, {place} is no object, as in "
                f'{{"column": "value"}}, but {json.dumps(row)[:60]}.'
            )
        return row


class JsonLinesWriter:
    """One JSON object a line; numbers that JSON does not have, such as NaN, are null."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        row = plain(row)
        text = as_json(row)
        if "NaN" in text or "Infinity" in text:
            text = as_json(finite(row))
        self._file.write(text + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


# -- CSV -------------------------------------------------------------------------------------------


class Csv:
    """Texts with a delimiter between them, UTF-8, the names of the columns in the first line."""

    texts = True

    def __init__(self, path: Path, delimiter: str) -> None:
        self.path = path
        self._delimiter = delimiter
        with self._open() as file:
            self.columns: tuple[str, ...] | None = self._header(self._cells(file))

    def rows(self, only: Sequence[str] | None = None) -> Iterator[Row]:
        """Yield the rows; see `Reader.rows`."""
        with self._open() as file:
            lines = self._cells(file)
            columns, number = self._header(lines), 0
            for line, cells in lines:
                if not cells:
                    continue  # an empty line
                number += 1
                if len(cells) != len(columns):
                    raise InvalidArgumentError(
                        f"{self.path}, row {number} (line {line}) has {len(cells)} cells, and the "
                        f"first line names {len(columns)} columns."
                    )
                yield dict(zip(columns, cells, strict=True))

    def _open(self) -> IO[str]:
        # A limit of the whole process; nobody can miss that it was lower.
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
        return self.path.open(encoding="utf-8-sig", newline="")

    def _cells(self, file: IO[str]) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(file, delimiter=self._delimiter, strict=True)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnicodeDecodeError as error:
                raise _not_utf8(self.path, error) from None
            except csv.Error as error:
                raise InvalidArgumentError(
                    f"{self.path}, after line {reader.line_num}: {error}. "
                    "A table of this format is UTF-8, with cells in double quotes where need be."
                ) from None
            yield reader.line_num, cells

    def _header(self, lines: Iterator[tuple[int, list[str]]]) -> tuple[str, ...]:
        _, columns = next(lines, (0, []))
        if not columns:
            raise InvalidArgumentError(
                f"{self.path} is empty: its first line must name the columns."
            )
        return checked_columns(self.path, columns)


class CsvWriter:
    """Texts with a delimiter between them, UTF-8, the names of the columns in the first line.

    What is empty in the row is an empty cell. What is neither a text, a number nor a truth value is
    written as JSON.
    """

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str) -> None:
        self._columns = columns
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        self._writer = csv.writer(_Lines(self._file), delimiter=delimiter, lineterminator="\r\n")
        self._writer.writerow(columns)

    def write(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        self._writer.writerow([_cell(row.get(column)) for column in self._columns])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Lines:
    """Ends lines with a line feed alone.

    The module `csv` puts only those line ends into quotes that it writes itself; it must think that
    it writes both, for readers take both for the end of a row.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, row: str) -> None:
        """Write a row."""
        self._file.write(row.removesuffix("\r\n") + "\n")


def _cell(value: Any) -> str:
    value = plain(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)


def _not_utf8(path: Path, error: UnicodeDecodeError, place: str = "") -> InvalidArgumentError:
    with path.open("rb") as file:
        start = file.read(2)
    likely = "UTF-16" if start in (b"\xff\xfe", b"\xfe\xff") else "Windows-1252 or Latin-1"
    code = "utf-16" if likely == "UTF-16" else "cp1252"
    return InvalidArgumentError(
        f"{path}{place} is not UTF-8: {error}. It may be {likely}; `iconv -f {code} -t utf-8` "
        "writes it anew."
    )


# -- columns and values ----------------------------------------------------------------------------


def checked_columns(path: Path, columns: Sequence[str]) -> tuple[str, ...]:
    """Refuse columns that have the same name."""
    seen: set[str] = set()
    for column in columns:
        if column in seen:
            raise InvalidArgumentError(
                f"{path} has two columns called {column!r}; give each its own name."
            )
        seen.add(column)
    return tuple(columns)
