"""Files in a call's data and in its outputs, at any depth.

In: `collect_files` finds what has to be uploaded and puts a `FileInput` in its place, the client
uploads those, and `replace_files` puts the server's answers there. Other values that are not JSON
become it on the same way, see `values.py`. Out: `parse_outputs` makes a
`FileData` of each file object. Neither changes what it was given: both copy only along the path to
a change and return the same object if there is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from gradwire.data.files import FileData, is_file_object
from gradwire.data.inputs import FileInput
from gradwire.data.readers import Rendering, is_open_file
from gradwire.data.values import held, parameter_at, sound
from gradwire.errors import InvalidArgumentError

if TYPE_CHECKING:
    from gradwire.app.endpoint import Endpoint

MAX_DEPTH = 100
"""Levels of lists and dicts in which files are looked for."""

PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of JSON that hold nothing else."""
_TEXT = frozenset({str})
_LISTS = frozenset({list})
_Key = str | int
_Where = tuple[_Key, ...]
_Container = list[Any] | dict[Any, Any]
Known = Callable[[FileData, _Where], Any]
"""Makes of a file that the server has what is sent of it; or a `FileInput`, if it has to be sent.
The second argument is its place: an index or key for each level."""


class _Found:
    """What one search has found, and how it treats files that the server has."""

    __slots__ = ("endpoint", "files", "known")

    def __init__(self, known: Known, endpoint: Endpoint | None) -> None:
        # By the id of what the user gave; that is kept too, for an id is only good as long as its
        # object lives.
        self.files: dict[int, tuple[object, FileInput]] = {}
        self.known = known
        self.endpoint = endpoint


def _as_object(file: FileData, where: _Where) -> Any:
    return file.to_dict()


def collect_files(
    data: Any, known: Known = _as_object, endpoint: Endpoint | None = None
) -> tuple[Any, tuple[FileInput, ...]]:
    """Find what has to be uploaded, at any depth, and make JSON of values that have such a form.

    Files are: `FileInput`, `pathlib.Path` (any `os.PathLike`), `bytes`, `bytearray`, `memoryview`,
    and files opened in binary mode; never a `str`. The same object is uploaded once, however often
    it stands there. A `FileData` becomes the object that servers take, tuples become lists.

    Args:
        data: The values of a call; not changed.
        known: What a `FileData` becomes, if not the object that Gradio 4 and later take.
        endpoint: What is called; `data` is the list of its inputs. It tells what an array is.

    Returns:
        The data with a `FileInput` for each file (`data` itself if nothing had to change), and
        these inputs, each once, in the order in which they were found. Without inputs the data can
        be sent.

    Raises:
        InvalidArgumentError: A file is in text mode, a key is not a `str`, a value does not suit
            its place, or the data is nested too deep, as it is if it contains itself. The message
            says where.
    """
    found = _Found(known, endpoint)
    result = _outgoing(data, (), found)
    return result, tuple(file for _, file in found.files.values())


def replace_files(data: Any, make: Callable[[FileInput], Any]) -> Any:
    """Put what was uploaded into the data that `collect_files` returned.

    Args:
        data: First result of `collect_files`; not changed.
        make: Returns what is sent of an input.
    """
    if isinstance(data, FileInput):
        return make(data)
    if isinstance(data, (list, dict)):
        return _change(data, lambda item, _: replace_files(item, make))
    return data


def parse_outputs(
    value: Any,
    make: Callable[[dict[str, Any]], Any],
    is_file: Callable[[object], bool] = is_file_object,
) -> Any:
    """Replace every file object, at any depth, by what `make` makes of it.

    Args:
        value: What a server sent; not changed. Below `MAX_DEPTH` levels it stays as it is.
        make: Such as `FileData.from_dict`.
        is_file: Tells file objects from others.

    Returns:
        A copy along the paths to the files, or `value` itself if it holds none.
    """
    return _parse(value, make, is_file, MAX_DEPTH)


def _outgoing(value: Any, where: _Where, found: _Found) -> Any:
    kind = type(value)
    if kind in PLAIN or (kind is list and PLAIN.issuperset(map(type, value))):
        return value
    if isinstance(value, (dict, list, tuple, Mapping)):
        return _outgoing_container(value, where, found)
    if isinstance(value, FileData):
        if value.url is None and type(value) is FileData:  # not one that a client gave out
            _refuse_local(value.path, where)
        value = found.known(value, where)
        if not isinstance(value, FileInput):
            return value
    if id(value) in found.files or _is_file(value):
        return _input(value, value, where, found)
    return _held(value, where, found)


