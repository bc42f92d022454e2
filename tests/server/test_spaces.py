"""Hugging Face Spaces: a hub on this machine, a gate in front of real Gradio apps."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous, eventually, eventually_so, unique
from hub_server import Hub, Space
from proxy import ForwardProxy, Proxy, Reply, Seen
from servers.launch import Server, StartServer, answers, free_port

from gradwire import (
    AsyncClient,
    AuthenticationError,
    Client,
    ConnectError,
    ConnectionLostError,
    ConnectTimeout,
    GradwireError,
    InvalidArgumentError,
    QuotaExceededError,
    SpaceError,
    SpaceNotFoundError,
    SpaceStatus,
    handle_file,
)

Lead = Callable[[Space], dict[str, Any]]
PAGE = {"content-type": "text/html"}


@pytest.fixture
def space(hub: Hub, server: Server) -> Iterator[Space]:
    """Run a public Space."""
    with hub.serve("ada/Space_1.0", server.url) as made:
        yield made


@pytest.fixture
def private(hub: Hub, server: Server) -> Iterator[Space]:
    """Run a private Space of ada's."""
    with hub.serve("ada/private", server.url, private=True) as made:
        yield made


def seen_by(space: Space) -> list[Seen]:
    assert space.gate is not None
    return space.gate.requests


def tokens_at(place: Hub | Proxy) -> set[str]:
    return {seen.headers.get("authorization", "") for seen in place.requests}


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "ada/Space_1.0",
        "https://huggingface.co/spaces/ada/Space_1.0",
        "huggingface.co/spaces/ada/Space_1.0/tree/main?x=1",
    ],
)
@pytest.mark.parametrize("tells_host", [True, False])
def test_a_space_by_its_name(hub: Hub, space: Space, name: str, tells_host: bool) -> None:
    hub.tells_host = tells_host
    with Client.connect(name) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert tokens_at(hub) == {""}


def test_a_space_by_its_page_on_a_hub_of_ones_own(hub: Hub, space: Space) -> None:
    with Client.connect(f"{hub.origin}/spaces/ada/Space_1.0?logs=build") as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


@pytest.fixture
def lead_to(hub: Hub, forward_proxy: ForwardProxy) -> Lead:
    """Let `*.hf.space` lead to the gates of this machine: return the options for that."""

    def lead(space: Space) -> dict[str, Any]:
        assert space.gate is not None
        forward_proxy.hosts[f"{space.subdomain}.hf.space"] = "127.0.0.1", space.gate.port
        forward_proxy.hosts["127.0.0.1"] = "127.0.0.1", hub.port
        return {"proxy": forward_proxy.origin}

    return lead


def test_a_space_by_its_address(hub: Hub, space: Space, lead_to: Lead) -> None:
    options = lead_to(space)
    with Client.connect("http://ada-space-1-0.hf.space/", **options) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert hub.requests == []  # nothing has to be asked of a Space that answers


