"""What SECURITY.md promises, where no other file tests it already.

Credentials and origins: `test_login.py`, `test_connecting.py`. Names of files: `test_files.py` and
the unit tests of `data/filenames.py`. Limits: `test_limits.py`. Errors: `test_errors.py`.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import unique
from proxy import Proxy, Reply
from servers.launch import Server

from gradwire import AppError, Client, DownloadError, FileData, GradwireError

SECRETS: dict[str, Any] = {
    "token": "hf_topsecret1",
    "headers": {"x-test": "topsecret2"},
    "cookies": {"name": "topsecret3"},
    "query_params": {"__sign": "topsecret4", "jwt": "topsecret5", "password": "topsecret6"},
    "oauth_token": "hf_topsecret7",
}


@pytest.fixture
def client(proxy: Proxy) -> Iterator[Client]:
    """A client full of secrets."""
    with Client(proxy.url, max_retries=0, **SECRETS) as client:
        yield client


def file_of(client: Client, proxy: Proxy, name: str, content: bytes = b"content") -> FileData:
    """Return an output that the server calls by a name."""
    obj = {"path": "/tmp/x", "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    proxy.rules["*/run/predict"] = Reply(body=json.dumps({"data": [obj]}).encode())
    proxy.rules["*/file=*"] = Reply(body=content)
    file = client.predict("/noqueue", ["x"]).value
    assert isinstance(file, FileData)
    return file


# -- what is shown ---------------------------------------------------------------------------------


def test_nothing_that_is_held_shows_a_secret(client: Client) -> None:
    job = client.submit("/file_io", [b"x"])
    result = job.result()
    view = client.with_options(headers={"x-more": "topsecret8"}, oauth_token="hf_topsecret9")
    shown = [client, view, job, result, result.value, client.config, client.view_api()]
    inner = client._inner
    shown += [inner._options, inner._requests, inner._engine, inner._engine.transport]
    shown += [inner._engine.app, inner._owner, inner._requests.config(), client.endpoints]
    shown += [view._inner._requests.join({"data": ["topsecret"]}), *job]
    for each in shown:
        assert "topsecret" not in f"{each!r} {each}", type(each)


def test_the_log_shows_no_secret(proxy: Proxy, tmp_path: Path) -> None:
    code = """
        import json, sys
        from gradwire import Client, GradwireError
        options = json.loads(sys.argv[2])
        def attempt(call):
            try:
                return call()
            except GradwireError:
                pass
        with Client(sys.argv[1], max_retries=1, **options) as client:
            file = client.predict("/file_io", [b"x"]).value
            file.download(sys.argv[3])
            attempt(lambda: client.predict("/fail", ["gr"]))
            attempt(lambda: client.download("/no/such", sys.argv[3]))
            attempt(client.refresh)
            client.submit("/par_gen", [30, "log"]).cancel()
        attempt(lambda: Client(sys.argv[1] + "/nowhere", **options))
        attempt(lambda: Client("http://ada:topsecret@127.0.0.1:9", max_retries=1, **options))
    """
    proxy.rules["*/info"] = Reply(500)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), proxy.url, json.dumps(SECRETS), tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "GRADWIRE_LOG": "debug"},
        check=True,
    )
    assert "DEBUG" in done.stderr
    assert "is sent again" in done.stderr
    assert "topsecret" not in done.stderr + done.stdout


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500])
def test_a_refused_websocket_shows_no_secret(
    ws_server: Server, open_proxy: Any, status: int
) -> None:
    proxy = open_proxy(ws_server.url)
    with Client(proxy.url, max_retries=0, **SECRETS) as client:
        proxy.rules["/queue/join"] = Reply(status)
        with pytest.raises(GradwireError) as caught:
            client.predict("/hello", ["x"])
    shown = "".join(traceback.format_exception(caught.value))
    assert "topsecret" not in shown.replace(__file__, "")


def test_an_error_that_nobody_catches_writes_no_escapes(server: Server) -> None:
    code = "import sys, gradwire; gradwire.Client(sys.argv[1]).predict('/fail', ['markup'])"
    done = subprocess.run(
        [sys.executable, "-c", code, server.url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert r"<b>bold</b> \x1b[31mred\x1b[0m" in done.stderr
    assert "\x1b" not in done.stderr


def test_the_words_of_an_error_are_kept_as_they_came(server: Server) -> None:
    with Client(server.url) as client, pytest.raises(AppError) as caught:
        client.predict("/fail", ["markup"])
    assert caught.value.args[0] == "<b>bold</b> \x1b[31mred\x1b[0m"
    assert str(caught.value) == r"<b>bold</b> \x1b[31mred\x1b[0m"


# -- what can be taken elsewhere -------------------------------------------------------------------


def test_a_file_goes_to_another_process_without_its_client(client: Client, tmp_path: Path) -> None:
    file = client.predict("/file_io", [b"x"]).value
    pickled = pickle.dumps(file)
    assert b"topsecret" not in pickled
    twin = pickle.loads(pickled)
    assert type(twin) is FileData
    assert twin == file
    assert client.download(twin, tmp_path).read_bytes() == b"GOT:x"


def test_a_copy_of_a_file_can_be_fetched_too(client: Client) -> None:
    file = client.predict("/file_io", [b"x"]).value
    assert copy.copy(file).read() == copy.deepcopy([file])[0].read() == b"GOT:x"


def test_results_and_events_hold_no_secret_when_pickled(client: Client) -> None:
    job = client.submit("/file_io", [b"x"], all_events=True)
    assert b"topsecret" not in pickle.dumps([job.result(), list(job)])


def test_a_client_cannot_be_pickled(client: Client) -> None:
    for each in (client, client._inner, client.submit("/hello", ["x"])):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(each)


# -- files -----------------------------------------------------------------------------------------

NAMES = ["x.txt", "../x.txt", "a\0b.txt", "CON", "C:\\x.txt", "n" * 5000 + ".txt", "//x/y/x.txt"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["file", "folder", "nothing"])
def test_a_link_in_the_folder_is_not_followed(
    client: Client, proxy: Proxy, tmp_path: Path, name: str, kind: str
) -> None:
    file, folder, outside = file_of(client, proxy, name), tmp_path / "in", tmp_path / "outside"
    place = file.download(folder)
    place.unlink()
    if kind == "file":
        outside.write_bytes(b"precious")
    elif kind == "folder":
        outside.mkdir()
    place.symlink_to(outside)
    second = file.download(folder)
    assert second.parent == folder
    assert second != place
    assert second.read_bytes() == b"content"
    assert place.is_symlink()
    assert outside.exists() is (kind != "nothing")
    if kind == "file":
        assert outside.read_bytes() == b"precious"
    elif kind == "folder":
        assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_there_is_never_replaced(
    client: Client, proxy: Proxy, tmp_path: Path, name: str
) -> None:
    file = file_of(client, proxy, name)
    first = file.download(tmp_path)
    first.write_bytes(b"precious")
    assert file.download(tmp_path) != first
    assert first.read_bytes() == b"precious"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_a_download_is_not_executable(client: Client, proxy: Proxy, tmp_path: Path) -> None:
    path = file_of(client, proxy, "run.sh", b"#!/bin/sh\n").download(tmp_path)
    assert path.stat().st_mode & 0o111 == 0


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_other_schemes_are_not_fetched(
    client: Client, proxy: Proxy, tmp_path: Path, scheme: str
) -> None:
    proxy.rules["*/file=*"] = Reply(302, headers={"location": scheme})
    with pytest.raises(GradwireError):
        client.download(FileData("/tmp/x"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_as_text_is_never_read(client: Client, tmp_path: Path) -> None:
    secret = tmp_path / "topsecret"
    secret.write_text("precious")
    assert client.predict("/hello", [str(secret)]).value == f"Hello {secret}"


def test_a_server_cannot_ask_for_a_local_file(client: Client, proxy: Proxy, tmp_path: Path) -> None:
    """What a server calls a file is never opened here, also when it goes back to the server."""
    secret = tmp_path / "precious.txt"
    secret.write_text("precious")
    obj = {"path": str(secret), "url": f"file://{secret}", "meta": {"_type": "gradio.FileData"}}
    proxy.rules["*/run/predict"] = Reply(body=json.dumps({"data": [obj]}).encode())
    file = client.predict("/noqueue", ["x"]).value
    with pytest.raises(DownloadError):
        file.read()
    before = len(proxy.requests)
    client.predict("/noqueue", [file])
    assert b"precious\n" not in b"".join(bytes(seen.body) for seen in proxy.requests[before:])
    assert proxy.paths("/gradio_api/upload") == []


# -- sessions --------------------------------------------------------------------------------------


def test_session_hashes_cannot_be_guessed(server: Server) -> None:
    hashes = []
    for _ in range(2):
        random.seed(5)
        with Client(server.url) as client:
            hashes.append(client.session_hash)
    assert len(set(hashes)) == 2
    assert all(len(bytes.fromhex(each)) >= 10 for each in hashes)


def test_one_session_does_not_see_the_other(server: Server) -> None:
    name = unique()
    with Client(server.url) as one, Client(server.url) as other:
        job = one.submit("/par_gen", [0.5, name])
        assert [event.data[0] for event in other.submit("/stream", ["ab"])] == ["a", "ab", "ab"]
        assert all(event.data[0].startswith(name) for event in job)
