"""The shared stream: examples first, then a machine that tries every order of things."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from gradwire.errors import (
    AppError,
    ClientClosedError,
    ConnectionLostError,
    GradwireError,
    JobCancelledError,
    ProtocolError,
    SessionNotFoundError,
)
from gradwire.wire import session as session_module
from gradwire.wire.events import Event
from gradwire.wire.prediction import Prediction
from gradwire.wire.run import Run
from gradwire.wire.session import MAX_SILENT_STREAMS, Session


def make_run(fn_index: int = 0) -> Run:
    return Run("/fn", fn_index, wanted=frozenset({"data", "status"}))


def message(msg: str, event_id: str | None = None, **fields: Any) -> bytes:
    return json.dumps({"msg": msg, "event_id": event_id, **fields}).encode()


def step(event_id: str, *data: Any) -> bytes:
    return message("process_generating", event_id, output={"data": list(data)})


def completed(event_id: str, *data: Any) -> bytes:
    return message("process_completed", event_id, output={"data": list(data)})


def opened(*event_ids: str) -> tuple[Session, list[Run]]:
    """Return a session with jobs of these ids, and an open stream."""
    session, runs = Session("s"), []
    for event_id in event_ids:
        runs.append(make_run())
        session.accept(runs[-1], event_id)
    session.opening()
    return session, runs


def test_a_stream_is_needed_while_a_job_is_pending() -> None:
    session, run = Session("s"), make_run()
    assert not session.needs_stream
    session.accept(run, "a")
    assert session.needs_stream
    session.opening()
    assert not session.needs_stream
    ((whose, events),) = session.receive(completed("a", 1))
    assert whose is run
    assert events
    assert list(session.pending) == []
    assert not session.needs_stream
    assert session.ended() == []
    assert not session.needs_stream


def test_messages_reach_the_job_that_they_name() -> None:
    session, (a, b) = opened("a", "b")
    ((whose, _),) = session.receive(step("b", 1))
    assert whose is b
    session.receive(completed("b", 2))
    assert isinstance(b.outcome, Prediction)
    assert b.outcome.data == [2]
    assert not a.ended
    assert list(session.pending) == [a]


@pytest.mark.parametrize("announced", [True, False])
def test_an_end_that_was_not_announced_is_a_break(announced: bool) -> None:
    """A job that has heard nothing can be for the next stream, unless this one was torn."""
    session, run = Session("s", announces_end=True), make_run()
    session.accept(run, "a")
    session.opening()
    if announced:
        session.receive(message("close_stream"))
    lost = [whose for whose, _ in session.ended()]
    assert lost == ([] if announced else [run])
    assert session.needs_stream is announced
    if not announced:
        assert isinstance(run.outcome, ConnectionLostError)
        assert "had not said" in str(run.outcome)


def test_messages_before_the_answer_are_kept() -> None:
    session, (first,) = opened("a")
    assert session.receive(step("b", "x")) == []
    assert session.receive(completed("b", "y")) == []
    late = make_run()
    events = session.accept(late, "b")
    assert [event.data for event in events if event.type == "data"] == [["x"], ["y"]]
    assert late.ended
    assert list(session.pending) == [first]


def test_messages_for_an_ended_job_are_dropped() -> None:
    session, _ = opened("a")
    session.receive(completed("a", 1))
    assert session.receive(completed("a", 2)) == []
    assert session._early_count == 0


def test_a_job_given_up_before_the_answer_is_never_pending() -> None:
    session, run = Session("s"), make_run()
    session.give_up(run, JobCancelledError("x"))
    session.opening()
    session.receive(step("a", 1))
    assert session.accept(run, "a") == []
    assert list(session.pending) == []
    assert session.receive(completed("a", 1)) == []
    assert session._early_count == 0


def test_cancelling_one_job_leaves_the_stream_to_the_others() -> None:
    session, (a, b) = opened("a", "b")
    assert session.give_up(a, JobCancelledError("x"))
    assert session.give_up(a, JobCancelledError("y")) == []
    assert session.is_open
    assert session.receive(completed("a", 1)) == []
    assert isinstance(a.outcome, JobCancelledError)
    session.receive(completed("b", 1))
    assert isinstance(b.outcome, Prediction)


def test_a_job_left_is_heard_until_the_server_ends_it() -> None:
    session, (run,) = opened("a")
    session.give_up(run, JobCancelledError("x"))
    session.leave(run)
    assert session.left == [run]
    session.receive(message("process_starts", "a"))
    assert run.started
    session.ended()
    assert session.left == []  # it was heard on this stream, so the server will say no more
    session.leave(run)
    assert session.needs_stream
    session.opening()
    assert session.receive(completed("a", 1)) == [(run, [])]
    assert session.left == []
    assert isinstance(run.outcome, JobCancelledError)


def test_a_session_that_is_lost_has_no_jobs_to_stop() -> None:
    session, (run,) = opened("a")
    session.give_up(run, JobCancelledError("x"))
    session.leave(run)
    session.receive(message("unexpected_error", message="404: Session not found."))
    session.ended()
    assert not session.needs_stream


def test_siblings_are_of_the_same_function() -> None:
    session, runs = Session("s"), [make_run(0), make_run(1), make_run(0)]
    for number, run in enumerate(runs):
        session.accept(run, str(number))
    assert session.siblings(runs[0]) == [runs[2]]
    assert session.siblings(runs[1]) == []


def test_one_id_for_two_jobs() -> None:
    session, (first,) = opened("a")
    second = make_run()
    assert session.accept(second, "a")
    assert isinstance(second.outcome, ProtocolError)
    session.give_up(second, JobCancelledError("x"))
    session.receive(completed("a", 1))
    assert isinstance(first.outcome, Prediction)


def test_heartbeats_and_unknown_messages_are_for_nobody() -> None:
    session, (run,) = opened("a")
    status = run.status
    for data in (message("heartbeat"), message("news"), message("log", log="x"), b'{"msg":"log"}'):
        assert session.receive(data) == []
    assert run.status is status
    assert session.pending


def test_an_unexpected_error_without_id_ends_every_job() -> None:
    session, runs = opened("a", "b")
    deliveries = session.receive(message("unexpected_error", message="404: Session not found."))
    assert [run for run, _ in deliveries] == runs
    assert all(isinstance(run.outcome, SessionNotFoundError) for run in runs)
    assert not session.ended()


def test_an_unexpected_error_with_an_id_ends_one_job() -> None:
    session, (a, b) = opened("a", "b")
    session.receive(message("unexpected_error", "a", message="no"))
    assert isinstance(a.outcome, AppError)
    assert not b.ended


def test_a_message_that_cannot_be_read_and_names_no_job_ends_every_job() -> None:
    session, runs = opened("a", "b")
    session.receive(b"{")
    assert all(isinstance(run.outcome, ProtocolError) for run in runs)


def test_a_broken_stream_fails_all_jobs_and_names_them() -> None:
    session, (a, b) = opened("a", "b")
    session.receive(step("a", 1))
    deliveries = session.ended("reset by peer")
    assert [run for run, _ in deliveries] == [a, b]
    for run in (a, b):
        error = run.outcome
        assert isinstance(error, ConnectionLostError)
        assert error.event_ids == ("a", "b")
        assert error.session_hash == "s"
        assert error.event_id == run.event_id
        assert error.reason == "reset by peer"
        assert str(error).startswith(
            f"The event stream broke while {run.endpoint} and 1 other were pending: reset by peer. "
        )
    assert not session.needs_stream


def test_an_orderly_end_fails_only_jobs_that_it_had_told_of() -> None:
    session, (a, b) = opened("a", "b")
    session.receive(step("a", 1))
    session.receive(message("close_stream"))
    assert session.closing
    ((lost, _),) = session.ended()
    assert lost is a
    assert not session.closing
    assert not b.ended
    assert session.needs_stream


def test_a_job_heard_on_an_earlier_stream_gets_the_next_one() -> None:
    session, (a,) = opened("a")
    session.receive(step("b", 1))
    session.receive(completed("a", 1))
    session.ended()
    late = make_run()
    session.accept(late, "b")
    assert session.needs_stream
    session.opening()
    assert session.ended() == []
    assert not late.ended
    assert isinstance(a.outcome, Prediction)


def test_streams_that_say_nothing_are_not_opened_for_ever() -> None:
    session, run = Session("s"), make_run()
    session.accept(run, "a")
    opened = 0
    while session.needs_stream:
        session.opening()
        session.receive(message("heartbeat"))
        session.ended()
        opened += 1
        assert opened <= MAX_SILENT_STREAMS + 1
    assert opened > 1
    assert isinstance(run.outcome, ConnectionLostError)


def test_a_message_for_somebody_makes_a_stream_count_again() -> None:
    session, run = Session("s"), make_run()
    session.accept(run, "a")
    for number in range(3 * MAX_SILENT_STREAMS):
        session.opening()
        other = make_run()
        session.accept(other, f"other {number}")
        session.receive(completed(f"other {number}", 1))
        session.ended()
    assert not run.ended
    assert session.needs_stream


def test_closing_the_client_ends_every_job() -> None:
    session, runs = opened("a", "b")
    error = ClientClosedError("x")
    assert [run for run, _ in session.fail_all(error)] == runs
    assert all(run.outcome is error for run in runs)
    assert list(session.pending) == []


def test_memory_for_early_and_ended_jobs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_EARLY_MESSAGES", 50)
    monkeypatch.setattr(session_module, "MAX_ENDED_IDS", 20)
    session, _ = opened("pending")
    for number in range(500):
        session.receive(step(f"early {number % 97}", 1))
        held = sum(map(len, session._early.values()))
        assert held == session._early_count <= 50
    for number in range(500):
        session.accept(make_run(), f"job {number}")
        session.receive(completed(f"job {number}", 1))
        assert len(session._ended) <= 20
    flood = "one job whose answer never comes"
    for _ in range(500):
        session.receive(step(flood, 1))
        assert sum(map(len, session._early.values())) == session._early_count <= 50
    # The newest are the ones that are kept.
    session.receive(completed("wanted", 7))
    run = make_run()
    session.accept(run, "wanted")
    assert isinstance(run.outcome, Prediction)
    assert len(list(session.pending)) == 1


# -- every order of things -------------------------------------------------------------------------


class Lifecycle(RuleBasedStateMachine):
    """A client that obeys `needs_stream`, and a server that says anything at any time.

    `told_end` holds what must have ended: the server said so, or the stream that it was heard on
    is gone. `events` holds what each run was given.
    """

    posted = Bundle("posted")

    def __init__(self) -> None:
        super().__init__()
        self.session = Session("s")
        self.runs: dict[str, Run] = {}
        self.accepted: set[str] = set()
        self.must_end: set[str] = set()
        self.completed_early: set[str] = set()
        self.events: dict[Run, list[Event]] = {}
        self.outcomes: dict[Run, Prediction | GradwireError] = {}
        self.streams = 0
        self.count = 0

    def give(self, run: Run, events: list[Event]) -> None:
        assert run not in self.outcomes or not events, "an event after the end"
        self.events[run] += events
        if run.outcome is not None:
            self.outcomes.setdefault(run, run.outcome)

    def hear(self, data: bytes) -> list[Run]:
        deliveries = self.session.receive(data)
        for run, events in deliveries:
            self.give(run, events)
        return [run for run, _ in deliveries]

    # -- the client

    @rule(target=posted, function=st.integers(0, 2))
    def post(self, function: int) -> str:
        """A job is posted; the server has its id, the client not yet."""
        self.count += 1
        event_id = f"job {self.count}"
        run = self.runs[event_id] = make_run(function)
        self.events[run] = []
        return event_id

    @rule(event_id=posted)
    def answer(self, event_id: str) -> None:
        """The POST's answer arrives: early, late, once."""
        if event_id in self.accepted:
            return
        self.accepted.add(event_id)
        run = self.runs[event_id]
        self.give(run, self.session.accept(run, event_id))
        if event_id in self.completed_early:
            self.must_end.add(event_id)

    @rule(event_id=posted)
    def cancel(self, event_id: str) -> None:
        run = self.runs[event_id]
        self.give(run, self.session.give_up(run, JobCancelledError("cancelled")))
        self.must_end.add(event_id)

    @rule(event_id=posted, leave=st.booleans())
    def leave_or_let_go(self, event_id: str, leave: bool) -> None:
        """A job that ended here is still listened for, to stop it on the server; or no more."""
        run = self.runs[event_id]
        if run.ended and event_id in self.accepted:
            (self.session.leave if leave else self.session.let_go)(run)
            assert (run in self.session.left) == leave

    @precondition(lambda self: self.session.needs_stream)
    @rule()
    def open(self) -> None:
        assert self.streams == 0, "a second stream"
        self.streams += 1
        self.session.opening()

    @rule()
    def close_client(self) -> None:
        for run, events in self.session.fail_all(ClientClosedError("closed")):
            self.give(run, events)
        self.must_end |= self.accepted
        assert not self.session.needs_stream
        assert self.session.left == []

    # -- the server; it says nothing but on a stream

    @precondition(lambda self: self.streams)
    @rule(event_id=posted, kind=st.sampled_from(["estimation", "process_starts", "log", "news"]))
    def news(self, event_id: str, kind: str) -> None:
        self.hear(message(kind, event_id))

    @precondition(lambda self: self.streams)
    @rule(event_id=posted, twice=st.booleans())
    def generate(self, event_id: str, twice: bool) -> None:
        for _ in range(1 + twice):
            self.hear(step(event_id, [["replace", [], 1]]))

    @precondition(lambda self: self.streams)
    @rule(event_id=posted, how=st.sampled_from(["good", "bad", "cancelled", "broke", "garbage"]))
    def complete(self, event_id: str, how: str) -> None:
        self.hear(
            {
                "good": completed(event_id, 1),
                "bad": message("process_completed", event_id, output={}, success=False),
                "cancelled": message("process_completed", event_id, output={}),
                "broke": message("unexpected_error", event_id, message="no"),
                "garbage": message("process_completed", event_id),
            }[how]
        )
        if event_id in self.accepted:
            self.must_end.add(event_id)
            assert how == "garbage" or self.runs[event_id] not in self.session.left
        else:
            self.completed_early.add(event_id)

    @precondition(lambda self: self.streams)
    @rule(data=st.sampled_from([step("strange", 1), completed("strange", 1)]))
    def unknown_id(self, data: bytes) -> None:
        assert self.hear(data) == []

    @precondition(lambda self: self.streams)
    @rule(kind=st.sampled_from(["heartbeat", "news", "close_stream", "log", "process_starts"]))
    def for_nobody(self, kind: str) -> None:
        assert self.hear(message(kind)) == []
        assert self.session.closing or kind != "close_stream"

    @precondition(lambda self: self.streams)
    @rule(data=st.sampled_from([message("unexpected_error", message="404: x"), b"", b"{", b"[]"]))
    def for_everybody(self, data: bytes) -> None:
        pending = list(self.session.pending)
        assert self.hear(data) == pending
        assert b"unexpected_error" not in data or self.session.left == []
        self.must_end |= self.accepted

    @precondition(lambda self: self.streams)
    @rule()
    def stream_ends(self) -> None:
        """An orderly end: for a job that this stream has told of, a broken connection."""
        heard = {id_ for id_, run in self.runs.items() if run.heard_on == self.session._stream}
        self.over(None)
        self.must_end |= heard & self.accepted

    @precondition(lambda self: self.streams)
    @rule()
    def stream_breaks(self) -> None:
        self.over("torn")
        assert not self.session.needs_stream
        self.must_end |= self.accepted

    def over(self, reason: str | None) -> None:
        self.streams -= 1
        for run, events in self.session.ended(reason):
            self.give(run, events)

    # -- what always holds

    @invariant()
    def a_stream_is_needed_only_while_a_job_is_pending(self) -> None:
        pending = {id_ for id_ in self.accepted if not self.runs[id_].ended}
        assert {run.event_id for run in self.session.pending} == pending
        wanted = bool(pending or self.session.left)
        assert self.session.needs_stream == (wanted and not self.streams)
        assert self.session.is_open == bool(self.streams)

    @invariant()
    def what_had_to_end_has_ended(self) -> None:
        for event_id in self.must_end:
            assert self.runs[event_id].ended
        assert all(run.ended for run in self.session.left)

    @invariant()
    def an_end_is_for_good(self) -> None:
        for run, outcome in self.outcomes.items():
            assert run.outcome is outcome
        for run, events in self.events.items():
            ends = [e for e in events if e.type == "status" and e.stage in ("complete", "error")]
            assert len(ends) == run.ended
            assert not ends or events[-1] is ends[0]

    @invariant()
    def early_messages_are_counted(self) -> None:
        session = self.session
        assert session._early_count == sum(map(len, session._early.values()))
        assert not session._early.keys() & session._ended.keys()

    def teardown(self) -> None:
        """At the very end, everything accepted can be ended."""
        if self.streams:
            self.stream_breaks()
        self.close_client()
        for event_id in self.accepted:
            assert self.runs[event_id].ended
        assert not self.session.needs_stream