def test_a_private_space_by_its_address(
    private: Space, lead_to: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = lead_to(private)
    address = "http://ada-private.hf.space"
    with pytest.raises(SpaceNotFoundError, match="pass token="):
        Client.connect(address, **options)
    with Client.connect(address, token="hf_ada", **options) as client:
        assert list(client.submit("/tokens", [3]))[-1].data == ["0 1 2 "]
    monkeypatch.setenv("HF_TOKEN", "hf_ada")
    with Client.connect(address, **options) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_a_space_that_sleeps_by_its_address(space: Space, lead_to: Lead) -> None:
    space.stages = ["SLEEPING"]
    options = lead_to(space)
    with Client.connect("http://ada-space-1-0.hf.space", **options) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert space.wakes == 1


def test_an_address_of_no_space(hub: Hub, space: Space, lead_to: Lead) -> None:
    options = lead_to(space)
    with pytest.raises(SpaceNotFoundError, match="ada-spoce"):
        Client.connect("http://ada-spoce.hf.space", **options | {"max_retries": 0})


# --- who may --------------------------------------------------------------------------------------


def test_a_name_that_does_not_exist(hub: Hub) -> None:
    with pytest.raises(
        SpaceNotFoundError, match=r"no public Space 'ada/nothing'.*token="
    ) as caught:
        Client.connect("ada/nothing")
    assert caught.value.status == 401
    with pytest.raises(SpaceNotFoundError, match="token from the option token can see"):
        Client.connect("ada/nothing", token="hf_ada")


def test_a_private_space_without_a_token(private: Space) -> None:
    with pytest.raises(SpaceNotFoundError, match="If the Space is private"):
        Client.connect("ada/private")


def test_a_private_space_of_somebody_else(hub: Hub, private: Space) -> None:
    hub.users["hf_bob"] = "bob"
    with pytest.raises(SpaceNotFoundError, match="needs access"):
        Client.connect("ada/private", token="hf_bob")


@pytest.mark.parametrize("name", ["ada/private", "ada/Space_1.0", "ada/nothing"])
def test_a_bad_token(space: Space, private: Space, name: str) -> None:
    with pytest.raises(AuthenticationError, match="accept the token from the option token"):
        Client.connect(name, token="hf_wrong")


def test_a_bad_token_of_the_environment(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    with pytest.raises(AuthenticationError, match=r"variable HF_TOKEN.*token=False") as caught:
        Client.connect(space.id)
    assert "hf_old" not in str(caught.value)
    with Client.connect(space.id, token=False) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_the_token_file(hub: Hub, private: Space, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hf_ada\n")
    with Client.connect("ada/private") as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_a_token_that_was_found_is_not_shown_to_public_apps(
    hub: Hub, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_ada")
    with Client.connect(space.id) as client:
        client.predict("/hello", ["Ada"])
    assert space.gate is not None
    assert tokens_at(space.gate) == {""}
    assert tokens_at(hub) == {"Bearer hf_ada"}
    with Client.connect(space.id, token=True) as client:
        client.predict("/hello", ["Ada"])
    assert "Bearer hf_ada" in tokens_at(space.gate)


def test_offline(hub: Hub, space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConnectError, match="HF_HUB_OFFLINE is set"):
        Client.connect(space.id)
    assert hub.requests == []


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ConnectError, match=r"127\.0\.0\.1:9"):
        Client.connect("ada/space", max_retries=0)


def test_a_hub_that_is_none(elsewhere: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", elsewhere.origin)
    elsewhere.rules["*"] = Reply(200, b"<html>")
    with pytest.raises(GradwireError, match="Is HF_ENDPOINT right"):
        Client.connect("ada/space")


# --- private Spaces -------------------------------------------------------------------------------


def test_what_a_private_space_gets_signed(private: Space, tmp_path: Path) -> None:
    with Client.connect("ada/private", token="hf_ada", download_dir=tmp_path) as client:
        assert list(client.submit("/tokens", [3]))[-1].data == ["0 1 2 "]
        result = client.predict("/file_io", [handle_file(b"text", name="a.txt")])
        assert result.value.download().read_bytes() == b"GOT:text"
        assert "__sign" not in result.value.url
    signed = {seen.path for seen in seen_by(private) if "__sign" in seen.query}
    assert any("/queue/data" in path for path in signed)
    assert any("/file=" in path for path in signed)
    assert any("/heartbeat/" in path for path in signed)
    assert not any("join" in path or "upload" in path or "config" in path for path in signed)


def test_one_signature_for_many_requests(hub: Hub, private: Space) -> None:
    with Client.connect("ada/private", token="hf_ada") as client:
        for _ in range(5):
            client.predict("/hello", ["Ada"])
    assert len(hub.paths("/api/spaces/ada/private/jwt")) == 1


def test_a_signature_is_renewed_before_it_ends(hub: Hub, private: Space) -> None:
    hub.sign_seconds = 2.0
    with Client.connect("ada/private", token="hf_ada") as client:
        for _ in range(4):
            assert client.predict("/slow", [0.8]).value == "run done"
    assert len(hub.signatures) >= 2
    assert all(seen.query["__sign"] in hub.signatures for seen in signed_streams(private))


def signed_streams(space: Space) -> list[Seen]:
    return [seen for seen in seen_by(space) if seen.path.endswith("/queue/data")]


def test_a_signature_that_ends_in_mid_job(hub: Hub, private: Space, tmp_path: Path) -> None:
    with Client.connect("ada/private", token="hf_ada") as client:
        job = client.submit("/slow_gen", [1.5, unique("slow")])
        next(iter(job))
        hub.signatures.clear()  # the one in use is good no longer, though it does not say so
        assert job.result().value
        file = client.predict("/file_io", [handle_file(b"text", name="a.txt")]).value
        hub.signatures.clear()
        assert file.read() == b"GOT:text"
    assert len(hub.paths("/api/spaces/ada/private/jwt")) >= 2


def test_a_file_of_another_origin_gets_no_credentials(
    private: Space, elsewhere: Proxy, tmp_path: Path
) -> None:
    elsewhere.rules["*"] = Reply(200, b"far", {"content-type": "text/plain"})
    with Client.connect("ada/private", token="hf_ada") as client:
        assert client.download(f"{elsewhere.origin}/file=x.txt", tmp_path).read_bytes() == b"far"
    assert_bare(elsewhere)


def assert_bare(elsewhere: Proxy) -> None:
    assert elsewhere.requests
    for seen in elsewhere.requests:
        assert "authorization" not in seen.headers
        assert "cookie" not in seen.headers
        assert "__sign" not in seen.target


def test_a_redirect_to_another_origin_gets_no_credentials(
    hub: Hub, private: Space, elsewhere: Proxy
) -> None:
    elsewhere.rules["*"] = Reply(200, b"far", {"content-type": "text/plain"})
    with Client.connect("ada/private", token="hf_ada") as client:
        file = client.predict("/file_io", [handle_file(b"text", name="a.txt")]).value
        assert private.gate is not None
        private.gate.rules = {
            "*file=*": Reply(302, b"", {"location": f"{elsewhere.origin}/file=moved"})
        } | private.gate.rules
        assert file.read() == b"far"
    assert_bare(elsewhere)


def test_a_hub_that_redirects_elsewhere_gets_no_credentials(hub: Hub, elsewhere: Proxy) -> None:
    elsewhere.rules["*"] = Reply(404, b"{}")
    target = {"location": f"{elsewhere.origin}/api/spaces/ada/space"}
    hub.busy = [Reply(307, b"", target)]
    with pytest.raises(GradwireError):
        Client.connect("ada/space", token="hf_ada", max_retries=0)
    assert_bare(elsewhere)


def test_secrets_are_not_shown(hub: Hub, private: Space, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "gradwire")
    with Client.connect("ada/private", token="hf_ada") as client:
        client.predict("/hello", ["Ada"])
        assert "hf_ada" not in repr(client)
        assert private.gate is not None
        private.gate.rules = {"*queue/data*": Reply(500, b"no")} | private.gate.rules
        with pytest.raises(GradwireError) as caught:
            client.predict("/hello", ["Ada"])
    for secret in ("hf_ada", *hub.signatures):
        assert secret not in str(caught.value)
        assert secret not in caplog.text


# --- stages ---------------------------------------------------------------------------------------

PATHS = {
    "sleeping": (["SLEEPING"], ["sleeping", "starting", "running"]),
    "stopped": (["STOPPED"], ["sleeping", "starting", "running"]),
    "building": (
        ["BUILDING", "APP_STARTING", "RUNNING"],
        ["building", "starting", "running"],
    ),
    "rebuilding": (["RUNNING_BUILDING"], ["running"]),
    "running": (["RUNNING"], ["running"]),
}


@pytest.mark.parametrize("path", PATHS)
def test_stages_on_the_way_to_running(space: Space, path: str) -> None:
    space.stages, expected = list(PATHS[path][0]), PATHS[path][1]
    told: list[SpaceStatus] = []
    with Client.connect(space.id, status_callback=told.append) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert [status.status for status in told] == expected
    assert [status.load_status for status in told[:-1]] == ["pending"] * (len(told) - 1)
    assert told[-1].load_status == "complete"
    assert all(status.message and status.detail == status.detail.upper() for status in told)


@asynchronous
async def test_a_callback_may_be_a_coroutine_function(space_async: Space) -> None:
    told: list[str] = []

    async def callback(status: SpaceStatus) -> None:
        await asyncio.sleep(0)
        told.append(status.detail)

    space_async.stages = ["SLEEPING"]
    async with AsyncClient.connect(space_async.id, status_callback=callback) as client:
        assert (await client.predict("/hello", ["Ada"])).value == "Hello Ada"
    assert told == ["SLEEPING", "APP_STARTING", "RUNNING"]


@pytest.fixture
def space_async(space: Space) -> Space:
    return space


def test_a_wake_up_that_takes_five_polls(hub: Hub, space: Space) -> None:
    space.stages = ["SLEEPING"]
    space.woken = ["SLEEPING", "SLEEPING", "BUILDING", "APP_STARTING", "APP_STARTING", "RUNNING"]
    told: list[str] = []
    with Client.connect(space.id, status_callback=lambda status: told.append(status.detail)) as c:
        assert c.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert told == ["SLEEPING", "BUILDING", "APP_STARTING", "RUNNING"]
    assert len(hub.paths("/api/spaces/ada/Space_1.0")) >= 6


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("PAUSED", "paused"),
        ("NO_APP_FILE", "space_error"),
        ("CONFIG_ERROR", "space_error"),
        ("BUILD_ERROR", "space_error"),
        ("RUNTIME_ERROR", "space_error"),
        ("DELETING", "space_error"),
        ("SOMETHING_NEW", "space_error"),
    ],
)
@pytest.mark.parametrize("discussions", [True, False])
def test_a_space_that_cannot_run(
    hub: Hub, space: Space, stage: str, status: str, discussions: bool
) -> None:
    space.stages, space.discussions = [stage], discussions
    told: list[SpaceStatus] = []
    with pytest.raises(SpaceError) as caught:
        Client.connect(space.id, status_callback=told.append)
    error = caught.value
    assert (error.stage, error.space, error.discussions_enabled) == (stage, space.id, discussions)
    assert error.page == f"{hub.origin}/spaces/{space.id}"
    assert str(error).endswith("/discussions") == discussions
    assert error.page in str(error)
    assert [(each.status, each.load_status) for each in told] == [(status, "error")]
    assert told[0].discussions_enabled == discussions


def test_a_space_that_fails_while_it_starts(space: Space) -> None:
    space.stages = ["BUILDING", "BUILD_ERROR"]
    with pytest.raises(SpaceError, match="could not be built"):
        Client.connect(space.id)


def test_the_callers_deadline(space: Space) -> None:
    space.stages = ["BUILDING"]
    with pytest.raises(SpaceError, match=r"within 0.3 seconds \(wake_timeout\)") as caught:
        Client.connect(space.id, wake_timeout=0.3)
    assert caught.value.stage == "BUILDING"
    with pytest.raises(ConnectTimeout, match=r"ada/Space_1.0 within 0.3 seconds"):
        Client.connect(space.id, timeout=0.3)


def test_without_a_callback_the_log_tells(space: Space, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gradwire")
    space.stages = ["SLEEPING"]
    with Client.connect(space.id):
        pass
    said = [record.getMessage() for record in caplog.records if "Space" in record.getMessage()]
    assert [line.split("(")[1] for line in said] == ["SLEEPING)", "APP_STARTING)", "RUNNING)"]


def test_a_callback_that_fails(space: Space, caplog: pytest.LogCaptureFixture) -> None:
    def callback(status: SpaceStatus) -> None:
        raise ValueError("mine")

    with Client.connect(space.id, status_callback=callback) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert "the status_callback failed" in caplog.text


def test_a_space_that_runs_before_it_answers(space: Space) -> None:
    assert space.gate is not None
    early = [Reply(503, b"<html>", PAGE)] * 4
    space.gate.rules = {"/config": lambda seen: early.pop() if early else None} | space.gate.rules
    with Client.connect(space.id) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert early == []


def test_a_space_that_never_answers(space: Space) -> None:
    assert space.gate is not None
    space.gate.rules = {"*": Reply(503, b"<html>", PAGE)}
    with pytest.raises(ConnectError, match="503"):
        Client.connect(space.id, max_retries=1)


@pytest.mark.parametrize("option", [{"status_callback": 7}, {"wake_timeout": -1}, {"token": ""}])
def test_wrong_options(hub: Hub, option: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match=next(iter(option))):
        Client.connect("ada/space", **option)
    assert hub.requests == []


# --- restarts -------------------------------------------------------------------------------------


def test_a_call_to_a_space_that_has_fallen_asleep(space: Space) -> None:
    with Client.connect(space.id) as client:
        space.stages = ["SLEEPING"]
        space.woken = ["SLEEPING"]
        with pytest.raises(SpaceError, match=r"asleep.*\(SLEEPING.\) Connect again") as caught:
            client.predict("/hello", ["Ada"])
        assert (caught.value.stage, caught.value.status) == ("SLEEPING", 503)


def test_a_space_that_restarts_in_mid_job(hub: Hub, start_server: StartServer) -> None:
    server = start_server()
    with hub.serve("ada/restarts", server.url) as space, Client.connect(space.id) as client:
        job = client.submit("/slow_gen", [30, unique("slow")])
        next(iter(job))
        space.stages = ["APP_STARTING"]
        server.kill()
        with pytest.raises(ConnectionLostError, match=r"app is starting. \(APP_STARTING.\)"):
            job.result()
        assert client.reconnect() == "broken"
        server.start()
        space.stages = ["RUNNING"]
        assert client.reconnect() == "changed"
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


# --- ZeroGPU --------------------------------------------------------------------------------------


@contextmanager
def relay(app: str, folder: Path) -> Iterator[str]:
    """Run an app that calls another one; give its address."""
    port = free_port()
    script = Path(__file__).parent.parent / "servers" / "relay.py"
    environment = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False", "NO_PROXY": "*"}
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(script), str(port), app],
            env=environment,
            cwd=folder,
            stdout=output,
            stderr=output,
        )
        try:
            eventually_so(lambda: answers(port, "/config"), within=100)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def ip_tokens(requests: list[Seen]) -> list[str | None]:
    joins = [seen for seen in requests if seen.path.endswith("/queue/join")]
    return [seen.headers.get("x-ip-token") for seen in joins]


def test_the_callers_ip_token_goes_with_the_call(space: Space, tmp_path: Path) -> None:
    with relay(space.id, tmp_path) as url, Client.connect(url) as client:
        for endpoint in ("/relay", "/relay_async"):
            for token in ("ip-ann", None, "ip-bob"):
                view = client.with_options(headers={"x-ip-token": token} if token else {})
                assert view.predict(endpoint, ["Ada"]).value == "Hello Ada"
        own = client.with_options(headers={"x-ip-token": "ip-ann"})
        assert own.predict("/relay_own", ["Ada"]).value == "Hello Ada"
    assert ip_tokens(seen_by(space)) == ["ip-ann", None, "ip-bob"] * 2 + ["chosen"]


def test_an_ip_token_goes_to_spaces_only(proxy: Proxy, tmp_path: Path) -> None:
    with relay(proxy.url, tmp_path) as url, Client.connect(url) as client:
        view = client.with_options(headers={"x-ip-token": "ip-ann"})
        assert view.predict("/relay", ["Ada"]).value == "Hello Ada"
    assert ip_tokens(proxy.requests) == [None]
    assert not any("x-ip-token" in seen.headers for seen in proxy.requests)


def test_an_exceeded_quota(space: Space) -> None:
    said = "You have exceeded your GPU quota (60s requested vs. 12s left). Try again in 1:02:03"
    answer = {"detail": None, "error": said, "title": "ZeroGPU quota exceeded"}
    assert space.gate is not None
    space.gate.rules = {"*/queue/join": Reply(500, json.dumps(answer).encode())} | space.gate.rules
    with Client.connect(space.id) as client, pytest.raises(QuotaExceededError) as caught:
        client.predict("/hello", ["Ada"])
    error = caught.value
    assert (error.requested, error.left, error.retry_after) == (60, 12, 3723)


def test_the_oauth_token_goes_where_it_is_asked_for(space: Space) -> None:
    with Client.connect(space.id, oauth_token="hf_app") as client:
        client.predict("/hello", ["Ada"])
    assert all(b"hf_app" not in seen.body for seen in seen_by(space))
    assert "hf_app" not in str([seen.headers for seen in seen_by(space)])


# --- duplicating ----------------------------------------------------------------------------------


def test_duplicating(hub: Hub, space: Space) -> None:
    hub.users["hf_bob"] = "bob"
    space.hardware = "t4-small"
    options: dict[str, Any] = {"secrets": {"KEY": "s3cret"}, "variables": {"MODE": "fast"}}
    told: list[str] = []
    with Client.duplicate(
        space.id,
        token="hf_bob",
        private=True,
        timeout=30,
        status_callback=lambda status: told.append(status.status),
        **options,
    ) as client:
        assert client.config.version
    copy = hub.spaces["bob/Space_1.0"]
    assert copy.settings == {
        "repository": "bob/Space_1.0",
        "private": True,
        "hardware": "t4-small",
        "secrets": [{"key": "KEY", "value": "s3cret"}],
        "variables": [{"key": "MODE", "value": "fast"}],
        "sleeptime": 1800,
    }
    assert told == ["building", "starting", "running"]


def test_a_copy_that_exists_is_used(
    hub: Hub, space: Space, caplog: pytest.LogCaptureFixture
) -> None:
    hub.users["hf_bob"] = "bob"
    for _ in range(2):
        with Client.duplicate(space.id, "bob/mine", token="hf_bob") as client:
            assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert "stay as they are" not in caplog.text
    with Client.duplicate(
        space.id, "mine", token="hf_bob", hardware="t4-small", secrets={"a": "b"}
    ):
        pass
    assert "secrets, hardware (cpu-basic)" in caplog.text
    assert hub.spaces["bob/mine"].hardware == "cpu-basic"


@asynchronous
async def test_duplicating_in_asyncio(hub: Hub, space: Space) -> None:
    hub.users["hf_bob"] = "bob"
    half_an_hour = timedelta(minutes=30)
    duplicate = AsyncClient.duplicate(
        space.id, "mine", token="hf_bob", hardware="cpu-upgrade", timeout=half_an_hour
    )
    async with duplicate as client:
        assert (await client.predict("/hello", ["Ada"])).value == "Hello Ada"
    assert hub.spaces["bob/mine"].settings["sleeptime"] == 1800


def test_free_hardware_keeps_its_own_sleep_timeout(
    hub: Hub, space: Space, caplog: pytest.LogCaptureFixture
) -> None:
    hub.users["hf_bob"] = "bob"
    with Client.duplicate(space.id, "mine", token="hf_bob", timeout=5):
        pass
    assert "sleep timeout of bob/mine was not set" in caplog.text


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"hardware": "t5-huge"}, "Valid: cpu-basic, cpu-upgrade"),
        ({"private": "yes"}, "private"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "5"}, "minutes or a timedelta"),
        ({"secrets": ["a"]}, "secrets"),
        ({"secrets": {"a": 1}}, "secrets"),
        ({"to": "a/b/c"}, "a/b/c"),
        ({"wrong": 1}, "wrong"),
    ],
)
def test_wrong_wishes(hub: Hub, given: dict[str, Any], match: str) -> None:
    with pytest.raises(InvalidArgumentError, match=match):
        Client.duplicate("ada/space", token="hf_ada", **given)
    assert hub.requests == []


