"""Bare asyncio: HTTP/1.1 by hand on `asyncio.Protocol`: one connection, one call at a time.

Shows what of bare aiohttp's cost is aiohttp. No errors, no limits, no cookies, nothing but the
happy path: an answer has a length or comes in chunks.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from floor_aiohttp import Message, decode_joined, decode_message, encode
from harness import run_async
from meter import first_event


class Connection(asyncio.Protocol):
    """Requests out, answers in."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.held = b""
        self.news: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came, and wake who waits."""
        self.held = self.held + data if self.held else data
        if not self.news.done():
            self.news.set_result(None)

    async def more(self) -> None:
        """Wait for more bytes."""
        self.news = asyncio.get_running_loop().create_future()
        await self.news

    async def head(self) -> dict[bytes, bytes]:
        """The headers of the next answer."""
        while (end := self.held.find(b"\r\n\r\n")) < 0:
            await self.more()
        lines = self.held[:end].lower().split(b"\r\n")[1:]
        self.held = self.held[end + 4 :]
        return {name: value.strip() for name, _, value in (each.partition(b":") for each in lines)}

    async def body(self) -> bytes:
        """The next answer, which has a length."""
        length = int((await self.head())[b"content-length"])
        while len(self.held) < length:
            await self.more()
        body, self.held = self.held[:length], self.held[length:]
        return body

    async def pieces(self) -> AsyncIterator[bytes]:
        """The next answer, which comes in chunks; those that are there at once in one piece."""
        await self.head()
        done = False
        while not done:
            found, done = self.chunks()
            if found:
                yield b"".join(found)
            elif not done:
                await self.more()

    def chunks(self) -> tuple[list[bytes], bool]:
        """The chunks that are there whole, and whether the last one is."""
        found: list[bytes] = []
        held, start = self.held, 0
        while (end := held.find(b"\r\n", start)) >= 0:
            size = int(held[start:end], 16)
            if len(held) < end + size + 4:
                break
            start = end + size + 4
            if not size:
                self.held = held[start:]
                return found, True
            found.append(held[end + 2 : end + 2 + size])
        self.held = held[start:]
        return found, False


class Calls:
    """The benchmark's calls."""

    def __init__(self, connection: Connection, host: str) -> None:
        self.connection = connection
        self.host = host
        self.stream: Connection | None = None
        self.events: AsyncIterator[bytes]
        self.session_hash = os.urandom(8).hex()
        self.post = (
            f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: {host}\r\n"
            "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        ).encode()
        query = f"session_hash={self.session_hash}"
        self.get = f"GET /gradio_api/queue/data?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()

    async def messages(self, fn_index: int, data: list[object]) -> AsyncIterator[Message]:
        """Call a function; what its stream says."""
        body = encode({"data": data, "fn_index": fn_index, "session_hash": self.session_hash})
        self.connection.transport.write(self.post % len(body) + body)
        decode_joined(await self.connection.body())
        self.connection.transport.write(self.get)
        rest = b""
        async for piece in self.connection.pieces():
            *events, rest = (rest + piece).split(b"\n\n")
            for event in events:
                yield decode_message(event[6:])

    async def echo(self, text: str) -> str:
        """One prediction, alone."""
        value = ""
        async for message in self.messages(0, [text]):
            if message.output and message.msg == "process_completed":
                value = message.output.data[0]
        return value

    async def tokens(self, count: int) -> int:
        """One token stream, kept as the list of its additions."""
        return len(await self.steps(1, [count]))

    async def chat(self, count: int) -> int:
        """The same for a chat."""
        return len(await self.steps(3, [count]))

    async def grow(self, count: int, size: int) -> int:
        """One long text."""
        return sum(map(len, await self.steps(4, [count, size])))

    async def steps(self, fn_index: int, data: list[object]) -> list[Any]:
        """What each step of a generator has added."""
        added: list[Any] = []
        async for message in self.messages(fn_index, data):
            if message.output and message.msg == "process_generating":
                value = message.output.data[0]
                if added:
                    added.append(value[0][2])
                else:
                    added.append(value)
                    first_event()
        return added

    async def kept(self, text: str) -> str:
        """One prediction, alone, on a stream that stays."""
        body = encode({"data": [text], "fn_index": 0, "session_hash": self.session_hash})
        self.connection.transport.write(self.post % len(body) + body)
        event_id = decode_joined(await self.connection.body()).event_id
        if self.stream is None:
            _, self.stream = await _connect(self.host)
            self.stream.transport.write(self.get)
            self.events = self.stream.pieces()
        while True:
            for event in (await anext(self.events)).split(b"\n\n")[:-1]:
                message = decode_message(event[6:])
                if message.output and message.event_id == event_id:
                    return cast(str, message.output.data[0])


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Calls]:
    """Open the connection."""
    host = urlsplit(url).netloc
    transport, connection = await _connect(host)
    calls = Calls(connection, host)
    try:
        yield calls
    finally:
        transport.close()
        if calls.stream is not None:
            calls.stream.transport.close()


async def _connect(host: str) -> tuple[asyncio.BaseTransport, Connection]:
    name, _, port = host.partition(":")
    return await asyncio.get_running_loop().create_connection(Connection, name, int(port))


if __name__ == "__main__":
    run_async(connect)
