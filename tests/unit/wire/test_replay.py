"""What real servers said, said again: through the parser, the session and the run.

What each step holds is computed here a second time, in the simplest way there is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import Recording, config, names, streams, versions

from gradwire.errors import AppError, ConnectionLostError, JobCancelledError
from gradwire.wire.events import EVENT_TYPES, DataEvent, Event
from gradwire.wire.prediction import Prediction
from gradwire.wire.run import Run
from gradwire.wire.session import Session
from gradwire.wire.sse import EventStreamParser

EVERY_STREAM = [
    pytest.param(version, recording, id=f"{version}-{name}-{number}")
    for version in versions()
    for name in names(version)
    for number, recording in enumerate(streams(version, name))
]


def change(value: Any, edits: Any) -> Any:
    """Apply a diff in place to a deep copy; deletes of a list take its last item."""
    if not isinstance(edits, list):
        return edits  # 4.19 sends one whole value in mid-stream, after the app has cancelled
    holder = {"value": copy.deepcopy(value)}
    for operation, path, new in edits:
        way: list[Any] = ["value", *path]
        key: Any = way.pop()
        place: Any = holder
        for part in way:
            place = place[part]
        if operation == "append":
            place[key] += new
        elif operation == "delete" and isinstance(place, list):
            place.pop()
        elif operation == "delete":
            del place[key]
        elif operation == "add" and isinstance(place, list):
            assert key == len(place)
            place.append(new)
        else:
            place[key] = new
    return holder["value"]


def full_values(recording: Recording, protocol: str) -> list[list[Any]]:
    """Compute the outputs of every step of a recording."""
    steps: list[list[Any]] = []
    for message in recording.messages:
        data = message.get("output", {}).get("data")
        if data is None or not message["success"]:
            continue
        if message["msg"] == "process_generating" and steps and protocol != "sse_v1":
            data = [change(old, edits) for old, edits in zip(steps[-1], data, strict=True)]
        steps.append(data)
    return steps


def replay(
    version: str, recording: Recording, pieces: Iterable[bytes], early: bool = False
) -> tuple[Run, Session, list[Event]]:
    """Feed a recorded stream to a session with one job."""
    parser, session = EventStreamParser(), Session("s")
    protocol = config(version)["protocol"]
    run = Run("/fn", recording.fn_index or 0, protocol=protocol, wanted=frozenset(EVENT_TYPES))
    events: list[Event] = []
    session.opening()
    assert recording.event_id is not None
    if not early:
        events += session.accept(run, recording.event_id)
    for piece in pieces:
        for data in parser.feed(piece):
            for whose, new in session.receive(data):
                assert whose is run
                events += new
    if early:
        events += session.accept(run, recording.event_id)
    return run, session, events


def facts(events: list[Event]) -> list[Any]:
    """What can be compared of events: all but the time."""
    return [
        (event.data, event.delta, event.final)
        if isinstance(event, DataEvent)
        else {k: v for k in event.__struct_fields__ if (v := getattr(event, k)) and k != "time"}
        for event in events
    ]


@pytest.mark.parametrize(("version", "recording"), EVERY_STREAM)
def test_the_whole_stream_at_once(version: str, recording: Recording) -> None:
    run, session, events = replay(version, recording, [recording.stream])
    protocol = config(version)["protocol"]
    steps = full_values(recording, protocol)
    data = [event for event in events if event.type == "data"]
    assert [event.data for event in data] == steps
    assert_stages(recording, events, run)
    ending = recording.messages[-1]["msg"] == "close_stream"
    assert session.closing == ending
    assert session.needs_stream is False
    logs = [m for m in recording.messages if m["msg"] == "log"]
    assert [(e.log, e.level) for e in events if e.type == "log"] == [
        (m["log"], m["level"]) for m in logs
    ]
    # An orderly end says nothing of a job that has ended; for any other it is a broken connection.
    lost = session.ended()
    if recording.messages[-1]["msg"] in ("process_completed", "close_stream"):
        assert lost == []
    else:
        ((whose, _),) = lost
        assert whose is run
        assert isinstance(run.outcome, ConnectionLostError)
        assert run.outcome.event_ids == (recording.event_id,)
    assert list(session.pending) == []


def assert_stages(recording: Recording, events: list[Event], run: Run) -> None:
    """Check the status events against the messages, and the outcome against the last one."""
    stages = [event.stage for event in events if event.type == "status"]
    expected = ["pending"]  # the POST's answer
    completed = [m for m in recording.messages if m["msg"] == "process_completed"]
    for message in recording.messages:
        if message["msg"] in ("estimation", "process_starts", "progress"):
            expected.append("pending")
        elif message["msg"] == "process_generating":
            expected.append("generating")
        elif message["msg"] == "process_completed":
            good = message["success"] and "data" in message["output"]
            expected.append("complete" if good else "error")
    assert stages == expected
    assert run.ended == bool(completed)
    if not completed:
        return
    (last,) = completed
    if not last["success"]:
        assert isinstance(run.outcome, AppError)
        assert str(last["output"]["error"] or "does not show").strip("'") in str(run.outcome)
    elif "data" not in last["output"]:
        assert isinstance(run.outcome, JobCancelledError)
    else:
        assert isinstance(run.outcome, Prediction)
        assert run.outcome.data == last["output"]["data"]


@pytest.mark.parametrize(("version", "recording"), EVERY_STREAM)
def test_byte_by_byte(version: str, recording: Recording) -> None:
    _, _, whole = replay(version, recording, [recording.stream])
    bytewise = (recording.stream[at : at + 1] for at in range(len(recording.stream)))
    _, _, events = replay(version, recording, bytewise)
    assert facts(events) == facts(whole)


@pytest.mark.parametrize(("version", "recording"), EVERY_STREAM)
def test_before_the_answer_of_the_post(version: str, recording: Recording) -> None:
    _, _, whole = replay(version, recording, [recording.stream])
    run, session, events = replay(version, recording, [recording.stream], early=True)
    assert facts(events) == facts(whole)
    assert list(session.pending) == ([] if run.ended else [run])


@given(
    st.sampled_from([param.values for param in EVERY_STREAM]),
    st.lists(st.integers(0, 2**16), max_size=30),
)
def test_in_random_pieces(subject: Any, places: list[int]) -> None:
    version, recording = subject
    stream = recording.stream
    cuts = sorted(place % (len(stream) + 1) for place in places)
    pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    _, _, whole = replay(version, recording, [stream])
    _, _, events = replay(version, recording, pieces)
    assert facts(events) == facts(whole)


@given(st.sampled_from([param.values for param in EVERY_STREAM]), st.randoms())
def test_steps_read_in_any_order(subject: Any, random: Any) -> None:
    version, recording = subject
    _, _, events = replay(version, recording, [recording.stream])
    steps = full_values(recording, config(version)["protocol"])
    data = [event for event in events if event.type == "data"]
    order = list(enumerate(data))
    random.shuffle(order)
    for number, event in order:
        assert event.data == steps[number]
    assert [event.data for event in data] == steps


@pytest.mark.parametrize("version", versions())
def test_deltas_of_a_text_add_up(version: str) -> None:
    (recording,) = streams(version, "stream")
    _, _, events = replay(version, recording, [recording.stream])
    deltas = [event.delta for event in events if event.type == "data"]
    assert deltas == [["a"], ["b"], ["c"], ["d"], [""]]


@pytest.mark.parametrize("version", versions())
def test_deltas_of_a_text_replaced_are_whole(version: str) -> None:
    long, *_ = streams(version, "reset-cancel")
    _, _, events = replay(version, long, [long.stream])
    data = [event for event in events if event.type == "data" and not event.final]
    assert len(data) >= 9
    assert data[0].delta == data[0].data == ["0"]
    assert [event.delta for event in data[1:]] == [event.data for event in data[1:]]


def test_all_versions_tell_the_same_story() -> None:
    stories = [
        [full_values(recording, config(version)["protocol"]) for recording in found]
        for version in versions()
        for found in [streams(version, "chat-diffs")]
    ]
    assert all(story == stories[0] for story in stories)


@pytest.mark.parametrize("version", versions())
def test_many_jobs_share_one_stream(version: str) -> None:
    """All recordings of a version interleaved, message by message."""
    session, protocol = Session("s"), config(version)["protocol"]
    runs: dict[Run, tuple[Recording, list[Event]]] = {}
    told = [recording for name in names(version) for recording in streams(version, name)]
    for recording in told:
        run = Run("/fn", 0, protocol=protocol)
        runs[run] = (recording, [])
        assert recording.event_id is not None
        assert session.accept(run, recording.event_id) == []
    session.opening()
    queues = [recording.stream.split(b"\n\n") for recording in told]
    while any(queues):
        for queue in queues:
            message = queue.pop(0) if queue else b""
            if message and b"close_stream" not in message:
                for run, events in session.receive(message.removeprefix(b"data: ")):
                    runs[run][1].extend(events)
    unended = 0
    for run, (recording, events) in runs.items():
        steps = full_values(recording, protocol)
        assert [event.data for event in events if event.type == "data"] == steps
        unended += not run.ended
    assert len(list(session.pending)) == unended
    assert len(session.ended("torn")) == unended
    assert all(run.ended for run in runs)
