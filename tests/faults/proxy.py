"""A proxy of bytes that knows where messages begin and end, so that it can fail between them.

    fault = Fault("cut", "*/queue/data", Place("process_starts", "middle"))
    with Faulty(server.url, fault) as proxy:
        Client(proxy.url)

What passes is passed on as it is, byte for byte. Each connection of a client gets one to the server
for each of its requests. All proxies share one thread with one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

from proxy import stop_listening

from .plan import ANSWER_BODY, ANSWER_HEAD, END, REQUEST_BODY, REQUEST_HEAD, SENT, Fault

DELAY = 0.3
"""Seconds of a delay."""
DRIPPED = 1000
"""Bytes of a message that come one at a time; the rest of a long one comes at once."""
PIECE = 7
"""Bytes of the chunks into which a message is cut up."""
_ABORTED = (OSError, EOFError, asyncio.IncompleteReadError)
_NAME = re.compile(rb'"msg": ?"(\w+)"')


class Broken(Exception):
    """The fault has ended the connection."""


@cache
def loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of all proxies, which runs in a thread of its own."""
    made = asyncio.new_event_loop()
    threading.Thread(target=made.run_forever, name="faulty proxies", daemon=True).start()
    return made


def in_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Do something in that loop, and wait until it is done."""
    return asyncio.run_coroutine_threadsafe(work, loop()).result(10)


class Peer:
    """One end of what the proxy holds together: the client, or the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def sent(self) -> None:
        """Wait until the kernel has all bytes, which a reset would drop."""
        while self._writer.transport.get_write_buffer_size():  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0.001)

    def cut(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        sock: socket.socket = self._writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the other side has hung up. What it still says must be read by others."""
        # There is no event for this while nobody reads; a test can spare the time.
        while not (self.reader._eof or self._writer.is_closing()):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class Exchange:
    """One request and its answer on their way through the proxy."""

    def __init__(self, client: Peer, server: Peer, fault: Fault | None) -> None:
        self.messages: list[str] = []
        self.stalled = False
        self._client = client
        self._server = server
        self._fault = fault
        self._counts: Counter[str] = Counter()
        self._held = b""

    async def run(self, head: bytes) -> bool:
        """Pass it on; return whether another request may follow on the client's connection."""
        await self._request(head)
        return await self._answer()

    # -- messages ----------------------------------------------------------------------------------

    async def _request(self, head: bytes) -> None:
        client, server = self._client, self._server
        size = _content_length(head) or 0
        short = self._shortened(REQUEST_BODY, size)
        if short is not None:
            head = _with_length(head, short)
        await self._whole(REQUEST_HEAD, head, server)
        if _is_chunked(head):
            await self._chunks(client, server, REQUEST_BODY)
        elif short is not None:
            await server.send((await client.reader.readexactly(size))[:short])
        elif size:
            await self._sized(REQUEST_BODY, b"", size, 0, client, server)

    async def _answer(self) -> bool:
        client, server = self._client, self._server
        head = await server.reader.readuntil(b"\r\n\r\n")
        size = _content_length(head)
        short = self._shortened(ANSWER_BODY, size)
        cut_up = size is not None and self._is("re-chunk", ANSWER_BODY)
        if short is not None:
            head = _with_length(head, short)
        elif cut_up:
            head = re.sub(rb"(?i)content-length: \d+", b"Transfer-Encoding: chunked", head)
        await self._whole(ANSWER_HEAD, head, client)
        if head.split(b" ", 2)[1] == b"101":
            await self._frames()
            return False
        if _is_chunked(head) and not cut_up:
            return await self._chunks(server, client, None)
        if size is None:
            return False
        if short is not None or cut_up:
            body = await server.reader.readexactly(size)
            await client.send(_in_chunks(body) + b"0\r\n\r\n" if cut_up else body[:short])
        elif size:
            await self._sized(ANSWER_BODY, b"", size, 0, server, client)
        return True

    async def _chunks(self, source: Peer, target: Peer, name: str | None) -> bool:
        """Pass on a body in chunks; return whether it came to an end that HTTP knows."""
        while True:
            line = await source.reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            if not size:
                await self._whole(name or END, line + await source.reader.readexactly(2), target)
                return True
            payload = await source.reader.readexactly(size + 2)
            found = _NAME.search(payload)
            called = name or (found[1].decode() if found else "chunk")
            if await self._chunk(called, line, payload[:-2], target):
                return True  # ended early

    async def _chunk(self, name: str, line: bytes, payload: bytes, target: Peer) -> bool:
        """Pass on a chunk; return whether the body was ended with it."""
        name = self._named(name)
        fault = self._fault
        if self._held:
            payload, self._held = self._held + payload, b""
            line = b"%x\r\n" % len(payload)
        if fault is not None and fault.place.message == name:
            start = len(payload) // 2 if fault.place.where == "middle" else 0
            if fault.kind == "truncate":
                fault.strike()
                await target.send(_chunk(payload[:start]) + b"0\r\n\r\n")
                return True
            if fault.kind == "re-chunk":
                fault.strike()
                if fault.place.where == "before":
                    self._held = payload  # goes with the next one
                else:
                    await target.send(_in_chunks(payload))
                return False
        await self._struck(name, line, payload + b"\r\n", None, target)
        return False

    async def _whole(self, name: str, data: bytes, target: Peer) -> None:
        name = self._named(name)
        if self._held:
            await target.send(_chunk(self._held))
            self._held = b""
        await self._struck(name, b"", data, None, target)

    async def _sized(
        self, name: str, prefix: bytes, size: int, more: int, source: Peer, target: Peer
    ) -> None:
        """Pass on a message of a known size, reading no more of it than is passed on."""
        first = await source.reader.readexactly(size // 2)

        async def rest() -> bytes:
            return await source.reader.readexactly(size - size // 2 + more)

        await self._struck(self._named(name), prefix, first, rest, target)

    async def _frames(self) -> None:
        """Pass on the messages of a WebSocket, both ways, until either side hangs up."""
        ways = [
            asyncio.ensure_future(self._frames_of(self._server, self._client, "")),
            asyncio.ensure_future(self._frames_of(self._client, self._server, SENT)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in done:
                way.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _frames_of(self, source: Peer, target: Peer, word: str) -> None:
        while True:
            head = await source.reader.readexactly(2)
            size, more = head[1] & 127, {126: 2, 127: 8}.get(head[1] & 127, 0)
            length = await source.reader.readexactly(more)
            if more:
                size = int.from_bytes(length, "big")
            mask = await source.reader.readexactly(4 if head[1] & 128 else 0)
            payload = await source.reader.readexactly(size)
            found = _NAME.search(payload)
            kind = {8: "close", 9: "ping", 10: "pong"}.get(head[0] & 15, "message")
            name = found[1].decode() if found else f"{word} {kind}".strip()
            await self._struck(self._named(name), head + length + mask, payload, None, target)

    # -- faults ------------------------------------------------------------------------------------

    def _named(self, name: str) -> str:
        """Number messages of the same name from the second one on, and note the message."""
        self._counts[name] += 1
        count = self._counts[name]
        name = name if count == 1 else f"{name} {count}"
        self.messages.append(name)
        return name

    def _is(self, kind: str, message: str) -> bool:
        fault = self._fault
        if fault is None or (fault.kind, fault.place.message) != (kind, message):
            return False
        fault.strike()
        return True

    def _shortened(self, message: str, size: int | None) -> int | None:
        """Return what length a body shall have if it is to be truncated."""
        if size is None or not self._is("truncate", message):
            return None
        assert self._fault is not None
        return size // 2 if self._fault.place.where == "middle" else 0

    async def _struck(
        self,
        name: str,
        prefix: bytes,
        first: bytes,
        rest: Callable[[], Awaitable[bytes]] | None,
        target: Peer,
    ) -> None:
        """Pass on a message: its first bytes, then the rest; strike if this is the place."""
        fault = self._fault
        if fault is None or fault.place.message != name or fault.kind in ("truncate", "re-chunk"):
            await target.send(prefix + first + (await rest() if rest else b""))
            return
        if rest is None:
            half = len(first) // 2
            first, tail = first[:half], first[half:]
        where = fault.place.where
        if where == "middle":
            await target.send(prefix + first)
        elif where == "after":
            await target.send(prefix + first + (await rest() if rest else tail))
        fault.strike()
        await self._break(fault.kind, target)
        if where == "after":
            return
        tail = await rest() if rest else tail
        left = tail if where == "middle" else prefix + first + tail
        await self._pass_changed(fault.kind, left, target)

    async def _break(self, kind: str, target: Peer) -> None:
        """Do what ends the connection, or holds it up."""
        if kind in ("cut", "reset"):
            await target.sent()
            for peer in (self._client, self._server):
                peer.cut() if kind == "cut" else peer.reset()
            raise Broken
        if kind == "stall":
            self.stalled = True
            await asyncio.Event().wait()
        if kind == "delay":
            await asyncio.sleep(DELAY)

    async def _pass_changed(self, kind: str, data: bytes, target: Peer) -> None:
        if kind == "corrupt":
            data = bytes(255 - byte for byte in data[:3]) + data[3:]
        elif kind == "duplicate":
            data += data
        elif kind == "drip":
            for at in range(min(len(data), DRIPPED)):
                await target.send(data[at : at + 1])
                await asyncio.sleep(0)
            data = data[DRIPPED:]
        await target.send(data)


class Faulty:
    """A proxy in front of a server, with one fault to come.

    It reads little in advance, so a client that sends much is still sending when the fault strikes.

    Attributes:
        exchanges: The path of every request, and the messages of its exchange so far.
    """

    def __init__(self, target: str, fault: Fault | None = None) -> None:
        self.fault = fault
        self.exchanges: list[tuple[str, list[str]]] = []
        self._target = urlsplit(target)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._held: list[Peer] = []
        self._resting: set[Peer] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self._target.path}"

    def __enter__(self) -> Self:
        in_loop(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        in_loop(self._stop())

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        await stop_listening(self._server)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in self._held:
            peer.reset()
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        """Close all connections of clients on which there is nothing to do, as servers do."""

        async def work() -> None:
            for peer in self._resting:
                peer.cut()

        in_loop(work())

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        client = Peer(reader, writer)
        try:
            with contextlib.suppress(*_ABORTED, Broken, asyncio.CancelledError):
                while await self._pass_on(client):
                    pass
        finally:
            client.cut()

    async def _pass_on(self, client: Peer) -> bool:
        """Pass on one request and its answer."""
        self._resting.add(client)
        try:
            head = await client.reader.readuntil(b"\r\n\r\n")
        finally:
            self._resting.discard(client)
        path = urlsplit(head.split(b" ", 2)[1].decode("latin-1")).path
        fault = self.fault if self.fault is not None and self.fault.claim(path) else None
        host, port = self._target.hostname, self._target.port
        server = Peer(*await asyncio.open_connection(host, port))
        exchange = Exchange(client, server, fault)
        self.exchanges.append((path, exchange.messages))
        work = asyncio.ensure_future(exchange.run(head))
        gone = asyncio.ensure_future(client.gone())
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            return work.done() and work.result()
        finally:
            if exchange.stalled and not (fault and fault.noticed):
                # Where nothing passes, the client's goodbye does not pass either.
                self._held.append(server)
            else:
                server.reset()
            work.cancel()
            gone.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)


def _content_length(head: bytes) -> int | None:
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found[1]) if found else None


def _with_length(head: bytes, length: int) -> bytes:
    return re.sub(rb"(?i)(\r\ncontent-length: *)\d+", rb"\g<1>%d" % length, head)


def _is_chunked(head: bytes) -> bool:
    return re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head) is not None


def _chunk(payload: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(payload), payload) if payload else b""


def _in_chunks(payload: bytes) -> bytes:
    return b"".join(_chunk(payload[at : at + PIECE]) for at in range(0, len(payload), PIECE))
