"""A command in a pseudo-terminal, and the screen that a person sees.

with Terminal("view", url, columns=80) as terminal:
    code = terminal.finish()
    print(terminal.text())
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

COMMAND = str(Path(sys.executable).parent / "gradwire")
#: On a busy machine even the start of an interpreter takes its time.
SECONDS = 60.0
LINES = 64
#: Makes the pseudo-terminal the controlling one, so that Ctrl-C is a signal, then runs the command.
_LAUNCH = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
_KEPT = (
    "PATH",
    "HOME",
    "TMPDIR",
    "SYSTEMROOT",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "HF_ENDPOINT",
    "HF_HOME",
)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return variables that are the same on every machine."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "TERM": "xterm-256color", "PYTHONUTF8": "1", "LANG": "C.UTF-8", **(more or {})}


def run(
    *words: str,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command in a pipe."""
    return subprocess.run(
        [COMMAND, *words],
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
        env=environment(env),
        cwd=cwd,
    )


class Terminal:
    """A terminal of so many columns, in which the command runs."""

    def __init__(
        self,
        *words: str,
        columns: int = 80,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        command: str = COMMAND,
    ) -> None:
        self.screen = pyte.Screen(columns, LINES)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", _LAUNCH, command, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(env),
            cwd=cwd,
            start_new_session=True,
        )
        os.close(slave)
        self.raw = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            os.close(self._master)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    def wait_for(self, pattern: str) -> None:
        """Wait until something is on the screen."""
        end = time.monotonic() + SECONDS
        while not re.search(pattern, self.text()):
            assert self._read(end), f"no {pattern!r} on the screen:\n{self.text()}"

    def finish(self) -> int:
        """Wait for the command's end; return its exit code."""
        end = time.monotonic() + SECONDS
        while self._read(end):
            pass
        return self.process.wait(max(end - time.monotonic(), 1))

    def _read(self, end: float) -> bool:
        """Read a piece; False at the end of the output."""
        ready, _, _ = select.select([self._master], [], [], max(end - time.monotonic(), 0))
        assert ready, f"nothing happens any more:\n{self.text()}"
        try:
            data = os.read(self._master, 65536)
        except OSError:  # on Linux, the end of the other side
            data = b""
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def text(self) -> str:
        """Return what is on the screen, without its colours."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip("\n") + "\n"

    def marked(self) -> str:
        """Return what is on the screen, with styles as `‹bold cyan›…‹/›`."""
        lines = ["".join(_runs(self._cells(row))) for row in range(LINES)]
        return "\n".join(lines).rstrip("\n") + "\n"

    def _cells(self, row: int) -> list[pyte.screens.Char]:
        cells = [self.screen.buffer[row][column] for column in range(self.screen.columns)]
        while cells and cells[-1].data == " ":
            cells.pop()
        return cells


def _runs(cells: list[pyte.screens.Char]) -> Iterator[str]:
    style = ""
    for cell in cells:
        # A blank belongs to what stands before it; the second half of a wide character is empty.
        now = style if cell.data in (" ", "") else _style(cell)
        if now != style:
            yield ("‹/›" if style else "") + (f"‹{now}›" if now else "")
            style = now
        yield cell.data
    yield "‹/›" if style else ""


def _style(cell: pyte.screens.Char) -> str:
    words = ["bold"] if cell.bold else []
    words += [] if cell.fg == "default" else [cell.fg]
    return " ".join(words)
