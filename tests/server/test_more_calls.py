"""What a client does beside calling: components, reconnecting, refreshing, cookies, raw files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous
from proxy import Cut, Proxy, Reply
from servers.launch import Server, StartServer

from gradwire import (
    AppError,
    AsyncClient,
    Client,
    FileData,
    InvalidArgumentError,
    UploadError,
    UploadResponse,
    handle_file,
)

from .conftest import OpenProxy


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client.connect(server.url) as client:
        yield client


def component(client: Client | AsyncClient, kind: str, function: str) -> int:
    """Return the id of the component of a kind that has a server function."""
    return next(
        c.id
        for c in client.config.components.values()
        if c.type == kind and function in c.props.get("server_fns", [])
    )


# --- component_server -----------------------------------------------------------------------------


def test_a_function_of_a_component_is_called(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        found = client.component_server(component(client, "fileexplorer", "ls"), "ls", ["sub"])
        assert "c.txt" in str(found)


@asynchronous
async def test_a_function_of_a_component_is_awaited(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        html = component(client, "html", "shout")
        assert await client.component_server(html, "shout", "hey") == {"loud": "HEY"}


@pytest.mark.parametrize("data", [None, "text", 7, 1.5, True, [1, [2]], {"a": {"b": None}}])
def test_data_of_any_shape_arrives(client: Client, data: Any) -> None:
    found = client.component_server(component(client, "html", "shout"), "shout", data)
    assert found == {"loud": str(data).upper()}


def blobs(kind: str) -> dict[str, Any]:
    return {"type": kind, "index": 0, "id": "drawing", "data": handle_file(b"x", name="x.png")}


@pytest.mark.parametrize("wrapped", [False, True])
def test_files_for_a_component_are_sent_as_a_form(proxy: Proxy, wrapped: bool) -> None:
    data = {"binary": True, "data": blobs("background")} if wrapped else blobs("background")
    with Client.connect(proxy.url) as client:
        editor = component(client, "imageeditor", "accept_blobs")
        assert client.component_server(editor, "accept_blobs", data) is None
    [seen] = [seen for seen in proxy.requests if "component_server" in seen.path]
    assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="data"; filename="x.png"' in seen.body
    assert b'name="type"\r\n\r\nbackground\r\n' in seen.body


def test_a_function_that_fails_is_an_error_of_the_app(client: Client) -> None:
    html = component(client, "html", "boom")
    with pytest.raises(AppError, match="'boom' of component") as caught:
        client.component_server(html, "boom", "x")
    assert caught.value.status == 500


def test_after_a_function_that_failed_the_next_call_works(client: Client) -> None:
    html = component(client, "html", "boom")
    for _ in range(10):
        with pytest.raises(AppError):
            client.component_server(html, "boom", "x")
        assert client.component_server(html, "shout", "x") == {"loud": "X"}
        assert client.predict("/noqueue", ["x"]).value == "nq x"


def test_an_unknown_function_is_answered_with_those_that_there_are(client: Client) -> None:
    with pytest.raises(InvalidArgumentError, match="it has shout, boom"):
        client.component_server(component(client, "html", "shout"), "whisper")


# --- reconnect and refresh ------------------------------------------------------------------------


def test_an_app_that_runs_on_is_connected(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        assert client.reconnect() == "connected"


def test_an_app_that_is_gone_is_broken(start_server: StartServer) -> None:
    server = start_server()
    with Client.connect(server.url) as client:
        server.kill()
        assert client.reconnect() == "broken"


def test_an_app_that_was_restarted_is_changed_and_can_be_refreshed(
    start_server: StartServer,
) -> None:
    server = start_server()
    with Client.connect(server.url) as client:
        client.predict("/count")
        server.restart("pages")
        assert client.reconnect() == "changed"
        assert "/second_hello" not in client.endpoints
        config = client.refresh()
        assert config.pages
        assert client.config is config
        assert client.reconnect() == "connected"
        assert client.predict("/second_hello", ["Ada"]).value == "Second hello Ada"
        assert client.predict("/count").value == 1  # a new session


@pytest.mark.parametrize(
    "rule", [Reply(500), Reply(404), Reply(body=b"<html>"), Reply(body=b"[]"), Cut(0)]
)
def test_an_answer_that_is_none_is_broken(proxy: Proxy, rule: Any) -> None:
    with Client.connect(proxy.url) as client:
        proxy.rules["*/app_id"] = rule
        assert client.reconnect() == "broken"


def test_another_app_at_the_same_address_is_changed(proxy: Proxy) -> None:
    with Client.connect(proxy.url) as client:
        proxy.rules["*/app_id"] = Reply(body=b'{"app_id": "another"}')
        assert client.reconnect() == "changed"


@asynchronous
async def test_refreshing_disturbs_no_running_job(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit("/stream", ["abcdef", 0.05])
        await job.wait_for_id()
        await client.refresh()
        assert await client.reconnect() == "connected"
        assert (await job).value == "abcdef"


def test_refreshing_keeps_the_session(server: Server, client: Client) -> None:
    before = client.session_hash
    assert client.predict("/count").value == 1
    client.refresh()
    assert client.session_hash == before
    assert client.predict("/count").value == 2


def test_a_refresh_that_fails_leaves_the_client_as_it_was(proxy: Proxy) -> None:
    with Client.connect(proxy.url, max_retries=0) as client:
        config = client.config
        proxy.rules["/config"] = Reply(500)
        with pytest.raises(ConnectionError):
            client.refresh()
        assert client.config is config
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


# --- cookies --------------------------------------------------------------------------------------


def test_cookies_are_sent_from_then_on(proxy: Proxy) -> None:
    with Client.connect(proxy.url, cookies={"first": "1"}) as client:
        client.set_cookies("second=2; third=a=b")
        client.set_cookies("fourth=4; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT; HttpOnly")
        client.predict("/noqueue", ["x"])
    assert proxy.requests[0].cookies == {"first": "1"}
    assert proxy.requests[-1].path.endswith("/run/predict")
    assert proxy.requests[-1].cookies == {
        "first": "1",
        "second": "2",
        "third": "a=b",
        "fourth": "4",
    }


def test_cookies_of_the_server_are_kept(proxy: Proxy) -> None:
    proxy.rules["*/app_id"] = Reply(headers={"set-cookie": "given=1; Path=/"})
    with Client.connect(proxy.url) as client:
        client.reconnect()
        client.predict("/noqueue", ["x"])
    assert proxy.requests[-1].cookies == {"given": "1"}


def test_the_values_of_cookies_are_sent_as_they_are(proxy: Proxy) -> None:
    with Client.connect(proxy.url, cookies={"name": 'a b"c,d/e%20'}) as client:
        client.predict("/noqueue", ["x"])
    assert proxy.requests[-1].headers["cookie"] == 'name=a b"c,d/e%20'


# --- upload_files ---------------------------------------------------------------------------------


def test_raw_uploads_return_the_paths_on_the_server(any_server: Server, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"two")
    with Client.connect(any_server.url) as client:
        answer = client.upload_files(None, [b"one", tmp_path / "b.txt", str(tmp_path / "b.txt")])
        assert isinstance(answer, UploadResponse)
        assert answer.error is None
        assert answer.files is not None
        assert [Path(path).name for path in answer.files] == ["file", "b.txt", "b.txt"]
        sizes = [client.predict("/file_size", [FileData(path)]).value for path in answer.files]
        assert sizes == [3, 3, 3]


@asynchronous
async def test_raw_uploads_can_be_awaited(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        answer = await client.upload_files(None, [b"one"])
        assert answer.files is not None
        assert len(answer.files) == 1


def test_a_raw_upload_that_is_refused_tells_why(proxy: Proxy) -> None:
    proxy.rules["*/upload"] = Reply(500, b"no room")
    with Client.connect(proxy.url) as client:
        answer = client.upload_files(None, [b"one"])
    assert answer.files is None
    assert answer.error is not None
    assert "no room" in answer.error


def test_more_files_than_a_request_takes_are_sent_in_several(proxy: Proxy) -> None:
    with Client.connect(proxy.url) as client:
        answer = client.upload_files(None, [str(n).encode() for n in range(1001)])
    assert answer.files is not None
    assert len(set(answer.files)) == 1001
    assert len(proxy.paths("/gradio_api/upload")) == 3


def test_the_upload_id_goes_along(proxy: Proxy) -> None:
    with Client.connect(proxy.url) as client:
        client.upload_files(None, [b"one"], "my id/1")
        client.upload(FileData(__file__), upload_id="my id/2")
    seen = [s.query for s in proxy.requests if s.path.endswith("/upload")]
    assert seen == [{"upload_id": "my id/1"}, {"upload_id": "my id/2"}]


def test_files_can_be_uploaded_to_another_app(
    server: Server, mount_server: Server, open_proxy: OpenProxy
) -> None:
    there = open_proxy(mount_server.url)
    with Client.connect(server.url) as client:
        answer = client.upload_files(there.url, [b"one"])
        file = client.upload(FileData(__file__), there.url)
        assert file.read() == Path(__file__).read_bytes()  # type: ignore[attr-defined]
    assert answer.files is not None
    assert file.url is not None
    assert file.url.startswith(f"{there.url}/gradio_api/file=")
    assert there.paths("/gradio_api/upload") == ["/gradio_api/upload"] * 2


# --- upload and download --------------------------------------------------------------------------


def test_upload_turns_a_local_file_into_one_of_the_server(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        file = client.upload(FileData(__file__, orig_name="given.py", mime_type="text/x-mine"))
        assert isinstance(file, FileData)
        assert (file.orig_name, file.mime_type) == ("given.py", "text/x-mine")
        assert file.size == Path(__file__).stat().st_size
        assert file.path != __file__
        assert file.url is not None
        assert file.url.startswith(any_server.url)


def test_upload_takes_several(client: Client, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    files = client.upload([FileData(str(tmp_path / name)) for name in ("a.txt", "b.txt")])
    assert [file.orig_name for file in files] == ["a.txt", "b.txt"]
    assert [file.read() for file in files] == [b"a.txt", b"b.txt"]  # type: ignore[attr-defined]


@asynchronous
async def test_upload_and_download_can_be_awaited(server: Server, tmp_path: Path) -> None:
    async with AsyncClient.connect(server.url) as client:
        file = await client.upload(FileData(__file__))
        path = await client.download(file, tmp_path)
        assert path.read_bytes() == Path(__file__).read_bytes()


def test_an_upload_that_is_refused_is_an_error(proxy: Proxy) -> None:
    proxy.rules["*/upload"] = Reply(500, b"no room")
    with Client.connect(proxy.url) as client:
        with pytest.raises(UploadError, match="no room"):
            client.upload(FileData(__file__))


def test_an_upload_is_not_sent_again_after_a_cut(proxy: Proxy) -> None:
    with Client.connect(proxy.url) as client:
        proxy.rules["*/upload"] = Cut(0)
        with pytest.raises(ConnectionError):
            client.upload(FileData(__file__))
    assert len(proxy.paths("/gradio_api/upload")) == 1
