"""Bytes over HTTP/1.1, straight to the app: the way that nearly all requests take.

aiohttp does more than a call needs, and takes two and a half times as many instructions for it.
Here is what a Gradio app needs. The rest is handed on to aiohttp, whose transport is made only
then: other origins, also where a redirect leads there, and WebSockets. Proxies are its business
from the beginning (see `opening.py`).

- Any number of connections: a hundred slow calls must not keep the event stream waiting.
- No total timeout: an event stream lives as long as the jobs do.
- A GET whose connection breaks before anything of its answer has come is sent once more, if the
  connection had been used before. No event stream is: a server drops the jobs of a stream with its
  connection.
- What was asked for and is not wanted any more is dropped with its connection.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from urllib.parse import SplitResult, urlsplit

from msgspec import structs

from gradwire.data.multipart import FilePart, MultipartBody
from gradwire.errors import ConnectionLostError, GradwireError
from gradwire.transport import failures, redirects
from gradwire.transport.base import (
    Answer,
    AnswerStream,
    Limits,
    Socket,
    Timeout,
    Transport,
    bound,
    longest_silence,
)
from gradwire.transport.body import BodySource
from gradwire.transport.cookies import Cookies
from gradwire.transport.dialing import tls_for
from gradwire.transport.direct_body import Body, send_body
from gradwire.transport.direct_connection import Connection
from gradwire.transport.direct_pool import Pool
from gradwire.transport.direct_stream import DirectStream
from gradwire.transport.heads import Heads
from gradwire.transport.http11 import AnswerReader
from gradwire.transport.silence import Silence
from gradwire.wire.requests import Request

_PORTS = {"http": 80, "https": 443}


def is_direct(base_url: str) -> bool:
    """Tell whether `DirectTransport` can reach an address; odd ones are for aiohttp."""
    address = urlsplit(base_url)
    plain = address.netloc.isascii() and "@" not in address.netloc and address.hostname
    return bool(plain) and address.scheme in _PORTS


class DirectTransport:
    """Connections to one app.

    Args:
        base_url: The app's address; headers and cookies belong to its origin.
        headers: Sent with every request there, below the request's own.
        cookies: The origin's cookies.
        other: Makes the transport for what is not done here; it shares the cookies.
        verify: False: trust any certificate; a path: trust this CA file; or an own `SSLContext`.
        limits: How long answers may be.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        cookies: Cookies,
        other: Callable[[], Transport],
        *,
        verify: bool | str | ssl.SSLContext = True,
        limits: Limits | None = None,
    ) -> None:
        address = urlsplit(base_url)
        self.limits = limits or Limits()
        self._origin = f"{address.scheme}://{address.netloc}"
        self._own = f"{self._origin}/"
        self._cookies = cookies
        self._make_other = other
        self._other: Transport | None = None
        self._silence = Silence()
        self._heads = Heads(_host(address), headers)
        tls = tls_for(verify) if address.scheme == "https" else None
        port = address.port or _PORTS[address.scheme]
        self._pool = Pool(address.hostname or "", port, tls, self._silence)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._pool.closed

    # -- requests ----------------------------------------------------------------------------------

    async def request(
        self, request: Request, timeout: Timeout, limits: Limits | None = None
    ) -> Answer:
        """Send a request, read the whole answer."""
        if not request.url.startswith(self._own):
            return await self.elsewhere().request(request, timeout, limits)
        limit = bound((limits or self.limits).answer)
        silence = longest_silence(request, timeout)
        found = await self.led(request, timeout, silence, limit)
        if isinstance(found, Request):
            return await self.elsewhere().request(found, timeout, limits)
        return await self._whole(*found, silence, limit)

    def stream(
        self, request: Request, timeout: Timeout
    ) -> AbstractAsyncContextManager[AnswerStream]:
        """Send a request, read the answer as it comes."""
        if not request.url.startswith(self._own):
            return self.elsewhere().stream(request, timeout)
        return DirectStream(self, request, timeout)

    async def led(
        self, request: Request, timeout: Timeout, silence: float | None, size: int
    ) -> tuple[Connection, AnswerReader] | Request:
        """Send a request, and follow where it is led; return the answer, as `_asked` does.

        Returns:
            A request in the place of an answer, where another server is to be asked.
        """
        for _ in range(redirects.MAX_REDIRECTS):
            connection, reader = await self._asked(request, timeout, silence, size)
            if reader.status not in redirects.STATUS:
                return connection, reader
            target = redirects.target_of(request, reader.status, reader.headers)
            if target is None:
                return connection, reader
            connection.drop()
            led = structs.replace(request, url=target)
            if not target.startswith(self._own):
                if request.body is not None and not self._is_own(target):
                    raise redirects.elsewhere(request.url, target)
                return led
            request = led
        raise redirects.too_many(request.url)

    def _is_own(self, target: str) -> bool:
        """Tell whether it is the same app, also if it is by TLS now, at the usual ports."""
        here, there = _origin(self._origin), _origin(target)
        return there in (here, ("https", here[1], 443) if here[2] == 80 else here)

    async def _asked(
        self, request: Request, timeout: Timeout, silence: float | None, size: int
    ) -> tuple[Connection, AnswerReader]:
        """Send a request; return when the answer's head is there, and more.

        Args:
            request: What is asked.
            timeout: The deadlines; of these, that for connecting.
            silence: The longest silence of the server.
            size: Bytes of the body to wait for: all, or more than these.
        """
        url, body = request.url, request.body
        length = None if body is None else len(body)
        head = self._head(request.method, url, request.headers, length)
        data = head + body if body else head
        while True:
            connection = self._pool.resting() or await self._pool.open(url, timeout.connect)
            reader = connection.send(data, url)
            try:
                while not reader.status:
                    await connection.received(size, silence)
            except BaseException as error:
                connection.drop()
                repeatable = request.method == "GET" and not request.once
                lost = isinstance(error, ConnectionLostError) and not reader.begun
                if not (repeatable and lost and connection.used):
                    raise
            else:
                if reader.headers.cookies:
                    self._cookies.keep(url, reader.headers.cookies)
                return connection, reader

    def _head(self, method: str, url: str, headers: Mapping[str, str], length: int | None) -> bytes:
        target = url[len(self._origin) :].partition("#")[0]
        return self._heads.head(method, url, target, headers, self._cookies.header(url), length)

    async def _whole(
        self, connection: Connection, reader: AnswerReader, silence: float | None, limit: int
    ) -> Answer:
        try:
            content = await Body(connection, reader, silence).rest(limit)
        except BaseException:
            connection.drop()
            raise
        self.give_back(connection)
        return Answer(reader.status, reader.headers, content, connection.url)

    def give_back(self, connection: Connection) -> None:
        """Take back a connection, for others to use if its answer was read to the end."""
        self._pool.give_back(connection)

    def elsewhere(self) -> Transport:
        """Return the transport for what is not done here."""
        if self._pool.closed:
            raise failures.closed()
        if self._other is None:
            self._other = self._make_other()
        return self._other

    async def upload(
        self,
        url: str,
        headers: Mapping[str, str],
        body: MultipartBody,
        timeout: Timeout,
        on_progress: Callable[[FilePart, int], None] | None = None,
    ) -> Answer:
        """POST a multipart body, reading its files while it is sent."""
        if not url.startswith(self._own):
            return await self.elsewhere().upload(url, headers, body, timeout, on_progress)
        try:
            async with asyncio.timeout(timeout.upload):
                return await self._upload(url, headers, body, timeout, on_progress)
        except TimeoutError as error:
            if isinstance(error, GradwireError):
                raise
            raise failures.late(url) from error

    async def _upload(
        self,
        url: str,
        headers: Mapping[str, str],
        body: MultipartBody,
        timeout: Timeout,
        on_progress: Callable[[FilePart, int], None] | None,
    ) -> Answer:
        length, silence = body.content_length, timeout.read
        typed = {**headers, "Content-Type": body.content_type}
        if length is None:
            typed["Transfer-Encoding"] = "chunked"
        head = self._head("POST", url, typed, length)
        connection = self._pool.resting() or await self._pool.open(url, timeout.connect)
        limit = bound(self.limits.answer)
        try:
            reader = connection.send(head, url)
            await send_body(connection, BodySource(body, on_progress), silence, length is None)
            while not reader.status:
                await connection.received(limit, silence)
        except BaseException:
            connection.drop()
            raise
        return await self._whole(connection, reader, silence, limit)

    def websocket(
        self, request: Request, timeout: Timeout, limits: Limits | None = None
    ) -> AbstractAsyncContextManager[Socket]:
        """Open a WebSocket to the app."""
        return self.elsewhere().websocket(request, timeout, limits)

    # -- cookies and closing -----------------------------------------------------------------------

    def set_cookies(self, cookies: Mapping[str, str]) -> None:
        """Keep cookies for the app's origin."""
        self._cookies.add(cookies)

    def cookies(self) -> dict[str, str]:
        """Return the cookies that go to the app's address."""
        return self._cookies.present()

    async def close(self) -> None:
        """Close all connections."""
        self._silence.close()
        try:
            await self._pool.close()
        finally:
            if self._other is not None:
                await self._other.close()

    def abort(self) -> None:
        """Close all connections at once; for when the event loop is gone."""
        self._silence.close()
        self._pool.abort()
        if self._other is not None:
            self._other.abort()


def _origin(url: str) -> tuple[str, str | None, int]:
    address = urlsplit(url)
    return address.scheme, address.hostname, address.port or _PORTS[address.scheme]


def _host(address: SplitResult) -> str:
    """Return what `Host` says of an address: its port only if it is not the usual one."""
    usual = address.port in (None, _PORTS[address.scheme])
    return address.netloc.removesuffix(f":{address.port}").rstrip(":") if usual else address.netloc
