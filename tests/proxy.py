"""HTTP in between: a reverse proxy that can misbehave, and a forward proxy.

    with Proxy(server.url) as proxy:
        proxy.rules["/config"] = Reply(500)
        Client(proxy.url)
        assert [seen.path for seen in proxy.requests] == ["/config"]

Both run in a thread of their own, so tests may block. Each request gets a new connection, and the
bytes of an answer are passed on as they come.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fnmatch
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

KEPT_BODY = 1 << 20
"""Bytes of each request's body that are kept for the test to look at."""


@dataclass
class Seen:
    """A request that arrived; `headers` by lower-case name, `body` its first megabyte."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that were sent."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}


@dataclass
class Reply:
    """An answer of the proxy's own."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Cut:
    """Pass the answer on, but break the connection after so many of its bytes."""

    after: int


@dataclass
class Drip:
    """Pass the answer on in pieces of so many bytes."""

    size: int = 1


@dataclass
class Hold:
    """Take the request and never answer."""


@dataclass
class Pause:
    """Pass the request on, but only after so many seconds."""

    seconds: float


async def stop_listening(server: asyncio.Server) -> None:
    """Close the door for good, but let those in who have just knocked, to be shown out later.

    asyncio drops a connection that was accepted in the turn before `close()`, and leaves its socket
    open.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(5):  # accepted, made, known to its protocol, and served
        await asyncio.sleep(0)
    server.close()


Rule = Reply | Cut | Drip | Hold | Pause | Callable[[Seen], "Rule | None"]


class Listener:
    """Listens in a thread; `requests` are all that came, oldest first."""

    scheme = "http"

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.port = 0
        self._tls: ssl.SSLContext | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), daemon=True)

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def paths(self, start: str = "") -> list[str]:
        """Return the paths that were asked for, those that begin with `start`."""
        return [seen.path for seen in self.requests if seen.path.startswith(start)]

    def hang_up(self) -> None:
        """Break all connections of now."""

        def abort() -> None:
            for writer in self._writers:
                writer.transport.abort()

        self._loop.call_soon_threadsafe(abort)

    async def _work(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        await stop_listening(server)
        for writer in self._writers:
            writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(3):  # transports close in the next turns of the loop
            await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._talk(reader, writer)
        except (OSError, EOFError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self._writers.discard(writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        pairs = (line.partition(":") for line in head[1:] if line)
        seen = Seen(method, target, {name.lower(): value.strip() for name, _, value in pairs})
        self.requests.append(seen)
        await self._handle(seen, reader, writer)

    async def _handle(
        self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        raise NotImplementedError

    async def _forward(
        self,
        seen: Seen,
        address: tuple[str, int],
        target: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limit: int | None = None,
        piece: int = 1 << 18,
    ) -> None:
        """Send the request on, and the answer back: in pieces, at most `limit` bytes of it."""
        up_reader, up_writer = await asyncio.open_connection(*address)
        self._writers.add(up_writer)
        headers = dict(seen.headers)
        if "upgrade" not in headers:  # a WebSocket stays open, and goes both ways as it is
            headers["connection"] = "close"
        lines = [f"{seen.method} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
        up_writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        body = asyncio.create_task(_pump(reader, up_writer, seen.body))
        try:
            while chunk := await up_reader.read(piece):
                writer.write(chunk if limit is None else chunk[:limit])
                await writer.drain()
                if limit is not None and (limit := limit - len(chunk)) <= 0:
                    return
        finally:
            body.cancel()
            up_writer.transport.abort()
            self._writers.discard(up_writer)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray
) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(1 << 18):
            kept += chunk[: KEPT_BODY - len(kept)]
            writer.write(chunk)
            await writer.drain()
        writer.transport.abort()  # the caller hung up: so do we


async def _reply(
    seen: Seen, rule: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    # The body is read first: closing a connection with unread bytes resets it.
    await read_body(seen, reader)
    await send(rule, writer)


async def read_body(seen: Seen, reader: asyncio.StreamReader) -> None:
    """Read a request's body to its end, and keep the first megabyte."""
    if "content-length" in seen.headers:
        left = int(seen.headers["content-length"])
        while left and (chunk := await reader.read(min(left, 1 << 18))):
            left -= len(chunk)
            seen.body += chunk[: KEPT_BODY - len(seen.body)]
    elif "transfer-encoding" in seen.headers:
        while not seen.body.endswith(b"0\r\n\r\n"):
            seen.body += await reader.read(1 << 18)


