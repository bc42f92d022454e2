"""Values of JSON that may be missing or odd: each becomes what it should be, or its default."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeGuard

JsonObject = dict[str, Any]
_INT = frozenset({int})
_OBJECT = frozenset({dict})


def is_int(value: object) -> TypeGuard[int]:
    """Tell whether it is a whole number; truth values are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def json_ints(value: object) -> list[int]:
    """Return the whole numbers of a list."""
    if not isinstance(value, list):
        return []
    # The usual list is told at the speed of C: there are three for each of perhaps thousands.
    return value if _INT.issuperset(map(type, value)) else [x for x in value if is_int(x)]


def json_object(value: object) -> JsonObject:
    """Return an object; an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}


def json_objects(value: object) -> Iterable[JsonObject]:
    """Return the objects of a list."""
    if not isinstance(value, list):
        return ()
    # All of them usually are, which is told at the speed of C.
    return (
        value if _OBJECT.issuperset(map(type, value)) else [x for x in value if isinstance(x, dict)]
    )


def json_number(value: object) -> float | None:
    """Return a number as it can be counted with; None in the place of anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
