"""The straight way to a server: against one that answers with the bytes it is told to.

The servers are real sockets in the test's own loop; what they say no real server of Gradio says.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import socket
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from helpers import asynchronous, eventually

from gradwire.data.inputs import handle_file
from gradwire.data.multipart import FilePart, MultipartBody
from gradwire.errors import (
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    ConnectTimeout,
    DeadlineExceededError,
    ProtocolError,
    UploadError,
)
from gradwire.transport import direct_pool
from gradwire.transport.base import Limits, Timeout, Transport
from gradwire.transport.direct import DirectTransport, is_direct
from gradwire.transport.direct_connection import READ_AHEAD
from gradwire.transport.opening import open_transport
from gradwire.wire.requests import Request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = Timeout(connect=5, read=0.05)
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


class Server:
    """Accepts connections; what each says is up to the test."""

    def __init__(self, talk: Callable[[Server, Reader, Writer], Awaitable[None]]) -> None:
        self.talk = talk
        self.heads: list[list[str]] = []
        self.connections = 0
        self.open = 0
        self.url = ""
        self.deafened = asyncio.Event()

    async def connected(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        self.open += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            await self.talk(self, reader, writer)
            writer.close()
            async with asyncio.timeout(5):
                await writer.wait_closed()  # what was said is sent
        self.open -= 1
        writer.transport.abort()

    async def head(self, reader: Reader) -> list[str]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        self.heads.append(head)
        return head


@asynccontextmanager
async def serving(
    talk: Callable[[Server, Reader, Writer], Awaitable[None]],
) -> AsyncIterator[Server]:
    server = Server(talk)
    listening = await asyncio.start_server(server.connected, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    try:
        yield server
    finally:
        listening.close()
        await eventually(lambda: not server.open)


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Transport]:
    transport = open_transport(url, {"x-own": "1"}, **options)
    assert isinstance(transport, DirectTransport)
    try:
        yield transport
    finally:
        await transport.close()


def saying(*answers: bytes, close: bool = False) -> Callable[[Server, Reader, Writer], Any]:
    """Answer the requests of a connection with these, one after the other; the last for ever."""

    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        left = list(answers)
        while True:
            await server.head(reader)
            writer.write(left.pop(0) if len(left) > 1 else left[0])
            await writer.drain()
            if close:
                return

    return talk


def get(server: Server, path: str = "a", **facts: Any) -> Request:
    return Request("GET", server.url + path, **facts)


# -- answers ---------------------------------------------------------------------------------------


@asynchronous
async def test_requests_go_over_one_connection() -> None:
    async with serving(saying(OK)) as server, connected(server.url) as transport:
        for _ in range(3):
            answer = await transport.request(get(server, "a?b=c#d"), Timeout())
            assert (answer.status, answer.body, answer.url) == (200, b"ok", server.url + "a?b=c#d")
        assert server.connections == 1
        assert server.heads[0][0] == "GET /a?b=c HTTP/1.1"
        assert "x-own: 1" in server.heads[0]


@asynchronous
async def test_at_once_as_many_as_there_are_requests() -> None:
    async with serving(saying(OK)) as server, connected(server.url) as transport:
        asked = (transport.request(get(server), Timeout()) for _ in range(150))
        assert {answer.body for answer in await asyncio.gather(*asked)} == {b"ok"}
        assert server.connections == 150
        await transport.request(get(server), Timeout())
        assert server.connections == 150


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"and more",
    ],
)
@asynchronous
async def test_a_connection_that_cannot_be_used_again_is_not(answer: bytes) -> None:
    async with serving(saying(answer)) as server, connected(server.url) as transport:
        for _ in range(2):
            assert (await transport.request(get(server), Timeout())).body == b"ok"
        assert server.connections == 2


@asynchronous
async def test_an_answer_that_ends_with_its_connection() -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\nok"
    async with serving(saying(answer, close=True)) as server, connected(server.url) as transport:
        assert (await transport.request(get(server), Timeout())).body == b"ok"


@asynchronous
async def test_what_rests_for_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct_pool, "IDLE_SECONDS", 0.02)
    async with serving(saying(OK)) as server, connected(server.url) as transport:
        await transport.request(get(server), Timeout())
        await eventually(lambda: not server.open)
        await transport.request(get(server), Timeout())
        assert server.connections == 2


@asynchronous
async def test_what_a_server_says_unasked_ends_the_connection() -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        await server.head(reader)
        writer.write(OK)
        await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        assert await reader.read() == b""

    async with serving(talk) as server, connected(server.url) as transport:
        await transport.request(get(server), Timeout())
        await eventually(lambda: not server.open)


# -- answers that break off ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "the server closed it"),
        (b"HTTP/1.1 2", "the server closed it"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "ended early"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "ended early"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "cannot be read"),
        (b"SSH-2.0\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", "unpacked"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nok", "'br'"),
    ],
)
@asynchronous
async def test_what_broke_is_said(answer: bytes, reason: str) -> None:
    async with serving(saying(answer, close=True)) as server, connected(server.url) as transport:
        with pytest.raises(ConnectionLostError, match=reason) as caught:
            await transport.request(get(server), Timeout())
        assert caught.value.url == server.url + "a"
        assert server.connections == 1
        with pytest.raises(ConnectionLostError, match=reason):
            async with transport.stream(get(server), Timeout()) as answers:
                while await answers.chunk():
                    pass


@pytest.mark.parametrize(
    ("method", "once", "again"),
    [("GET", False, True), ("GET", True, False), ("POST", False, False)],
)
@asynchronous
async def test_only_a_get_over_a_used_connection_is_sent_again(
    method: str, once: bool, again: bool
) -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        await server.head(reader)
        writer.write(OK)
        await server.head(reader)  # and closes

    async with serving(talk) as server, connected(server.url) as transport:
        await transport.request(get(server), Timeout())
        asked = transport.request(Request(method, server.url, once=once), Timeout())
        if again:
            assert (await asked).body == b"ok"
        else:
            with pytest.raises(ConnectionLostError, match="server closed it"):
                await asked
        assert len(server.heads) == (3 if again else 2)


async def mute(server: Server, reader: Reader, writer: Writer) -> None:
    """Take a request, and what follows; say the beginning of an answer to every second one."""
    await server.head(reader)
    if len(server.heads) % 2 == 0:
        writer.write(OK[:-1])
    await reader.read()


@asynchronous
async def test_silence_is_an_error_and_ends_the_connection() -> None:
    async with serving(mute) as server, connected(server.url) as transport:
        for _ in range(2):
            with pytest.raises(DeadlineExceededError, match="stayed silent"):
                await transport.request(get(server), SHORT)
            await eventually(lambda: not server.open)


@asynchronous
async def test_who_speaks_from_time_to_time_is_not_silent() -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        await server.head(reader)
        for byte in OK:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    async with serving(talk) as server, connected(server.url) as transport:
        patience = Timeout(read=0.3)
        assert (await transport.request(get(server), patience)).body == b"ok"


@asynchronous
async def test_some_requests_may_be_answered_late() -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        await server.head(reader)
        await asyncio.sleep(SHORT.read * 3)  # type: ignore[operator]
        writer.write(OK)
        await reader.read()

    async with serving(talk) as server, connected(server.url) as transport:
        assert (await transport.request(get(server, read_timeout=False), SHORT)).body == b"ok"


@asynchronous
async def test_who_is_cancelled_takes_the_connection_along() -> None:
    async with serving(mute) as server, connected(server.url) as transport:
        task = asyncio.create_task(transport.request(get(server), Timeout()))
        await eventually(lambda: server.heads)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await eventually(lambda: not server.open)


@asynchronous
async def test_closing_ends_what_is_under_way() -> None:
    async with serving(mute) as server, connected(server.url) as transport:
        task = asyncio.create_task(transport.request(get(server), Timeout()))
        await eventually(lambda: server.heads)
        await transport.close()
        with pytest.raises(ClientClosedError):
            await task
        for request in (get(server), Request("GET", "http://elsewhere.invalid/")):
            with pytest.raises(ClientClosedError):
                await transport.request(request, Timeout())


def test_a_loop_that_was_closed_by_hand() -> None:
    async def begin(url: str) -> tuple[Transport, asyncio.Task[object]]:
        transport = open_transport(url, {})
        task = asyncio.create_task(transport.request(Request("GET", url), Timeout()))
        while not transport._pool._all:  # type: ignore[attr-defined]  # noqa: ASYNC110
            await asyncio.sleep(0)
        return transport, task

    with socket.create_server(("127.0.0.1", 0)) as listening, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # asyncio's, of what was left open
        loop = asyncio.new_event_loop()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        transport, task = loop.run_until_complete(begin(url))
        loop.close()
        transport.abort()
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        del transport, task, loop
        gc.collect()


# -- limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["length", "chunked", "until eof", "gzip"])
@asynchronous
async def test_an_answer_has_a_limit(kind: str) -> None:
    body = bytes(5000)
    coding, sent = b"", body
    if kind == "length":
        coding = b"Content-Length: 5000\r\n"
    elif kind == "chunked":
        coding, sent = b"Transfer-Encoding: chunked\r\n", b"1388\r\n%b\r\n0\r\n\r\n" % body
    elif kind == "gzip":
        coding, sent = b"Content-Encoding: gzip\r\n", gzip.compress(body)
    answer = b"HTTP/1.1 200 OK\r\n" + coding + b"\r\n" + sent
    talk = saying(answer, close=True)
    async with serving(talk) as server, connected(server.url, limits=Limits(answer=5000)) as way:
        assert (await way.request(get(server), Timeout())).body == body
        with pytest.raises(ProtocolError, match=r"more than 4,999 bytes \(Limits.answer\)"):
            await way.request(get(server), Timeout(), Limits(answer=4999))
        async with way.stream(get(server), Timeout()) as stream:
            assert await stream.read() == body


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
@pytest.mark.parametrize("status", [204, 502])
@asynchronous
async def test_an_empty_answer_is_not_unpacked(status: int, coding: str) -> None:
    answer = f"HTTP/1.1 {status} x\r\nContent-Encoding: {coding}\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(answer.encode())) as server, connected(server.url) as transport:
        assert (await transport.request(get(server), Timeout())).status == status


@asynchronous
async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        await server.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    limits = Limits(answer=1_000_000)
    async with serving(talk) as server, connected(server.url, limits=limits) as transport:
        with pytest.raises(ProtocolError, match="more than"):
            await transport.request(get(server), Timeout())
        await eventually(lambda: not server.open)


@asynchronous
async def test_who_does_not_read_lets_the_server_wait() -> None:
    sent = 0

    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        nonlocal sent
        await server.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    size = 64 * 1024 * 1024
    async with serving(talk) as server, connected(server.url) as transport:
        async with transport.stream(get(server), Timeout()) as stream:
            got = len(await stream.chunk())
            before = -1
            while sent != before:  # until neither side moves any more
                before = sent
                await asyncio.sleep(0.05)
            assert sent < size / 2, "the rest waits in the server"
            while piece := await stream.chunk():
                assert len(piece) <= 2 * READ_AHEAD
                got += len(piece)
            assert got == size
        assert server.connections == 1


# -- streams ---------------------------------------------------------------------------------------


@asynchronous
async def test_a_stream_left_early_is_dropped_and_one_read_is_kept() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
    end = b"0\r\n\r\n"
    async with serving(saying(answer, answer + end)) as server, connected(server.url) as transport:
        for _ in range(2):
            async with transport.stream(get(server), Timeout()) as stream:
                assert (stream.status, await stream.chunk()) == (200, b"ok")
        assert server.connections == 2  # both begin with the answer that has no end
        async with transport.stream(get(server), Timeout()) as stream:
            assert await stream.chunk() == b"ok"


@asynchronous
async def test_the_announced_end_is_waited_for() -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        await server.head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
        await asyncio.sleep(0.02)
        writer.write(b"3\r\nend\r\n0\r\n\r\n")
        await server.head(reader)
        writer.write(OK)
        await reader.read()

    async with serving(talk) as server, connected(server.url) as transport:
        async with transport.stream(get(server), Timeout()) as stream:
            assert await stream.chunk() == b"ok"
            await stream.finish(5)
        await transport.request(get(server), Timeout())
        assert server.connections == 1


@asynchronous
async def test_what_came_before_a_break_is_handed_on() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"
    async with serving(saying(answer, close=True)) as server, connected(server.url) as transport:
        async with transport.stream(get(server), Timeout()) as stream:
            assert await stream.chunk() == b"ok"
            with pytest.raises(ConnectionLostError):
                await stream.chunk()


# -- elsewhere -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@asynchronous
async def test_a_get_is_led_on_and_credentials_stay(status: int) -> None:
    async with serving(saying(OK)) as other, AsyncExitStack() as stack:
        answer = b"HTTP/1.1 %d \r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
        moved = saying(answer % (status, other.url.encode() + b"b"))
        server = await stack.enter_async_context(serving(moved))
        transport = await stack.enter_async_context(connected(server.url))
        answered = await transport.request(get(server), Timeout())
        assert (answered.body, answered.url) == (b"ok", other.url + "b")
        async with transport.stream(get(server), Timeout()) as stream:
            assert await stream.read() == b"ok"
        assert not any("x-own" in line for head in other.heads for line in head)
        posted = await transport.request(Request("GET", other.url), Timeout())
        assert posted.body == b"ok"


@asynchronous
async def test_a_redirect_is_followed_where_it_leads_and_nobody_is_asked_twice() -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        while True:
            path = (await server.head(reader))[0].split()[1]
            where = {"/a": b"b/c d?x=%%2F#f", "/b/c%20d?x=%2F": b"/end"}.get(path)
            moved = b"HTTP/1.1 307 Moved\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
            writer.write(moved.replace(b"%b", where).replace(b"%%", b"%") if where else OK)

    async with serving(talk) as server, connected(server.url) as transport:
        answer = await transport.request(get(server), Timeout())
        assert (answer.body, answer.url) == (b"ok", f"{server.url}end")
        assert [head[0].split()[1] for head in server.heads] == ["/a", "/b/c%20d?x=%2F", "/end"]
        assert all("x-own: 1" in head for head in server.heads)


@asynchronous
async def test_redirects_that_never_end() -> None:
    moved = b"HTTP/1.1 302 Moved\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(moved)) as server, connected(server.url) as transport:
        with pytest.raises(ProtocolError, match="redirects more than 10 times"):
            await transport.request(get(server), Timeout())
        assert len(server.heads) == 10


@pytest.mark.parametrize(
    "location", ["", "http://[", "http://127.0.0.1:99999/", "mailto:a@b", "file:///etc/passwd"]
)
@asynchronous
async def test_a_redirect_to_nowhere_is_the_answer_itself(location: str) -> None:
    moved = f"HTTP/1.1 307 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(moved.encode())) as server, connected(server.url) as transport:
        assert (await transport.request(get(server), Timeout())).status == 307
        posted = Request("POST", server.url, body=b"x")
        assert (await transport.request(posted, Timeout())).status == 307


@asynchronous
async def test_a_call_is_not_carried_to_another_server() -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://u:p@127.0.0.1:9/?s=1\r\n"
    async with serving(saying(moved + b"Content-Length: 0\r\n\r\n")) as server:
        async with connected(server.url) as transport:
            with pytest.raises(ProtocolError, match=r"to another server, http://127.0.0.1:9/\. "):
                await transport.request(Request("POST", server.url, body=b"x"), Timeout())


@asynchronous
async def test_a_post_is_not_turned_into_a_get() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(moved)) as server, connected(server.url) as transport:
        answer = await transport.request(Request("POST", server.url, body=b"x"), Timeout())
        assert (answer.status, answer.headers["location"]) == (302, "/b")


@asynchronous
async def test_cookies_are_kept_and_sent_both_ways() -> None:
    told = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/x\r\n"
    first = told + b"Content-Length: 2\r\n\r\nok"
    async with serving(saying(first, OK)) as server, connected(server.url) as transport:
        transport.set_cookies({"own": "3"})
        for path in ("", "x/y"):
            await transport.request(get(server, path), Timeout())
        assert transport.cookies() == {"own": "3", "a": "1"}
        sent = [line for head in server.heads for line in head if line.startswith("Cookie: ")]
        assert sent[0] == "Cookie: own=3"
        assert sorted(sent[1].removeprefix("Cookie: ").split("; ")) == ["a=1", "b=2", "own=3"]


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("http://host/", True),
        ("https://host:1/sub/", True),
        ("http://[::1]:7860/", True),
        ("http://name:word@host/", False),
        ("http://höst/", False),
        ("ftp://host/", False),
    ],
)
def test_which_addresses_are_reached_directly(url: str, direct: bool) -> None:
    assert is_direct(url) is direct


@asynchronous
async def test_proxies_are_for_the_other_way() -> None:
    for options in ({"proxy": "http://127.0.0.1:9"}, {"trust_env": True}):
        transport = open_transport("http://127.0.0.1:9/", {}, **options)  # type: ignore[arg-type]
        assert not isinstance(transport, DirectTransport)
        await transport.close()


# -- connecting ------------------------------------------------------------------------------------


@asynchronous
async def test_a_server_that_never_finishes_tls_is_too_late() -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        while await reader.read(1000):
            pass

    async with serving(talk) as server:
        url = server.url.replace("http:", "https:")
        async with connected(url, verify=False) as transport:
            with pytest.raises(ConnectTimeout, match="connect deadline"):
                await transport.request(Request("GET", url), Timeout(connect=0.1))
        await eventually(lambda: not server.open)


@asynchronous
async def test_a_server_without_tls_is_named_so() -> None:
    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        writer.write(b"SSH-2.0\r\n")

    async with serving(talk) as server:
        url = server.url.replace("http:", "https:")
        async with connected(url) as transport:
            with pytest.raises(ConnectError):
                await transport.request(Request("GET", url), Timeout())


# -- uploads ---------------------------------------------------------------------------------------


def body_of(*contents: bytes, sized: bool = True) -> MultipartBody:
    return MultipartBody(
        FilePart("files", handle_file(each, name="a.bin"), len(each) if sized else None)
        for each in contents
    )


@pytest.mark.parametrize("sized", [True, False])
@asynchronous
async def test_a_form_arrives_whole(sized: bool) -> None:
    came = b""

    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        nonlocal came
        head = await server.head(reader)
        if sized:
            (length,) = (line for line in head if line.startswith("Content-Length: "))
            came = await reader.readexactly(int(length.partition(" ")[2]))
        else:
            assert "Transfer-Encoding: chunked" in head
            while size := int(await reader.readline(), 16):
                came += await reader.readexactly(size)
                assert await reader.readexactly(2) == b"\r\n"
            assert await reader.readexactly(2) == b"\r\n"
        writer.write(OK)
        await reader.read()

    contents = [b"one", b"", bytes(300_000), b"two" * 50_000]
    async with serving(talk) as server, connected(server.url) as transport:
        body = body_of(*contents, sized=sized)
        seen: list[int] = []
        answer = await transport.upload(
            server.url, {}, body, Timeout(), lambda part, done: seen.append(done)
        )
        assert answer.body == b"ok"
        parts = came.split(f"--{body.content_type.rpartition('=')[2]}".encode())
        assert [part.partition(b"\r\n\r\n")[2][:-2] for part in parts[1:-1]] == contents
        assert max(seen) == 300_000


async def refusing(server: Server, reader: Reader, writer: Writer) -> None:
    """Answer before the body is there."""
    await server.head(reader)
    writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
    await writer.drain()
    writer.write_eof()
    while await reader.read(65536):
        pass


@asynchronous
async def test_a_form_that_is_refused_at_once_is_not_sent_to_its_end() -> None:
    async with serving(refusing) as server, connected(server.url) as transport:
        answer = await transport.upload(server.url, {}, body_of(bytes(1 << 26)), Timeout())
        assert (answer.status, answer.body) == (413, b"no")
        await eventually(lambda: not server.open)


@pytest.mark.parametrize("goes_on", [True, False])
@asynchronous
async def test_what_follows_an_upload_that_was_answered_early(goes_on: bool) -> None:
    """The server still waits for the rest of the form, and would take anything for it."""

    async def talk(server: Server, reader: Reader, writer: Writer) -> None:
        head = await server.head(reader)
        if head[0].startswith("GET"):
            writer.write(OK)
            return
        writer.write(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
        (length,) = (line.partition(" ")[2] for line in head if line.startswith("Content-Length"))
        if goes_on:
            await reader.readexactly(int(length))
            await server.head(reader)
        else:
            await server.deafened.wait()

    async with serving(talk) as server, connected(server.url) as transport:
        patience = Timeout(read=5)
        answer = await transport.upload(server.url, {}, body_of(*[bytes(1 << 20)] * 64), patience)
        assert answer.status == 401
        assert (await transport.request(get(server), patience)).body == b"ok"
        server.deafened.set()


async def deaf(server: Server, reader: Reader, writer: Writer) -> None:
    """Take a head, and nothing more."""
    await server.head(reader)
    await server.deafened.wait()


@pytest.mark.parametrize(
    ("timeout", "words"),
    [(Timeout(read=0.1), "stayed silent"), (Timeout(upload=0.1), "The deadline passed")],
)
@asynchronous
async def test_a_server_that_takes_nothing(timeout: Timeout, words: str) -> None:
    async with serving(deaf) as server, connected(server.url) as transport:
        with pytest.raises(DeadlineExceededError, match=words):
            await transport.upload(server.url, {}, body_of(bytes(1 << 26)), timeout)
        server.deafened.set()


@asynchronous
async def test_a_file_that_cannot_be_read_ends_the_upload_and_says_why() -> None:
    class Bad:
        name = "bad"

        def read(self, size: int = -1) -> bytes:
            raise OSError(5, "the disk is broken")

    async with serving(mute) as server, connected(server.url) as transport:
        body = MultipartBody([FilePart("files", handle_file(Bad()), None)])
        with pytest.raises(UploadError, match="disk is broken"):
            await transport.upload(server.url, {}, body, Timeout())
        await eventually(lambda: not server.open)
