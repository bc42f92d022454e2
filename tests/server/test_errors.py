"""Every class of error, raised by a real server where one can produce it."""

from __future__ import annotations

import inspect
import logging
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers import eventually_so
from proxy import Cut, ForwardProxy, Hold, Proxy, Reply
from servers.launch import Server, free_port

import gradwire.errors
from gradwire import (
    AccessError,
    AppError,
    AuthenticationError,
    Client,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    ConnectTimeout,
    DeadlineExceededError,
    DownloadError,
    EndpointNotFoundError,
    FileData,
    FileTooLargeError,
    GradwireError,
    InvalidArgumentError,
    JobCancelledError,
    LocalFileNotFoundError,
    MissingLibraryError,
    ProtocolError,
    QueueFullError,
    QuotaExceededError,
    SessionNotFoundError,
    SpaceError,
    SpaceNotFoundError,
    Timeout,
    UploadError,
    ValidationError,
    handle_file,
    to_frame,
)

SECRETS: dict[str, Any] = {
    "token": "hf_secretsecret",
    "headers": {"x-test": "secret-header"},
    "cookies": {"name": "secret-cookie"},
    "query_params": {"__sign": "secret-sign", "api_key": "secret-key"},
    "oauth_token": "hf_secretoauth",
}


@pytest.fixture
def client(proxy: Proxy) -> Iterator[Client]:
    """A client full of secrets, behind a proxy."""
    with Client.connect(proxy.url, max_retries=0, **SECRETS) as client:
        yield client


def raised(kind: type[GradwireError], call: Callable[[], Any]) -> Any:
    """Return the error that a call must raise: of just this class, and showing no secret."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    assert_complete(error)
    return error


def assert_complete(error: GradwireError) -> None:
    """Look at what every error promises."""
    shown = f"{error} {error!r} {vars(error)}" + "".join(traceback.format_exception(error))
    assert "secret" not in shown.replace("assert_complete", "").replace(__file__, "")
    assert b"secret" not in pickle.dumps(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


# --- connecting -----------------------------------------------------------------------------------


def test_connect_error() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    error = raised(ConnectError, lambda: Client.connect(address, max_retries=0, **SECRETS))
    assert isinstance(error, ConnectionError)
    assert error.url.startswith(address)
    assert str(error).startswith("Could not connect")
    assert "Is the app running there?" in str(error)


def test_connect_error_with_a_status(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(500)
    error = raised(ConnectError, lambda: Client.connect(proxy.url, max_retries=0, **SECRETS))
    assert error.status == 500
    assert error.url == f"{proxy.url}/config?__sign=…&api_key=…"


def test_connect_timeout(proxy: Proxy) -> None:
    proxy.rules["/config"] = Hold()
    error = raised(ConnectTimeout, lambda: Client.connect(proxy.url, timeout=0.3, **SECRETS))
    assert isinstance(error, TimeoutError)
    assert isinstance(error, ConnectError)
    assert "Timeout.total" in str(error)


def test_connection_lost(client: Client, proxy: Proxy) -> None:
    proxy.rules["*/queue/data"] = Cut(400)
    job = client.submit("/par_gen", [30, "lost"])
    error = raised(ConnectionLostError, job.result)
    assert isinstance(error, ConnectionError)
    assert error.event_ids == (job.event_id,)
    assert error.session_hash == client.session_hash
    assert error.endpoint is None or error.endpoint == "/par_gen"


def test_connection_lost_while_handing_in(client: Client, proxy: Proxy) -> None:
    proxy.rules["*/queue/join"] = Cut(0)
    error = raised(ConnectionLostError, lambda: client.predict("/hello", ["Ada"]))
    assert error.url.startswith(f"{proxy.url}/gradio_api/queue/join")
    assert "Whether the request arrived is unknown." in str(error)


def test_deadline_exceeded(client: Client) -> None:
    view = client.with_options(timeout=Timeout(total=0.5))
    job = view.submit("/par_gen", [30, "deadline"])
    error = raised(DeadlineExceededError, job.result)
    assert isinstance(error, TimeoutError)
    assert error.endpoint == "/par_gen"
    assert error.event_id == job.event_id


def test_protocol_error(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(body=b"<html>")
    error = raised(ProtocolError, lambda: Client.connect(proxy.url, **SECRETS))
    assert error.url == f"{proxy.url}/config?__sign=…&api_key=…"
    assert "Is this the address of a Gradio app?" in str(error)


def call_component(client: Client) -> Any:
    explorer = next(c for c in client.config.components.values() if c.type == "fileexplorer")
    return client.component_server(explorer.id, "ls", [])


ANSWERED: dict[str, Callable[[Client], Any]] = {
    "*/queue/join": lambda client: client.predict("/hello", ["Ada"]),
    "*/run/predict": lambda client: client.predict("/noqueue", ["x"]),
    "*/component_server/": call_component,
}


@pytest.mark.parametrize("path", ANSWERED)
@pytest.mark.parametrize("body", [b"<html>", b"", b"["])
def test_protocol_error_for_an_answer_that_is_none(
    client: Client, proxy: Proxy, path: str, body: bytes
) -> None:
    proxy.rules[path] = Reply(body=body)
    raised(ProtocolError, lambda: ANSWERED[path](client))


# --- access ---------------------------------------------------------------------------------------


def test_authentication_error(auth_server: Server) -> None:
    error = raised(AuthenticationError, lambda: Client.connect(auth_server.url, **SECRETS))
    assert isinstance(error, AccessError)
    assert isinstance(error, PermissionError)
    assert error.status == 401
    assert error.auth_message == "Ask Ada for the password"
    assert "auth=(username, password)" in str(error)


def test_authentication_error_for_a_wrong_password(auth_server: Server) -> None:
    options = {**SECRETS, "auth": ("ada", "secret-password")}
    error = raised(AuthenticationError, lambda: Client.connect(auth_server.url, **options))
    assert error.status == 400


def test_space_not_found(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(404)
    with ForwardProxy(hosts={"nobody-nothing.hf.space": ("127.0.0.1", proxy.port)}) as way:
        address = "http://nobody-nothing.hf.space"
        error = raised(
            SpaceNotFoundError, lambda: Client.connect(address, proxy=way.origin, **SECRETS)
        )
    assert isinstance(error, PermissionError)
    assert error.status == 404
    assert "token=" in str(error)


def test_space_error(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is in test_spaces.py."""
    told = b'{"id": "ada/space", "host": "http://127.0.0.1:9", "runtime": {"stage": "PAUSED"}}'
    proxy.rules["/api/spaces/ada/space"] = Reply(200, told)
    monkeypatch.setenv("HF_ENDPOINT", proxy.origin)
    error = raised(SpaceError, lambda: Client.connect("ada/space", **SECRETS))
    assert (error.stage, error.space) == ("PAUSED", "ada/space")
    assert error.page == f"{proxy.origin}/spaces/ada/space"


