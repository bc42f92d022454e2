"""The checkpoint: what is told it is there again, whatever happens to the process."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gradwire.batch.checkpoint import Checkpoint, Counts
from gradwire.errors import InvalidArgumentError

JOB = {"endpoint": "/hello", "input": {"size": 3}}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "rows.sqlite"


def test_what_is_told_is_there_again(place: Path) -> None:
    with Checkpoint.open(place, JOB) as checkpoint:
        assert checkpoint.claim(0)
        checkpoint.accepted(0, "e0")
        checkpoint.done(0, ["é", None, 1.5])
        assert checkpoint.claim(2)
        checkpoint.failed(2, {"error": "AppError"}, "e2")
        assert checkpoint.claim(1)
        checkpoint.accepted(1, "e1")
        assert checkpoint.claim("by name")
    with Checkpoint.open(place, JOB) as checkpoint:
        assert checkpoint.job == JOB
        assert checkpoint.counts() == Counts(claimed=1, accepted=1, done=1, failed=1)
        assert [tuple(row) for row in checkpoint.rows()] == [
            (0, "done", 1, "e0", ["é", None, 1.5], None),
            (1, "accepted", 1, "e1", None, None),
            (2, "failed", 1, "e2", None, {"error": "AppError"}),
            ("by name", "claimed", 1, None, None, None),
        ]
        assert [row.key for row in checkpoint.rows("claimed", "failed")] == [2, "by name"]
        assert checkpoint.finished_between(0, 2) == {0}
        assert checkpoint.row(7) is None


def test_a_finished_row_is_not_claimed(place: Path) -> None:
    with Checkpoint.open(place, JOB) as checkpoint:
        checkpoint.done(0, "first")
        checkpoint.failed(1, "no")
        assert not checkpoint.claim(0)
        assert not checkpoint.claim(1)
        checkpoint.done(0, "second")
        checkpoint.failed(0, "late")
        row = checkpoint.row(0)
        assert row is not None
        assert (row.state, row.result) == ("done", "first")
        assert checkpoint.retry_failed() == 1
        assert checkpoint.claim(1)
        assert checkpoint.claim(1)  # begun, and not finished
        row = checkpoint.row(1)
        assert row is not None
        assert (row.state, row.tries, row.error) == ("claimed", 2, None)


def test_rows_of_which_nothing_is_known(place: Path) -> None:
    with Checkpoint.open(place, JOB) as checkpoint:
        for key in range(4):
            checkpoint.claim(key)
        checkpoint.accepted(1, "e1")
        checkpoint.release(2)
        checkpoint.done(3, None)
        assert checkpoint.counts() == Counts(claimed=1, accepted=1, again=1, done=1)
        assert checkpoint.fail_unknown("unknown") == 2
        assert [row.key for row in checkpoint.rows("failed")] == [0, 1]
        assert checkpoint.claim(2)


def test_a_transaction_is_all_or_nothing(place: Path) -> None:
    with Checkpoint.open(place, JOB) as checkpoint:
        with pytest.raises(KeyError), checkpoint.together():
            checkpoint.done(0, 1)
            raise KeyError
        assert checkpoint.counts() == Counts()
        with checkpoint.together():
            checkpoint.done(0, 1)
            checkpoint.done(1, 1)
        assert checkpoint.counts().finished == 2


def test_other_work_is_refused_and_named(place: Path) -> None:
    Checkpoint.open(place, JOB).close()
    with pytest.raises(
        InvalidArgumentError, match=r'endpoint was "/hello", and is "/bye".*anew .restart.'
    ):
        Checkpoint.open(place, {**JOB, "endpoint": "/bye"})
    with pytest.raises(InvalidArgumentError, match=r"set was null"):
        Checkpoint.open(place, {**JOB, "set": 1})
    with Checkpoint.open(place, JOB) as checkpoint:
        checkpoint.done(0, 1)
    with Checkpoint.open(place, {"endpoint": "/bye"}, restart=True) as checkpoint:
        assert checkpoint.counts() == Counts()


def test_what_is_no_checkpoint_is_left_alone(place: Path) -> None:
    place.write_bytes(b"a letter to grandmother" * 100)
    for open_it in (lambda: Checkpoint.open(place, JOB), lambda: Checkpoint.look(place)):
        with pytest.raises(InvalidArgumentError, match="is not a checkpoint"):
            open_it()
    assert place.read_bytes().startswith(b"a letter")
    place.unlink()
    with closing(sqlite3.connect(place)) as other:
        other.execute("CREATE TABLE mine (x)")
    with pytest.raises(InvalidArgumentError, match="is not a checkpoint"):
        Checkpoint.open(place, JOB)
    with pytest.raises(InvalidArgumentError, match="There is no checkpoint"):
        Checkpoint.look(place.with_name("none"))


def test_a_checkpoint_of_another_form(place: Path) -> None:
    Checkpoint.open(place, JOB).close()
    with closing(sqlite3.connect(place)) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(InvalidArgumentError, match="another release"):
        Checkpoint.open(place, JOB)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such rights")
def test_nobody_else_can_read_it(place: Path) -> None:
    with Checkpoint.open(place, JOB) as checkpoint:
        checkpoint.done(0, "secret")
        for ending in ("", "-wal", "-shm"):
            assert Path(f"{place}{ending}").stat().st_mode & 0o077 == 0


def test_one_at_a_time(place: Path) -> None:
    """Also within a process; to look is allowed all the time."""
    with Checkpoint.open(place, JOB) as checkpoint:
        with pytest.raises(InvalidArgumentError, match="being worked on by another process"):
            Checkpoint.open(place, JOB)
        checkpoint.done(0, 1)
        with Checkpoint.look(place) as other:
            assert other.counts().done == 1
    Checkpoint.open(place, JOB).close()


def test_several_of_one_piece_of_work(place: Path) -> None:
    with Checkpoint.open(place, JOB, shared=True) as one:
        with Checkpoint.open(place, JOB, shared=True) as other:
            assert one.claim("a")
            assert other.claim("b")
            one.done("a", 1)
            assert not other.claim("a")


_KILLED = """
import os, signal, sys
from gradwire.batch.checkpoint import Checkpoint
checkpoint = Checkpoint.open(sys.argv[1], {"n": 1})
for key in range(1000):
    checkpoint.claim(key)
    checkpoint.done(key, "x" * 500)
    if key == 613:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9(place: Path) -> None:
    """All that a method has returned for is there, and the lock is free."""
    done = subprocess.run([sys.executable, "-c", _KILLED, str(place)], check=False)
    assert done.returncode == -9
    with Checkpoint.open(place, {"n": 1}) as checkpoint:
        assert checkpoint.counts() == Counts(done=614)
        assert checkpoint.finished_between(0, 10_000) == set(range(614))


