"""Wrong arguments of every public function: refused before anything is sent, with what is valid."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous, run
from proxy import Proxy
from servers.launch import Server

from gradwire import (
    AsyncClient,
    Client,
    ClientClosedError,
    EndpointNotFoundError,
    FileData,
    GradwireError,
    InvalidArgumentError,
    Job,
    LocalFileNotFoundError,
    Timeout,
    handle_file,
)

FILE = FileData(__file__)
NUL = object()


@pytest.fixture(scope="module")
def recorder(server: Server) -> Iterator[Proxy]:
    """A proxy that stays the same for all tests here."""
    with Proxy(server.url) as recorder:
        yield recorder


@pytest.fixture(scope="module")
def client(recorder: Proxy) -> Iterator[Client]:
    """A client behind that proxy."""
    with Client.connect(recorder.url, max_retries=0) as client:
        client.predict("/hello", ["Ada"])
        yield client


@pytest.fixture
def silent(recorder: Proxy, client: Client) -> Iterator[None]:
    """Fail the test if it sends anything."""
    before = len(recorder.requests)
    yield
    client.predict("/noqueue", ["x"])  # whatever was sent before has arrived when this has
    assert recorder.paths()[before:] == ["/gradio_api/run/predict"]


HERE = os.path.relpath(__file__)

Call = Callable[[Client], Any]

# Each with words that the message must hold: what is wrong, or what is valid.
WRONG_CALLS: dict[str, tuple[Call, str]] = {
    # endpoints
    "endpoint-type": (lambda c: c.predict(1.5, ["x"]), "/predict"),  # type: ignore
    "endpoint-bool": (lambda c: c.predict(True, ["x"]), "function index"),
    "endpoint-none": (lambda c: c.predict(None), "name"),  # type: ignore
    "endpoint-bytes": (lambda c: c.predict(b"/hello"), "name"),  # type: ignore
    "endpoint-unknown": (lambda c: c.predict("/nonsense", ["x"]), "/hello"),
    "endpoint-close": (lambda c: c.predict("/helo", ["x"]), "Did you mean '/hello'"),
    "endpoint-empty": (lambda c: c.predict("", ["x"]), "/hello"),
    "endpoint-index": (lambda c: c.predict(9999, ["x"]), "9999"),
    "endpoint-negative": (lambda c: c.predict(-1, ["x"]), "-1"),
    "endpoint-frontend": (lambda c: c.predict("/stop"), "browser only"),
    "submit-endpoint": (lambda c: c.submit("/nonsense", ["x"]), "/hello"),
    "endpoints-key": (lambda c: c.endpoints["/nonsense"], "/hello"),
    "api-name": (lambda c: c.api.nonsense, "/hello"),
    # inputs
    "missing": (lambda c: c.predict("/hello"), "name"),
    "surplus": (lambda c: c.predict("/hello", ["a", "b"]), "1 value at most"),
    "unknown-name": (lambda c: c.predict("/hello", nam="a"), "Did you mean 'name'"),
    "unknown-key": (lambda c: c.predict("/hello", {"x": 1}), "name"),
    "odd-key": (lambda c: c.predict("/hello", {5: 1}), "name"),
    "twice": (lambda c: c.predict("/hello", ["a"], name="b"), "two values"),
    "data-text": (lambda c: c.predict("/hello", "text"), "list"),
    "data-number": (lambda c: c.predict("/hello", 5), "list"),  # type: ignore
    "data-bytes": (lambda c: c.predict("/hello", b"x"), "list"),
    "data-set": (lambda c: c.predict("/hello", {"a"}), "list"),  # type: ignore
    "data-iterator": (lambda c: c.predict("/hello", iter(["a"])), "list"),  # type: ignore
    "not-json": (lambda c: c.predict("/hello", [object()]), "JSON"),
    "not-json-deep": (lambda c: c.predict("/defaults", loose={"a": [NUL]}), "JSON"),
    "not-json-key": (lambda c: c.predict("/defaults", loose={(1, 2): 3}), "str"),
    "event-data": (lambda c: c.predict("/hello", ["a"], event_data={"a": object()}), "JSON"),
    "event-data-input": (lambda c: c.predict("/multi", ["a"], 3), "[text, n]"),
    "nan": (lambda c: c.predict("/multi", n=math.nan), "n (data[1]) is nan"),
    "infinity": (lambda c: c.submit("/multi", ["x", -math.inf]), "n (data[1]) is -inf"),
    "nan-deep": (
        lambda c: c.predict("/defaults", loose={"a": [None, (1.0, math.nan)]}),
        "loose (data[6]['a'][1][1]) is nan",
    ),
    "nan-unqueued": (lambda c: c.predict("/noqueue", [math.nan]), "(data[0]) is nan"),
    "nan-beside-a-file": (
        lambda c: c.predict("/file_io", [[math.inf, handle_file(b"x", name="x")]]),
        "(data[0][0]) is inf",
    ),
    "nan-event-data": (
        lambda c: c.predict("/event_data", event_data={"a": math.nan}),
        "event_data['a'] is nan",
    ),
    "submit-data": (lambda c: c.submit("/hello", "text"), "list"),
    "callable-surplus": (lambda c: c.endpoints["/hello"]("a", "b"), "1 value at most"),
    "callable-unknown": (lambda c: c.api.hello(nam="a"), "name"),
    "callable-submit": (lambda c: c.api.hello.submit(), "name"),
    # submit
    "trigger-type": (lambda c: c.submit("/hello", ["a"], trigger_id="x"), "int"),  # type: ignore
    "trigger-bool": (lambda c: c.submit("/hello", ["a"], trigger_id=True), "int"),
    "all-events": (lambda c: c.submit("/hello", ["a"], all_events="yes"), "True or False"),  # type: ignore
    # files
    "file-missing": (lambda c: c.predict("/file_io", [handle_file("/no/such")]), "/no/such"),
    "file-data-local": (
        lambda c: c.predict("/file_io", [FileData(HERE)]),
        f"handle_file({HERE!r})",
    ),
    "file-dict-local": (
        lambda c: c.predict(
            "/file_io", [{"path": HERE, "meta": {"_type": "gradio.FileData"}, "orig_name": "x"}]
        ),
        f"data[0] names the local file {HERE!r}",
    ),
    "file-list-one": (lambda c: c.predict("/files_io", [Path(HERE)]), "takes a list of files"),
    "file-list-handled": (lambda c: c.predict("/files_io", [handle_file(HERE)]), "a list of files"),
    "file-list-text": (lambda c: c.predict("/files_io", [[HERE]]), f"[handle_file({HERE!r})]"),
    "upload-files-text": (lambda c: c.upload_files(None, "text"), "list"),
    "upload-files-one": (lambda c: c.upload_files(None, b"bytes"), "list"),
    "upload-files-none": (lambda c: c.upload_files(None, None), "list"),  # type: ignore
    "upload-files-empty": (lambda c: c.upload_files(None, []), "no file"),
    "upload-files-odd": (lambda c: c.upload_files(None, [5]), "path"),
    "upload-files-url": (lambda c: c.upload_files(None, ["https://x/y"]), "URL"),
    "upload-files-data": (lambda c: c.upload_files(None, [FileData("/x")]), "upload"),
    "upload-files-root": (lambda c: c.upload_files("nonsense", [b"x"]), "address"),
    "upload-files-root-type": (lambda c: c.upload_files(5, [b"x"]), "address"),  # type: ignore
    "upload-files-id": (lambda c: c.upload_files(None, [b"x"], 5), "upload_id"),  # type: ignore
    "upload-files-no-id": (lambda c: c.upload_files(None, [b"x"], ""), "upload_id"),
    "upload-type": (lambda c: c.upload("/x"), "FileData"),  # type: ignore
    "upload-path": (lambda c: c.upload(Path("/x")), "FileData"),  # type: ignore
    "upload-mixed": (lambda c: c.upload([FILE, "x"]), "FileData"),  # type: ignore
    "upload-empty": (lambda c: c.upload([]), "no file"),
    "upload-root": (lambda c: c.upload(FILE, "nonsense"), "address"),
    "upload-id": (lambda c: c.upload(FILE, upload_id=5), "upload_id"),  # type: ignore
    "upload-limit": (lambda c: c.upload(FILE, max_file_size="1"), "max_file_size"),  # type: ignore
    "upload-limit-zero": (lambda c: c.upload(FILE, max_file_size=0), "max_file_size"),
    "upload-limit-bool": (lambda c: c.upload(FILE, max_file_size=True), "max_file_size"),
    "upload-limit-negative": (lambda c: c.upload(FILE, max_file_size=-1), "max_file_size"),
    "upload-missing": (lambda c: c.upload(FileData("/no/such")), "/no/such"),
    "upload-too-large": (lambda c: c.upload(FILE, max_file_size=10), "10 at most"),
    "download-type": (lambda c: c.download(5), "FileData"),  # type: ignore
    "download-none": (lambda c: c.download(None), "FileData"),  # type: ignore
    "download-empty": (lambda c: c.download(""), "fetched"),
    "download-nothing": (lambda c: c.download(FileData("")), "fetched"),
    "download-to": (lambda c: c.download("/x", 5), "folder"),  # type: ignore
    "download-to-bytes": (lambda c: c.download("/x", b"/tmp"), "folder"),  # type: ignore
    "download-to-empty": (lambda c: c.download("/x", ""), "folder"),
    "download-to-file": (lambda c: c.download("/x", __file__), "folder"),
    "download-progress": (lambda c: c.download("/x", None, "x"), "on_progress"),  # type: ignore
    # the rest
    "page": (lambda c: c.get_page_config(5), "page"),  # type: ignore
    "cookies": (lambda c: c.set_cookies(5), "cookies"),  # type: ignore
    "cookies-empty": (lambda c: c.set_cookies(""), "name=value"),
    "cookies-name": (lambda c: c.set_cookies("a b=c"), "cookies"),
    "component-id": (lambda c: c.component_server(99999, "ls"), "Components with"),
    "component-id-type": (lambda c: c.component_server("x", "ls"), "Components with"),  # type: ignore
    "component-id-bool": (lambda c: c.component_server(True, "ls"), "Components with"),
    "component-fn": (lambda c: c.component_server(explorer(c), "nonsense"), "ls"),
    "component-fn-type": (lambda c: c.component_server(explorer(c), 5), "ls"),  # type: ignore
    "component-none": (lambda c: c.component_server(textbox(c), "ls"), "none"),
    "component-data": (lambda c: c.component_server(explorer(c), "ls", object()), "JSON"),
    "component-list": (lambda c: c.component_server(explorer(c), "ls", [b"x"]), "mapping"),
    "component-file": (
        lambda c: c.component_server(explorer(c), "ls", {"f": handle_file("/no/such")}),
        "/no/such",
    ),
    "option": (lambda c: c.with_options(nonsense=1), "Valid options"),
    "option-value": (lambda c: c.with_options(timeout="x"), "seconds"),
}


def explorer(client: Client) -> int:
    return next(c.id for c in client.config.components.values() if c.type == "fileexplorer")


def textbox(client: Client) -> int:
    return next(c.id for c in client.config.components.values() if c.type == "textbox")


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize(("call", "words"), WRONG_CALLS.values(), ids=WRONG_CALLS.keys())
def test_it_is_refused_before_anything_is_sent(client: Client, call: Call, words: str) -> None:
    with pytest.raises((GradwireError, KeyError, AttributeError)) as caught:
        call(client)
    assert words in str(caught.value)


@asynchronous
async def test_the_asynchronous_client_refuses_the_same(proxy: Proxy) -> None:
    async with AsyncClient.connect(proxy.url) as client:
        await client.predict("/hello", ["Ada"])
        before = len(proxy.requests)
        for name, (call, words) in WRONG_CALLS.items():
            with pytest.raises((GradwireError, KeyError, AttributeError)) as caught:
                answer = call(client)  # type: ignore[arg-type]
                if inspect.isawaitable(answer):
                    await answer
            assert words in str(caught.value), name
        await client.predict("/noqueue", ["x"])
        assert proxy.paths()[before:] == ["/gradio_api/run/predict"]


# --- what kind of error ---------------------------------------------------------------------------


def test_a_missing_file_is_a_file_not_found_error(client: Client) -> None:
    with pytest.raises(LocalFileNotFoundError):
        client.upload(FileData("/no/such"))


def test_an_unknown_endpoint_is_a_value_error(client: Client) -> None:
    with pytest.raises(EndpointNotFoundError) as caught:
        client.predict("/nonsense")
    assert isinstance(caught.value, ValueError)
    assert caught.value.endpoint == "/nonsense"


def test_an_unknown_key_of_endpoints_is_a_key_error(client: Client) -> None:
    with pytest.raises(KeyError):
        client.endpoints["/nonsense"]
    assert "/nonsense" not in client.endpoints
    assert client.endpoints.get("/nonsense") is None


def test_an_unknown_attribute_of_api_is_an_attribute_error(client: Client) -> None:
    assert not hasattr(client.api, "nonsense")


# --- jobs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def job(client: Client) -> Iterator[Job]:
    """A job that runs."""
    job = client.submit("/par_gen", [60, "bad-input"])
    job.wait_for_id()
    yield job
    job.cancel()


@pytest.mark.parametrize("seconds", ["1", -1, True, [1], float("nan")])
def test_a_wrong_timeout_of_a_result_is_refused(job: Job, seconds: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="timeout"):
        job.result(timeout=seconds)


@pytest.mark.parametrize("callback", [None, 5, "print"])
def test_a_wrong_callback_is_refused(job: Job, callback: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="callback"):
        job.add_done_callback(callback)


def test_a_chunk_for_an_endpoint_that_takes_none_is_refused(job: Job) -> None:
    with pytest.raises(InvalidArgumentError, match="streaming"):
        job.send_chunk(["x"])


def test_closing_the_stream_of_an_endpoint_that_has_none_is_refused(job: Job) -> None:
    with pytest.raises(InvalidArgumentError, match="streaming"):
        job.close_stream()


@asynchronous
async def test_an_asynchronous_job_refuses_the_same(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job = client.submit("/par_gen", [60, "bad-input"])
        for seconds in ("1", -1, True, float("nan")):
            with pytest.raises(InvalidArgumentError, match="timeout"):
                await job.result(timeout=seconds)  # type: ignore[arg-type]
        with pytest.raises(InvalidArgumentError, match="callback"):
            job.add_done_callback(None)  # type: ignore[arg-type]
        with pytest.raises(InvalidArgumentError, match="streaming"):
            await job.send_chunk(["x"])
        await job.cancel()


@pytest.mark.parametrize("chunk", ["text", 5, {"x": 1}, ["a", None, "b"], [object()]])
def test_a_wrong_chunk_is_refused(server: Server, chunk: Any) -> None:
    with Client.connect(server.url) as client:
        job = client.submit("/stream_in", ["first"])
        job.wait_for_id()
        with pytest.raises(InvalidArgumentError):
            job.send_chunk(chunk)
        job.cancel()


# --- handle_file and FileData ---------------------------------------------------------------------


@pytest.mark.parametrize("source", [None, 5, 1.5, [], {}, object(), "", "a\0b", str, True])
def test_handle_file_refuses_what_is_no_file(source: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        handle_file(source)


@pytest.mark.parametrize(
    "options",
    [
        {"name": 5},
        {"name": ""},
        {"name": "a\0b"},
        {"name": "x" * 2000},
        {"mime_type": 5},
        {"mime_type": "png"},
        {"mime_type": "image/png\r\nX: y"},
        {"on_progress": 5},
    ],
)
def test_handle_file_refuses_wrong_options(options: Any) -> None:
    [name] = options
    with pytest.raises(InvalidArgumentError, match=name):
        handle_file(b"x", **options)


@pytest.mark.parametrize(
    "attributes",
    [
        {"path": 5},
        {"path": None},
        {"path": Path("x")},
        {"path": "x", "url": 5},
        {"path": "x", "size": "5"},
        {"path": "x", "is_stream": "no"},
        {"path": "x", "meta": None},
    ],
)
def test_file_data_refuses_wrong_attributes(attributes: Any) -> None:
    name = list(attributes)[-1]
    with pytest.raises(InvalidArgumentError, match=name):
        FileData(**attributes)


# --- clients --------------------------------------------------------------------------------------


def test_the_asynchronous_class_cannot_be_called() -> None:
    with pytest.raises(InvalidArgumentError, match=r"AsyncClient\.connect"):
        AsyncClient("http://127.0.0.1:7860")


def test_the_synchronous_client_refuses_to_block_a_loop(proxy: Proxy) -> None:
    async def connect() -> None:
        with pytest.raises(InvalidArgumentError, match="AsyncClient"):
            Client.connect(proxy.url)

    run(connect())
    assert not proxy.requests


USES: dict[str, Call] = {
    "predict": lambda c: c.predict("/hello", ["Ada"]),
    "submit": lambda c: c.submit("/hello", ["Ada"]),
    "refresh": lambda c: c.refresh(),
    "reconnect": lambda c: c.reconnect(),
    "upload": lambda c: c.upload(FILE),
    "upload_files": lambda c: c.upload_files(None, [b"x"]),
    "download": lambda c: c.download("/x"),
    "component_server": lambda c: c.component_server(explorer(c), "ls", []),
    "set_cookies": lambda c: c.set_cookies("a=b"),
    "with_options": lambda c: c.with_options(timeout=5),
    "enter": lambda c: c.__enter__(),
    "endpoint": lambda c: c.endpoints["/hello"]("Ada"),
    "api": lambda c: c.api.hello("Ada"),
}


def test_a_closed_client_says_so(server: Server) -> None:
    client = Client.connect(server.url)
    client.close()
    for name, use in USES.items():
        with pytest.raises(ClientClosedError, match="Connect again"):
            pytest.fail(f"{name}: {use(client)!r}")


@asynchronous
async def test_a_closed_asynchronous_client_says_so(server: Server) -> None:
    client = await AsyncClient.connect(server.url)
    await client.close()
    for name, use in USES.items():
        if name == "enter":
            continue
        with pytest.raises(ClientClosedError, match="Connect again"):
            answer = use(client)  # type: ignore[arg-type]
            if inspect.isawaitable(answer):
                await answer
            pytest.fail(f"{name}: {answer!r}")
    with pytest.raises(ClientClosedError):
        await client.__aenter__()


def test_closing_twice_does_no_harm(server: Server) -> None:
    client = Client.connect(server.url)
    client.close()
    client.close()
    assert client.config.version  # what is known stays readable
    assert "closed" in repr(client)


@pytest.mark.parametrize("phase", ["connect", "read", "upload", "total"])
def test_a_wrong_timeout_names_its_phase(phase: str) -> None:
    with pytest.raises(InvalidArgumentError, match=phase):
        AsyncClient.connect("http://127.0.0.1:9", timeout=Timeout(**{phase: "soon"}))
