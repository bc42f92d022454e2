"""Apply the diffs of a stream, copying only the path that changes.

From protocol `sse_v2` on, a step of a generator is sent as edits of the step before: a list of
`[operation, path, value]` for each output.

| operation | meaning |
|---|---|
| `replace` | put `value` at `path` (an empty path: the whole value) |
| `append` | add the text `value` to the text at `path` |
| `add` | put `value` at a new place of a list or object |
| `delete` | take away a key of an object, or the *last* item of a list |

Servers number the deletes of a list in three ways: by the old list's indexes (up to 5.29.0), by
indexes that shift with each delete (since), and, for lists inside lists, by indexes that shift
once too often (5.29.1 to today). All of them only ever shorten a list from its end, so taking the
last item is right for each of them and the numbers need not be understood.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class DiffError(Exception):
    """The edits do not fit the value that they should change."""


def apply_diff(value: Any, edits: Iterable[Any]) -> Any:
    """Return `value` after `edits`; `value` itself is never changed.

    Consecutive appends to the same place are joined first, so that many small steps cost no more
    than one large one.

    Raises:
        DiffError: An edit is malformed or names a place that `value` does not have.
    """
    place: list[Any] | None = None
    texts: list[str] = []
    for edit in edits:
        operation, path, new = _check(edit)
        if operation == "append":
            if path != place:
                value = _flush(value, place, texts)
                place = path
            texts.append(new)
            continue
        value = _flush(value, place, texts)
        place = None
        value = _edit(value, operation, path, 0, new)
    return _flush(value, place, texts)


def _check(edit: Any) -> tuple[str, list[Any], Any]:
    if not (isinstance(edit, list) and len(edit) == 3 and isinstance(edit[1], list)):
        raise DiffError(f"not an edit: {edit!r:.200}")
    operation, path, new = edit
    if operation == "append" and not isinstance(new, str):
        raise DiffError(f"text expected to append, not {new!r:.200}")
    return operation, path, new


def _flush(value: Any, place: list[Any] | None, texts: list[str]) -> Any:
    if place is None or not texts:
        return value
    value = _edit(value, "append", place, 0, "".join(texts))
    texts.clear()
    return value


def _edit(value: Any, operation: str, path: list[Any], depth: int, new: Any) -> Any:
    if depth == len(path):
        return _at_place(value, operation, new)
    copy, key = _open(value, path[depth])
    try:
        if depth == len(path) - 1 and operation in ("add", "delete"):
            return _in_container(copy, operation, key, new)
        copy[key] = _edit(copy[key], operation, path, depth + 1, new)
    except (LookupError, OverflowError, RecursionError):
        raise DiffError(f"no place {path!r:.200}") from None
    return copy


def _at_place(value: Any, operation: str, new: Any) -> Any:
    if operation in ("replace", "add"):
        return new
    if operation == "append" and isinstance(value, str):
        return value + new
    raise DiffError(f"cannot {operation!r} at a {type(value).__name__}")


def _open(value: Any, key: Any) -> tuple[Any, Any]:
    """Copy the container and check that `key` is of its kind."""
    if isinstance(value, dict) and isinstance(key, str):
        return dict(value), key
    if isinstance(value, list) and isinstance(key, int):
        return list(value), key
    raise DiffError(f"cannot step into a {type(value).__name__} with {key!r:.100}")


def _in_container(copy: Any, operation: str, key: Any, new: Any) -> Any:
    if isinstance(copy, dict):
        if operation == "add":
            copy[key] = new
        else:
            copy.pop(key, None)
    elif operation == "add":
        copy.insert(key, new)
    elif copy:
        copy.pop()
    else:
        raise DiffError("nothing left to delete in a list")
    return copy