def _held(value: Any, where: _Where, found: _Found) -> Any:
    """Return what is sent of a value of Python or of a library that JSON does not know."""
    parameter = parameter_at(found.endpoint, where[0] if where else None)
    # Under "value", where a function takes the whole component.
    whole = len(where) <= 1 or (len(where) == 2 and where[1] == "value")
    try:
        new = sound(value, parameter) if isinstance(value, tuple) else held(value, parameter, whole)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{error} (in {_place(where)})") from error
    if new is value:
        return value
    if isinstance(new, Rendering):
        return _input(value, new, where, found)
    if len(where) >= MAX_DEPTH:
        raise _too_deep(where)
    return _outgoing(new, where, found)


def _outgoing_container(
    value: list[Any] | tuple[Any, ...] | Mapping[Any, Any], where: _Where, found: _Found
) -> Any:
    if len(where) >= MAX_DEPTH:
        raise _too_deep(where)
    if isinstance(value, tuple):
        if id(value) in found.files:
            return found.files[id(value)][1]
        new = value if PLAIN.issuperset(map(type, value)) else _held(value, where, found)
        if new is not value:
            return new
        value = list(value)
    elif isinstance(value, Mapping):
        value = value if isinstance(value, dict) else dict(value)
        _check_keys(value, where)
        if "meta" in value and not value.get("url") and is_file_object(value):
            _refuse_local(value["path"], where)
    return _change(value, lambda item, key: _outgoing(item, (*where, key), found))


def _refuse_local(path: object, where: _Where) -> None:
    """Refuse a path that can only mean a file of this machine: on servers they are absolute.

    It is not uploaded in its place: what only a text names is never read.
    """
    if isinstance(path, str) and path and not os.path.isabs(path) and os.path.isfile(path):
        raise InvalidArgumentError(
            f"{_place(where)} names the local file {path!r}, which is not uploaded by that: pass "
            f"handle_file({path!r})."
        )


def _check_keys(value: dict[Any, Any], where: _Where) -> None:
    if _TEXT.issuperset(map(type, value)):
        return
    for key in value:
        if not isinstance(key, str):
            raise InvalidArgumentError(
                f"The keys of a dict must be str; {_place(where)} has {key!r:.80}, "
                f"of type {type(key).__name__}"
            )


def _is_file(value: object) -> bool:
    known = (FileInput, os.PathLike, bytes, bytearray, memoryview)
    return isinstance(value, known) or is_open_file(value)


def _too_deep(where: _Where) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"The data is nested more than {MAX_DEPTH} levels deep, or it contains itself, "
        f"at {_place(where[:8])}…"
    )


def _input(value: Any, source: Any, where: _Where, found: _Found) -> FileInput:
    """Return the `FileInput` of a value, whose content is read from `source`."""
    if id(value) not in found.files:
        try:
            file = source if isinstance(source, FileInput) else FileInput(source)
        except InvalidArgumentError as error:
            raise InvalidArgumentError(f"{error} (in {_place(where)})") from None
        found.files[id(value)] = value, file
    return found.files[id(value)][1]


def _place(where: _Where) -> str:
    return "data" + "".join(f"[{key!r}]" for key in where)


def _parse(
    value: Any,
    make: Callable[[dict[str, Any]], Any],
    is_file: Callable[[object], bool],
    depth: int,
) -> Any:
    if not isinstance(value, (list, dict)) or depth == 0:
        return value
    if is_file(value):
        return make(value)  # type: ignore[arg-type]
    return _change(value, lambda item, _: _parse(item, make, is_file, depth - 1))


def _change(container: _Container, change: Callable[[Any, Any], Any]) -> _Container:
    """Return a copy with `change(item, key)` for each item, or the container itself if all stay."""
    values = container.values() if isinstance(container, dict) else container
    kinds = set(map(type, values))
    if kinds <= PLAIN:
        return container
    if kinds == _LISTS and PLAIN.issuperset(map(type, chain.from_iterable(values))):
        return container  # the rows of a table, of which there are many
    items = container.items() if isinstance(container, dict) else enumerate(container)
    changed = {}
    for key, item in items:
        if type(item) not in PLAIN and (new := change(item, key)) is not item:
            changed[key] = new
    if not changed:
        return container
    copy = container.copy()
    for key, new in changed.items():
        copy[key] = new
    return copy
