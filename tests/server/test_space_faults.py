"""Spaces, and hubs, that do not behave: nothing waits without end, and every error is ours."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import unique
from hub_server import Hub, Space
from proxy import Hold, Reply
from servers.launch import Server

from gradwire import (
    Client,
    ConnectionLostError,
    ConnectTimeout,
    GradwireError,
    ProtocolError,
    SpaceError,
    SpaceStatus,
)

PAGE = {"content-type": "text/html"}


@pytest.fixture
def space(hub: Hub, server: Server) -> Iterator[Space]:
    """Run a public Space."""
    with hub.serve("ada/space", server.url) as made:
        yield made


# --- waking ---------------------------------------------------------------------------------------


def test_a_space_that_runs_and_falls_over_again(space: Space) -> None:
    space.stages = ["APP_STARTING", "RUNNING"] * 50
    assert space.gate is not None
    space.gate.rules = {"*": Reply(503, b"<html>", PAGE)}
    before = time.monotonic()
    with pytest.raises(SpaceError, match=r"within 1.5 seconds \(wake_timeout\)") as caught:
        Client.connect(space.id, wake_timeout=1.5, max_retries=0)
    assert time.monotonic() - before < 4
    assert caught.value.space == space.id


def test_an_app_that_is_silent_while_it_is_woken(space: Space) -> None:
    space.stages = ["APP_STARTING", "RUNNING"]
    assert space.gate is not None
    space.gate.rules = {"*": Hold()}
    with pytest.raises(SpaceError, match=r"says that the Space runs.*within 1 second "):
        Client.connect(space.id, wake_timeout=1, timeout=8)


def test_a_space_that_runs_is_not_waited_for(space: Space) -> None:
    with Client.connect(space.id, wake_timeout=0) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_a_busy_hub_while_a_space_is_woken(hub: Hub, space: Space) -> None:
    space.stages = ["BUILDING"]
    looks = itertools.count()
    info = hub._info
    slow = Reply(429, b"{}", {"retry-after": "12"})
    hub._info = lambda space: info(space) if next(looks) == 0 else slow  # type: ignore[method-assign]
    before = time.monotonic()
    with pytest.raises(SpaceError, match=r"being built.*within 1 second "):
        Client.connect(space.id, wake_timeout=1)
    assert time.monotonic() - before < 4


def test_a_hub_that_falls_silent_while_a_space_is_woken(hub: Hub, space: Space) -> None:
    space.stages = ["BUILDING"]
    looks = itertools.count()
    hub.holds = lambda seen: seen.path.endswith("/ada/space") and next(looks) > 0
    with pytest.raises(SpaceError, match=r"being built.*within 1 second "):
        Client.connect(space.id, wake_timeout=1, timeout=8)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_a_callback_that_wants_out(
    space: Space, caplog: pytest.LogCaptureFixture, kind: type[BaseException]
) -> None:
    def callback(status: SpaceStatus) -> None:
        raise kind(3)

    async def later(status: SpaceStatus) -> None:
        raise kind(3)

    for each in (callback, later):
        with Client.connect(space.id, status_callback=each) as client:
            assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert caplog.text.count("the status_callback failed") == 2


def test_a_callback_that_never_returns(space: Space) -> None:
    async def callback(status: SpaceStatus) -> None:
        await asyncio.sleep(60)

    space.stages = ["BUILDING"]
    with pytest.raises(SpaceError, match=r"being built.*within 0.5 seconds"):
        Client.connect(space.id, status_callback=callback, wake_timeout=0.5)
    with pytest.raises(ConnectTimeout, match="total"):
        Client.connect(space.id, status_callback=callback, timeout=0.5)


# --- a hub that says nonsense ---------------------------------------------------------------------


@pytest.mark.parametrize("what", ["", "/host"])
@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_is_nested_without_end(
    hub: Hub, space: Space, what: str, status: int
) -> None:
    deep = Reply(status, b'{"id": "ada/space", "host": 1, "error": ' + b"[" * 100_000)
    hub.answers[f"/api/spaces/ada/space{what}"] = deep
    with pytest.raises(GradwireError, match=r"answered 500|not answer as the Hugging Face hub"):
        Client.connect(space.id, max_retries=0)


@pytest.mark.parametrize(
    "host", ["https://", "https://[", "http://127.0.0.1\\@evil", "http://a\r\nb: c", "http://℀.x"]
)
def test_an_app_without_an_address(space: Space, host: str) -> None:
    space.host = host
    with pytest.raises(ProtocolError, match="The hub says that ada/space is at"):
        Client.connect(space.id, max_retries=0)


# --- Spaces on old releases -----------------------------------------------------------------------


@pytest.fixture
def old_space(hub: Hub, old_server: Server) -> Iterator[Space]:
    """Run a public Space of Gradio 3.x and one of early 4.x."""
    with hub.serve("ada/old", old_server.url) as made:
        yield made


def test_an_old_space_that_falls_asleep_in_mid_job(old_space: Space) -> None:
    gate = old_space.gate
    assert gate is not None
    with Client.connect(old_space.id, max_retries=0) as client:
        job = client.submit("/slow_gen", [30, unique()])
        next(iter(job))
        old_space.stages = old_space.woken = ["SLEEPING"]
        gate.hang_up()
        with pytest.raises(ConnectionLostError, match=r"asleep.*\(SLEEPING.\)"):
            job.result()
        with pytest.raises(GradwireError, match=r"asleep.*\(SLEEPING.\)"):
            client.predict("/hello", ["Ada"])
        with pytest.raises(GradwireError, match=r"asleep.*\(SLEEPING.\)"):
            client.predict("/noqueue_stream", ["abc"])


def test_the_signature_of_an_old_private_space_is_renewed(hub: Hub, old_server: Server) -> None:
    with (
        hub.serve("ada/old", old_server.url, private=True),
        Client.connect("ada/old", token="hf_ada", max_retries=0) as client,
    ):
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
        hub.signatures.clear()  # the one in use is good no longer, though it does not say so
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert len(hub.paths("/api/spaces/ada/old/jwt")) == 2


# --- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "/", "x", "https://[", "https://evil/spaces/../../y"])
def test_a_copy_without_a_page(hub: Hub, space: Space, page: str) -> None:
    hub.users["hf_bob"] = "bob"
    hub.copies_at = page
    with pytest.raises(ProtocolError, match=r"copy named bob/space, .* no page of a Space"):
        Client.duplicate(space.id, token="hf_bob", timeout=5)
    assert not any("sleeptime" in seen.path for seen in hub.requests)


def test_a_copy_that_exists_keeps_its_sleep_timeout(
    hub: Hub, space: Space, caplog: pytest.LogCaptureFixture
) -> None:
    hub.users["hf_bob"] = "bob"
    hub.add("bob/space", host=space.host, hardware="t4-small")
    with Client.duplicate(space.id, token="hf_bob", timeout=5):
        pass
    assert "these stay as they are: timeout." in caplog.text
    assert "sleeptime" not in hub.spaces["bob/space"].settings


def test_what_free_hardware_does_not_take_is_told_plainly(
    hub: Hub, space: Space, caplog: pytest.LogCaptureFixture
) -> None:
    hub.users["hf_bob"] = "bob"
    with Client.duplicate(space.id, token="hf_bob", timeout=5):
        pass
    assert "was not set: The Hugging Face hub refused this (400): cpu-basic always" in caplog.text
    assert "Could not connect" not in caplog.text


# --- what is repeated to us -----------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 422, 500])
@pytest.mark.parametrize("token", ["hf_abcdefghijkl", "of_no_usual_form"])
def test_a_hub_that_repeats_what_it_was_sent(
    hub: Hub, space: Space, status: int, token: str
) -> None:
    hub.users[token] = "bob"
    secret = 's3cret of "mine" \\ é'
    said: dict[str, Any] = {
        "error": f"no: Bearer {token}, {secret}, {json.dumps(secret)}, {[secret]}"
    }
    path = "/api/spaces/ada/space/duplicate"
    hub.answers[path] = Reply(status, json.dumps(said).encode())
    with pytest.raises(GradwireError, match="no: ") as caught:
        Client.duplicate(space.id, token=token, secrets={"KEY": secret}, max_retries=0)
    assert token not in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403, 418, 422, 500, 503])
@pytest.mark.parametrize("body", ['{"detail": {"auth_message": "X"}}', '{"error": "X"}', "X"])
def test_an_app_that_repeats_what_it_was_sent(space: Space, status: int, body: str) -> None:
    assert space.gate is not None
    said = body.replace("X", "no: Bearer hf_abcdefghijkl, hf_abcdefghijkl").encode()
    space.gate.rules = {"*/queue/join": Reply(status, said)} | space.gate.rules
    with (
        Client.connect(space.id, token=None, max_retries=0) as client,
        pytest.raises(GradwireError) as caught,
    ):
        client.predict("/hello", ["Ada"])
    assert "abcdefghijkl" not in str(caught.value)
