"""Works that are one call, or the same call some times over: what is called, what must come back.

tokens    one generator of COUNT steps, each looked at
chat      the same for a chat's history, whose last message grows
grow      the same for a text of SIZE characters in the end
blob      COUNT predictions of a table of SIZE bytes of JSON
upload    one file of COUNT megabytes
download  one file of COUNT megabytes
files     one call with COUNT files of a kilobyte
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MB = 1 << 20
ROW_BYTES = 45
PLANS = frozenset({"tokens", "chat", "grow", "blob", "upload", "download", "files"})

Plan = tuple[Callable[[], Any], int, Callable[[Any], None]]
"""What is done, how often, and what looks at each outcome."""


def small(work: str) -> tuple[str, int, int]:
    """The same work to warm up with."""
    count = {"upload": 1, "download": 1, "blob": 2, "files": 10}.get(work, 2000)
    return work, count, 2000


@contextmanager
def plan(calls: Any, work: str, count: int, size: int) -> Iterator[Plan]:
    """What a work is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        match work:
            case "tokens" | "chat":
                yield lambda: getattr(calls, work)(count), 1, _at_least(count)
            case "grow":
                yield lambda: calls.grow(count, size), 1, _equal(size // count * count)
            case "blob":
                yield lambda: calls.blob(size), count, _equal(size // ROW_BYTES)
            case "upload":
                [path] = _files(folder, 1, count * MB)
                yield lambda: calls.upload(path), 1, _equal("/zeros/1")
            case "download":
                yield lambda: calls.download(count * MB, folder), 1, _equal(count * MB)
            case "files":
                paths = _files(folder, count, 1024)
                yield lambda: calls.files(paths), 1, _equal(count)


def _files(folder: Path, count: int, size: int) -> list[Path]:
    """Files of zeros that take no room on the disk."""
    paths = [folder / f"{number}.bin" for number in range(count)]
    for path in paths:
        with path.open("wb") as file:
            file.truncate(size)
    return paths


def _equal(expected: object) -> Callable[[Any], None]:
    def check(answer: Any) -> None:
        if answer != expected:
            raise AssertionError(f"expected {expected!r}, got {answer!r}")

    return check


def _at_least(least: int) -> Callable[[Any], None]:
    def check(seen: int) -> None:
        if seen < least:
            raise AssertionError(f"{seen} of {least} messages seen")

    return check