# --- the app --------------------------------------------------------------------------------------


def test_app_error(client: Client) -> None:
    error = raised(AppError, lambda: client.predict("/fail", ["titled"]))
    assert error.args == ("titled boom",)
    assert str(error) == "titled boom"
    assert (error.title, error.duration, error.visible) == ("Custom title", 3, False)
    assert error.endpoint == "/fail"
    assert error.event_id


def test_app_error_of_an_app_that_does_not_tell(client: Client) -> None:
    error = raised(AppError, lambda: client.predict("/fail", ["plain"]))
    assert "show_error=True" in str(error)


def test_app_error_of_an_unqueued_endpoint(client: Client) -> None:
    error = raised(AppError, lambda: client.predict("/noqueue_fail", ["gr"]))
    assert str(error) == "gr boom"
    assert error.endpoint == "/noqueue_fail"


def test_queue_full(full_server: Server) -> None:
    with Client.connect(full_server.url, **SECRETS) as client:
        jobs = [client.submit("/slow_gen", [30, f"full {n}"]) for n in range(4)]
        eventually_so(lambda: any(job.done() for job in jobs))
        error = raised(QueueFullError, next(job for job in jobs if job.done()).result)
        assert error.status == 503
        assert error.endpoint == "/slow_gen"
        assert "queue full" in str(error)
        assert "again later" in str(error)
        for job in jobs:
            job.cancel()


def test_validation_error(client: Client) -> None:
    error = raised(ValidationError, lambda: client.predict("/valid", ["bad"]))
    assert isinstance(error, ValueError)
    assert isinstance(error, AppError)
    assert error.status == 422
    assert error.problems[0][1] == "value must not be bad"
    assert "value must not be bad" in str(error)


def test_validation_error_with_a_text_for_a_detail(client: Client, proxy: Proxy) -> None:
    proxy.rules["*/queue/join"] = Reply(422, b'{"detail": "not like this"}')
    error = raised(ValidationError, lambda: client.predict("/hello", ["Ada"]))
    assert "not like this" in str(error)


def test_session_not_found(client: Client, proxy: Proxy) -> None:
    # A job that the server has never heard of: as if it had been restarted meanwhile.
    proxy.rules["*/queue/join"] = Reply(body=b'{"event_id": "lost"}')
    error = raised(SessionNotFoundError, lambda: client.predict("/hello", ["Ada"]))
    assert isinstance(error, AppError)
    assert "Connect again" in str(error)


def test_quota_exceeded(client: Client) -> None:
    error = raised(QuotaExceededError, lambda: client.predict("/fail", ["quota"]))
    assert (error.requested, error.left, error.retry_after) == (60, 10, 3723)
    assert error.title == "ZeroGPU quota exceeded"


# --- calls ----------------------------------------------------------------------------------------


def test_endpoint_not_found(client: Client) -> None:
    error = raised(EndpointNotFoundError, lambda: client.predict("/helo", ["Ada"]))
    assert isinstance(error, ValueError)
    assert error.endpoint == "/helo"
    assert "Did you mean '/hello'?" in str(error)


