"""How little it takes: requests, TCP connections, threads.

Against the server of the benchmarks, which speaks the protocol of the newest release and counts
what comes. It has one port that ends a stream when nothing is pending, as Gradio does, and one that
keeps it open.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous

from gradwire import AsyncClient, Client

SERVER = Path(__file__).parents[2] / "benchmarks" / "server.py"
JOIN, EVENTS = "/queue/join", "/queue/data"


class Counted:
    """The server, and what has come to it."""

    def __init__(self, url: str, keep_open_url: str) -> None:
        self.url, self.keep_open_url = url, keep_open_url

    def counts(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.url + "/stats") as answer:
            return json.load(answer)

    def reset(self) -> None:
        urllib.request.urlopen(self.url + "/stats/reset", data=b"").close()


@pytest.fixture(scope="module")
def running() -> Iterator[Counted]:
    with subprocess.Popen([sys.executable, SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Counted(**json.loads(process.stdout.readline()))
        process.terminate()


@pytest.fixture
def counted(running: Counted) -> Counted:
    running.reset()
    return running


@asynchronous
async def test_connecting_asks_twice_and_at_once(counted: Counted) -> None:
    async with AsyncClient.connect(counted.url):
        found = counted.counts()
    assert found["paths"] == {"/config": 1, "/info": 1}
    assert found["connections"] == 2


@asynchronous
async def test_one_prediction_after_the_other(counted: Counted) -> None:
    async with AsyncClient.connect(counted.url) as client:
        threads = threading.active_count()
        for n in range(50):
            assert (await client.predict("/echo", [str(n)])).value == str(n)
        found = counted.counts()
        assert threading.active_count() == threads
    assert found["paths"] == {"/config": 1, "/info": 1, JOIN: 50, EVENTS: 50}
    assert found["connections"] == 2


def test_one_after_the_other_in_a_thread(counted: Counted) -> None:
    threads = threading.active_count()
    with Client.connect(counted.url) as client:
        for n in range(50):
            assert client.predict("/echo", [str(n)]).value == str(n)
        found = counted.counts()
        assert threading.active_count() == threads + 1
    assert found["paths"] == {"/config": 1, "/info": 1, JOIN: 50, EVENTS: 50}
    assert found["connections"] == 2


@asynchronous
async def test_a_stream_that_stays_open_is_asked_for_once(counted: Counted) -> None:
    async with AsyncClient.connect(counted.keep_open_url) as client:
        for n in range(20):
            assert (await client.predict("/echo", [str(n)])).value == str(n)
        found = counted.counts()
    assert found["paths"] == {"/config": 1, "/info": 1, JOIN: 20, EVENTS: 1}
    assert found["connections"] == 2


@asynchronous
async def test_many_at_once_share_a_stream_and_few_connections(counted: Counted) -> None:
    async with AsyncClient.connect(counted.url) as client:
        jobs = [client.predict("/wait", [str(n), 0.3]) for n in range(500)]
        found = [job.value for job in await asyncio.gather(*jobs)]
        counts = counted.counts()
    assert found == [str(n) for n in range(500)]
    assert counts["paths"][JOIN] == 500
    assert counts["paths"][EVENTS] <= 3
    assert counts["connections"] <= 66


def test_many_threads_share_a_client(counted: Counted) -> None:
    threads = threading.active_count()
    with Client.connect(counted.url) as client, ThreadPoolExecutor(32) as pool:
        found = list(pool.map(lambda n: client.predict("/wait", [str(n), 0.05]).value, range(320)))
        counts = counted.counts()
        assert threading.active_count() == threads + 32 + 1
    assert found == [str(n) for n in range(320)]
    assert counts["paths"][JOIN] == 320
    assert counts["connections"] <= 34


def test_a_second_client_needs_no_second_thread(counted: Counted) -> None:
    threads = threading.active_count()
    with Client.connect(counted.url), Client.connect(counted.url):
        assert threading.active_count() == threads + 1


def test_aiohttp_is_not_loaded_for_a_call(counted: Counted) -> None:
    """It takes longer to be imported than the call."""
    code = (
        "import sys; from gradwire import Client\n"
        f"with Client.connect({counted.url!r}) as client:\n"
        "    assert client.predict('/echo', ['Ada']).value == 'Ada'\n"
        "    assert client.upload_files(None, [b'x']).files\n"
        "print([name for name in ('aiohttp', 'yarl', 'multidict') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
