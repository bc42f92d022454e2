"""The database of a checkpoint: how it is opened, made, and told from others."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradwire.errors import InvalidArgumentError

_APPLICATION = 0x67726477
"""Says that a database is one of these."""
_VERSION = 1
_BUSY_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE rows (
    id INTEGER PRIMARY KEY,
    key NOT NULL UNIQUE,  -- no type: numbers stay numbers, texts texts
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    event_id TEXT,
    result TEXT,
    error TEXT
);
CREATE INDEX states ON rows (state, key);
"""


class OtherWorkError(InvalidArgumentError):
    """A checkpoint belongs to other work.

    Attributes:
        begun: What it was begun with.
        now: What it is asked for.
    """

    begun: Mapping[str, Any]
    now: Mapping[str, Any]


def as_json(value: Any) -> str:
    """Write a value as it is kept, in characters that UTF-8 has.

    Half a surrogate pair, which the JSON of an app can hold, is written as its escape.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if text.isascii() or _is_encodable(text):
        return text
    return json.dumps(value, separators=(",", ":"))


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def beside(path: Path, ending: str) -> Path:
    """Return the path of a file that belongs to another."""
    return path.with_name(path.name + ending)


def remove(path: Path) -> None:
    """Remove a database, so that another can begin in its place."""
    # The database last: without it, the others would be taken for those of a new one.
    for ending in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            beside(path, ending).unlink()


def open_database(path: Path, job: Mapping[str, Any]) -> sqlite3.Connection:
    """Open the database of a checkpoint, or make it; see `Checkpoint.open`."""
    _create(path)
    database = connect(path)
    try:
        if not _has_tables(path, database):
            _begin(path, database, job)
        check_kind(path, database)
        _check_job(path, database, job)
    except BaseException:
        database.close()
        raise
    return database


def _create(path: Path) -> None:
    """Make the file, for nobody else to read; the files beside it get the same rights."""
    # Whoever has it open already would lose its locks if it were opened and closed here.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def connect(path: Path) -> sqlite3.Connection:
    """Open a database; nothing is read yet."""
    try:
        # The thread that opens it need not be the one that uses it; one at a time does.
        return sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise InvalidArgumentError(f"{path} cannot be opened: {error}.") from error


def _has_tables(path: Path, database: sqlite3.Connection) -> bool:
    try:
        return bool(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise _not_one(path) from error


def _begin(path: Path, database: sqlite3.Connection, job: Mapping[str, Any]) -> None:
    """Make the tables, all at once: whoever is killed here leaves an empty database."""
    mode = database.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise InvalidArgumentError(
            f"The file system of {path} cannot hold a checkpoint; name a place on a disk of this "
            "machine for it."
        )
    with suppress(FileExistsError):
        _make_tables(database, job)


def _make_tables(database: sqlite3.Connection, job: Mapping[str, Any]) -> None:
    database.execute("BEGIN IMMEDIATE")
    try:
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise FileExistsError  # another process of the same work was quicker
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("INSERT INTO facts VALUES ('job', ?)", (as_json(dict(job)),))
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def check_kind(path: Path, database: sqlite3.Connection) -> None:
    """Refuse what is no checkpoint, or one of another form."""
    try:
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.DatabaseError as error:
        raise _not_one(path) from error
    if application != _APPLICATION:
        raise _not_one(path)
    if version != _VERSION:
        raise InvalidArgumentError(
            f"{path} is a checkpoint of another release of gradwire (form {version}, this one has "
            f"{_VERSION}). Finish with that release, or begin anew (restart)."
        )


def _not_one(path: Path) -> InvalidArgumentError:
    return InvalidArgumentError(f"{path} is not a checkpoint of gradwire; name another place.")


def _check_job(path: Path, database: sqlite3.Connection, job: Mapping[str, Any]) -> None:
    row = database.execute("SELECT value FROM facts WHERE name = 'job'").fetchone()
    begun, now = json.loads(row[0]), json.loads(as_json(dict(job)))
    different = [name for name in {**begun, **now} if begun.get(name) != now.get(name)]
    if not different:
        return
    name = different[0]
    other = OtherWorkError(
        f"{path} belongs to other work: {name} was {_short(begun.get(name))}, and is "
        f"{_short(now.get(name))} now. Go on as it was begun, or begin anew (restart), which "
        "forgets what is done."
    )
    other.begun, other.now = begun, now
    raise other


def _short(value: Any) -> str:
    text = as_json(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