def test_invalid_argument(client: Client) -> None:
    error = raised(InvalidArgumentError, lambda: client.predict("/multi", nn=1, n=2))
    assert isinstance(error, TypeError)
    assert isinstance(error, ValueError)
    assert error.endpoint == "/multi"
    assert "'text', 'n', 'flag', 'choice'" in str(error)


def test_job_cancelled(client: Client) -> None:
    job = client.submit("/par_gen", [30, "cancelled"])
    eventually_so(job.outputs)
    assert job.cancel()
    error = raised(JobCancelledError, job.result)
    assert error.event_id == job.event_id


def test_client_closed(client: Client) -> None:
    job = client.submit("/par_gen", [30, "closed"])
    job.wait_for_id()
    client.close()
    raised(ClientClosedError, job.result)
    raised(ClientClosedError, lambda: client.predict("/hello", ["Ada"]))


# --- files ----------------------------------------------------------------------------------------


def test_local_file_not_found(client: Client) -> None:
    file = handle_file("/no/such/file")
    error = raised(LocalFileNotFoundError, lambda: client.predict("/file_io", [file]))
    assert isinstance(error, FileNotFoundError)
    assert isinstance(error, UploadError)
    assert "/no/such/file" in str(error)


def test_file_too_large(small_server: Server) -> None:
    with Client.connect(small_server.url, **SECRETS) as client:
        error = raised(FileTooLargeError, lambda: client.predict("/file_io", [b"x" * 1001]))
    assert isinstance(error, ValueError)
    assert isinstance(error, UploadError)
    assert (error.size, error.limit) == (1001, 1000)


def test_upload_error(client: Client, proxy: Proxy) -> None:
    proxy.rules["*/upload"] = Reply(500, b"no room")
    error = raised(UploadError, lambda: client.predict("/file_io", [b"x"]))
    assert isinstance(error, OSError)
    assert error.status == 500
    assert error.url.startswith(f"{proxy.url}/gradio_api/upload?__sign=…")
    assert "no room" in str(error)
    assert "log" in str(error)


def test_download_error(client: Client) -> None:
    error = raised(DownloadError, lambda: client.download("/etc/passwd"))
    assert isinstance(error, OSError)
    assert error.status == 403
    assert error.url.endswith("/file=/etc/passwd?__sign=…&api_key=…")


def test_download_error_when_the_file_is_gone(client: Client) -> None:
    file = client.upload(FileData(__file__))
    error = raised(DownloadError, lambda: client.download(FileData(file.path + "x")))
    assert error.status in (403, 404)


def test_missing_library_error(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    rows = [[line] for line in client.predict("/big_list", [2]).value]
    error = raised(MissingLibraryError, lambda: to_frame(rows, "polars"))
    assert isinstance(error, ImportError)
    assert "pip install polars" in str(error)


# --- all of them ----------------------------------------------------------------------------------

ALL = [
    kind
    for _, kind in inspect.getmembers(gradwire.errors, inspect.isclass)
    if issubclass(kind, GradwireError)
]


def test_no_error_is_forgotten_here() -> None:
    tests = {name.removeprefix("test_").replace("_", "") for name in globals()}
    abstract = {GradwireError, AccessError}
    for kind in set(ALL) - abstract:
        name = kind.__name__.removesuffix("Error").lower()
        assert any(test in (name, name + "error") for test in tests), kind


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_can_be_pickled_with_its_facts(kind: type[GradwireError]) -> None:
    error = kind("Something happened.", url="http://x/y", status=5, endpoint="/e", event_id="i")
    for parameter in inspect.signature(kind).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            setattr(error, parameter.name, "value")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), vars(again)) == (str(error), vars(error))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_hides_the_secrets_of_its_address(kind: type[GradwireError]) -> None:
    address = "http://ada:secret@host/x?__sign=secret&a=b&access_token=secret#x"
    error = kind(f"{address} answered something.", url=address)
    assert "secret" not in f"{error} {error!r} {error.url}"
    assert error.url == "http://host/x?__sign=…&a=b&access_token=…#x"


def test_no_secret_is_logged(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        proxy.rules["*/info"] = Reply(body=b"<html>")
        with Client.connect(proxy.url.replace("//", "//ada:secret@"), **SECRETS) as client:
            client.predict("/file_io", [b"x"]).value.read()
            with pytest.raises(AppError):
                client.predict("/fail", ["gr"])
            job = client.submit("/par_gen", [30, "logged"])
            eventually_so(job.outputs)
            job.cancel()
            client.with_options(headers={"x-test": "secret-too"}).predict("/noqueue", ["x"])
    assert caplog.records
    assert "secret" not in caplog.text


def test_no_secret_is_in_what_a_console_shows(server: Server) -> None:
    with Client.connect(server.url, auth=("ada", "secret-password"), **SECRETS) as client:
        job = client.submit("/hello", ["Ada"])
        shown = [client, job, job.result(), client.config, client.endpoints, client.api.hello]
        inside = [client._inner._options, client._inner._requests.config()]
        for each in [*shown, *inside]:
            text = repr(each).replace("__sign=secret-sign&api_key=secret-key", "")
            assert "secret" not in text, type(each)
