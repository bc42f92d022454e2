"""One TCP connection of the benchmark server: requests in, answers, streams and files out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from answers import STREAM_HEAD, json_response, response
from app import API_PREFIX

if TYPE_CHECKING:
    from server import Server, Session

BLOCK = bytes(256 * 1024)
"""What files are made of."""
UPLOAD = b"/gradio_api/upload"
DOWNLOAD = b"/gradio_api/file=/zeros/"
FILE_HEAD = (
    b"HTTP/1.1 200 OK\r\nserver: benchmark\r\ncontent-type: application/octet-stream\r\n"
    b"content-length: %d\r\n\r\n"
)


class Connection(asyncio.Protocol):
    """One TCP connection: HTTP/1.1 with keep-alive, one request after the other."""

    def __init__(self, server: Server, root: str, keep_open: bool) -> None:
        self.server = server
        self.root = root
        self.keep_open = keep_open
        self.session: Session | None = None
        self.paused = False
        self.routes: dict[tuple[bytes, bytes], Callable[[], bytes]] = {
            (b"GET", b"/gradio_api/app_id"): lambda: server.app_id,
            (b"POST", b"/gradio_api/cancel"): lambda: server.success,
            (b"POST", b"/gradio_api/reset"): lambda: server.success,
            (b"HEAD", b"/"): lambda: response(b"", kind="text/html"),
            (b"GET", b"/"): lambda: response(b"<!doctype html>", kind="text/html"),
            (b"GET", b"/stats"): server.stats,
            (b"POST", b"/stats/reset"): server.reset,
        }
        self._buffer = b""
        self._streaming = False
        self._counted = False
        self._close_after = False
        self._to_take = 0  # bytes of an upload that have still to come
        self._to_give = 0  # bytes of a file that have still to go
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a stream that the client has left."""
        self.server.streams.discard(self)
        if self.session is not None and self.session.stream is self:
            self.session.detach()

    def pause_writing(self) -> None:
        """Stop producing: the socket takes no more for now."""
        self.paused = True

    def resume_writing(self) -> None:
        """Produce again."""
        self.paused = False
        if self.session is not None:
            self.session.schedule()
        self.give()

    def data_received(self, data: bytes) -> None:
        """Answer every request that has arrived whole."""
        if self._to_take:
            data = self.take(data)
        self._buffer = self._buffer + data if self._buffer else data
        while self._buffer and not self._streaming:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head, start = self._buffer[:end], end + 4
            length = content_length(head)
            if len(self._buffer) < start + length:
                if b"/upload" in head.partition(b"\r\n")[0]:
                    self._to_take = start + length - len(self._buffer)
                    self._buffer = b""
                return
            body = self._buffer[start : start + length]
            self._buffer = self._buffer[start + length :]
            self.handle(head, body)

    def handle(self, head: bytes, body: bytes) -> None:
        """Answer one request."""
        method, target, _ = head.split(b" ", 2)
        path, _, query = target.partition(b"?")
        app, path = split_app(path)
        self._close_after = b"\r\nconnection: close" in head.lower()
        self.account(path)
        if path == b"/gradio_api/queue/join":
            self.reply(self.server.join(body, self.root))
        elif path == b"/gradio_api/queue/data":
            key = parse_qs(query.decode())["session_hash"][0]
            self.start_stream(self.server.session(key))
        elif path.startswith(b"/gradio_api/heartbeat/"):
            self.start_stream(None)
        elif path == UPLOAD:
            self.reply_slowly(self.server.uploaded)
        elif path.startswith(DOWNLOAD):
            self.give(int(path[len(DOWNLOAD) :]))
        elif path.endswith((b"/config", b"/gradio_api/info")):
            self.reply_slowly(self.server.described(self.root, app, path))
        elif route := self.routes.get((method, path)):
            self.reply(route())
        else:
            self.reply(json_response({"detail": "Not Found"}, "404 Not Found"))

    def take(self, data: bytes) -> bytes:
        """Take a piece of an upload; return what follows it."""
        taken = min(self._to_take, len(data))
        self._to_take -= taken
        if not self._to_take:
            self.account(UPLOAD)
            self.reply_slowly(self.server.uploaded)
        return data[taken:]

    def give(self, size: int = 0) -> None:
        """Begin to send a file of that size, or go on with one, as fast as the socket takes it."""
        if size:
            self._to_give = size
            self._transport.write(FILE_HEAD % size)
        while self._to_give and not self.paused:
            piece = BLOCK[: min(self._to_give, len(BLOCK))]
            self._to_give -= len(piece)
            self._transport.write(piece)

    def account(self, path: bytes) -> None:
        """Count the request, and the connection when this is its first."""
        if path.startswith(b"/stats"):
            return
        self.server.connections += not self._counted
        self._counted = True
        self.server.requests[path.decode().removeprefix(API_PREFIX)] += 1

    def reply(self, answer: bytes) -> None:
        """Send a whole response."""
        self._transport.write(answer)
        if self._close_after:
            self._transport.close()

    def reply_slowly(self, answer: bytes) -> None:
        """The same, as one who has work to do before."""
        self.server.slowly(lambda: self.reply(answer))

    def start_stream(self, session: Session | None) -> None:
        """Begin an endless response: a session's events, or a heartbeat if there is none."""
        self._streaming = True
        self.session = session
        self.server.streams.add(self)
        if session is None:
            self.write(STREAM_HEAD)
        else:
            session.attach(self)

    def end_stream(self) -> None:
        """The response has ended; the connection is free for the next request."""
        self.server.streams.discard(self)
        self.session = None
        self._streaming = False
        if self._close_after:
            self._transport.close()
        elif self._buffer:
            asyncio.get_running_loop().call_soon(self.data_received, b"")

    def write(self, data: bytes) -> None:
        """Send a piece of a stream."""
        self._transport.write(data)


def split_app(path: bytes) -> tuple[bytes, bytes]:
    """Split `/more-N`, which names a larger app, from the rest of a path."""
    if not path.startswith(b"/more-"):
        return b"", path
    end = path.index(b"/", 1)
    return path[:end], path[end:]


def content_length(head: bytes) -> int:
    """The length of the body that follows `head`."""
    at = head.lower().find(b"content-length:")
    if at < 0:
        return 0
    end = head.find(b"\r\n", at)
    return int(head[at + 15 : end if end >= 0 else None])
