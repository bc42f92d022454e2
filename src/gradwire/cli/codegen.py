"""`gradwire codegen`: write a typed client for an app, or check the one that is there."""

from __future__ import annotations

import contextlib
import keyword
import os
import secrets
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from gradwire.app.reference import public_address
from gradwire.client.sync import Client
from gradwire.codegen.changes import changes
from gradwire.codegen.module import MADE_BY, generate
from gradwire.errors import InvalidArgumentError

Connect = Callable[[str], AbstractContextManager[Client]]
CHANGED = 1
"""Exit code of `--check` where the module is not what would be written now."""
_MOST_LINES = 50
_LONGEST_HEAD = 20_000


def run(
    app: str,
    output: str | Path | None = None,
    *,
    check: bool = False,
    force: bool = False,
    class_name: str | None = None,
    connect: Connect = Client.connect,
) -> int:
    """Write a typed client for an app.

    Args:
        app: Its address, or the name of a Space.
        output: The file to write; None or `"-"`: standard output.
        check: Write nothing, but say what is different in the file.
        force: Write over a file that no codegen has made.
        class_name: Of the client. Default: made of the app's title.
        connect: Opens a client of the app.

    Returns:
        The process's exit code: 0, or `CHANGED`.

    Raises:
        InvalidArgumentError: A file is needed, or the name is none.
        GradwireError: The app cannot be reached.
    """
    path = None if output in (None, "-") else Path(str(output))  # "./-" is a file
    if check and path is None:
        raise InvalidArgumentError("--check needs the file to compare with: -o FILE.")
    if class_name is not None and not _is_name(class_name):
        raise InvalidArgumentError(f"{class_name!r} is no name for a class.")
    if path is not None and not check:
        path = _writable(path, force)
    source = _source(app, class_name, connect)
    if check and path is not None:
        return _compare(path, source)
    if path is None:
        sys.stdout.write(source)
    else:
        _write(path, source)
        print(f"{path}: written", file=sys.stderr)
    return 0


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def _source(app: str, class_name: str | None, connect: Connect) -> str:
    with connect(app) as client:
        address, missing = public_address(app)
        return generate(
            client.view_api(),
            address,
            title=client.config.title,
            class_name=class_name,
            left_out=missing,
        )


def _compare(path: Path, source: str) -> int:
    try:
        before = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        print(f"{path}: there is no such file", file=sys.stderr)
        return CHANGED
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(f"{path} cannot be read: {error}") from error
    found = changes(before, source)
    if not found:
        print(f"{path}: up to date", file=sys.stderr)
        return 0
    more = [f"… and {len(found) - _MOST_LINES} lines more"] if len(found) > _MOST_LINES else []
    print(f"{path}: the app has changed", *found[:_MOST_LINES], *more, sep="\n", file=sys.stderr)
    return CHANGED


def _writable(path: Path, force: bool) -> Path:
    """Return what is written to: where symbolic links lead.

    Raises:
        InvalidArgumentError: A folder is there, or a file that somebody else has written.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InvalidArgumentError(f"{path} is a folder; name a file in it.")
    if target.is_file() and not force and not _is_generated(target):
        raise InvalidArgumentError(
            f"{path} was not made by `gradwire codegen`; --force writes over it all the same."
        )
    return target


def _is_generated(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            words = file.read(_LONGEST_HEAD).split()
    except OSError as error:
        raise InvalidArgumentError(f"{path} cannot be read: {error}") from error
    return not words or MADE_BY in " ".join(words)


def _write(path: Path, source: str) -> None:
    """Write a file as a whole: whoever imports it meanwhile gets the old or the new one."""
    partial = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        if path.exists() and not path.is_file():  # such as a named pipe: it is to stay what it is
            path.write_text(source, encoding="utf-8", newline="\n")
            return
        partial.write_text(source, encoding="utf-8", newline="\n")
        os.replace(partial, path)
    except OSError as error:
        raise InvalidArgumentError(f"{path} cannot be written: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
