"""Every request of the protocol, as data."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gradwire.errors import InvalidArgumentError
from gradwire.wire.requests import Request, Requests

PLAIN = Requests("http://h:7860/")
RICH = Requests("https://h/sub/", "/gradio_api", {"a": "1 &", "b": ""}, {"X-Mine": "1"})
CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    # name: method, path under the prefix, arguments
    "info": ("GET", "info", {}),
    "join": ("POST", "queue/join", {"payload": {"data": [1]}}),
    "run": ("POST", "run/predict", {"payload": {"data": [1]}}),
    "events": ("GET", "queue/data", {"session_hash": "s"}),
    "cancel": ("POST", "cancel", {"session_hash": "s", "fn_index": 3, "event_id": "e"}),
    "reset": ("POST", "reset", {"event_id": "e"}),
    "send_chunk": ("POST", "stream/e", {"event_id": "e", "payload": {"data": []}}),
    "close_stream": ("POST", "stream/e/close", {"event_id": "e"}),
    "heartbeat": ("GET", "heartbeat/s", {"session_hash": "s"}),
    "app_id": ("GET", "app_id", {}),
    "component_server": ("POST", "component_server/", {"payload": {"data": None}}),
}


@pytest.mark.parametrize("name", CALLS)
def test_requests_under_the_prefix(name: str) -> None:
    method, path, arguments = CALLS[name]
    for requests, base in ((PLAIN, "http://h:7860/"), (RICH, "https://h/sub/gradio_api/")):
        request: Request = getattr(requests, name)(**arguments)
        assert request.method == method
        assert request.url.partition("?")[0] == base + path
        if method == "POST":
            assert request.headers["Content-Type"] == "application/json"
            assert request.body is not None
        else:
            assert request.body is None
        query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        expected = {"session_hash": "s"} if name == "events" else {}
        assert query == expected | requests.query
        assert requests.headers.items() <= request.headers.items()


def test_bodies() -> None:
    def body(request: Request) -> Any:
        return json.loads(request.body or b"")

    payload = {"data": ["ü", 1.5, None], "fn_index": 1}
    assert body(PLAIN.join(payload)) == payload
    assert body(PLAIN.run(payload)) == payload
    assert body(PLAIN.cancel("s", 3, "e")) == {"session_hash": "s", "fn_index": 3, "event_id": "e"}
    assert body(PLAIN.reset("e")) == {"event_id": "e"}
    assert body(PLAIN.send_chunk("e", payload)) == payload
    assert body(PLAIN.close_stream("e")) == {}


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="cannot be sent as JSON"):
        PLAIN.join({"data": [object()]})


def test_requests_that_may_be_silent_for_long() -> None:
    """Those that run a function, and the heartbeat, which old servers send rarely."""
    for name, (_, _, arguments) in CALLS.items():
        request: Request = getattr(PLAIN, name)(**arguments)
        assert request.read_timeout == (name not in ("run", "component_server", "heartbeat"))


def test_config_and_login_are_never_under_the_prefix() -> None:
    assert RICH.config().url == "https://h/sub/config?a=1+%26&b="
    assert RICH.login("a", "b").url.partition("?")[0] == "https://h/sub/login"


def test_the_login_form() -> None:
    request = RICH.login("ada & co", "pä=s")
    assert request.method == "POST"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["X-Mine"] == "1"
    assert dict(parse_qsl((request.body or b"").decode())) == {
        "username": "ada & co",
        "password": "pä=s",
    }


def test_the_users_query_cannot_replace_the_session() -> None:
    requests = Requests("http://h/", query={"session_hash": "mine"})
    assert requests.events("s").url == "http://h/queue/data?session_hash=s"


@pytest.mark.parametrize("odd", ["a/b", "a?b", "a#b", "../../x", "a b", "ü"])
def test_ids_cannot_leave_their_place_in_the_path(odd: str) -> None:
    for request in (PLAIN.heartbeat(odd), PLAIN.send_chunk(odd, {}), PLAIN.close_stream(odd)):
        path = urlsplit(request.url).path
        assert not urlsplit(request.url).query
        assert path.count("/") in (2, 3)
        assert " " not in path


def test_uploads() -> None:
    assert PLAIN.upload_url() == "http://h:7860/upload"
    assert PLAIN.upload_url("u 1") == "http://h:7860/upload?upload_id=u+1"
    assert RICH.upload_url("u").endswith("/sub/gradio_api/upload?a=1+%26&b=&upload_id=u")


def test_a_file_of_the_app_is_asked_for_with_the_users_query() -> None:
    request = RICH.get("https://h/sub/file=x%20y")
    assert request.method == "GET"
    assert request.url == "https://h/sub/file=x%20y?a=1+%26&b="
    assert request.headers == {"X-Mine": "1"}
    assert RICH.get("https://h/f?x=1").url == "https://h/f?x=1&a=1+%26&b="
    assert PLAIN.get("http://h:7860/f").url == "http://h:7860/f"


@pytest.mark.parametrize("url", ["https://other/f", "http://h/f", "https://h:8443/f"])
def test_the_users_query_stays_with_the_app(url: str) -> None:
    assert RICH.get(url).url == url


def test_variations_leave_the_original_alone() -> None:
    other = PLAIN.with_prefix("/gradio_api").with_headers({"A": "1"}).with_base("http://x/")
    assert other.join({}).url == "http://x/gradio_api/queue/join"
    assert other.join({}).headers["A"] == "1"
    assert PLAIN.join({}).url == "http://h:7860/queue/join"
    assert "A" not in PLAIN.join({}).headers


@pytest.mark.parametrize("prefix", ["gradio_api", "/gradio_api", "/gradio_api/", "gradio_api/"])
def test_the_prefix_is_joined_with_one_slash(prefix: str) -> None:
    assert Requests("http://h/", prefix).info().url == "http://h/gradio_api/info"