def test_what_cannot_be_duplicated(hub: Hub, space: Space) -> None:
    with pytest.raises(InvalidArgumentError, match="no Hugging Face Space"):
        Client.duplicate("http://127.0.0.1:7860", token="hf_ada")
    with pytest.raises(AuthenticationError, match="token is needed"):
        Client.duplicate(space.id)
    with pytest.raises(InvalidArgumentError, match="another name"):
        Client.duplicate(space.id, token="hf_ada")
    with pytest.raises(SpaceNotFoundError):
        Client.duplicate("ada/nothing", token="hf_ada", to="copy")
    with pytest.raises(AuthenticationError, match="create Spaces for bob"):
        Client.duplicate(space.id, "bob/mine", token="hf_ada")


# --- the hub is busy ------------------------------------------------------------------------------


def test_retry_after(hub: Hub, space: Space) -> None:
    hub.busy = [Reply(429, b"", {"retry-after": "0"}), Reply(429, b"", {"retry-after": "0"})]
    with Client.connect(space.id) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert hub.busy == []


def test_a_wait_that_is_too_long(hub: Hub, space: Space) -> None:
    hub.busy = [Reply(429, b"", {"retry-after": "3600"})]
    with pytest.raises(ConnectError, match="Try again in 3600 seconds") as caught:
        Client.connect(space.id)
    assert caught.value.status == 429
    assert hub.busy == []


