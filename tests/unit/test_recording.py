"""The recordings can be read, and are what they are taken for."""

from __future__ import annotations

import pytest
from recording import config, info, names, posts, streams, versions

EVERY_FILE = [(version, name) for version in versions() for name in names(version)]


def test_every_protocol_since_sse_v1_is_recorded() -> None:
    assert {config(version)["protocol"] for version in versions()} == {"sse_v1", "sse_v2", "sse_v3"}


@pytest.mark.parametrize("version", versions())
def test_config_and_info_describe_the_same_app(version: str) -> None:
    named = {dependency["api_name"] for dependency in config(version)["dependencies"]}
    described = {name.removeprefix("/") for name in info(version)["named_endpoints"]}
    assert config(version)["version"] == version
    assert "hello" in described
    assert described <= named


@pytest.mark.parametrize(("version", "name"), EVERY_FILE)
def test_every_recording_has_posts_with_an_answer(version: str, name: str) -> None:
    found = posts(version, name)
    assert found
    assert all(200 <= recording.status < 600 for recording in found)


@pytest.mark.parametrize(("version", "name"), EVERY_FILE)
def test_every_stream_is_made_of_messages(version: str, name: str) -> None:
    for recording in streams(version, name):
        assert recording.stream.endswith(b"\n\n")
        assert b"".join(part for _, part in recording.chunks) == recording.stream
        assert all("msg" in message for message in recording.messages)
        ids = {message.get("event_id") for message in recording.messages}
        assert ids - {None} <= {recording.event_id}


@pytest.mark.parametrize("version", versions())
def test_hello(version: str) -> None:
    (recording,) = streams(version, "hello")
    assert recording.fn_index == 0
    assert recording.request["data"] == ["Ada"]
    assert recording.status == 200
    assert recording.ended
    done = next(m for m in recording.messages if m["msg"] == "process_completed")
    assert done["event_id"] == recording.event_id
    assert done["output"]["data"] == ["Hello Ada"]


@pytest.mark.parametrize("version", versions())
def test_only_sse_v3_says_that_the_stream_closes(version: str) -> None:
    (recording,) = streams(version, "hello")
    closes = recording.messages[-1]["msg"] == "close_stream"
    assert closes == (config(version)["protocol"] == "sse_v3")


@pytest.mark.parametrize("version", versions())
def test_heartbeats_are_kept(version: str) -> None:
    (recording,) = streams(version, "heartbeat-long")
    assert {"msg": "heartbeat"} in [{"msg": m["msg"]} for m in recording.messages]


def test_side_by_side_submissions_are_told_apart() -> None:
    recordings = posts("6.31.0", "queue-full")
    assert [recording.status for recording in recordings] == [200, 200, 503, 503]
    assert recordings[2].answer == {"detail": "Queue is full. Max size is 1 and size is 1."}
    for recording in recordings[:2]:
        ids = {message.get("event_id") for message in recording.messages} - {None}
        assert ids == {recording.event_id}


def test_a_request_in_the_middle_of_a_stream_does_not_cut_it() -> None:
    cancelled = [r for r in posts("6.31.0", "reset-cancel") if r.path.endswith("/cancel")]
    assert [post.answer for post in cancelled] == [{"success": True}] * 2
    (stream,) = [
        r
        for r in streams("6.31.0", "reset-cancel")
        if r.section.startswith("slow_gen: POST /cancel")
    ]
    assert stream.messages[-2]["output"] == {}
    assert stream.messages[-1]["msg"] == "close_stream"


def test_a_stream_that_the_server_never_ended_says_so() -> None:
    ended = {r.section: r.ended for r in streams("4.19.2", "reset-cancel")}
    assert not all(ended.values())
