"""A Gradio 6 app without Gradio: as much of the `sse_v3` protocol as clients need, at speed.

A client cannot be measured against a server that is slower than the client. This one parses
HTTP/1.1 by hand on `asyncio.Protocol` and sends bodies that were encoded beforehand, so that
what a measurement shows is the client's work. What it says follows recordings of Gradio 6.31:
one event stream per session, one HTTP chunk per message, `close_stream` and the end of the
stream as soon as nothing of the session is pending.

It listens on two ports. The second one differs in one thing: it leaves streams open.

    python server.py [--port PORT] [--keep-open-port PORT]

Both addresses are printed as one line of JSON. `GET /stats` tells connections, requests and
how many of the slow ones were under way at once since the last `POST /stats/reset`; a
connection used for that alone is not counted. Slow are uploads, config and API info: they
take two milliseconds, so that it shows who asks side by side.
"""

import argparse
import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from answers import STREAM_HEAD, json_response
from app import APP_ID, BLOB, CHAT, ECHO, FILE, GROW, KEEP, TOKENS, WAIT, config, file_data, info
from connection import Connection
from messages import (
    CLOSE_STREAM,
    END,
    HEARTBEAT,
    TokenStream,
    chat_stream,
    chunk,
    completed,
    rows,
    started,
    text_stream,
)

HEARTBEAT_SECONDS = 15.0
SLOW_SECONDS = 0.002
BACKLOG = 4096


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

    def complete(self, event_id: bytes, value: bytes) -> None:
        """Queue the last message of one event; the value is JSON."""
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
        self.slow = self.at_once = 0
        self.requests: Counter[str] = Counter()
        self.event_ids = count(1)
        self.app_id = json_response({"app_id": APP_ID})
        self.success = json_response({"success": True})
        self.uploaded = json_response(["/zeros/1"])

    def stats(self) -> bytes:
        """The counts since the last reset."""
        total = sum(self.requests.values())
        return json_response(
            {
                "connections": self.connections,
                "requests": total,
                "at_once": self.at_once,
                "paths": self.requests,
            }
        )

    def reset(self) -> bytes:
        """Start counting anew."""
        self.connections = self.at_once = 0
        self.requests.clear()
        return self.success

    def slowly(self, answer: Callable[[], None]) -> None:
        """Answer after a while."""
        self.slow += 1
        self.at_once = max(self.at_once, self.slow)
        asyncio.get_running_loop().call_later(SLOW_SECONDS, self.at_last, answer)

    def at_last(self, answer: Callable[[], None]) -> None:
        """Give a slow answer."""
        self.slow -= 1
        answer()

    def session(self, key: str) -> Session:
        """The session of that hash, new or known."""
        session = self.sessions.get(key)
        if session is None:
            session = self.sessions[key] = Session(self, key)
        return session

    def join(self, body: bytes, root: str) -> bytes:
        """Accept one call to the app at `root` and run it."""
        call: dict[str, Any] = json.loads(body)
        data, fn_index = call["data"], call["fn_index"]
        if fn_index == FILE:
            data = [file_data(root, int(data[0]))]
        session = self.session(call["session_hash"])
        event_id = b"%032x" % next(self.event_ids)
        session.pending += 1
        session.send(started(event_id))
        self.call(session, event_id, fn_index, data)
        return (
            b"HTTP/1.1 200 OK\r\nserver: benchmark\r\ncontent-length: 47\r\n"
            b'content-type: application/json\r\n\r\n{"event_id":"%b"}' % event_id
        )

    def call(self, session: Session, event_id: bytes, fn_index: int, data: list[Any]) -> None:
        """Run one function."""
        match fn_index:
            case fn if fn in (ECHO, KEEP, FILE):
                session.complete(event_id, json.dumps(data[0]).encode())
            case fn if fn == WAIT:
                value = json.dumps(data[0]).encode()
                loop = asyncio.get_running_loop()
                loop.call_later(float(data[1]), session.complete, event_id, value)
            case fn if fn == TOKENS:
                session.tokens.append(TokenStream(event_id, int(data[0])))
            case fn if fn == CHAT:
                session.tokens.append(chat_stream(event_id, int(data[0])))
            case fn if fn == GROW:
                session.tokens.append(text_stream(event_id, int(data[0]), int(data[1])))
            case fn if fn == BLOB:
                session.complete(event_id, rows(int(data[0])))

    @cache  # noqa: B019 - there is one server
    def described(self, root: str, app: bytes, path: bytes) -> bytes:
        """The config or the API info of the app at `root`, or of a larger one there, `/more-N`."""
        more = int(app.removeprefix(b"/more-") or 0)
        return json_response(info(more) if path.endswith(b"/info") else config(root, more))

    def beat(self) -> None:
        """Show every open stream, for ever, that the server lives."""
        for stream in self.streams:
            stream.write(HEARTBEAT if stream.session else chunk(b"data: ALIVE\n\n"))
        asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self.beat)


async def serve(port: int, keep_open_port: int) -> None:
    """Serve on both ports until the process is ended."""
    server = Server()
    loop = asyncio.get_running_loop()

    async def listen(port: int, keep_open: bool) -> str:
        url = ""
        listener = await loop.create_server(
            lambda: Connection(server, url, keep_open), "127.0.0.1", port, backlog=BACKLOG
        )
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
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
