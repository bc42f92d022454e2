"""Arguments of methods, refused before anything is sent; what is right is returned."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gradwire.errors import InvalidArgumentError


def refuse_pickling(thing: object) -> Any:
    """Stand as `__reduce__` in what belongs to this process."""
    raise InvalidArgumentError(
        f"A {type(thing).__name__} cannot be pickled or copied: its connections belong to this "
        "process. Pass the address, and connect in the child process."
    )


def checked_flag(name: str, value: Any) -> bool:
    """Take True or False, and nothing that merely counts as one of them."""
    if not isinstance(value, bool):
        raise InvalidArgumentError(f"{name} must be True or False, not {type(value).__name__}.")
    return value


def checked_id(name: str, value: Any) -> int | None:
    """Take the id of a component, or None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidArgumentError(f"{name} is a component's id, an int, not {value!r:.80}.")
    return value


def checked_name(name: str, value: Any) -> str | None:
    """Take a text that is not empty, or None."""
    if value is not None and not (isinstance(value, str) and value):
        raise InvalidArgumentError(f"{name} must be a text, or None; not {value!r:.80}.")
    return value


def checked_bytes(name: str, value: Any) -> int | None:
    """Take a number of bytes from 1 on, or None."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidArgumentError(
            f"{name} must be a number of bytes from 1 on, or None; not {value!r:.80}."
        )
    return value


def checked_seconds(name: str, value: Any) -> float | None:
    """Take a number of seconds from 0 on, or None."""
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0:
        raise InvalidArgumentError(
            f"{name} must be seconds, from 0 on, or None; not {value!r:.80}."
        )
    return value


def checked_callback(name: str, value: Any) -> Any:
    """Take a function."""
    if not callable(value):
        raise InvalidArgumentError(f"{name} must be a function, not {type(value).__name__}.")
    return value


def checked_folder(name: str, value: Any) -> Path | None:
    """Take the path of a folder, whether it exists or not, or None."""
    if value is None:
        return None
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise InvalidArgumentError(f"{name} must be a folder's path, not {type(value).__name__}.")
    if "\0" in os.fspath(value) or not os.fspath(value).isprintable():
        raise InvalidArgumentError(f"{name}: {os.fspath(value)!r} cannot be the path of a folder.")
    if not os.fspath(value):
        raise InvalidArgumentError(f"{name} is empty; give the path of a folder, or leave it out.")
    if os.path.isfile(value):
        raise InvalidArgumentError(f"{name}: {os.fspath(value)!r} is a file; name a folder.")
    return Path(value)
