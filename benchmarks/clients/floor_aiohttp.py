"""Bare aiohttp: the same requests with as little around them as aiohttp code can have.

No errors, no retries, no arguments checked, nothing but the happy path. A sequential
prediction is a POST and a GET. Several at a time share one stream, as real clients do it: a
reader runs while anything is pending, and hands each value to the future of its event.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from harness import run_async
from meter import first_event


class Output(msgspec.Struct):
    """The part of an output that is looked at."""

    data: list[Any]


class Message(msgspec.Struct):
    """The part of a message that is looked at."""

    msg: str
    event_id: str | None
    output: Output | None = None


class Joined(msgspec.Struct):
    """The answer of `/queue/join`."""

    event_id: str


decode_message = msgspec.json.Decoder(Message).decode
decode_joined = msgspec.json.Decoder(Joined).decode
encode = msgspec.json.encode
JSON = {"content-type": "application/json"}
FORM = {"content-type": "multipart/form-data; boundary=xyz"}
HEAD = b'--xyz\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n'
TAIL = b"\r\n--xyz--\r\n"
PIECE = 256 * 1024


async def _form(head: bytes, path: Path) -> AsyncIterator[bytes]:
    yield head
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
    yield TAIL


class BareAiohttp:
    """Calls to one app in one session."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http = http
        self.url = url
        self.upload_url = f"{url}/gradio_api/upload"
        self.session_hash = os.urandom(8).hex()
        self.join_url = f"{url}/gradio_api/queue/join"
        self.data_url = f"{url}/gradio_api/queue/data?session_hash={self.session_hash}"
        self.waiting: dict[str, asyncio.Future[str]] = {}
        self.early: dict[str, str] = {}
        self.reader: asyncio.Task[None] | None = None

    async def join(self, fn_index: int, data: list[object]) -> str:
        """Send one call."""
        call = {"data": data, "fn_index": fn_index, "session_hash": self.session_hash}
        async with self.http.post(self.join_url, data=encode(call), headers=JSON) as response:
            return decode_joined(await response.read()).event_id

    async def messages(self) -> AsyncIterator[Message]:
        """The messages of one stream, from its opening to its end."""
        async with self.http.get(self.data_url) as response:
            rest: list[bytes] = []
            async for piece in response.content.iter_any():
                rest.append(piece)
                if b"\n\n" in piece or piece.endswith(b"\n"):
                    *events, last = b"".join(rest).split(b"\n\n")
                    rest = [last] if last else []
                    for event in events:
                        yield decode_message(event[6:])

    async def echo(self, text: str) -> str:
        """One prediction, alone."""
        await self.join(0, [text])
        value = ""
        async for message in self.messages():
            if message.output and message.msg == "process_completed":
                value = message.output.data[0]
        return value

    async def tokens(self, count: int) -> int:
        """One token stream, kept as the list of its additions."""
        return len(await self.steps(1, [count]))

    async def steps(self, fn_index: int, data: list[object]) -> list[Any]:
        """What each step of a generator has added."""
        await self.join(fn_index, data)
        added: list[Any] = []
        async for message in self.messages():
            if message.output and message.msg == "process_generating":
                value = message.output.data[0]
                if added:
                    added.append(value[0][2])
                else:
                    added.append(value)
                    first_event()
        return added

    async def chat(self, count: int) -> int:
        """The same for a chat."""
        return len(await self.steps(3, [count]))

    async def grow(self, count: int, size: int) -> int:
        """One long text."""
        return sum(map(len, await self.steps(4, [count, size])))

    async def blob(self, size: int) -> int:
        """One large output."""
        await self.join(5, [size])
        value: dict[str, list[object]] = {}
        async for message in self.messages():
            if message.output and message.msg == "process_completed":
                value = message.output.data[0]
        return len(value["data"])

    async def upload(self, path: Path) -> str:
        """One file as a multipart form."""
        head = HEAD % path.name.encode()
        length = len(head) + path.stat().st_size + len(TAIL)
        headers = {**FORM, "content-length": str(length)}
        async with self.http.post(self.upload_url, data=_form(head, path), headers=headers) as sent:
            found: str = (await sent.json())[0]
            return found

    async def download(self, size: int, folder: Path) -> int:
        """One file, piece by piece into another."""
        path = folder / "zeros"
        async with self.http.get(f"{self.url}/gradio_api/file=/zeros/{size}") as response:
            with path.open("wb") as file:
                async for piece in response.content.iter_chunked(PIECE):
                    file.write(piece)
        return path.stat().st_size

    async def files(self, paths: list[Path]) -> int:
        """Many files, eight at a time."""
        waiting = iter(paths)

        async def work() -> int:
            return sum([bool(await self.upload(path)) for path in waiting])

        return sum(await asyncio.gather(*(work() for _ in range(8))))

    async def wait(self, text: str, seconds: float) -> str:
        """One prediction among many."""
        return await self.outcome(await self.join(2, [text, seconds]))

    async def kept(self, text: str) -> str:
        """One prediction, alone, on a stream that stays."""
        return await self.outcome(await self.join(0, [text]))

    async def outcome(self, event_id: str) -> str:
        """What a call ends with, for whoever shares the stream."""
        if event_id in self.early:
            return self.early.pop(event_id)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.waiting[event_id] = future
        if self.reader is None:
            self.reader = asyncio.create_task(self.read())
        return await future

    async def read(self) -> None:
        """Hand out what the stream brings, as long as anything is waited for."""
        while self.waiting:
            async for message in self.messages():
                if message.output and message.msg == "process_completed":
                    self.settle(message.event_id, message.output.data[0])
        self.reader = None

    def settle(self, event_id: str | None, value: str) -> None:
        """Give one value to whom it belongs, or keep it for one who comes later."""
        assert event_id
        if future := self.waiting.pop(event_id, None):
            future.set_result(value)
        else:
            self.early[event_id] = value


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[BareAiohttp]:
    """Open a pool of connections, and fetch what a client needs to know."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        for path in ("/config", "/gradio_api/info"):
            async with http.get(url + path) as response:
                msgspec.json.decode(await response.read())
        yield BareAiohttp(http, url)


if __name__ == "__main__":
    run_async(connect)
