"""How much is taken from a server: each limit, what the error says, and what it costs others."""

from __future__ import annotations

import gzip
import logging
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous
from proxy import Proxy, Reply
from servers.launch import Server

from gradwire import (
    AsyncClient,
    Client,
    ConnectionLostError,
    DownloadError,
    Limits,
    ProtocolError,
)

NESTED = b"[" * 100_000 + b"]" * 100_000
SMALL_CONFIG = 1000
"""Bytes that the config of no app has room in."""


def config_of(server: Server) -> bytes:
    """Return the config as it comes over the wire."""
    with urllib.request.urlopen(f"{server.url}/config") as answer:
        return bytes(answer.read())


# -- answers that are read whole -------------------------------------------------------------------


def test_a_config_that_is_too_large(server: Server) -> None:
    with pytest.raises(ProtocolError, match=r"more than 1,000 bytes \(Limits.answer\)") as caught:
        Client(server.url, limits=Limits(answer=SMALL_CONFIG))
    assert "limits=Limits(answer=...)" in str(caught.value)
    assert caught.value.url == f"{server.url}/config"


def test_a_config_that_just_fits(server: Server) -> None:
    size = max(len(config_of(server)), 200_000)  # the API info is not as large
    with Client(server.url, limits=Limits(answer=size)) as client:
        assert client.predict("/hello", ["x"]).value == "Hello x"


def test_the_size_after_decompression_counts(proxy: Proxy) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    proxy.rules["/config"] = Reply(200, bomb, {"content-encoding": "gzip"})
    assert len(bomb) < 100_000
    with pytest.raises(ProtocolError, match=r"Limits.answer"):
        Client(proxy.url, limits=Limits(answer=1_000_000))


