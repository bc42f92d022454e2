"""Servers before 4.9, which give each job a connection of its own; what only they do."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers import asynchronous, connections, eventually, eventually_so, unique
from media import png
from proxy import Cut, Drip, Proxy, Reply
from servers.launch import Server, StartServer

from gradwire import (
    AsyncClient,
    AuthenticationError,
    Client,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    JobCancelledError,
    ProtocolError,
    Timeout,
    UploadError,
    handle_file,
)

LONG = 30


# -- bytes in pieces -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_answers_that_come_in_small_pieces(old_server: Server, size: int) -> None:
    with Proxy(old_server.url) as proxy:
        proxy.rules["/queue/*"] = Drip(size)
        with Client(proxy.url) as client:
            assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
            steps = [event.delta[0] for event in client.submit("/stream", ["abc"])]
            assert steps == ["a", "b", "c", ""]
            assert len(client.predict("/big", [5]).value) == 5 * 1024


# -- many at once ----------------------------------------------------------------------------------


@asynchronous
async def test_many_jobs_at_once(old_server: Server) -> None:
    async with AsyncClient.connect(old_server.url) as client:
        jobs = [client.submit("/hello", [str(number)]) for number in range(60)]
        values = [(await job).value for job in jobs]
        assert values == [f"Hello {number}" for number in range(60)]
        assert len(asyncio.all_tasks()) < 10
    await eventually(lambda: connections(old_server.port) == 0)


def test_threads(old_server: Server) -> None:
    with Client(old_server.url) as client, ThreadPoolExecutor(8) as pool:
        names = [str(number) for number in range(40)]
        results = pool.map(lambda name: client.predict("/hello", [name]).value, names)
        assert list(results) == [f"Hello {name}" for name in names]


# -- sessions and the steps of generators ----------------------------------------------------------


@asynchronous
async def test_generators_of_one_function_do_not_mix(old_server: Server) -> None:
    async with AsyncClient.connect(old_server.url) as client:
        words = [unique() for _ in range(4)]
        jobs = [client.submit("/par_gen", [0.4, word]) for word in words]
        for job, word in zip(jobs, words, strict=True):
            assert (await job).value == f"{word} 3"
            assert job.outputs()[:-1] == [[f"{word} {number}"] for number in range(4)]


def test_steps_outside_of_the_queue_do_not_mix(ws_server: Server) -> None:
    with Client(ws_server.url) as client:
        jobs = [client.submit("/noqueue_stream", [word, 0.05]) for word in ("abcd", "efgh")]
        seen = [[event.data[0] for event in job] for job in jobs]
        assert seen == [["a", "ab", "abc", "abcd", "abcd"], ["e", "ef", "efg", "efgh", "efgh"]]


def test_a_call_left_in_the_middle_is_not_continued_by_the_next(ws_server: Server) -> None:
    with Client(ws_server.url) as client:
        for endpoint in ("/stream", "/noqueue_stream"):
            job = client.submit(endpoint, ["abcdefghij", 0.1])
            next(iter(job))
            assert job.cancel()
            with pytest.raises(JobCancelledError):
                job.result()
            steps = [event.data[0] for event in client.submit(endpoint, ["xy"])]
            assert steps == ["x", "xy", "xy"]


# -- stopping --------------------------------------------------------------------------------------


@asynchronous
async def test_cancelling_the_waiting_task_stops_the_job(old_server: Server) -> None:
    async with AsyncClient.connect(old_server.url) as client:
        name = unique()
        task = asyncio.create_task(client.predict("/slow_gen", [LONG, name]))

        async def lines() -> list[str]:
            return [line for line in (await client.predict("/journal")).value if name in line]

        await eventually(lines)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async def stopped() -> bool:
            before = await lines()
            await asyncio.sleep(0.5)
            return before == await lines()

        await eventually(stopped)


def test_closing_the_client_ends_its_jobs(old_server: Server) -> None:
    client = Client(old_server.url)
    jobs = [client.submit("/slow_gen", [LONG, unique()]) for _ in range(3)]
    eventually_so(lambda: any(job.outputs() for job in jobs))
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < 5
    for job in jobs:
        with pytest.raises(ClientClosedError):
            job.result()
    eventually_so(lambda: connections(old_server.port) == 0)


# -- what goes wrong -------------------------------------------------------------------------------


def test_a_connection_that_breaks_ends_its_own_job_only(old_server: Server) -> None:
    with Proxy(old_server.url) as proxy, Client(proxy.url) as client:
        whole = client.submit("/stream", ["abcdefghij", 0.05])
        next(iter(whole))
        proxy.rules["/queue/join"] = Cut(1200)
        broken = client.submit("/stream", ["x" * 100, 0.01])
        with pytest.raises(ConnectionLostError, match="submit it again") as caught:
            broken.result(20)
        assert caught.value.session_hash  # of 3.x perhaps not the client's, see below
        proxy.rules.clear()
        assert whole.result(20).value == "abcdefghij"
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_a_server_that_freezes_is_noticed(start_server: StartServer) -> None:
    """There is no heartbeat, but a WebSocket can be pinged."""
    server = start_server("3.50.2")
    with Client(server.url, timeout=Timeout(read=1.5)) as client:
        job = client.submit("/slow_gen", [LONG, unique()])
        next(iter(job))
        server.pause()
        try:
            began = time.monotonic()
            with pytest.raises(ConnectionLostError):
                job.result(20)
            assert time.monotonic() - began < 5
        finally:
            server.resume()


def test_a_socket_that_is_not_opened(ws_server: Server) -> None:
    with Proxy(ws_server.url) as proxy, Client(proxy.url) as client:
        proxy.rules["/queue/join"] = Reply(404, b"no such thing")
        with pytest.raises(ConnectError, match="answered 404"):
            client.predict("/hello", ["Ada"])
        proxy.rules["/queue/join"] = Reply(403)
        with pytest.raises(AuthenticationError, match="auth="):
            client.predict("/hello", ["Ada"])
        proxy.rules["/queue/join"] = Reply(200, b"{}")
        with pytest.raises(ConnectError):
            client.predict("/hello", ["Ada"])


def test_a_socket_follows_no_redirect(ws_server: Server, elsewhere: Proxy) -> None:
    with (
        Proxy(ws_server.url) as proxy,
        Client(proxy.url, headers={"X-Secret": "s3cret"}, cookies={"c": "s3cret"}) as client,
    ):
        there = {"location": f"{elsewhere.origin}/queue/join"}
        proxy.rules["/queue/join"] = Reply(302, b"", there)
        with pytest.raises(ProtocolError, match="redirects"):
            client.predict("/hello", ["Ada"])
        assert elsewhere.requests == []


def test_a_stream_that_is_refused(sse_server: Server) -> None:
    with Proxy(sse_server.url) as proxy, Client(proxy.url) as client:
        proxy.rules["/queue/join"] = Reply(502, b"<html>bad gateway")
        with pytest.raises(ConnectError, match="502"):
            client.predict("/hello", ["Ada"])
        proxy.rules.clear()
        proxy.rules["/queue/data"] = Reply(500, b"Internal Server Error")
        with pytest.raises(Exception, match="500"):
            client.predict("/hello", ["Ada"])
        proxy.rules.clear()
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


# -- what is sent along ----------------------------------------------------------------------------


def test_headers_cookies_and_parameters_go_with_the_socket(ws_server: Server) -> None:
    options = {
        "headers": {"X-Test": "1"},
        "cookies": {"name": "value"},
        "query_params": {"q": "2"},
    }
    with Proxy(ws_server.url) as proxy, Client(proxy.url, **options) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
        view = client.with_options(headers={"X-Test": "view"})
        assert view.predict("/hello", ["Ada"]).value == "Hello Ada"
        first, second = (seen for seen in proxy.requests if seen.path == "/queue/join")
    assert (first.headers["x-test"], second.headers["x-test"]) == ("1", "view")
    for seen in (first, second):
        assert seen.cookies == {"name": "value"}
        assert seen.query["q"] == "2"


def test_a_file_elsewhere_is_fetched_without_credentials(
    ws_server: Server, elsewhere: Proxy
) -> None:
    elsewhere.rules["/dog.png"] = Reply(200, png(), {"content-type": "image/png"})
    elsewhere.rules["/a.txt"] = Reply(200, b"text", {"content-type": "text/plain"})
    options = {"headers": {"X-Secret": "s3cret"}, "cookies": {"c": "s3cret"}, "token": "hf_s3cret"}
    with Client(ws_server.url, **options) as client:
        shown = client.predict("/image_io", [handle_file(f"{elsewhere.origin}/dog.png")]).value
        assert shown.read()[1:4] == b"PNG"
        got = client.predict("/file_io", [handle_file(f"{elsewhere.origin}/a.txt")]).value
        assert got.read() == b"GOT:text"
        with pytest.raises(UploadError, match="cannot be fetched"):
            client.predict("/file_io", [handle_file(f"{elsewhere.origin}/none")])
    assert [seen.path for seen in elsewhere.requests] == ["/dog.png", "/a.txt", "/none"]
    assert all("s3cret" not in str(seen.headers) for seen in elsewhere.requests)


def test_files_at_any_depth_of_a_call_are_sent_once(ws_server: Server, tmp_path: Path) -> None:
    path = tmp_path / "twice.txt"
    path.write_bytes(b"twice")
    with Proxy(ws_server.url) as proxy, Client(proxy.url) as client:
        files = client.predict("/files_io", [[path, path, b"other"]]).value
        assert [file.read() for file in files] == [b"twice", b"twice", b"other"]
        assert len(proxy.paths("/upload")) == 2
