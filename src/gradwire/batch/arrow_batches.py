"""Batches of Arrow: rows out of a table, and results beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradwire.app.endpoint import Endpoint, Return
from gradwire.app.texts import short
from gradwire.batch.checkpoint import Key
from gradwire.batch.columns import Columns, WrongRowError
from gradwire.batch.database import as_json
from gradwire.batch.kinds import Kind
from gradwire.batch.parquet import pyarrow, schema_of
from gradwire.batch.results import ERROR, free_columns, output_names
from gradwire.batch.worker import RowId, RowResult, digest_of
from gradwire.errors import InvalidArgumentError

_KINDS: dict[str, Kind] = {"str": "text", "float": "float", "int": "int", "bool": "bool"}


class ArrowRows:
    """The rows of a batch, as an endpoint takes them.

    Attributes:
        inputs: Of each row that can be sent.
        ids: By what each of these is known.
        wrong: For each row that cannot be sent, by its place, why.
    """

    def __init__(self, batch: Any, columns: Columns, key: str | None) -> None:
        """Read the rows of a table.

        Args:
            batch: A table of pyarrow.
            columns: Says which goes where.
            key: The column by which a row is known; None: by its inputs.
        """
        self.inputs: list[dict[str, Any]] = []
        self.ids: list[RowId] = []
        self.wrong: dict[int, RowResult] = {}
        needed = dict.fromkeys(columns.used.values())
        read = [*needed, *([key] if key is not None and key not in needed else [])]
        rows = batch.select(read).to_pylist() if read else [{}] * batch.num_rows
        for place, row in enumerate(rows):
            given = {column: row[column] for column in needed}
            try:
                self.inputs.append(columns.inputs(given))
            except WrongRowError as error:
                self.wrong[place] = RowResult(None, f"InvalidArgumentError: {error}")
                continue
            digest = digest_of(given)
            self.ids.append(RowId(digest if key is None else _checked_key(key, row[key]), digest))

    def results(self, called: Sequence[RowResult]) -> list[RowResult]:
        """Return the results of all rows, from those of the ones that were sent."""
        rest = iter(called)
        number = len(called) + len(self.wrong)
        return [self.wrong.get(place) or next(rest) for place in range(number)]


def _checked_key(column: str, value: Any) -> Key:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InvalidArgumentError(
            f"The key in the column {column!r} is {short(repr(value))}; a key is a whole number or "
            "a text, and each row has one of its own."
        )
    return value


def with_outputs(batch: Any, endpoint: Endpoint, results: Sequence[RowResult]) -> Any:
    """Return a table with a column for each output of an endpoint, and one for errors.

    The columns have the same types whatever is in them, so that all batches fit together: those
    that the endpoint declares, where Arrow has them; else a text, with JSON in it.
    """
    arrow = pyarrow()
    kinds = [_kind(returned) for returned in endpoint.returns]
    names = free_columns([*output_names(endpoint), ERROR], batch.column_names)
    schema = schema_of(names, dict(zip(names, [*kinds, "text"], strict=True)))
    rows = [_cells(kinds, names, result) for result in results]
    for place, field in enumerate(schema):
        values = [row[place] for row in rows]
        batch = batch.append_column(field, arrow.array(values, field.type))
    return batch


def _kind(returned: Return) -> Kind:
    return _KINDS.get(returned.type.removesuffix(" | None"), "json")


def _cells(kinds: Sequence[Kind], names: Sequence[str], result: RowResult) -> list[Any]:
    """Return the cells of a row: its outputs, and its error."""
    none = [None] * len(kinds)
    if result.data is None:
        return [*none, result.error]
    if len(result.data) != len(kinds):
        return [*none, f"ProtocolError: {len(result.data)} outputs, and {len(kinds)} are declared."]
    cells = []
    for kind, name, value in zip(kinds, names, result.data, strict=False):
        try:
            cells.append(_cell(kind, value))
        except ValueError:
            return [*none, f"ProtocolError: {name} is no {kind}, but {short(repr(value))}."]
    return [*cells, None]


def _cell(kind: Kind, value: Any) -> Any:
    """Return a value as a column of a kind has it.

    Raises:
        ValueError: The column cannot have it.
    """
    if value is None:
        return None
    if kind in ("text", "json"):
        text = value if kind == "text" and isinstance(value, str) else as_json(value)
        # Half a surrogate pair, which JSON can hold and Arrow cannot, becomes its escape.
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
    if kind == "bool":
        if isinstance(value, bool):
            return value
    elif not isinstance(value, bool) and isinstance(value, int | float):
        if kind == "float":
            return float(value)
        if int(value) == value and -(1 << 63) <= value < 1 << 63:
            return int(value)
    raise ValueError
