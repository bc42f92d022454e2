"""The kinds of values in a column, for tables that give columns a type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["null", "bool", "small", "int", "float", "text", "json"]
"""`small`: whole numbers that are exact as floats too; `json`: everything else, as JSON text."""

_EXACT = 1 << 53
_LARGEST = 1 << 63


def kind_of(value: Any) -> Kind:
    """Return the kind of one value."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        if -_EXACT <= value <= _EXACT:
            return "small"
        return "int" if -_LARGEST <= value < _LARGEST else "json"
    return "float" if isinstance(value, float) else "json"


def both(one: Kind, other: Kind) -> Kind:
    """Return the kind of a column that has values of two kinds."""
    if one == other or other == "null":
        return one
    if one == "null":
        return other
    numbers = {one, other}
    if numbers == {"small", "float"}:
        return "float"
    return "int" if numbers == {"small", "int"} else "json"


class Kinds:
    """Learns the kinds of columns from their values."""

    def __init__(self) -> None:
        self.of: dict[str, Kind] = {}

    def see(self, row: Mapping[str, Any]) -> None:
        """Look at a row; its columns are kept in the order in which they come."""
        known = self.of
        for column, value in row.items():
            kind = kind_of(value)
            before = known.get(column)
            if before != kind:
                known[column] = kind if before is None else both(before, kind)
