"""Whose a folder of outputs' files is: two outputs that share one would mix up their files."""

from __future__ import annotations

import os
from pathlib import Path

from gradwire.batch.lock import FileLock
from gradwire.errors import InvalidArgumentError

_MARK = ".gradwire-output"
"""A file in the folder with the path of its output, relative to the folder."""


class Ownership:
    """Keeps a folder to one output, and to one run at a time."""

    def __init__(self, folder: Path, output: Path | None) -> None:
        """Say whose it is to be.

        Args:
            folder: The folder; it need not be there yet.
            output: The table that its files belong to; None: one that is kept nowhere.
        """
        self._folder = folder
        self._output = "-" if output is None else Path(os.path.relpath(output, folder)).as_posix()
        self._lock: FileLock | None = None

    def check(self) -> None:
        """Refuse a folder of another output; nothing is made.

        Raises:
            InvalidArgumentError: It is one.
        """
        owner = self._owner()
        if owner not in (None, self._output):
            whose = "a table that went to stdout" if owner == "-" else str(owner)
            raise InvalidArgumentError(
                f"{self._folder} has the files of another output, {whose} (as seen from there). "
                "Name another folder for the files of this one."
            )

    def take(self) -> None:
        """Make the folder, and mark it.

        Raises:
            InvalidArgumentError: It belongs to another output, or another process works on it.
            OSError: It cannot be made.
        """
        if self._lock is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder / f"{_MARK}.lock").take(str(self._folder))
        try:
            self.check()
            if self._owner() is None:
                (self._folder / _MARK).write_text(self._output, encoding="utf-8")
        except BaseException:
            lock.release()
            raise
        self._lock = lock

    def release(self) -> None:
        """Let others have it, if they may."""
        held, self._lock = self._lock, None
        if held is not None:
            held.release()

    @property
    def taken(self) -> bool:
        """Whether it is this run's."""
        return self._lock is not None

    def _owner(self) -> str | None:
        try:
            # What is empty was killed while it was written; nothing else of that run was there yet.
            return (self._folder / _MARK).read_text(encoding="utf-8") or None
        except (FileNotFoundError, NotADirectoryError):
            return None
