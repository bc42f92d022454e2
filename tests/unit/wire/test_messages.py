"""Message JSON to typed messages; whatever comes, nothing is raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import names, streams, versions

from gradwire.data.outputs import OutputSteps
from gradwire.errors import ProtocolError
from gradwire.wire.messages import (
    LARGE,
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
    _decode_large,
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


# -- large messages --------------------------------------------------------------------------------

TRICKY = [
    "",
    '],"is_generating":',
    '"data":[',
    '"data":[1],"is_generating":true},"success":true}',
    '\\"],"is_generating":null',
]
OUTPUTS = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(max_size=5) | st.sampled_from(TRICKY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "is_generating", "output", "x"]), inner, max_size=3
        )
    ),
)


def completed(data: Any, **after: Any) -> bytes:
    """Return an end as servers write it, without blanks."""
    facts = {"data": data, "is_generating": False, "duration": 0.1, **after}
    message = {"msg": "process_completed", "event_id": "e", "output": facts}
    return json.dumps({**message, "success": True}, separators=(",", ":")).encode()


@given(st.lists(OUTPUTS, max_size=4), OUTPUTS, st.sampled_from(["render_config", "x"]))
def test_a_large_message_reads_like_a_small_one(data: list[Any], after: Any, name: str) -> None:
    text = completed(data, **{name: after})
    small, large = decode_message(text), _decode_large(text)
    if large is None:
        assert b'],"is_generating":' in text[text.index(b'"duration"') :]
    else:
        assert type(large) is type(small) is ProcessCompleted
        output, known = large.output, small.output
        assert bytes(output.data) == bytes(known.data)
        assert bytes(output.render_config) == bytes(known.render_config)
        assert output.duration == known.duration
        assert large.success == small.success


def test_the_outputs_of_a_large_message_are_not_looked_at() -> None:
    text = completed(["x" * 2 * LARGE])
    broken = text.replace(b"xxx", b'x"x', 1)
    message = decode_message(broken)
    assert type(message) is ProcessCompleted
    with pytest.raises(ProtocolError, match="The output cannot be read"):
        OutputSteps(message.output.data).values(0)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("size", [1, 2 * LARGE])
def test_outputs_with_a_bare_nan(number: str, size: int) -> None:
    text = completed(["x" * size, 7]).replace(b",7]", b",%b]" % number.encode())
    message = decode_message(text)
    assert type(message) is ProcessCompleted
    assert OutputSteps(message.output.data).values(0) == ["x" * size, None]


def test_a_large_message_that_is_nested_too_deep() -> None:
    text = completed(["x" * 2 * LARGE, 7]).replace(b",7]", b"," + b"[" * 300 + b"]" * 300 + b"]")
    assert type(decode_message(text)) is Malformed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"process_completed"', b'"new_kind"'),
        (b'"process_completed"', b'"heartbeat"'),
        (b'"success":true', b'"success":"no"'),
        (b"}", b""),
        (b'"output":{', b'"other":{'),
        (b'],"is_generating"', b']  ,"is_generating"'),
    ],
)
def test_odd_large_messages(old: bytes, new: bytes) -> None:
    text = completed(["x"]).replace(old, new)
    assert _decode_large(text) is None


# -- what is not known, or not whole ---------------------------------------------------------------


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
