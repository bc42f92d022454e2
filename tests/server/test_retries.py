"""What is tried again, and what is not."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous, eventually, eventually_so, unique
from proxy import Cut, Proxy, Reply, Rule, Seen
from servers.launch import Server, StartServer

from gradwire import (
    AppError,
    AsyncClient,
    Client,
    ConnectError,
    ConnectionLostError,
    DeadlineExceededError,
    DownloadError,
    InvalidArgumentError,
    JobCancelledError,
    QueueFullError,
    Timeout,
    handle_file,
)

from .conftest import OpenProxy

BUSY = Reply(503, b"<html>busy</html>", {"content-type": "text/html", "retry-after": "0"})
TOO_MANY = Reply(429, b'{"detail": "slowly"}', {"retry-after": "0"})
FULL = Reply(503, b'{"detail": "Queue is full. Max size is 1 and size is 1."}')


def first(*rules: Rule) -> Rule:
    """Answer the first requests by rules, then let them through."""
    left = list(rules)
    return lambda seen: left.pop(0) if left else None


def times_run(server: Server, name: str) -> int:
    with Client.connect(server.url) as client:
        return client.predict("/journal").value.count(f"start {name}")


# --- calls that nobody has taken ------------------------------------------------------------------


@pytest.mark.parametrize("rule", [BUSY, TOO_MANY])
@pytest.mark.parametrize("path", ["*/queue/join", "*/run/predict"])
def test_a_call_that_was_not_taken_is_sent_again(
    client: Client, proxy: Proxy, rule: Rule, path: str
) -> None:
    proxy.rules[path] = first(rule, rule)
    endpoint, said = ("/hello", "Hello x") if "join" in path else ("/noqueue", "nq x")
    assert client.predict(endpoint, ["x"]).value == said
    assert len(proxy.paths(f"/gradio_api{path[1:]}")) == 3


@pytest.fixture
def client(proxy: Proxy) -> Any:
    with Client.connect(proxy.url) as client:
        yield client


@pytest.mark.parametrize("rule", [BUSY, TOO_MANY])
def test_the_number_of_retries(client: Client, proxy: Proxy, rule: Rule) -> None:
    proxy.rules["*/queue/join"] = rule
    with pytest.raises(ConnectError) as caught:
        client.predict("/hello", ["x"])
    assert caught.value.retry_after == 0
    assert len(proxy.paths("/gradio_api/queue/join")) == 3
    with pytest.raises(ConnectError):
        client.with_options(max_retries=0).predict("/hello", ["x"])
    assert len(proxy.paths("/gradio_api/queue/join")) == 4
    del proxy.rules["*/queue/join"]
    assert client.predict("/hello", ["x"]).value == "Hello x"


def test_a_server_that_asks_for_a_long_wait_is_not_asked_again(
    client: Client, proxy: Proxy
) -> None:
    proxy.rules["*/queue/join"] = Reply(429, b"", {"retry-after": "3600"})
    with pytest.raises(ConnectError, match="in 3600 seconds"):
        client.predict("/hello", ["x"])
    assert len(proxy.paths("/gradio_api/queue/join")) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_call_that_may_have_been_taken_is_not_sent_again(
    client: Client, proxy: Proxy, status: int
) -> None:
    proxy.rules["*/queue/join"] = first(Reply(status, b"<html>"))
    with pytest.raises((ConnectError, AppError)):
        client.predict("/hello", ["x"])
    assert len(proxy.paths("/gradio_api/queue/join")) == 1


def test_an_answer_that_was_lost_is_not_asked_for_again(client: Client, proxy: Proxy) -> None:
    proxy.rules["*/queue/join"] = first(Cut(0))
    with pytest.raises(ConnectionLostError):
        client.predict("/hello", ["x"])
    assert len(proxy.paths("/gradio_api/queue/join")) == 1


def test_an_app_that_comes_back(start_server: StartServer) -> None:
    server = start_server()
    with Client.connect(server.url, max_retries=12) as client:
        server.kill()
        jobs = [client.submit("/hello", [str(n)]) for n in range(100)]
        unqueued = client.submit("/noqueue", ["x"])
        threading.Timer(1, server.start).start()
        assert [job.result().value for job in jobs] == [f"Hello {n}" for n in range(100)]
        assert unqueued.result().value == "nq x"


@asynchronous
async def test_a_job_is_cancelled_between_two_tries(proxy: Proxy) -> None:
    proxy.rules["*/queue/join"] = Reply(503, b"<html>", {"retry-after": "50"})
    async with AsyncClient.connect(proxy.url) as client:
        job = client.submit("/hello", ["x"])
        await eventually(lambda: proxy.paths("/gradio_api/queue/join"))
        await eventually(lambda: job._engine._jobs and not job.sent)
        assert await job.cancel()
        with pytest.raises(JobCancelledError):
            await job


@asynchronous
async def test_the_deadline_holds_between_two_tries(proxy: Proxy) -> None:
    proxy.rules["*/queue/join"] = Reply(503, b"<html>", {"retry-after": "50"})
    async with AsyncClient.connect(proxy.url) as client:
        with pytest.raises(DeadlineExceededError):
            await client.with_options(timeout=Timeout(total=0.3)).predict("/hello", ["x"])
        waiting = client.submit("/hello", ["x"])
        await eventually(lambda: len(proxy.paths("/gradio_api/queue/join")) == 2)
    assert waiting.done()  # closing ended it


# --- a full queue ---------------------------------------------------------------------------------


def test_a_full_queue_is_for_the_caller_to_wait_for(client: Client, proxy: Proxy) -> None:
    proxy.rules["*/queue/join"] = first(FULL)
    with pytest.raises(QueueFullError):
        client.predict("/hello", ["x"])
    assert len(proxy.paths("/gradio_api/queue/join")) == 1


def test_waiting_for_a_full_queue(full_server: Server) -> None:
    with Client.connect(full_server.url, retry_queue_full=True) as client:
        jobs = [client.submit("/slow", [0.2, f"patient {n}"]) for n in range(6)]
        assert [job.result().value for job in jobs] == [f"patient {n} done" for n in range(6)]
        hasty = client.with_options(timeout=Timeout(total=1.0))
        long = [client.submit("/slow_gen", [30, "long"]) for _ in range(2)]
        next(iter(long[0]))
        with pytest.raises(DeadlineExceededError):
            hasty.predict("/slow_gen", [30, "late"])
        for job in long:
            job.cancel()


@pytest.mark.parametrize("version", ["3.50.2", "4.0.2"])
def test_waiting_for_a_full_queue_of_an_old_server(start_server: StartServer, version: str) -> None:
    server = start_server(version, "full")
    with Client.connect(server.url, retry_queue_full=True) as client:
        jobs = [client.submit("/slow", [0.2, f"patient {n}"]) for n in range(5)]
        assert [job.result().value for job in jobs] == [f"patient {n} done" for n in range(5)]


# --- twice, if the caller says so -----------------------------------------------------------------


def cut_streams(proxy: Proxy, count: int) -> list[Seen]:
    """Let so many event streams break off in the middle."""
    cut: list[Seen] = []

    def rule(seen: Seen) -> Rule | None:
        if len(cut) >= count:
            return None
        cut.append(seen)
        return Cut(900)

    proxy.rules["*/queue/data"] = rule
    return cut


def test_a_job_that_was_lost_runs_again_if_it_may(
    server: Server, client: Client, proxy: Proxy
) -> None:
    cut_streams(proxy, 1)
    name = unique("twice")
    job = client.with_options(resubmit=True).submit("/slow_gen", [0.5, name])
    assert job.result().value
    assert job.event_id
    assert times_run(server, name) == 2
    seen = [event.data for event in job]
    assert seen[0] in seen[1:]  # its steps began anew


def test_a_job_that_was_lost_stays_lost_if_not(
    server: Server, client: Client, proxy: Proxy
) -> None:
    cut_streams(proxy, 1)
    name = unique("once")
    with pytest.raises(ConnectionLostError):
        client.predict("/slow_gen", [0.5, name])
    assert times_run(server, name) == 1


def test_a_job_that_is_lost_again_and_again(client: Client, proxy: Proxy) -> None:
    cut = cut_streams(proxy, 99)
    again = client.with_options(resubmit=True)
    with pytest.raises(ConnectionLostError):
        again.predict("/slow_gen", [5, unique("lost")])
    assert len(cut) == 3


def test_many_jobs_that_were_lost(client: Client, proxy: Proxy) -> None:
    cut_streams(proxy, 1)
    again = client.with_options(resubmit=True)
    jobs = [again.submit("/hello", [str(n)]) for n in range(50)]
    assert [job.result().value for job in jobs] == [f"Hello {n}" for n in range(50)]


@asynchronous
async def test_the_id_of_a_job_that_is_sent_again(server: Server, open_proxy: OpenProxy) -> None:
    proxy = open_proxy(server.url)
    cut_streams(proxy, 1)
    async with AsyncClient.connect(proxy.url, resubmit=True) as client:
        job = client.submit("/slow_gen", [0.5, unique("id")])
        lost = await job.wait_for_id()
        await eventually(lambda: job.event_id is None)
        assert await job.wait_for_id() not in (None, lost)


def test_files_are_uploaded_once(client: Client, proxy: Proxy) -> None:
    cut_streams(proxy, 1)
    again = client.with_options(resubmit=True)
    file = handle_file(b"text", name="a.txt")
    proxy.rules["*/queue/data"] = first(Cut(0))
    assert again.predict("/file_io", [file]).value.read() == b"GOT:text"
    assert len(proxy.paths("/gradio_api/upload")) == 1


def test_an_unqueued_call_that_was_lost(client: Client, proxy: Proxy) -> None:
    proxy.rules["*/run/predict"] = first(Cut(0))
    assert client.with_options(resubmit=True).predict("/noqueue", ["x"]).value == "nq x"


@pytest.mark.parametrize("kind", ["ws_server", "sse_server"])
def test_a_lost_job_of_an_old_server(
    request: pytest.FixtureRequest, open_proxy: OpenProxy, kind: str
) -> None:
    server: Server = request.getfixturevalue(kind)
    proxy = open_proxy(server.url)
    with Client.connect(proxy.url, resubmit=True) as client:
        proxy.rules["/queue/join"] = first(Cut(600))
        name = unique("old")
        assert client.predict("/slow_gen", [0.5, name]).value
        assert times_run(server, name) >= 1
        assert len(proxy.paths("/queue/join")) == 2


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [BUSY, TOO_MANY, Reply(502, b"")])
def test_a_download_is_asked_for_again(
    client: Client, proxy: Proxy, rule: Rule, tmp_path: Path
) -> None:
    file = client.predict("/file_io", [handle_file(b"text", name="a.txt")]).value
    proxy.rules["*/file=*"] = first(rule)
    assert file.download(tmp_path).read_bytes() == b"GOT:text"
    proxy.rules["*/file=*"] = first(rule)
    with pytest.raises((DownloadError, ConnectError)):
        client.with_options(max_retries=0).download(file, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["got-a.txt"]


def test_a_download_that_broke_off_is_not_put_together(
    client: Client, proxy: Proxy, tmp_path: Path
) -> None:
    file = client.predict("/file_io", [handle_file(os.urandom(9000), name="a.bin")]).value
    proxy.rules["*/file=*"] = first(Cut(4000))
    with pytest.raises(DownloadError):
        file.download(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rule", [BUSY, TOO_MANY])
def test_an_event_stream_that_was_not_given_is_asked_for_again(
    client: Client, proxy: Proxy, rule: Rule
) -> None:
    proxy.rules["*/queue/data"] = first(rule, rule)
    assert client.predict("/hello", ["x"]).value == "Hello x"
    proxy.rules["*/queue/data"] = rule
    with pytest.raises(ConnectError):
        client.predict("/hello", ["x"])
    assert len(proxy.paths("/gradio_api/queue/data")) == 6


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resubmit", "retry_queue_full"])
def test_only_yes_or_no(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match=name):
        Client.connect("http://127.0.0.1:9", **{name: 1})


def test_open_files_are_read_from_their_beginning_again(
    client: Client, proxy: Proxy, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"text")
    proxy.rules["*/queue/join"] = first(BUSY)
    with path.open("rb") as file:
        assert client.predict("/file_io", [file]).value.read() == b"GOT:text"
    eventually_so(lambda: len(proxy.paths("/gradio_api/queue/join")) == 2)
