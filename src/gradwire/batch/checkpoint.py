"""What is done of a large piece of work, kept so that it survives the process.

A `Checkpoint` is one SQLite database. Each row of the work is known by a key: its number in a
table, or a text of the caller's. A row that nobody has begun is not in it. What is in it is

- `claimed`: about to be sent, and perhaps sent;
- `accepted`: the app has given it an id, which is kept;
- `done`, with its result, or `failed`, with its error: finished. A finished row is never claimed;
- `again`: it had failed, and is to be called once more.

Each step is a transaction of its own. The database is in WAL mode with `synchronous=NORMAL`: a
transaction is in the system's hands when its method returns, so that the end of this process, by
`kill -9` too, loses nothing. It is not flushed to the disk each time, which would cost
milliseconds for each row: when the whole machine goes down, the last rows may be forgotten. They
are called again then; the database itself stays whole.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from gradwire.batch.database import as_json, beside, check_kind, connect, open_database, remove
from gradwire.batch.lock import FileLock
from gradwire.errors import InvalidArgumentError

Key = int | str
State = Literal["claimed", "accepted", "done", "failed", "again"]
FINISHED: tuple[State, ...] = ("done", "failed")
UNKNOWN: tuple[State, ...] = ("claimed", "accepted")
"""States of rows of which nobody knows what became of them, when a run begins."""


class SavedRow(NamedTuple):
    """What is known of one row.

    Attributes:
        tries: How often it was claimed.
        event_id: The server's id of its last call; None: unknown.
        result: Of a row that is done: what `done` was given.
        error: Of a row that has failed: what `failed` was given.
    """

    key: Key
    state: State
    tries: int
    event_id: str | None
    result: Any
    error: Any


class Counts(NamedTuple):
    """How many rows are in each state."""

    claimed: int = 0
    accepted: int = 0
    done: int = 0
    failed: int = 0
    again: int = 0

    @property
    def finished(self) -> int:
        """Rows that are done or have failed."""
        return self.done + self.failed

    @property
    def unknown(self) -> int:
        """Rows that were begun and not finished."""
        return self.claimed + self.accepted


class Checkpoint:
    """Remembers what is done; made by `Checkpoint.open`. For one thread at a time."""

    def __init__(self, path: Path, database: sqlite3.Connection, lock: FileLock | None) -> None:
        self.path = path
        self._database = database
        self._lock = lock

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        job: Mapping[str, Any],
        *,
        restart: bool = False,
        shared: bool = False,
    ) -> Self:
        """Open a checkpoint, or begin one.

        Args:
            path: The database; made if it is not there. It must be on a disk of this machine.
            job: What the work is: JSON values by name. They must be those that the checkpoint was
                begun with.
            restart: Forget what is done, and begin anew.
            shared: Several processes of one piece of work may have it open. Otherwise a second one
                is refused.

        Raises:
            InvalidArgumentError: Another process has it; it belongs to other work, and the message
                names the difference; or it is no checkpoint.
        """
        path = Path(path)
        lock = None if shared else FileLock(beside(path, ".lock")).take(f"{path}")
        try:
            if restart:
                remove(path)
            return cls(path, open_database(path, job), lock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @classmethod
    def look(cls, path: str | os.PathLike[str]) -> Self:
        """Open a checkpoint that is there, only to read it; a run may be using it.

        Raises:
            InvalidArgumentError: There is none, or it is none.
        """
        path = Path(path)
        if not path.is_file():
            raise InvalidArgumentError(f"There is no checkpoint at {path}.")
        database = connect(path)
        try:
            check_kind(path, database)
        except BaseException:
            database.close()
            raise
        return cls(path, database, None)

    def close(self) -> None:
        """Close it; what it knows is kept."""
        self._database.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- telling it --------------------------------------------------------------------------------

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all that is told inside: quicker, and all or nothing."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def claim(self, key: Key) -> bool:
        """Say that a row is about to be sent.

        Returns:
            Whether it may be: False for a row that is finished.
        """
        return self._change(
            "INSERT INTO rows (key, state, tries) VALUES (?, 'claimed', 1) ON CONFLICT (key) "
            "DO UPDATE SET state = 'claimed', event_id = NULL, tries = tries + 1 "
            "WHERE state NOT IN ('done', 'failed')",
            key,
        )

    def accepted(self, key: Key, event_id: str | None) -> None:
        """Say that the app has taken a row."""
        self._change(
            "UPDATE rows SET state = 'accepted', event_id = ? WHERE key = ? AND state IN "
            "('claimed', 'accepted')",
            event_id,
            key,
        )

    def done(self, key: Key, result: Any, event_id: str | None = None) -> None:
        """Say that a row is done.

        Args:
            key: The row.
            result: JSON; given back by `rows`. Of a row that is done already, the first stays.
            event_id: The server's id of the call.
        """
        self._change(
            "INSERT INTO rows (key, state, tries, result, event_id) VALUES (?, 'done', 1, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET state = 'done', result = excluded.result, "
            "event_id = coalesce(excluded.event_id, event_id), error = NULL WHERE state != 'done'",
            key,
            as_json(result),
            event_id,
        )

    def failed(self, key: Key, error: Any, event_id: str | None = None) -> None:
        """Say that a row has failed, for reasons of its own.

        Args:
            key: The row.
            error: JSON; given back by `rows`.
            event_id: The server's id of the call.
        """
        self._change(
            "INSERT INTO rows (key, state, tries, error, event_id) VALUES (?, 'failed', 0, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET state = 'failed', error = excluded.error, "
            "event_id = coalesce(excluded.event_id, event_id) WHERE state != 'done'",
            key,
            as_json(error),
            event_id,
        )

    def release(self, key: Key) -> None:
        """Take a claim back: the row was certainly not run, and is to be called again."""
        self._change(
            "UPDATE rows SET state = 'again', event_id = NULL "
            "WHERE key = ? AND state IN ('claimed', 'accepted')",
            key,
        )

    def retry_failed(self) -> int:
        """Forget the errors: these rows are to be called again.

        Returns:
            How many there are.
        """
        return self._database.execute(
            "UPDATE rows SET state = 'again', event_id = NULL, error = NULL WHERE state = 'failed'"
        ).rowcount

    def fail_unknown(self, error: Any) -> int:
        """Let all rows fail that were begun and not finished.

        Returns:
            How many there are.
        """
        return self._database.execute(
            "UPDATE rows SET state = 'failed', error = ? WHERE state IN ('claimed', 'accepted')",
            (as_json(error),),
        ).rowcount

    def _change(self, statement: str, *values: Any) -> bool:
        return self._database.execute(statement, values).rowcount > 0

    # -- asking it ---------------------------------------------------------------------------------

    @property
    def job(self) -> dict[str, Any]:
        """What the work is, as `open` was told."""
        job: dict[str, Any] = self.noted("job")
        return job

    def note(self, name: str, value: Any) -> None:
        """Keep a fact about the work as a whole, in the place of an earlier one."""
        if name == "job":
            raise InvalidArgumentError("What the job is is said when the checkpoint is begun.")
        self._change("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, as_json(value))

    def noted(self, name: str) -> Any:
        """Return what was noted under a name; None: nothing."""
        found = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else json.loads(found[0])

    def counts(self) -> Counts:
        """Count the rows of each state; takes longer the more there are."""
        found = self._database.execute("SELECT state, count(*) FROM rows GROUP BY state")
        return Counts(**dict(found))

    def row(self, key: Key) -> SavedRow | None:
        """Return what is known of one row; None: it was never begun."""
        row = self._database.execute(f"{_SELECT} WHERE key = ?", (key,)).fetchone()
        return None if row is None else _saved(row)

    def finished_between(self, first: int, end: int) -> set[int]:
        """Return the numbers from `first` to before `end` of rows that are finished."""
        found = self._database.execute(
            "SELECT key FROM rows WHERE key >= ? AND key < ? AND state IN ('done', 'failed')",
            (first, end),
        )
        return {number for (number,) in found}

    def rows(self, *states: State) -> Generator[SavedRow, None, None]:
        """Yield what is known of rows, by their keys: numbers first, then texts.

        Args:
            *states: Only rows that are in one of these; none given: all.
        """
        where = "WHERE state = ?" if len(states) == 1 else ""
        if len(states) > 1:
            # The plus keeps SQLite to the order of the keys: it would sort all rows otherwise.
            where = f"WHERE +state IN ({', '.join('?' * len(states))})"
        found = self._database.execute(f"{_SELECT} {where} ORDER BY key", states)
        try:
            for row in found:
                yield _saved(row)
        finally:
            found.close()  # as long as it is open, the log cannot be emptied


_SELECT = "SELECT key, state, tries, event_id, result, error FROM rows"


def _saved(row: tuple[Any, ...]) -> SavedRow:
    key, state, tries, event_id, result, error = row
    return SavedRow(
        key,
        state,
        tries,
        event_id,
        None if result is None else json.loads(result),
        None if error is None else json.loads(error),
    )