class Killed(RuleBasedStateMachine):
    """Any steps; at any moment the files are copied as a kill would leave them, and opened there.

    The copy has the database and its log as they are in the middle of a run, with nothing of what
    the process would have done at its end.
    """

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = Path(tempfile.mkdtemp())
        self.checkpoint = Checkpoint.open(self.folder / "a", JOB)
        self.model: dict[int, tuple[str, object]] = {}
        self.inside = False
        self.copies = 0

    keys = st.integers(0, 8)

    @rule(key=keys)
    def claim(self, key: int) -> None:
        free = self.model.get(key, ("",))[0] not in ("done", "failed")
        assert self.checkpoint.claim(key) == free
        if free:
            self.model[key] = ("claimed", None)

    @rule(key=keys)
    def accept(self, key: int) -> None:
        self.checkpoint.accepted(key, f"e{key}")
        if self.model.get(key, ("",))[0] in ("claimed", "accepted"):
            self.model[key] = ("accepted", None)

    @rule(key=keys, value=st.text(max_size=3000) | st.just("half \ud800 é"))
    def finish(self, key: int, value: str) -> None:
        self.checkpoint.done(key, value)
        if self.model.get(key, ("",))[0] != "done":
            self.model[key] = ("done", value)

    @rule(key=keys)
    def fail(self, key: int) -> None:
        self.checkpoint.failed(key, "no")
        if self.model.get(key, ("",))[0] != "done":
            self.model[key] = ("failed", None)

    @rule()
    def again(self) -> None:
        self.checkpoint.retry_failed()
        self.model = {
            key: ("again", None) if state == "failed" else (state, value)
            for key, (state, value) in self.model.items()
        }

    @precondition(lambda self: self.model)
    @rule()
    def kill(self) -> None:
        self.copies += 1
        target = self.folder / f"copy{self.copies}"
        for ending in ("-wal", ""):
            source = self.folder / f"a{ending}"
            if source.exists():
                shutil.copyfile(source, f"{target}{ending}")
        with Checkpoint.open(target, JOB) as found:
            assert {r.key: (r.state, r.result) for r in found.rows()} == self.model

    @rule()
    def close_and_open(self) -> None:
        self.checkpoint.close()
        self.checkpoint = Checkpoint.open(self.folder / "a", JOB)

    def teardown(self) -> None:
        if hasattr(self, "checkpoint"):
            self.checkpoint.close()
            shutil.rmtree(self.folder)


TestKilled = Killed.TestCase


@given(cut=st.integers(0, 60_000))
def test_a_log_that_is_cut_off_holds_whole_transactions(cut: int) -> None:
    """A crash of the machine may leave any beginning of the log: then the last rows are missing."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "a"
        with Checkpoint.open(place, JOB) as checkpoint:
            for key in range(12):
                with checkpoint.together():
                    checkpoint.done(2 * key, "x" * 1000)
                    checkpoint.done(2 * key + 1, "y" * 1000)
            copy = Path(name) / "b"
            shutil.copyfile(place, copy)
            log = place.with_name("a-wal").read_bytes()
            copy.with_name("b-wal").write_bytes(log[:cut])
        with Checkpoint.open(copy, JOB) as found:
            keys = [row.key for row in found.rows()]
            assert keys == list(range(len(keys)))
            assert len(keys) % 2 == 0
