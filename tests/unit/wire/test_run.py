"""One submission: which events come of which messages, and that it ends once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.errors import (
    AppError,
    ClientClosedError,
    ConnectionLostError,
    DeadlineExceededError,
    GradwireError,
    JobCancelledError,
    ProtocolError,
    QueueFullError,
    QuotaExceededError,
    SessionNotFoundError,
    ValidationError,
)
from gradwire.wire import run as run_module
from gradwire.wire.events import EVENT_TYPES, Event, StatusEvent
from gradwire.wire.messages import decode_message
from gradwire.wire.prediction import Prediction
from gradwire.wire.run import Run


def make_run(protocol: str = "sse_v3", wanted: Any = EVENT_TYPES, **options: Any) -> Run:
    return Run("/talk", 3, protocol=protocol, wanted=frozenset(wanted), **options)


def say(run: Run, msg: str, **fields: Any) -> list[Event]:
    message = {"msg": msg, "event_id": "e", **fields}
    return run.receive(decode_message(json.dumps(message).encode()))


def step(run: Run, *data: Any, **fields: Any) -> list[Event]:
    return say(run, "process_generating", output={"data": list(data)}, **fields)


def end(run: Run, *data: Any, **fields: Any) -> list[Event]:
    return say(run, "process_completed", output={"data": list(data), **fields})


def data_of(events: list[Event]) -> list[Any]:
    return [event.data for event in events if event.type == "data"]


def stages(events: list[Event]) -> list[str]:
    return [event.stage for event in events if event.type == "status"]


def test_a_whole_life() -> None:
    run = make_run()
    assert run.status.stage == "pending"
    (accepted,) = run.accepted("e")
    assert accepted == run.status
    (waiting,) = say(run, "estimation", rank=2, queue_size=5, rank_eta=1.5)
    assert isinstance(waiting, StatusEvent)
    assert (waiting.stage, waiting.position, waiting.size, waiting.eta) == ("pending", 2, 5, 1.5)
    assert not run.started
    (started,) = say(run, "process_starts", eta=0.5)
    assert run.started
    assert isinstance(started, StatusEvent)
    assert (started.stage, started.position, started.eta) == ("pending", 0, 0.5)
    status, data = step(run, "a", 1)
    assert status.type == "status"
    assert status.stage == "generating"
    assert data.type == "data"
    assert (data.data, data.final, data.endpoint, data.fn_index) == (["a", 1], False, "/talk", 3)
    events = step(run, [["append", [], "b"]], [])
    assert data_of(events) == [["ab", 1]]
    assert not run.ended
    last, complete = end(run, "ab", 1, duration=2.0, average_duration=3.0)
    assert last.type == "data"
    assert last.final
    assert last.data == ["ab", 1]
    assert complete.type == "status"
    assert (complete.stage, complete.success, complete.duration) == ("complete", True, 2.0)
    assert run.ended
    outcome = run.outcome
    assert isinstance(outcome, Prediction)
    assert outcome.data == ["ab", 1]
    assert outcome.value == ("ab", 1)
    assert (outcome.duration, outcome.average_duration) == (2.0, 3.0)
    assert (outcome.endpoint, outcome.fn_index, outcome.logs) == ("/talk", 3, ())


@pytest.mark.parametrize("protocol", ["ws", "sse", "sse_v1"])
def test_steps_are_full_up_to_sse_v1(protocol: str) -> None:
    run = make_run(protocol, {"data"})
    events = [*step(run, "a"), *step(run, "ab"), *step(run, [["append", [], "x"]]), *end(run, "z")]
    assert data_of(events) == [["a"], ["ab"], [[["append", [], "x"]]], ["z"]]


@pytest.mark.parametrize("protocol", ["sse_v2", "sse_v2.1", "sse_v3", "sse_v4"])
def test_steps_after_the_first_are_diffs_since_sse_v2(protocol: str) -> None:
    run = make_run(protocol, {"data"})
    events = [*step(run, "a"), *step(run, [["append", [], "b"]]), *end(run, "ab")]
    assert data_of(events) == [["a"], ["ab"], ["ab"]]


def test_streaming_steps_are_always_full() -> None:
    run = make_run(wanted={"data", "status"})
    events = []
    for value in ("a", "b"):
        events += say(run, "process_streaming", output={"data": [value]}, time_limit=30)
    assert data_of(events) == [["a"], ["b"]]
    assert stages(events) == ["streaming", "streaming"]
    assert run.status.time_limit == 30


def test_the_diffs_after_a_full_step_build_on_it() -> None:
    run = make_run(wanted={"data"})
    events = step(run, "a")
    events += say(run, "process_streaming", output={"data": ["q"]})
    events += step(run, [["append", [], "r"]])
    assert data_of(events) == [["a"], ["q"], ["qr"]]


def test_a_step_without_data_is_only_news() -> None:
    run = make_run()
    events = say(run, "process_generating", output={})
    assert stages(events) == ["generating"]
    assert data_of(events) == []
    assert data_of(step(run, "first")) == [["first"]]


def test_nothing_is_made_that_was_not_asked_for() -> None:
    run = make_run(wanted=())
    assert run.accepted("e") == []
    assert say(run, "estimation", rank=1) == []
    assert say(run, "log", log="x") == []
    assert step(run, "a") == []
    assert say(run, "process_completed", output={"data": ["a"], "render_config": {"a": 1}}) == []
    assert isinstance(run.outcome, Prediction)
    assert run.outcome.logs[0].log == "x"
    assert run.rendered == ({"a": 1},)
    assert run.status.stage == "complete"


def test_logs_come_as_events_and_with_the_result() -> None:
    run = make_run(wanted={"log"})
    (event,) = say(run, "log", log="hm", level="warning", title="T", duration=2, visible=False)
    assert event.type == "log"
    assert (event.log, event.level, event.title) == ("hm", "warning", "T")
    assert (event.duration, event.visible, event.endpoint) == (2, False, "/talk")
    end(run, "a")
    assert isinstance(run.outcome, Prediction)
    assert run.outcome.logs == (event,)


def test_progress() -> None:
    run = make_run(wanted={"status"})
    bar = {"index": 1, "length": 3, "unit": "steps", "progress": None, "desc": "d"}
    (event,) = say(run, "progress", progress_data=[bar])
    assert event.type == "status"
    assert event.progress_data is not None
    (seen,) = event.progress_data
    assert (seen.index, seen.length, seen.unit, seen.progress, seen.desc) == (
        1,
        3,
        "steps",
        None,
        "d",
    )
    (event,) = say(run, "progress", progress_data=None)
    assert event.type == "status"
    assert event.progress_data == ()


def test_renders() -> None:
    run = make_run(wanted={"render"})
    config = {"render_id": 1, "components": []}
    output = {"data": [], "render_config": config}
    (event,) = say(run, "process_generating", output=output)
    assert event.type == "render"
    assert event.data == config
    (last,) = say(run, "process_completed", output=output)
    assert last.type == "render"
    assert run.rendered == (config, config)


@pytest.mark.parametrize("config", [b"null", b"[]", b"[1,2,3]", b'"text"', b"1e999", b'"\xff\xff"'])
def test_a_render_config_that_is_none_is_left_out(config: bytes) -> None:
    run = make_run(wanted={"data", "render"})
    text = b'{"msg":"process_completed","event_id":"e","output":{"data":[1],"render_config":%b}}'
    events = run.receive(decode_message(text % config))
    assert [event.type for event in events] == ["data"]
    assert run.rendered == ()


def test_finish_shapes_what_is_read() -> None:
    run = make_run(wanted={"data"}, finish=lambda values, _: [value * 2 for value in values])
    events = [*step(run, "a"), *step(run, [["append", [], "b"]]), *end(run, "ab")]
    assert data_of(events) == [["aa"], ["abab"], ["abab"]]
    assert [event.delta for event in events if event.type == "data"][1] == ["bb"]


# -- ends ----------------------------------------------------------------------------------------


def test_an_error_of_the_app() -> None:
    run = make_run()
    output = {"error": "boom", "title": "Oh", "duration": 7, "visible": False}
    (event,) = say(run, "process_completed", output=output, success=False, title="Outer")
    error = run.outcome
    assert type(error) is AppError
    assert error.args == ("boom",)
    assert str(error) == "boom"
    assert (error.title, error.duration, error.visible) == ("Oh", 7, False)
    assert (error.endpoint, error.event_id) == ("/talk", None)
    assert event.type == "status"
    assert (event.stage, event.success, event.code) == ("error", False, "error")
    assert (event.message, event.title) == ("boom", "Oh")


def test_an_error_in_the_middle() -> None:
    run = make_run()
    step(run, "a")
    events = say(run, "process_generating", output={"error": "boom"}, success=False)
    assert stages(events) == ["error"]
    assert str(run.outcome) == "boom"
    assert end(run, "a") == []


def test_success_without_data_is_a_cancelled_job() -> None:
    run = make_run()
    assert stages(say(run, "process_completed", output={})) == ["error"]
    assert isinstance(run.outcome, JobCancelledError)
    assert run.status.code == "cancelled"


def test_an_empty_list_of_outputs_is_a_result() -> None:
    run = make_run()
    assert data_of(end(run)) == [[]]
    assert isinstance(run.outcome, Prediction)
    assert run.outcome.value is None


def test_an_unexpected_error() -> None:
    run = make_run()
    assert stages(say(run, "unexpected_error", message="disk full")) == ["error"]
    assert type(run.outcome) is AppError
    assert "disk full" in str(run.outcome)


def test_a_lost_session() -> None:
    run = make_run()
    say(run, "unexpected_error", message="404: Session not found.")
    assert isinstance(run.outcome, SessionNotFoundError)
    assert run.status.code == "session_not_found"


def test_a_message_that_cannot_be_read_ends_the_job() -> None:
    run = make_run()
    events = run.receive(decode_message(b'{"msg":"process_completed","event_id":"e"}'))
    assert stages(events) == ["error"]
    assert isinstance(run.outcome, ProtocolError)


def test_unknown_messages_are_passed_over() -> None:
    run = make_run()
    assert say(run, "brand_new") == []
    assert say(run, "close_stream") == []
    assert not run.ended


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (QueueFullError("x"), "queue_full"),
        (ValidationError("x"), "validation_error"),
        (JobCancelledError("x"), "cancelled"),
        (ConnectionLostError("x"), "connection_lost"),
        (SessionNotFoundError("x"), "session_not_found"),
        (QuotaExceededError("x"), "quota_exceeded"),
        (DeadlineExceededError("x"), "deadline_exceeded"),
        (ClientClosedError("x"), "client_closed"),
        (AppError("x"), "error"),
        (ProtocolError("x"), "error"),
    ],
)
def test_the_clients_own_end(error: GradwireError, code: str) -> None:
    run = make_run()
    say(run, "estimation", rank=4)
    (event,) = run.fail(error)
    assert run.outcome is error
    assert event.type == "status"
    assert (event.stage, event.code, event.message, event.success) == ("error", code, "x", False)
    assert event == run.status
    assert run.fail(ProtocolError("another")) == []
    assert run.outcome is error


def test_an_answer_is_the_end_of_an_unqueued_call() -> None:
    run = make_run(queue=False)
    run.accepted(None)
    events = run.answered(b'{"data":["x"],"is_generating":false,"duration":0.5}')
    assert data_of(events) == [["x"]]
    assert stages(events) == ["complete"]
    assert not run.status.queue
    assert isinstance(run.outcome, Prediction)
    assert run.outcome.duration == 0.5


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"7", b'{"data":', b'{"duration":"x"}', b"\xff"]
)
def test_an_answer_that_cannot_be_read(body: bytes) -> None:
    run = make_run(queue=False)
    assert stages(run.answered(body)) == ["error"]
    assert isinstance(run.outcome, ProtocolError)


def test_nothing_happens_after_the_end() -> None:
    run = make_run()
    first = JobCancelledError("first")
    run.fail(first)
    status = run.status
    assert run.accepted("e") == []
    assert run.answered(b'{"data":["x"]}') == []
    for msg in ("estimation", "process_starts", "log", "progress", "unexpected_error"):
        assert say(run, msg) == []
    assert step(run, "a") == end(run, "a") == []
    assert run.outcome is first
    assert run.status is status
    assert run.logs == []


def test_the_id_is_known_even_if_the_job_was_given_up_before() -> None:
    run = make_run()
    run.fail(JobCancelledError("x"))
    run.accepted("e")
    assert run.event_id == "e"


def test_times_are_of_the_message_and_have_a_zone() -> None:
    run = make_run()
    before = datetime.now(UTC)
    say(run, "estimation", rank=1)
    after = datetime.now(UTC)
    status = run.status
    assert before <= status.time <= after
    assert run.status is status


OUTPUT = st.fixed_dictionaries(
    {},
    optional={
        "data": st.lists(st.none() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)),
        "error": st.none() | st.text(max_size=9) | st.integers() | st.lists(st.integers()),
        "render_config": st.none() | st.dictionaries(st.text(max_size=2), st.integers()),
        "changed_state_ids": st.none() | st.lists(st.integers()) | st.integers(),
        "duration": st.none() | st.floats(0, 9),
    },
)
MESSAGES = st.fixed_dictionaries(
    {
        "msg": st.sampled_from(
            [
                "estimation",
                "process_starts",
                "progress",
                "log",
                "process_generating",
                "process_streaming",
                "process_completed",
                "unexpected_error",
                "other",
            ]
        ),
        "output": OUTPUT,
    },
    optional={"success": st.booleans(), "message": st.text(), "rank": st.integers()},
)


@given(st.lists(MESSAGES), st.sampled_from(["ws", "sse_v1", "sse_v2", "sse_v3"]))
def test_any_messages_in_any_order(messages: list[dict[str, Any]], protocol: str) -> None:
    run = make_run(protocol)
    events: list[Event] = []
    for message in messages:
        ended = run.ended
        new = run.receive(decode_message(json.dumps(message).encode()))
        assert not (ended and new)
        events += new
    for event in events:
        if event.type == "data":
            assert isinstance(event.data, list)
            assert isinstance(event.delta, list)
    last = [stage in ("complete", "error") for stage in stages(events)]
    assert last.count(True) == run.ended
    assert not run.ended or last[-1]


# -- what is kept ----------------------------------------------------------------------------------


def test_only_the_newest_logs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "MAX_LOGS", 10)
    run = make_run()
    for number in range(35):
        say(run, "log", log=str(number), level="info")
        assert len(run.logs) <= 10
    end(run, "x")
    assert isinstance(run.outcome, Prediction)
    assert [event.log for event in run.outcome.logs][-3:] == ["32", "33", "34"]


def test_steps_that_nobody_wants_are_not_kept() -> None:
    run = make_run(wanted=())
    for number in range(100):
        assert step(run, number) == []
    assert run._steps is None
    end(run, "the end")
    assert isinstance(run.outcome, Prediction)
    assert run.outcome.data == ["the end"]


def test_a_run_can_let_go_of_its_steps() -> None:
    run = make_run()
    events = step(run, "a") + step(run, [["append", [], "b"]])
    run.renew()
    run.renew()
    events += step(run, [["append", [], "c"]]) + end(run, "abc")
    assert data_of(events) == [["a"], ["ab"], ["abc"], ["abc"]]
    data = [event for event in events if event.type == "data"]
    assert [event.delta for event in data] == [["a"], ["b"], ["c"], [""]]
    make_run().renew()  # has none


def test_the_values_of_diffs_are_not_kept() -> None:
    run = make_run(wanted=("data",))
    events: list[Any] = step(run, "a")
    for _ in range(50):
        events += step(run, [["append", [], "b" * 100]])
    assert [len(event.data[0]) for event in events] == [1 + 100 * n for n in range(51)]
    assert [event._values is None for event in events] == [False] + [True] * 50