def test_a_hub_that_stays_busy(hub: Hub, space: Space) -> None:
    hub.busy = [Reply(429, b"", {"retry-after": "0"})] * 3
    with pytest.raises(ConnectError, match="too many requests"):
        Client.connect(space.id)


def test_duplicating_while_the_hub_is_busy(hub: Hub, space: Space) -> None:
    hub.users["hf_bob"] = "bob"
    space.hardware = None
    hub.busy = [Reply(429, b"", {"retry-after": "0"})]
    with Client.duplicate(space.id, "mine", token="hf_bob"):
        pass
    assert hub.spaces["bob/mine"].hardware == "cpu-basic"


# --- closing --------------------------------------------------------------------------------------


@asynchronous
async def test_connecting_that_is_given_up(hub: Hub, server: Server) -> None:
    with ExitStack() as stack:
        space = stack.enter_context(hub.serve("ada/slow", server.url, stages=["BUILDING"]))
        connecting = asyncio.ensure_future(_connect(space.id))
        await eventually(lambda: len(hub.requests) > 2)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting


async def _connect(name: str) -> AsyncClient:
    return await AsyncClient.connect(name)


def test_the_way_to_the_hub_is_closed_with_the_client(private: Space) -> None:
    client = Client.connect("ada/private", token="hf_ada")
    client.predict("/hello", ["Ada"])
    inner = client._engine.transport
    client.close()
    eventually_so(lambda: inner._hub._transport.closed)  # type: ignore[attr-defined]
