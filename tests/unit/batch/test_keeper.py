"""The checkpoint that several workers ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradwire.batch import keeper as module
from gradwire.batch.checkpoint import Counts
from gradwire.batch.keeper import Keeper, counts_of, errors_of, prepare
from gradwire.batch.worker import Note, RowId, RowResult
from gradwire.errors import GradwireError, InvalidArgumentError

JOB = {"endpoint": "/hello", "key": None}
ONE, TWO, THREE = RowId("one", "d1"), RowId(2, "d2"), RowId("three", "d3")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "rows.sqlite"


def done(row: RowId, *data: object) -> Note:
    return Note(row, "done", list(data), "e")


def test_what_is_finished_is_known_to_the_next(place: Path) -> None:
    assert counts_of(place) == Counts()
    assert errors_of(place) == {}
    first = Keeper(str(place), "retry")
    assert first.begin(JOB, [ONE, TWO, THREE]) == [None, None, None]
    first.note(JOB, [done(ONE, "x", 1), Note(TWO, "failed", "AppError: no")])
    assert counts_of(place) == Counts(claimed=1, done=1, failed=1)
    first.close()
    second = Keeper(str(place), "retry")
    assert second.begin(JOB, [THREE, TWO, ONE]) == [
        None,
        RowResult(None, "AppError: no"),
        RowResult(["x", 1], None),
    ]
    second.close()
    assert errors_of(place) == {2: "AppError: no"}


def test_what_was_with_a_lost_worker_may_fail_instead(place: Path) -> None:
    first = Keeper(str(place), "fail")
    first.begin(JOB, [ONE, TWO])
    first.note(JOB, [Note(TWO, "release")])
    [lost, released] = first.begin(JOB, [ONE, TWO])
    assert lost is not None
    assert str(lost.error).startswith("Unknown: ")
    assert released is None
    first.close()


def test_one_key_for_two_rows(place: Path) -> None:
    keeper = Keeper(str(place), "retry")
    keeper.begin(JOB, [ONE])
    keeper.note(JOB, [done(ONE, "x")])
    with pytest.raises(InvalidArgumentError, match="key 'one' stands for two rows"):
        keeper.begin(JOB, [TWO, RowId("one", "other")])
    assert counts_of(place) == Counts(done=1), "all of the batch or nothing"
    keeper.close()


def test_other_work(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Keeper(str(place), "retry")
    keeper.begin(JOB, [ONE])
    other = {**JOB, "endpoint": "/other"}
    with pytest.raises(InvalidArgumentError, match="other calls of this run"):
        keeper.begin(other, [ONE])
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
    with pytest.raises(InvalidArgumentError, match="worked on by another"):
        prepare(place, restart=True, retry_failed=False)
    keeper.close()
    with pytest.raises(InvalidArgumentError, match="belongs to other work"):
        Keeper(str(place), "retry").begin(other, [ONE])
    prepare(place, restart=False, retry_failed=False)  # and the lock was given back


def test_beginning_anew_and_calling_failed_rows_again(place: Path) -> None:
    keeper = Keeper(str(place), "fail")
    keeper.begin(JOB, [ONE, TWO])
    keeper.note(JOB, [done(ONE, "x"), Note(TWO, "failed", "no")])
    keeper.close()
    prepare(place, restart=False, retry_failed=True)
    assert counts_of(place) == Counts(done=1, again=1)
    again = Keeper(str(place), "fail")
    assert again.begin(JOB, [TWO]) == [None]
    again.close()
    prepare(place, restart=True, retry_failed=False)
    assert counts_of(place) == Counts()


def test_what_is_no_checkpoint(place: Path) -> None:
    place.write_bytes(b"something else, and long enough for that" * 100)
    with pytest.raises(InvalidArgumentError, match="not a checkpoint"):
        prepare(place, restart=False, retry_failed=False)


def test_the_words_of_sqlite_are_put_into_ours(place: Path) -> None:
    keeper = Keeper(str(place), "retry")
    keeper.begin(JOB, [ONE])
    assert keeper._checkpoint is not None
    keeper._checkpoint.close()
    with pytest.raises(GradwireError, match=r"checkpoint .*rows\.sqlite cannot be used"):
        keeper.note(JOB, [done(ONE, "x")])
    assert keeper._lock is not None
    keeper._lock.release()