TestLifecycle = Lifecycle.TestCase


# -- messages of nobody ----------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["MAX_EARLY_MESSAGES", "MAX_EARLY_BYTES"])
def test_messages_of_nobody_are_bounded(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(session_module, limit, 5 if limit == "MAX_EARLY_MESSAGES" else 500)
    session, _ = opened("a")
    for number in range(100):
        session.receive(step(f"nobody-{number}", "x" * 20))
        assert session._early_count == sum(map(len, session._early.values())) <= 5
        assert session._early_bytes <= 500
    lost, kept = make_run(), make_run()
    session.accept(lost, "nobody-0")
    assert isinstance(lost.outcome, ProtocolError)
    assert "Too many messages came" in str(lost.outcome)
    assert session.accept(kept, "nobody-99")
    assert not kept.ended
    assert session._early_count == sum(map(len, session._early.values()))


def test_one_message_of_nobody_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_EARLY_BYTES", 500)
    session, _ = opened("a")
    session.receive(step("b", "x" * 1000))
    assert (session._early_count, session._early_bytes) == (0, 0)
    run = make_run()
    session.accept(run, "b")
    assert run.ended


def test_a_run_knows_what_came_for_it() -> None:
    session, (a,) = opened("a")
    first, second = step("a", "x"), step("b", "y" * 100)
    session.receive(first)
    session.receive(second)
    b = make_run()
    session.accept(b, "b")
    assert (a.held, b.held) == (len(first), len(second))
