"""A call of an endpoint that can be pasted, and Python source for the values in it.

Defaults may have megabytes, and examples may be nested deeper than Python can walk: what is too
long to be shown is given up early.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradwire.app.words import WIDTH, clean

if TYPE_CHECKING:
    from gradwire.app.endpoint import Endpoint, Parameter

_LONGEST_EXAMPLE = 400
_MOST_DEFAULT_IN_CALL = 60

NO_PATH = "path/to/file"
"""Stands for a file that the caller has to name."""

OWN_KEYWORDS = frozenset({"self", "endpoint", "data", "event_data", "trigger_id", "all_events"})
"""Keywords of `predict` and `submit`: a parameter so named is given by a mapping."""


def example_call(endpoint: Endpoint) -> str:
    """Return a call that can be pasted; in one line if it fits.

    Defaults are shown if they are short; required values are the server's examples.
    """
    method = "submit" if endpoint.streaming_input else "predict"
    values = [(p.name, text) for p in endpoint.parameters if (text := _argument(p)) is not None]
    if any(name in OWN_KEYWORDS for name, _ in values):
        pairs = ", ".join(f'"{name}": {text}' for name, text in values)
        arguments = [f"{{{pairs}}}"]
    else:
        arguments = [f"{name}={text}" for name, text in values]
    address = clean(literal(endpoint.address, WIDTH) or "...")
    call = f"client.{method}({', '.join([address, *arguments])})"
    if len(call) <= WIDTH - 4:
        return call
    inner = "".join(f"    {argument},\n" for argument in [address, *arguments])
    return f"client.{method}(\n{inner})"


def _argument(parameter: Parameter) -> str | None:
    """Return the text of a value, or None to leave the parameter to its default."""
    if parameter.has_default:
        return literal(parameter.default, _MOST_DEFAULT_IN_CALL, files=False)
    return literal(sample(parameter), _LONGEST_EXAMPLE) or "..."


class File(str):
    """A path or URL that is to be passed as `handle_file(...)`."""

    __slots__ = ()


_EMPTY: dict[str, Any] = {"str": "", "float": 0, "int": 0, "bool": False, "dict[str, Any]": {}}


def sample(parameter: Parameter) -> Any:
    """Return a value of the right kind: the server's example, if it is one.

    A file stands in it as a `File`, which is the text of its path or address.
    """
    value = parameter.example
    if parameter.choices and parameter.type.startswith("Literal"):
        return value if value in parameter.choices else parameter.choices[0]
    if "FileData" in parameter.type and isinstance(value, str | None):
        value = File(file_address(value))
    if parameter.type.startswith("list[FileData") and isinstance(value, list):
        return [File(file_address(item)) if isinstance(item, str) else item for item in value]
    if parameter.type.startswith("list[") and not isinstance(value, list):
        return [] if value is None else [value]
    return _EMPTY.get(parameter.type) if value is None else value


def file_address(value: object) -> str:
    """Return where an example's file is: an address, or a path that is nobody's.

    A server must not choose which file of the caller's is sent when the example is pasted.
    """
    is_url = isinstance(value, str) and value.lower().startswith(("http://", "https://"))
    return str(value) if is_url else NO_PATH


def literal(value: Any, longest: int, *, files: bool = True) -> str | None:
    """Return Python source for a JSON value, or None where it is too long to be shown."""
    try:
        text = _source(value, longest, files)
    except (RecursionError, ValueError):
        return None
    return text if len(text) <= longest else None


def _source(value: Any, room: int, files: bool) -> str:
    """Return Python source; raise ValueError early for what is longer than `room`."""
    if isinstance(value, str) and len(value) > room:
        raise ValueError
    if isinstance(value, File):
        return f"handle_file({string(value)})"
    if isinstance(value, str):
        return string(value)
    if isinstance(value, list):
        return f"[{_join((_source(item, room, files) for item in value), room)}]"
    if isinstance(value, dict):
        return _dict_source(value, room, files)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _dict_source(value: dict[str, Any], room: int, files: bool) -> str:
    address = value.get("url") or value.get("path")
    meta = value.get("meta")
    if isinstance(address, str) and isinstance(meta, dict) and "_type" in meta:
        if not files:
            raise ValueError  # a file that only the server has
        return f"handle_file({string(file_address(address))})"
    pairs = (f"{string(key)}: {_source(item, room, files)}" for key, item in value.items())
    return f"{{{_join(pairs, room)}}}"


def _join(parts: Iterable[str], room: int) -> str:
    """Join parts, but stop as soon as they are too long: a default may have megabytes."""
    found = []
    for part in parts:
        room -= len(part)
        if room < 0:
            raise ValueError
        found.append(part)
    return ", ".join(found)


def string(text: str) -> str:
    """Return a string's literal, with double quotes where that needs no escaping."""
    source = repr(str(text))
    return source if '"' in text else f'"{source[1:-1]}"'