def test_an_app_whose_info_is_too_large_can_be_called(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.rules["*/info"] = Reply(200, b" " * 2_000_000)
    with (
        caplog.at_level(logging.WARNING, "gradwire"),
        Client(proxy.url, limits=Limits(answer=1_000_000)) as client,
    ):
        assert client.predict("/hello", ["x"]).value == "Hello x"
    assert "Limits.answer" in caplog.text


def test_an_unqueued_result_that_is_too_large(server: Server) -> None:
    with Client(server.url) as client:
        view = client.with_options(limits=Limits(answer=1000))
        with pytest.raises(ProtocolError, match=r"Limits.answer"):
            view.predict("/noqueue", ["x" * 2000])
        assert view.predict("/noqueue", ["x"]).value == "nq x"
        assert client.predict("/noqueue", ["x" * 2000]).value == "nq " + "x" * 2000


def test_a_config_that_is_nested_too_deep(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(200, NESTED)
    with pytest.raises(ProtocolError, match="did not answer with JSON") as caught:
        Client(proxy.url)
    assert len(str(caught.value)) < 1000


def test_an_info_that_is_nested_too_deep_is_done_without(proxy: Proxy) -> None:
    proxy.rules["*/info"] = Reply(200, NESTED)
    with Client(proxy.url) as client:
        assert client.predict("/hello", ["x"]).value == "Hello x"


@pytest.mark.parametrize("call", ["/hello", "/noqueue"])
def test_an_answer_to_a_call_that_is_nested_too_deep(proxy: Proxy, call: str) -> None:
    proxy.rules["*/queue/join"] = proxy.rules["*/run/predict"] = Reply(200, NESTED)
    with Client(proxy.url) as client, pytest.raises(ProtocolError) as caught:
        client.predict(call, ["x"])
    assert len(str(caught.value)) < 1000


# -- events ----------------------------------------------------------------------------------------


def test_an_event_that_is_too_large(server: Server) -> None:
    with Client(server.url, limits=Limits(event=50_000)) as client:
        assert len(client.predict("/big", [10]).value) == 10_240
        with pytest.raises(ConnectionLostError, match=r"50,000 bytes \(Limits.event\)"):
            client.predict("/big", [200])
        assert client.predict("/hello", ["x"]).value == "Hello x"


def test_a_message_of_an_old_server_that_is_too_large(old_server: Server) -> None:
    with Client(old_server.url) as client:
        view = client.with_options(limits=Limits(event=50_000))
        with pytest.raises(ProtocolError, match=r"Limits.event"):
            view.predict("/big", [200])
        assert len(client.predict("/big", [200]).value) == 204_800


def test_an_event_that_is_nested_too_deep(proxy: Proxy) -> None:
    proxy.rules["*/queue/data"] = Reply(200, b"data: " + NESTED + b"\n\n")
    with Client(proxy.url) as client, pytest.raises(ProtocolError, match="cannot be read"):
        client.predict("/hello", ["x"])


# -- events of a job -------------------------------------------------------------------------------


@asynchronous
async def test_a_late_reader_gets_the_newest_events(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncClient.connect(server.url, limits=Limits(kept_events=50)) as client:
        job = client.submit("/tokens", [500])
        whole = (await job).value
        assert whole.split() == [str(number) for number in range(500)]
        with caplog.at_level(logging.WARNING, "gradwire"):
            events = [event async for event in job]
        assert 1 <= len(events) <= 50
        assert job.dropped + len(events) == 501
        assert f"{job.dropped} events of a job were dropped" in caplog.text
        # What is left can be read, though the steps that it builds on are gone.
        numbers = range(job.dropped + 1, 501)
        assert [event.data[0].split()[-1] for event in events[:-1]] == [str(n - 1) for n in numbers]
        assert [event.delta[0].strip() for event in events[:-1]] == [str(n - 1) for n in numbers]
        assert events[-1].final
        assert events[-1].data == [whole]
        assert job.outputs() == [event.data for event in events]


def test_a_reader_that_keeps_up_misses_nothing(server: Server) -> None:
    with Client(server.url, limits=Limits(kept_events=10)) as client:
        steps = [event.data[0] for event in client.submit("/stream", ["abcdefghijklmnop", 0.1])]
    assert [len(step) for step in steps] == [*range(1, 17), 16]


def test_events_are_limited_by_their_size_too(server: Server) -> None:
    with Client(server.url, limits=Limits(kept_bytes=20_000)) as client:
        job = client.submit("/tokens", [500])
        assert len(job.result().value.split()) == 500
        kept = list(job)
        assert 1 <= len(kept) < 100
        assert kept[-1].final


def test_the_events_of_full_steps_are_limited(start_server: Any) -> None:
    server = start_server("4.10.0")
    with Client(server.url, limits=Limits(kept_bytes=200_000)) as client:
        job = client.submit("/tokens", [500])  # each step has all of the text
        assert len(job.result().value.split()) == 500
        assert len(list(job)) < 400


# -- files -----------------------------------------------------------------------------------------


def test_a_download_that_is_too_large(server: Server, tmp_path: Path) -> None:
    with Client(server.url) as client:
        file = client.predict("/file_io", [b"x" * 5000]).value
        view = client.with_options(limits=Limits(download=1000))
        fetches = [lambda: view.download(file, tmp_path), lambda: view._read_file(file)]
        for fetch in [*fetches, lambda: view._open_file(file)]:
            with pytest.raises(DownloadError, match=r"1,000 bytes \(Limits.download\)"):
                fetch()
        assert list(tmp_path.iterdir()) == []
        assert file.download(tmp_path).stat().st_size == 5004


def test_a_download_of_unknown_length_that_is_too_large(proxy: Proxy, tmp_path: Path) -> None:
    packed = gzip.compress(b"x" * 1_000_000)
    proxy.rules["*/file=*"] = Reply(200, packed, {"content-encoding": "gzip"})
    with Client(proxy.url) as client:
        file = client.predict("/file_io", [b"x"]).value
        view = client.with_options(limits=Limits(download=10_000))
        with pytest.raises(DownloadError, match=r"Limits\.download"):
            view.download(file, tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert len(file.read()) == 1_000_000


def test_a_download_that_the_disk_has_no_room_for(proxy: Proxy, tmp_path: Path) -> None:
    proxy.rules["*/file=*"] = Reply(200, b"x", {"content-length": str(10**18)})
    with Client(proxy.url) as client:
        file = client.predict("/file_io", [b"x"]).value
        with pytest.raises(DownloadError, match=r"there is room for [\d,]+ in"):
            file.download(tmp_path)
        with pytest.raises(DownloadError, match=r"there is room for [\d,]+ in"):
            file.open()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_download_that_cannot_be_written_to_its_end(server: Server, tmp_path: Path) -> None:
    code = """
        import resource, sys
        from gradwire import Client, DownloadError
        with Client(sys.argv[1]) as client:
            file = client.predict("/file_io", [b"x" * 100_000]).value
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
            try:
                file.download(sys.argv[2])
            except DownloadError as error:
                print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), server.url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "cannot be written" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []
