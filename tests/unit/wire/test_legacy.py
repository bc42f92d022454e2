"""Dialogues of servers before 4.9, said again without them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from dialogue_recording import Recorded, config, dialogues, names, versions
from hypothesis import given
from hypothesis import strategies as st

from gradwire.data.json import encode
from gradwire.errors import (
    AppError,
    ConnectionLostError,
    GradwireError,
    JobCancelledError,
    ProtocolError,
    QueueFullError,
)
from gradwire.wire.events import EVENT_TYPES, DataEvent, Event
from gradwire.wire.legacy import Dialogue, Steps
from gradwire.wire.prediction import Prediction
from gradwire.wire.run import Run
from gradwire.wire.sse import EventStreamParser

ALL = frozenset(EVENT_TYPES)
EVERY_DIALOGUE = [
    pytest.param(each, id=f"{version}-{name}-{number}")
    for version in versions()
    for name in names(version)
    for number, each in enumerate(dialogues(version, name))
]
STREAMED = [param.values[0] for param in EVERY_DIALOGUE if param.values[0].protocol == "sse"]  # type: ignore[attr-defined]


def start(recorded: Recorded) -> tuple[Dialogue, Run]:
    payload = recorded.payload
    run = Run("/fn", payload["fn_index"], protocol=recorded.protocol, wanted=ALL)
    return Dialogue(run, payload), run


def replay(
    recorded: Recorded, pieces: list[bytes] | None = None
) -> tuple[Run, list[Event], list[Any]]:
    """Say a dialogue again; return the job, its events, and what the client had to say."""
    dialogue, run = start(recorded)
    heard = recorded.heard
    if pieces is not None:
        parser = EventStreamParser()
        heard = [data for piece in pieces for data in parser.feed(piece)]
    events, replies = [], []
    for message in heard:
        turn = dialogue.hear(message)
        events += turn.events
        if turn.reply is not None:
            replies.append(turn.reply)
    if recorded.closed:
        events += dialogue.hang_up(None)
    return run, events, replies


def facts(events: list[Event]) -> list[Any]:
    """What can be compared of events: all but the time."""
    return [
        (event.data, event.delta, event.final)
        if isinstance(event, DataEvent)
        else {k: v for k in event.__struct_fields__ if (v := getattr(event, k)) and k != "time"}
        for event in events
    ]


def test_releases_of_both_kinds_are_recorded() -> None:
    assert {config(version).get("protocol", "ws") for version in versions()} == {"ws", "sse"}
    assert len(EVERY_DIALOGUE) > 60


@pytest.mark.parametrize("recorded", EVERY_DIALOGUE)
def test_a_dialogue_said_again(recorded: Recorded) -> None:
    run, events, replies = replay(recorded)
    assert replies == recorded.said
    messages = recorded.messages
    steps = [
        message["output"]["data"]
        for message in messages
        if message["msg"] in ("process_generating", "process_completed") and message["success"]
    ]
    assert [event.data for event in events if event.type == "data"] == steps
    logs = [(m["level"], m["log"]) for m in messages if m["msg"] == "log"]
    assert [(e.level, e.log) for e in events if e.type == "log"] == logs
    bars = [m["progress_data"][0]["index"] for m in messages if m["msg"] == "progress"]
    told = [e.progress_data for e in events if e.type == "status" and e.progress_data]
    assert [each[0].index for each in told] == bars
    assert_outcome(recorded, run)


def assert_outcome(recorded: Recorded, run: Run) -> None:
    last = recorded.messages[-1]
    if last["msg"] == "queue_full":
        assert isinstance(run.outcome, QueueFullError)
        assert "queue full" in str(run.outcome)
    elif last["msg"] != "process_completed":
        assert isinstance(run.outcome, ConnectionLostError) == recorded.closed
    elif not last["success"]:
        assert isinstance(run.outcome, AppError)
        assert str(last["output"]["error"] or "does not show").strip("'") in str(run.outcome)
    else:
        assert isinstance(run.outcome, Prediction)
        assert run.outcome.data == last["output"]["data"]


@pytest.mark.parametrize("recorded", STREAMED, ids=range(len(STREAMED)))
def test_byte_by_byte(recorded: Recorded) -> None:
    stream = recorded.stream
    _, whole, _ = replay(recorded)
    _, events, replies = replay(recorded, [stream[at : at + 1] for at in range(len(stream))])
    assert facts(events) == facts(whole)
    assert replies == recorded.said


@given(st.sampled_from(STREAMED), st.lists(st.integers(0, 2**16), max_size=30))
def test_in_random_pieces(recorded: Recorded, places: list[int]) -> None:
    stream = recorded.stream
    cuts = sorted(place % (len(stream) + 1) for place in places)
    pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    _, whole, _ = replay(recorded)
    _, events, replies = replay(recorded, pieces)
    assert facts(events) == facts(whole)
    assert replies == recorded.said


@given(st.sampled_from([param.values[0] for param in EVERY_DIALOGUE]), st.integers(0, 100))
def test_a_dialogue_that_breaks_off_anywhere_ends_the_job(recorded: Any, place: int) -> None:
    dialogue, run = start(recorded)
    for message in recorded.heard[: place % (len(recorded.heard) + 1)]:
        dialogue.hear(message)
    before = run.outcome
    dialogue.hang_up("reset by peer")
    assert run.ended
    if before is not None:
        assert run.outcome is before
    else:
        assert isinstance(run.outcome, ConnectionLostError)
        assert "reset by peer" in str(run.outcome)
        assert run.outcome.session_hash == recorded.payload["session_hash"]
    assert dialogue.hang_up(None) == []


@given(st.binary(max_size=200))
def test_nonsense_ends_in_an_error_or_is_passed_over(message: bytes) -> None:
    run = Run("/fn", 0, protocol="ws", wanted=ALL)
    dialogue = Dialogue(run, {"data": [], "fn_index": 0, "session_hash": "s"})
    dialogue.hear(message)
    dialogue.hear(b'{"msg": "process_completed", "output": {"data": [1]}, "success": true}')
    assert isinstance(run.outcome, Prediction | GradwireError)


def test_a_server_that_was_told_to_stop_hangs_up_without_a_word() -> None:
    run = Run("/fn", 0, protocol="sse", wanted=ALL)
    dialogue = Dialogue(run, {"data": [], "fn_index": 0, "session_hash": "s"})
    dialogue.hear(b'{"msg": "send_data", "event_id": "e"}')
    dialogue.hear(b'{"msg": "process_starts"}')
    dialogue.stopping = True
    dialogue.hang_up(None)
    assert isinstance(run.outcome, JobCancelledError)
    assert run.outcome.event_id == "e"


def test_inputs_are_handed_over_once() -> None:
    run = Run("/fn", 0, protocol="sse", wanted=ALL)
    dialogue = Dialogue(run, {"data": [], "fn_index": 0, "session_hash": "s"})
    asked = b'{"msg": "send_data", "event_id": "e"}'
    assert [dialogue.hear(asked).reply is None for _ in range(2)] == [False, True]


def test_a_success_of_null_is_a_failure() -> None:
    """What 4.0 says when it has lost the answer of a generator."""
    run = Run("/fn", 0, protocol="sse", wanted=ALL)
    dialogue = Dialogue(run, {"data": [], "fn_index": 0, "session_hash": "s"})
    dialogue.hear(b'{"msg": "process_completed", "output": {"error": null}, "success": null}')
    assert isinstance(run.outcome, AppError)


# -- calls outside of the queue --------------------------------------------------------------------


def answer(data: Any, generating: Any = False, **more: Any) -> bytes:
    return encode({"data": data, "is_generating": generating, "duration": 0.1} | more)


def test_the_steps_of_an_unqueued_generator() -> None:
    run = Run("/fn", 0, protocol="ws", wanted=ALL)
    steps = Steps(run)
    events = steps.answered(answer(["a"], generating=True))
    events += steps.answered(answer(["ab"], generating=True))
    assert not run.ended
    assert not steps.completed
    events += steps.answered(answer([None]))
    assert [event.data for event in events if event.type == "data"] == [["a"], ["ab"], ["ab"]]
    assert [event.delta for event in events if event.type == "data"] == [["a"], ["b"], [""]]
    assert steps.completed
    assert isinstance(run.outcome, Prediction)
    assert run.outcome.value == "ab"


@pytest.mark.parametrize("generating", [False, None])
def test_an_unqueued_function(generating: Any) -> None:
    run = Run("/fn", 0, protocol="ws")
    Steps(run).answered(answer(["x"], generating=generating))
    assert isinstance(run.outcome, Prediction)
    assert run.outcome.value == "x"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"data": 1, "is_generating": "?"}'])
def test_an_unqueued_answer_that_is_none(body: bytes) -> None:
    run = Run("/fn", 0, protocol="ws")
    Steps(run).answered(body)
    assert isinstance(run.outcome, ProtocolError)


def test_recorded_steps_of_an_unqueued_generator() -> None:
    from dialogue_recording import FOLDER

    text = (FOLDER / "3.36.1" / "noqueue-run.txt").read_text(encoding="utf-8")
    _, _, part = text.partition("### generator by /run")
    part, _, _ = part.partition("###")
    bodies = [line.split(" < ", 1)[1] for line in part.splitlines() if " < {" in line]
    run = Run("/fn", 2, protocol="ws", wanted=ALL)
    steps = Steps(run)
    seen = [steps.answered(body.encode()) for body in bodies]
    assert len(bodies) == 3
    assert [e.data for events in seen for e in events if e.type == "data"] == [
        ["a"],
        ["ab"],
        ["ab"],
    ]
    assert json.loads(bodies[-1])["data"] == [None]
