"""A checkpoint for several workers: asked for rows by the batch, by keys with their inputs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradwire.batch.checkpoint import FINISHED, Checkpoint, Counts, Key
from gradwire.batch.database import beside, remove
from gradwire.batch.lock import FileLock
from gradwire.batch.running import UNKNOWN_ERROR
from gradwire.batch.table_job import Unknown
from gradwire.batch.worker import Note, RowId, RowResult, two_rows
from gradwire.errors import GradwireError, InvalidArgumentError

LOCK_SECONDS = 20.0
"""How long the process of a run that has just ended may still have the checkpoint."""


class Keeper:
    """Has the checkpoint of one piece of work, and answers all who work on it.

    It may be lost and made again at any moment: what it has said is kept is in the file.

    Args:
        path: The SQLite file.
        unknown: What becomes of rows that were claimed, and of which nothing was heard.
    """

    def __init__(self, path: str, unknown: Unknown) -> None:
        self._path = Path(path)
        self._unknown = unknown
        self._checkpoint: Checkpoint | None = None
        self._lock: FileLock | None = None

    def begin(self, job: Mapping[str, Any], rows: Sequence[RowId]) -> list[RowResult | None]:
        """Claim rows, and return what is known of those that are finished.

        Args:
            job: What the work is; see `Checkpoint.open`.
            rows: The rows.

        Raises:
            InvalidArgumentError: The checkpoint is of other work, or a key of another row.
        """
        with _words_for_errors(self._path):
            checkpoint = self._open(job)
            with checkpoint.together():
                return [self._begin(checkpoint, row) for row in rows]

    def _begin(self, checkpoint: Checkpoint, row: RowId) -> RowResult | None:
        saved = checkpoint.row(row.key)
        if saved is not None and saved.state in FINISHED:
            kept = saved.result if saved.state == "done" else saved.error
            if kept["inputs"] != row.digest:
                raise two_rows(row.key)
            return RowResult(kept.get("data"), kept.get("error"))
        if saved is not None and saved.state != "again" and self._unknown == "fail":
            checkpoint.failed(row.key, {"inputs": row.digest, "error": UNKNOWN_ERROR})
            return RowResult(None, UNKNOWN_ERROR)
        checkpoint.claim(row.key)
        return None

    def note(self, job: Mapping[str, Any], notes: Sequence[Note]) -> None:
        """Keep what has become of rows."""
        with _words_for_errors(self._path):
            checkpoint = self._open(job)
            with checkpoint.together():
                for note in notes:
                    _keep(checkpoint, note)

    def _open(self, job: Mapping[str, Any]) -> Checkpoint:
        if self._checkpoint is None:
            lock = locked(self._path)
            try:
                self._checkpoint = Checkpoint.open(self._path, job, shared=True)
            except BaseException:
                lock.release()
                raise
            self._lock = lock
        if self._checkpoint.job != job:
            raise InvalidArgumentError(
                f"{self._path} is in use for other calls of this run; give each a checkpoint of "
                "its own."
            )
        return self._checkpoint

    def close(self) -> None:
        """Give the file back."""
        if self._checkpoint is not None:
            self._checkpoint.close()
        if self._lock is not None:
            self._lock.release()
        self._checkpoint = self._lock = None


def _keep(checkpoint: Checkpoint, note: Note) -> None:
    (key, digest), what, value, event_id = note
    if what == "done":
        checkpoint.done(key, {"inputs": digest, "data": value}, event_id)
    elif what == "failed":
        checkpoint.failed(key, {"inputs": digest, "error": value}, event_id)
    else:
        checkpoint.release(key)


def locked(path: Path) -> FileLock:
    """Lock a checkpoint; a process that is about to end is waited for.

    Raises:
        InvalidArgumentError: Another process has it, and does not end.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return FileLock(beside(path, ".lock")).take(str(path))
        except InvalidArgumentError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def prepare(path: Path, *, restart: bool, retry_failed: bool) -> None:
    """Do what is to be done once, before a run begins.

    Args:
        path: The checkpoint, if it is there.
        restart: Forget what is done.
        retry_failed: Have rows called again that have failed.

    Raises:
        InvalidArgumentError: Another process has it, or it is no checkpoint.
    """
    lock = locked(path)
    try:
        if restart:
            remove(path)
        elif path.is_file():
            with _words_for_errors(path), Checkpoint.look(path) as found:
                if retry_failed:
                    found.retry_failed()
    finally:
        lock.release()


def counts_of(path: Path) -> Counts:
    """Count the rows of each state, also while a run goes on; all 0 before it has begun."""
    if not path.is_file():
        return Counts()
    with _words_for_errors(path), Checkpoint.look(path) as found:
        return found.counts()


def errors_of(path: Path) -> dict[Key, str]:
    """Return the errors of the rows that have failed."""
    if not path.is_file():
        return {}
    with _words_for_errors(path), Checkpoint.look(path) as found:
        return {row.key: row.error["error"] for row in found.rows("failed")}


@contextmanager
def _words_for_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise GradwireError(f"The checkpoint {path} cannot be used: {error}.") from error
