"""A Gradio 6 app without Gradio: as much of the `sse_v3` protocol as clients need, at speed.

A client cannot be measured against a server that is slower than the client. This one parses
HTTP/1.1 by hand on `asyncio.Protocol` and sends bodies that were encoded beforehand, so that
what a measurement shows is the client's work. What it says follows recordings of Gradio 6.31:
one event stream per session, one HTTP chunk per message, `close_stream` and the end of the
stream as soon as nothing of the session is pending.

It listens on two ports. The second one differs in one thing: it leaves streams open.

    python server.py [--port PORT] [--keep-open-port PORT]

Both addresses are printed as one line of JSON. `GET /stats` tells connections and requests
since the last `POST /stats/reset`; a connection used for that alone is not counted.
"""

import argparse
import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from typing import Any, cast
from urllib.parse import parse_qs

from app import API_PREFIX, APP_ID, ECHO, TOKENS, config, info
from messages import CLOSE_STREAM, END, HEARTBEAT, TokenStream, chunk, completed, started

HEARTBEAT_SECONDS = 15.0
BACKLOG = 4096

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nserver: benchmark\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def response(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A whole response with its head."""
    head = f"HTTP/1.1 {status}\r\nserver: benchmark\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + f"content-type: {kind}\r\n\r\n".encode() + body


def json_response(value: object, status: str = "200 OK") -> bytes:
    """A whole response that says `value` in JSON."""
    return response(json.dumps(value, separators=(",", ":")).encode(), status)


class Session:
    """The messages of one session hash, and the one stream that carries them.

    Messages wait until a stream is attached, and are written once per turn of the event loop,
    so that how often a client wakes up depends on no race.
    Token streams are produced only as fast as the socket takes them.
    """

    __slots__ = ("finished", "key", "out", "pending", "scheduled", "server", "stream", "tokens")

    def __init__(self, server: "Server", key: str) -> None:
        self.server = server
        self.key = key
        self.stream: Connection | None = None
        self.out: list[bytes] = []
        self.tokens: deque[TokenStream] = deque()
        self.pending = 0
        self.finished = False
        self.scheduled = False

    def attach(self, stream: "Connection") -> None:
        """Send what waits and what comes down `stream`, instead of an earlier one."""
        if self.stream is not None:
            self.stream.write(END)
            self.stream.end_stream()
        self.stream = stream
        self.out.insert(0, STREAM_HEAD)
        self.flush()

    def detach(self) -> None:
        """The client has left the stream."""
        self.stream = None
        if self.pending == 0 and self.server.sessions.get(self.key) is self:
            del self.server.sessions[self.key]

    def send(self, message: bytes) -> None:
        """Queue one message."""
        self.out.append(message)
        self.schedule()

    def complete(self, event_id: bytes, value: str) -> None:
        """Queue the last message of one event."""
        self.pending -= 1
        self.finished = True
        self.send(completed(event_id, value))

    def schedule(self) -> None:
        """Flush once, when the current batch of socket events has been handled."""
        if not self.scheduled:
            self.scheduled = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what waits; end the stream if that was the last of the session."""
        self.scheduled = False
        stream = self.stream
        if stream is None:
            return
        last = self.finished and self.pending == 0 and not stream.keep_open
        if last:
            self.out += (CLOSE_STREAM, END)
        if self.out:
            stream.write(b"".join(self.out))
            self.out.clear()
        if last:
            # A flush that is still scheduled must not write to a connection that serves others now.
            self.stream = None
            if self.server.sessions.get(self.key) is self:
                del self.server.sessions[self.key]
            stream.end_stream()
        else:
            self.produce(stream)

    def produce(self, stream: "Connection") -> None:
        """Write tokens in turns among the running generators until the socket is full."""
        while self.tokens and not stream.paused:
            tokens = self.tokens.popleft()
            stream.write(tokens.next_block())
            if tokens.done:
                self.pending -= 1
                self.finished = True
                self.schedule()
            else:
                self.tokens.append(tokens)


class Server:
    """The routes, the sessions and the counts."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.streams: set[Connection] = set()
        self.connections = 0
        self.requests: Counter[str] = Counter()
        self.event_ids = count(1)
        self.info = json_response(info())
        self.app_id = json_response({"app_id": APP_ID})
        self.success = json_response({"success": True})

    def stats(self) -> bytes:
        """The counts since the last reset."""
        total = sum(self.requests.values())
        return json_response(
            {"connections": self.connections, "requests": total, "paths": self.requests}
        )

    def reset(self) -> bytes:
        """Start counting anew."""
        self.connections = 0
        self.requests.clear()
        return self.success

    def session(self, key: str) -> Session:
        """The session of that hash, new or known."""
        session = self.sessions.get(key)
        if session is None:
            session = self.sessions[key] = Session(self, key)
        return session

    def join(self, body: bytes) -> bytes:
        """Accept one call and run it."""
        call: dict[str, Any] = json.loads(body)
        data, fn_index = call["data"], call["fn_index"]
        session = self.session(call["session_hash"])
        event_id = b"%032x" % next(self.event_ids)
        session.pending += 1
        session.send(started(event_id))
        if fn_index == ECHO:
            session.complete(event_id, data[0])
        elif fn_index == TOKENS:
            session.tokens.append(TokenStream(event_id, int(data[0])))
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(float(data[1]), session.complete, event_id, data[0])
        return (
            b"HTTP/1.1 200 OK\r\nserver: benchmark\r\ncontent-length: 47\r\n"
            b'content-type: application/json\r\n\r\n{"event_id":"%b"}' % event_id
        )

    def beat(self) -> None:
        """Show every open stream, for ever, that the server lives."""
        for stream in self.streams:
            stream.write(HEARTBEAT if stream.session else chunk(b"data: ALIVE\n\n"))
        asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self.beat)


class Connection(asyncio.Protocol):
    """One TCP connection: HTTP/1.1 with keep-alive, one request after the other."""

    def __init__(self, server: Server, config_response: bytes, keep_open: bool) -> None:
        self.server = server
        self.keep_open = keep_open
        self.session: Session | None = None
        self.paused = False
        self.routes: dict[tuple[bytes, bytes], Callable[[], bytes]] = {
            (b"GET", b"/config"): lambda: config_response,
            (b"GET", b"/gradio_api/info"): lambda: server.info,
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

    def data_received(self, data: bytes) -> None:
        """Answer every request that has arrived whole."""
        self._buffer = self._buffer + data if self._buffer else data
        while self._buffer and not self._streaming:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head, start = self._buffer[:end], end + 4
            length = content_length(head)
            if len(self._buffer) < start + length:
                return
            body = self._buffer[start : start + length]
            self._buffer = self._buffer[start + length :]
            self.handle(head, body)

    def handle(self, head: bytes, body: bytes) -> None:
        """Answer one request."""
        method, target, _ = head.split(b" ", 2)
        path, _, query = target.partition(b"?")
        self._close_after = b"\r\nconnection: close" in head.lower()
        self.account(path)
        if path == b"/gradio_api/queue/join":
            self.reply(self.server.join(body))
        elif path == b"/gradio_api/queue/data":
            key = parse_qs(query.decode())["session_hash"][0]
            self.start_stream(self.server.session(key))
        elif path.startswith(b"/gradio_api/heartbeat/"):
            self.start_stream(None)
        elif route := self.routes.get((method, path)):
            self.reply(route())
        else:
            self.reply(json_response({"detail": "Not Found"}, "404 Not Found"))

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


def content_length(head: bytes) -> int:
    """The length of the body that follows `head`."""
    at = head.lower().find(b"content-length:")
    if at < 0:
        return 0
    end = head.find(b"\r\n", at)
    return int(head[at + 15 : end if end >= 0 else None])


async def serve(port: int, keep_open_port: int) -> None:
    """Serve on both ports until the process is ended."""
    server = Server()
    loop = asyncio.get_running_loop()

    async def listen(port: int, keep_open: bool) -> str:
        body = b""
        listener = await loop.create_server(
            lambda: Connection(server, body, keep_open), "127.0.0.1", port, backlog=BACKLOG
        )
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        body = json_response(config(url))
        return url

    urls = {"url": await listen(port, False), "keep_open_url": await listen(keep_open_port, True)}
    print(json.dumps(urls), flush=True)
    loop.call_later(HEARTBEAT_SECONDS, server.beat)
    await asyncio.Event().wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--keep-open-port", type=int, default=0)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.keep_open_port))


if __name__ == "__main__":
    main()
