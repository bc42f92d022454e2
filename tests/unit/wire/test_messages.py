"""Message JSON to typed messages; whatever comes, nothing is raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import names, streams, versions

from gradwire.wire.messages import (
    CloseStream,
    Estimation,
    Heartbeat,
    Log,
    Malformed,
    Output,
    ProcessCompleted,
    ProcessGenerating,
    ProcessStarts,
    ProcessStreaming,
    Progress,
    QueueFull,
    SendData,
    SendHash,
    ServerMessage,
    UnexpectedError,
    Unknown,
    decode_message,
)

KINDS = {
    "estimation": Estimation,
    "process_starts": ProcessStarts,
    "progress": Progress,
    "log": Log,
    "process_generating": ProcessGenerating,
    "process_streaming": ProcessStreaming,
    "process_completed": ProcessCompleted,
    "unexpected_error": UnexpectedError,
    "heartbeat": Heartbeat,
    "close_stream": CloseStream,
    "send_hash": SendHash,
    "send_data": SendData,
    "queue_full": QueueFull,
}
ANY_KIND = (*ServerMessage.__args__, Unknown, Malformed)


def decode(message: Any) -> Any:
    return decode_message(json.dumps(message).encode())


def test_every_kind_has_its_name() -> None:
    assert set(KINDS.values()) == set(ServerMessage.__args__)
    for name, kind in KINDS.items():
        assert type(decode({"msg": name, "event_id": "e", "output": {}})) is kind


@pytest.mark.parametrize("version", versions())
def test_every_recorded_message_is_known_and_keeps_its_facts(version: str) -> None:
    for name in names(version):
        for recording in streams(version, name):
            for told in recording.messages:
                message = decode(told)
                assert type(message) is KINDS[told["msg"]]
                assert message.event_id == told.get("event_id")
                if "success" in told:
                    assert message.success is told["success"]
                output = told.get("output")
                if output is not None:
                    assert_output(message.output, output)


def assert_output(output: Output, told: dict[str, Any]) -> None:
    assert bool(output.data) == ("data" in told)
    if "data" in told:
        assert json.loads(bytes(output.data)) == told["data"]
    assert output.error == told.get("error")
    assert output.duration == told.get("duration")
    assert output.title == told.get("title")
    assert output.is_generating == told.get("is_generating")


def test_what_is_absent_has_its_default() -> None:
    log = decode({"msg": "log", "event_id": "e"})
    assert (log.log, log.level, log.title, log.duration, log.visible) == (
        "",
        "info",
        None,
        None,
        True,
    )
    done = decode({"msg": "process_completed", "output": {}})
    assert done.success
    assert not done.output.data
    assert not done.output.render_config


def test_fields_of_newer_servers_are_ignored() -> None:
    message = decode({"msg": "process_starts", "event_id": "e", "eta": 1, "news": [{"a": 1}]})
    assert type(message) is ProcessStarts
    assert message.eta == 1


def test_a_bare_nan_reads_as_null() -> None:
    text = b'{"msg":"process_generating","event_id":"e","output":{"data":[NaN,[Infinity,"NaN"]]}}'
    message = decode_message(text)
    assert type(message) is ProcessGenerating
    assert json.loads(bytes(message.output.data)) == [None, [None, "NaN"]]


@pytest.mark.parametrize(
    ("text", "name", "event_id"),
    [
        (b'{"msg":"new_kind","event_id":"e","x":1}', "new_kind", "e"),
        (b'{"msg":"new_kind"}', "new_kind", None),
        (b'{"msg":"new_kind","event_id":7}', "new_kind", None),
        (b'{"msg":"new_kind","x":NaN}', "new_kind", None),
        (b'{"event_id":"e"}', "None", "e"),
        (b'{"msg":7,"event_id":"e"}', "7", "e"),
        # Known, but misshapen in a way that nothing depends on.
        (b'{"msg":"log","event_id":"e","log":7}', "log", "e"),
        (b'{"msg":"progress","event_id":"e","progress_data":"half"}', "progress", "e"),
        (b'{"msg":"estimation","event_id":"e","rank":"first"}', "estimation", "e"),
        (b'{"msg":"heartbeat","event_id":7}', "heartbeat", None),
    ],
)
def test_unknown_messages(text: bytes, name: str, event_id: str | None) -> None:
    assert decode_message(text) == Unknown(name, event_id)


@pytest.mark.parametrize(
    ("text", "event_id"),
    [
        (b"", None),
        (b"x", None),
        (b"[]", None),
        (b"7", None),
        (b"null", None),
        (b'"process_completed"', None),
        (b'{"msg":"process_completed"', None),
        (b'{"msg":"process_completed"} x', None),
        (b"\xff\xfe", None),
        (b"[" * 100_000, None),
        (b'{"x":NaN' + b"[" * 100_000, None),
        (b'{"msg":"process_completed","event_id":"\xff"}', None),
        (b'{"msg":"process_completed","event_id":"e"}', "e"),
        (b'{"msg":"process_completed","event_id":"e","output":null}', "e"),
        (b'{"msg":"process_completed","event_id":"e","output":[]}', "e"),
        (b'{"msg":"process_generating","event_id":"e","output":{},"success":"no"}', "e"),
        (b'{"msg":"process_completed","event_id":7,"output":{}}', None),
        (b'{"msg":"unexpected_error","event_id":"e","message":{}}', "e"),
    ],
)
def test_malformed_messages(text: bytes, event_id: str | None) -> None:
    message = decode_message(text)
    assert type(message) is Malformed
    assert message.event_id == event_id
    assert message.reason


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    assert isinstance(decode_message(data), ANY_KIND)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
FIELDS = sorted({field for kind in KINDS.values() for field in kind.__struct_fields__})


@given(
    st.sampled_from([*KINDS, "other"]),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5),
)
def test_any_values_in_known_fields(name: str, fields: dict[str, Any]) -> None:
    message = decode({"msg": name, **fields})
    assert isinstance(message, ANY_KIND)
    if isinstance(fields.get("event_id"), str):
        assert message.event_id == fields["event_id"]
