"""The options of `connect` and `with_options`: checked, and sent with every request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous, connections, eventually_so
from proxy import ForwardProxy, Hold, Pause, Proxy
from servers.launch import Server, free_port

from gradwire import (
    AsyncClient,
    Client,
    ConnectError,
    ConnectTimeout,
    DeadlineExceededError,
    FileData,
    InvalidArgumentError,
    Timeout,
)

NOWHERE = "http://127.0.0.1:9"

ALL_OPTIONS = {
    "auth",
    "cookies",
    "download_dir",
    "events",
    "headers",
    "max_retries",
    "oauth_token",
    "proxy",
    "query_params",
    "session_hash",
    "timeout",
    "token",
    "trust_env",
    "verify",
    "with_null_state",
}

# --- what is refused ------------------------------------------------------------------------------

WRONG: dict[str, list[Any]] = {
    "token": [5, b"hf_x", "", " ", "hf x", "hf_x\n", ["hf_x"], 1],
    "oauth_token": [5, "", "a b", "x\0"],
    "auth": ["ada", ("ada",), ("ada", "pw", "x"), ("ada", 5), (None, None), {"ada": "pw"}, 5, ""],
    "cookies": [5, "", "nonsense", ["a=b"], {"a": 5}, {5: "a"}, {"a b": "c"}, {"a": "b\r\nc: d"}],
    "headers": [
        5,
        "a: b",
        [("a", "b")],
        {"a": 5},
        {5: "a"},
        {"a": "b\nc"},
        {"a b": "c"},
        {"": "x"},
        {"a:": "x"},
        {"a": "x\0y"},
    ],
    "query_params": [5, "a=b", {"a": 5}, {"a": None}, {5: "a"}],
    "session_hash": [5, "", "a b", "a\n"],
    "events": [5, "nonsense", ["data", "x"], [[]], [None], {"data": 1}.items()],
    "with_null_state": [1, "yes", None],
    "timeout": ["5", 0, -1, True, float("nan"), [5], (1, 2, 3, 4)],
    "max_retries": [-1, 1.5, "2", True, None],
    "verify": ["", "/no/such/ca.pem", 5, None, __file__, "/"],
    "proxy": [5, "", "localhost:3128", "socks5://host", "http://", "http://[::1", "http://h:x"],
    "trust_env": [1, "yes", None],
    "download_dir": [5, b"/tmp", "", [], __file__],
}


def test_every_option_is_known_here() -> None:
    assert set(WRONG) == ALL_OPTIONS


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_option_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=name) as caught:
        AsyncClient.connect(NOWHERE, **{name: value})
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)


def test_a_wrong_option_is_refused_before_anything_is_sent(proxy: Proxy) -> None:
    for name, values in WRONG.items():
        with pytest.raises(InvalidArgumentError):
            Client.connect(proxy.url, **{name: values[0]})
    assert not proxy.requests


def test_an_unknown_option_is_answered_with_all_that_there_are() -> None:
    with pytest.raises(InvalidArgumentError, match="'tokens'") as caught:
        AsyncClient.connect(NOWHERE, tokens="x")
    assert all(name in str(caught.value) for name in ALL_OPTIONS)


def test_an_unknown_option_gets_a_guess_of_what_was_meant() -> None:
    with pytest.raises(InvalidArgumentError, match="'time_out'"):
        AsyncClient.connect(NOWHERE, time_out=5)


@pytest.mark.parametrize("name", ["token", "oauth_token", "auth", "cookies", "headers", "proxy"])
def test_a_refusal_does_not_show_the_value(name: str) -> None:
    for value in ("my secret\n", b"my secret", ["my secret"], {"a": ["my secret"]}):
        with pytest.raises(InvalidArgumentError) as caught:
            AsyncClient.connect(NOWHERE, **{name: value})
        assert "secret" not in str(caught.value)


def test_an_option_and_its_other_name_together_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="same option"):
        AsyncClient.connect(NOWHERE, token="a", hf_token="b")


@pytest.mark.parametrize("name", ["token", "auth", "cookies", "headers", "query_params"])
def test_none_stands_for_an_option_that_is_left_out(server: Server, name: str) -> None:
    with Client.connect(server.url, **{name: None}) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


# --- sent with every request ----------------------------------------------------------------------


def use_everything(client: Client, folder: Path) -> None:
    """Make every kind of request."""
    client.predict("/hello", ["Ada"])
    client.predict("/noqueue", ["x"])
    list(client.submit("/stream", ["ab", 0]))
    client.predict("/file_io", [b"content"]).value.download(folder)
    client.upload_files(None, [b"content"])
    client.upload(FileData(__file__))
    client.refresh()
    client.reconnect()
    [explorer] = (c for c in client.config.components.values() if c.type == "fileexplorer")
    client.component_server(explorer.id, "ls", [])
    job = client.submit("/par_gen", [30, "options"])
    eventually_so(job.outputs)
    job.cancel()


KINDS = [
    "/config",
    "/gradio_api/info",
    "/gradio_api/heartbeat/",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data",
    "/gradio_api/run/predict",
    "/gradio_api/upload",
    "/gradio_api/file=",
    "/gradio_api/component_server/",
    "/gradio_api/app_id",
    "/gradio_api/cancel",
]


@pytest.mark.parametrize(
    ("options", "arrived"),
    [
        ({"headers": {"X-Test": "täst"}}, lambda seen: seen.headers.get("x-test")),
        ({"query_params": {"a b": "c&d=é"}}, lambda seen: seen.query.get("a b")),
        ({"cookies": {"name": "value"}}, lambda seen: seen.cookies.get("name")),
        ({"token": "hf_x"}, lambda seen: seen.headers.get("authorization")),
        ({"hf_token": "hf_x"}, lambda seen: seen.headers.get("authorization")),
        ({}, lambda seen: seen.headers.get("user-agent")),
    ],
    ids=["headers", "query_params", "cookies", "token", "hf_token", "user-agent"],
)
def test_it_goes_with_every_kind_of_request(
    proxy: Proxy, tmp_path: Path, options: dict[str, Any], arrived: Callable[[Any], Any]
) -> None:
    with Client.connect(proxy.url, **options) as client:
        use_everything(client, tmp_path)
    for kind in KINDS:
        assert proxy.paths(kind), f"the test makes no request of {kind}"
    values = {arrived(seen) for seen in proxy.requests}
    assert len(values) == 1
    assert values != {None}


def test_parameters_of_the_address_and_of_the_option_go_together(proxy: Proxy) -> None:
    with Client.connect(f"{proxy.url}?a=1&b=2", query_params={"b": "3"}):
        pass
    assert {"a": "1", "b": "3"}.items() <= proxy.requests[0].query.items()


def test_a_header_of_the_users_replaces_one_of_ours(proxy: Proxy) -> None:
    with Client.connect(proxy.url, token="hf_x", headers={"AUTHORIZATION": "mine"}) as client:
        client.predict("/hello", ["Ada"])
    assert {seen.headers["authorization"] for seen in proxy.requests} == {"mine"}


def test_the_app_sees_header_parameter_and_cookie(any_server: Server) -> None:
    with Client.connect(
        any_server.url,
        headers={"x-test": "y"},
        query_params={"q": "z"},
        cookies={"name": "value"},
    ) as client:
        who = client.predict("/whoami").value
    assert who["headers"]["x-test"] == "y"
    assert who["query_params"].get("q") == "z"
    assert who["cookies"] == ["name"]


# --- views ----------------------------------------------------------------------------------------


def test_the_header_of_a_view_wins_over_that_of_the_client(proxy: Proxy) -> None:
    with Client.connect(proxy.url, headers={"X-Test": "client", "x-other": "kept"}) as client:
        view = client.with_options(headers={"x-test": "view"})
        assert view.predict("/whoami").value["headers"]["x-test"] == "view"
        view.predict("/noqueue", ["x"])
    [join] = [seen for seen in proxy.requests if seen.path.endswith("/queue/join")]
    assert join.headers["x-other"] == "kept"


def test_the_header_of_a_view_does_not_leak(proxy: Proxy) -> None:
    with Client.connect(proxy.url) as client:
        one = client.with_options(headers={"x-ip-token": "one"})
        two = client.with_options(headers={"x-test": "two"})
        assert one.predict("/whoami").value["headers"]["x-ip-token"] == "one"
        assert two.predict("/whoami").value["headers"]["x-ip-token"] is None
        assert client.predict("/whoami").value["headers"] == dict.fromkeys(
            ("x-test", "authorization", "x-ip-token")
        )


def test_the_header_of_a_view_goes_with_its_uploads_and_downloads(
    proxy: Proxy, tmp_path: Path
) -> None:
    with Client.connect(proxy.url) as client:
        view = client.with_options(headers={"x-test": "view"})
        before = len(proxy.requests)
        view.predict("/file_io", [b"content"]).value.download(tmp_path)
        view.upload_files(None, [b"content"])
        sent = [seen for seen in proxy.requests[before:] if "/upload" in seen.path]
        sent += [seen for seen in proxy.requests[before:] if "/file=" in seen.path]
        assert len(sent) == 3
        assert {seen.headers.get("x-test") for seen in sent} == {"view"}


def test_views_of_views_add_up(proxy: Proxy) -> None:
    with Client.connect(proxy.url) as client:
        view = client.with_options(headers={"x-test": "a"}).with_options(
            headers={"x-ip-token": "b"}
        )
        headers = view.predict("/whoami").value["headers"]
        assert (headers["x-test"], headers["x-ip-token"]) == ("a", "b")


def test_a_view_is_the_same_session(server: Server) -> None:
    with Client.connect(server.url) as client:
        view = client.with_options(events=["status"])
        assert view.session_hash == client.session_hash
        assert [client.predict("/count").value, view.predict("/count").value] == [1, 2]


def test_closing_a_view_closes_the_client(server: Server) -> None:
    client = Client.connect(server.url)
    client.with_options(timeout=5).close()
    assert client.closed


FIXED = sorted({"auth", "cookies", "session_hash", "verify", "proxy", "trust_env", "query_params"})


@pytest.mark.parametrize("name", [*FIXED, "token", "hf_token"])
def test_what_is_set_when_connecting_cannot_be_changed(proxy: Proxy, name: str) -> None:
    with Client.connect(proxy.url) as client:
        sent = len(proxy.paths("/gradio_api/queue"))
        with pytest.raises(InvalidArgumentError, match=rf"(?s){name.removeprefix('hf_')}.*connect"):
            client.with_options(**{name: "x"})
        assert len(proxy.paths("/gradio_api/queue")) == sent


@pytest.mark.parametrize("name", sorted(ALL_OPTIONS - set(FIXED) - {"token"}))
def test_with_options_checks_as_connect_does(server: Server, name: str) -> None:
    with Client.connect(server.url) as client:
        for value in WRONG[name]:
            with pytest.raises(InvalidArgumentError, match=name):
                client.with_options(**{name: value})


def test_with_options_lists_what_it_takes(server: Server) -> None:
    with Client.connect(server.url) as client:
        with pytest.raises(InvalidArgumentError, match="nonsense") as caught:
            client.with_options(nonsense=1)
    listed = str(caught.value)
    assert all(name in listed for name in ALL_OPTIONS - set(FIXED) - {"token"})
    assert not any(name in listed for name in ("session_hash", "trust_env"))


# --- what they do ---------------------------------------------------------------------------------


def test_a_session_can_be_joined(server: Server) -> None:
    with Client.connect(server.url, session_hash="my-session_1") as client:
        assert client.session_hash == "my-session_1"
        assert client.predict("/whoami").value["session_hash"] == "my-session_1"
        client.predict("/count")
    with Client.connect(server.url, session_hash="my-session_1") as client:
        assert client.predict("/count").value == 2


def test_sessions_are_random(server: Server) -> None:
    with Client.connect(server.url) as one, Client.connect(server.url) as two:
        assert one.session_hash != two.session_hash
        assert len(one.session_hash) >= 16


def types_of(server: Server, **options: Any) -> set[str]:
    with Client.connect(server.url, **options) as client:
        return {event.type for event in client.submit("/logs", ["x"])}


def test_a_job_yields_data_only_by_default(server: Server) -> None:
    assert types_of(server) == {"data"}


@pytest.mark.parametrize(
    "events", [["data", "log"], ("status",), {"log"}, "status", ["data", "status", "log", "render"]]
)
def test_events_choose_what_a_job_yields(server: Server, events: Any) -> None:
    wanted = {events} if isinstance(events, str) else set(events)
    assert types_of(server, events=events) == wanted - {"render"}


def test_unknown_events_are_answered_with_all_that_there_are() -> None:
    with pytest.raises(InvalidArgumentError, match="data, status, log, render"):
        AsyncClient.connect(NOWHERE, events=["date"])


def test_null_states_are_left_out_unless_asked_for(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        assert client.predict("/count").data == [1]
        assert client.with_options(with_null_state=True).predict("/count").data == [2, None]


def test_an_oauth_token_goes_to_no_endpoint_that_does_not_ask(proxy: Proxy) -> None:
    with Client.connect(proxy.url, oauth_token="hf_oauth") as client:
        client.predict("/hello", ["Ada"])
    assert not any(b"hf_oauth" in seen.body for seen in proxy.requests)
    assert "hf_oauth" not in f"{[seen.headers for seen in proxy.requests]}"


def test_download_dir_is_where_downloads_go(server: Server, tmp_path: Path) -> None:
    with Client.connect(server.url, download_dir=tmp_path / "made") as client:
        file = client.predict("/file_io", [b"content"]).value
        assert file.download().parent == tmp_path / "made"


def test_without_download_dir_downloads_go_to_the_current_folder(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Client.connect(server.url) as client:
        path = client.predict("/file_io", [b"content"]).value.download()
    assert path.resolve().parent == tmp_path


# --- deadlines ------------------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [0.5, Timeout(total=0.5)])
def test_the_total_deadline_ends_a_call(server: Server, timeout: Any) -> None:
    with Client.connect(server.url) as client:
        with pytest.raises(DeadlineExceededError, match=r"0\.5 seconds \(Timeout\.total\)"):
            client.with_options(timeout=timeout).predict("/slow_gen", [30, "timeout"])


def test_the_total_deadline_counts_for_each_call(server: Server) -> None:
    with Client.connect(server.url, timeout=20) as client:
        assert [client.predict("/hello", ["Ada"]).value for _ in range(3)] == ["Hello Ada"] * 3


def test_the_read_deadline_ends_a_silent_stream(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Never before a heartbeat is overdue; here it is at once.
    monkeypatch.setattr("gradwire.client.reading.HEARTBEAT_SILENCE", 0.1)
    proxy.rules["*/queue/data"] = Hold()
    with Client.connect(proxy.url, timeout=Timeout(read=1.0)) as client:
        with pytest.raises(ConnectionError, match="silent"):
            client.predict("/hello", ["Ada"])


def test_the_read_deadline_does_not_end_a_long_unqueued_call(proxy: Proxy) -> None:
    with Client.connect(proxy.url) as client:
        proxy.rules["*/run/predict"] = Pause(0.6)
        impatient = client.with_options(timeout=Timeout(read=0.2))
        assert impatient.predict("/noqueue", ["x"]).value == "nq x"


def test_the_upload_deadline_ends_an_upload(proxy: Proxy) -> None:
    with Client.connect(proxy.url, timeout=Timeout(upload=0.3)) as client:
        proxy.rules["*/upload"] = Hold()
        with pytest.raises(TimeoutError):
            client.predict("/file_io", [b"content"])


def test_none_in_a_timeout_waits_for_ever(server: Server) -> None:
    timeout = Timeout(connect=None, read=None, upload=None, total=None)
    with Client.connect(server.url, timeout=timeout) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


# --- proxies --------------------------------------------------------------------------------------


def test_a_proxy_carries_everything(
    server: Server, forward_proxy: ForwardProxy, tmp_path: Path
) -> None:
    with Client.connect(server.url, proxy=forward_proxy.origin) as client:
        use_everything(client, tmp_path)
    for kind in KINDS:
        assert any(f"{server.url}{kind}" in seen.target for seen in forward_proxy.requests), kind


def test_a_proxy_can_ask_for_a_login(server: Server) -> None:
    with ForwardProxy(auth="ada:p@ss") as proxy:
        address = proxy.origin.replace("//", "//ada:p%40ss@")
        with Client.connect(server.url, proxy=address) as client:
            assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_the_name_of_the_host_is_left_to_the_proxy(server: Server) -> None:
    hosts = {"app.example": ("127.0.0.1", server.port)}
    with ForwardProxy(hosts=hosts) as proxy:
        with Client.connect("http://app.example/", proxy=proxy.origin) as client:
            assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_a_proxy_that_refuses_is_an_error_without_its_password() -> None:
    with ForwardProxy(auth="ada:right") as proxy:
        address = proxy.origin.replace("//", "//ada:secret@")
        for target in ("http://app.example", "https://app.example"):
            with pytest.raises(ConnectError) as caught:
                Client.connect(target, proxy=address, max_retries=0)
            assert "407" in str(caught.value)
            assert "secret" not in f"{caught.value} {caught.value!r}"
            assert "secret" not in f"{caught.value.__cause__} {caught.value.__cause__!r}"


def test_a_proxy_that_is_not_there_is_named_as_the_cause() -> None:
    address = f"http://ada:secret@127.0.0.1:{free_port()}"
    with pytest.raises(ConnectError, match="the proxy") as caught:
        Client.connect("http://app.example", proxy=address, max_retries=0)
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"


def test_giving_up_in_the_middle_of_a_tunnel_leaves_no_socket() -> None:
    with ForwardProxy(tunnels=Hold()) as proxy:
        with pytest.raises(ConnectTimeout):
            Client.connect("https://app.example", proxy=proxy.origin, timeout=0.3)
        assert proxy.requests
        eventually_so(lambda: connections(proxy.port) == 0)


def test_the_proxies_of_the_environment_are_used_if_asked_for(
    server: Server, forward_proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", forward_proxy.origin)
    with Client.connect(server.url):
        assert not forward_proxy.requests
    with Client.connect(server.url, trust_env=True):
        assert forward_proxy.requests


def test_an_ssl_context_is_an_option() -> None:
    AsyncClient.connect(NOWHERE, verify=ssl.create_default_context())


@asynchronous
async def test_views_of_the_asynchronous_client_are_views_too(proxy: Proxy) -> None:
    async with AsyncClient.connect(proxy.url) as client:
        views = [client.with_options(headers={"x-test": str(n)}) for n in range(10)]
        answers = await asyncio.gather(*(view.predict("/whoami") for view in views))
        assert [a.value["headers"]["x-test"] for a in answers] == [str(n) for n in range(10)]
