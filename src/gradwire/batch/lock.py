"""A lock between processes that dies with its holder, however that ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Self

from gradwire.errors import InvalidArgumentError


class FileLock:
    """Held by one process at a time; the system gives it back when that process is gone.

    It is a lock on an open file, not a file with a process's number in it: after `kill -9` nothing
    is left behind that would have to be judged. The file itself stays, empty: whoever deleted it
    could take it from under another who has just opened it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self, what: str) -> Self:
        """Take the lock, or refuse.

        Args:
            what: What it guards, for the message: "… is being worked on".

        Raises:
            InvalidArgumentError: Another process has it.
        """
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(self._file)
        except OSError as error:
            self.release()
            raise InvalidArgumentError(
                f"{what} is being worked on by another process. Wait for its end, or name another "
                "output."
            ) from error
        return self

    def release(self) -> None:
        """Give it back."""
        held, self._file = self._file, None
        if held is not None:
            os.close(held)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        # Not lockf: that lock is lost when any other descriptor of the same file is closed.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
