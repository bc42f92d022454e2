"""A lock between processes that dies with its holder, however that ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from gradwire.errors import InvalidArgumentError


class FileLock:
    """Held by one process at a time; the system gives it back when that process is gone.

    It is a lock on an open file, not a file with a process's number in it: the file that `kill -9`
    leaves behind is one that nobody holds.
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
        while True:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                _lock(self._file)
            except OSError as error:
                os.close(self._file)
                self._file = None
                raise InvalidArgumentError(
                    f"{what} is being worked on by another process. Wait for its end, or name "
                    "another output."
                ) from error
            if self._is_there():
                return self
            os.close(self._file)  # its holder has just removed it: that one is nobody's any more

    def _is_there(self) -> bool:
        assert self._file is not None
        try:
            return os.path.samestat(os.fstat(self._file), os.stat(self.path))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give it back, and remove the file."""
        held, self._file = self._file, None
        if held is not None:
            with suppress(OSError):  # Windows removes no open file; it may stay
                os.unlink(self.path)
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