async def send(rule: Reply, writer: asyncio.StreamWriter) -> None:
    """Send an answer of our own."""
    headers = {"content-type": "application/json", "content-length": len(rule.body)}
    lines = [f"{name}: {value}" for name, value in (headers | rule.headers).items()]
    head = "\r\n".join([f"HTTP/1.1 {rule.status} X", *lines, "connection: close", "", ""])
    writer.write(head.encode("latin-1") + rule.body)
    await writer.drain()


class Proxy(Listener):
    """Stands in front of an app.

    Args:
        target: The app's address; None: there is no app, only `rules` answer.
        prefix: The sub-path under which the app is offered here.
        headers: Set on every request that is passed on, such as `{"host": "wrong.example"}`.
        tls: Serve https with this.

    `rules` say what shall happen to requests by path, without the prefix; `*` matches anything.
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        prefix: str = "",
        headers: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__()
        self.target = None if target is None else urlsplit(target)
        self.prefix = prefix
        self.headers = headers or {}
        self.rules: dict[str, Rule] = {}
        self._tls = tls
        self.scheme = "http" if tls is None else "https"

    @property
    def url(self) -> str:
        """The address that a user would give."""
        return self.origin + self.prefix

    async def _handle(
        self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        rule = self._rule(seen)
        if isinstance(rule, Hold):
            await self._stop.wait()
        elif isinstance(rule, Reply):
            await _reply(seen, rule, reader, writer)
        else:
            if isinstance(rule, Pause):
                await asyncio.sleep(rule.seconds)
            assert self.target is not None
            place = self.target.hostname or "", self.target.port or 80
            path = self.target.path + seen.target.removeprefix(self.prefix)
            seen.headers |= self.headers
            limit = rule.after if isinstance(rule, Cut) else None
            piece = rule.size if isinstance(rule, Drip) else 1 << 18
            await self._forward(seen, place, path, reader, writer, limit, piece)

    def _rule(self, seen: Seen) -> Any:
        if not seen.path.startswith(self.prefix):
            return Reply(404, b'{"detail":"not under the prefix"}')
        path = seen.path.removeprefix(self.prefix)
        for pattern, rule in list(self.rules.items()):
            if fnmatch.fnmatchcase(path, pattern):
                found = rule(seen) if callable(rule) else rule
                if found is not None:
                    return found
        return Reply(404, b'{"detail":"Not Found"}') if self.target is None else None


class ForwardProxy(Listener):
    """What the option `proxy` names: it is told whole addresses.

    Args:
        auth: `"user:password"` that it asks for.
        hosts: Where names lead to, instead of to themselves: `{"name.example": ("127.0.0.1", 80)}`.
        tunnels: What a CONNECT gets: a reply, or none for ever.
    """

    def __init__(
        self,
        auth: str | None = None,
        hosts: dict[str, tuple[str, int]] | None = None,
        tunnels: Reply | Hold | None = None,
    ) -> None:
        super().__init__()
        self.tunnels = tunnels or Reply(502)
        self.hosts = hosts or {}
        self.auth = auth and "Basic " + base64.b64encode(auth.encode()).decode()

    async def _handle(
        self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.auth and seen.headers.pop("proxy-authorization", None) != self.auth:
            return await _reply(seen, Reply(407), reader, writer)
        if seen.method == "CONNECT":
            if isinstance(self.tunnels, Hold):
                await self._stop.wait()
                return None
            return await _reply(seen, self.tunnels, reader, writer)
        parts = urlsplit(seen.target)
        place = self.hosts.get(parts.hostname or "") or (parts.hostname or "", parts.port or 80)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        await self._forward(seen, place, target, reader, writer)
