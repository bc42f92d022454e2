"""Real answers with bytes turned into others: a result or an error of ours, and nothing else.

No layer below guarantees that what arrives is what was sent: proxies cut, join and rewrite. So
whatever the bytes are, the core may raise nothing but a `GradwireError`, and a job whose stream is
over has ended.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from dialogue_recording import Recorded, dialogues
from dialogue_recording import names as old_names
from dialogue_recording import versions as old_versions
from hypothesis import example, given, settings
from hypothesis import strategies as st
from recording import RECORDINGS, Recording, names, posts, streams, versions

from gradwire.app.api_info import build_api_info
from gradwire.app.config import parse_config
from gradwire.data.json import decode_answer
from gradwire.errors import GradwireError
from gradwire.wire.events import EVENT_TYPES, Event
from gradwire.wire.failures import refused_request
from gradwire.wire.legacy import Dialogue, Steps
from gradwire.wire.prediction import Prediction
from gradwire.wire.run import Run
from gradwire.wire.session import Session
from gradwire.wire.sse import EventStreamParser

ALL = frozenset(EVENT_TYPES)
URL = "http://host/"
STREAMS = [
    each for version in versions() for name in names(version) for each in streams(version, name)
]
ANSWERS = [
    each for version in versions() for name in names(version) for each in posts(version, name)
]
DIALOGUES = [
    each
    for version in old_versions()
    for name in old_names(version)
    for each in dialogues(version, name)
]
PROTOCOLS = ["sse_v1", "sse_v2", "sse_v3"]

changes = st.lists(
    st.tuples(
        st.integers(0, 2**20),
        st.sampled_from(["flip", "drop", "twice", "cut", "put"]),
        st.binary(min_size=1, max_size=6)
        | st.sampled_from([b"\n\n", b"null", b"1e999", b"NaN", b'"', b"{", b"[["]),
    ),
    min_size=1,
    max_size=4,
)


def corrupted(data: bytes, edits: Iterable[tuple[int, str, bytes]]) -> bytes:
    """Return bytes with some of them changed, lost, doubled or added, or with the end lost."""
    for place, how, new in edits:
        at = place % (len(data) + 1)
        size = len(new)
        if how == "flip":
            data = data[:at] + new + data[at + size :]
        elif how == "drop":
            data = data[:at] + data[at + size :]
        elif how == "twice":
            data = data[: at + 9 * size] + data[at:]
        elif how == "put":
            data = data[:at] + new + data[at:]
        else:
            data = data[:at]
    return data


def read(events: Iterable[Event]) -> None:
    """Look at all that events hold, as a caller would."""
    for event in events:
        repr(event)
        if event.type == "data":
            with suppress(GradwireError):
                repr(event.data)
            with suppress(GradwireError):
                repr(event.delta)


def check_end(run: Run) -> None:
    """Look at how a job has ended."""
    assert run.outcome is not None
    assert isinstance(run.outcome, Prediction | GradwireError)
    repr((run.status, run.outcome))
    if isinstance(run.outcome, Prediction):
        with suppress(GradwireError):
            repr((run.outcome.data, run.outcome.value))


@given(st.sampled_from(STREAMS), changes, st.sampled_from(PROTOCOLS), st.booleans())
def test_streams(recording: Recording, edits: Any, protocol: str, announces: bool) -> None:
    session, parser = Session("s", announces_end=announces), EventStreamParser()
    run = Run("/fn", 0, protocol=protocol, wanted=ALL)
    session.opening()
    assert recording.event_id is not None
    events = session.accept(run, recording.event_id)
    for whose, news in session.receive_all(parser.feed(corrupted(recording.stream, edits))).items():
        assert whose is run
        events += news
    session.ended("it broke")
    read(events)
    check_end(run)
    assert not session.needs_stream


@given(st.sampled_from(DIALOGUES), st.integers(0, 40), changes)
def test_dialogues(recorded: Recorded, number: int, edits: Any) -> None:
    payload = {**recorded.payload, "session_hash": "s"}
    run = Run("/fn", 0, protocol=recorded.protocol, wanted=ALL)
    dialogue, events = Dialogue(run, payload), []
    heard = list(recorded.heard)
    if heard:
        heard[number % len(heard)] = corrupted(heard[number % len(heard)], edits)
    for message in heard:
        events += dialogue.hear(message).events
    dialogue.hang_up(None)
    read(events)
    check_end(run)


def answer(recording: Recording) -> bytes:
    """Return the answer to a POST as bytes again."""
    return json.dumps(recording.answer).encode()


@given(st.sampled_from(ANSWERS), changes, st.booleans())
def test_answers_of_unqueued_calls(recording: Recording, edits: Any, old: bool) -> None:
    run = Run("/fn", 0, queue=False, wanted=ALL)
    body = corrupted(answer(recording), edits)
    steps = Steps(run)
    read(steps.answered(body) if old else run.answered(body))
    if not run.ended:  # a step of 3.x
        run.fail(GradwireError("no more"))
    check_end(run)


@given(st.sampled_from(ANSWERS), st.integers(100, 599), changes)
def test_refusals(recording: Recording, status: int, edits: Any) -> None:
    error = refused_request(status, corrupted(answer(recording), edits), URL, "/fn")
    assert isinstance(error, GradwireError)
    repr((error, str(error), vars(error)))


@given(st.sampled_from(versions()), changes, changes, st.booleans())
@example("6.31.0", [(0, "cut", b"x")], [(0, "cut", b"x")], False)
@settings(max_examples=settings().max_examples // 2)
def test_config_and_api_info(version: str, edits: Any, more: Any, whole: bool) -> None:
    config_bytes, info_bytes = (
        (RECORDINGS / version / name).read_bytes() for name in ("config.json", "info.json")
    )
    if not whole:
        config_bytes = corrupted(config_bytes, edits)
    try:
        config = parse_config(decode_answer(config_bytes, URL, "app config"), URL)
        info = decode_answer(corrupted(info_bytes, more), URL, "API info")
        api = build_api_info(config, info, URL)
    except GradwireError as error:
        repr((error, str(error)))
        return
    str(api)
    for endpoint in api.named_endpoints.values():
        with suppress(GradwireError):
            assert isinstance(endpoint.signature(), inspect.Signature)
        str(endpoint)
