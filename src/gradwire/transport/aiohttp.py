"""Bytes over HTTP by aiohttp, which only the files called `aiohttp…` know.

Choices that differ from aiohttp's defaults, each for a trap that users have fallen into:

- No limit of connections: a hundred slow unqueued calls must not keep the event stream waiting.
- Idle connections are dropped after 4 seconds: uvicorn closes them after 5, and a POST on a
  connection that is just being closed cannot be repeated safely.
- No total timeout: the event stream lives as long as the jobs do.
- Cookies go to the app's origin only.
- Redirects are followed here and not by aiohttp, which would turn a POST into a GET and pass
  custom headers on to other origins.
- TCP keep-alive is on, so a peer that is gone without a goodbye is noticed.
- No event stream is asked for twice: aiohttp repeats a GET whose connection broke, but a server
  drops the jobs of a stream with its connection (see `aiohttp_sending.py`).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp import ClientTimeout
from multidict import CIMultiDict
from yarl import URL

from gradwire.data.multipart import FilePart, MultipartBody
from gradwire.errors import (
    ConnectionLostError,
    GradwireError,
)
from gradwire.transport import aiohttp_sending as sending
from gradwire.transport import redirects
from gradwire.transport.aiohttp_answer import rest, whole
from gradwire.transport.aiohttp_connector import Connector
from gradwire.transport.aiohttp_seam import Seam, State
from gradwire.transport.aiohttp_socket import Opening, redirects_refused
from gradwire.transport.base import (
    Answer,
    AnswerStream,
    Limits,
    Socket,
    Timeout,
    bound,
    longest_silence,
)
from gradwire.transport.body import BodySource
from gradwire.transport.cookies import Cookies
from gradwire.transport.dialing import socket_with_keepalive
from gradwire.transport.silence import Silence
from gradwire.wire.requests import Request

IDLE_SECONDS = 4.0
READ_BUFFER = 256 * 1024
# What may travel to another origin when a server redirects there.
_PUBLIC_HEADERS = frozenset({"accept", "accept-encoding", "content-type", "user-agent"})


class AiohttpTransport:
    """A pool of connections for one app.

    Args:
        base_url: The app's address; headers and cookies belong to its origin.
        headers: Sent with every request there, below the request's own.
        cookies: The origin's cookies.
        verify: False: trust any certificate; a path: trust this CA file; or an own `SSLContext`.
        proxy: Address of an HTTP proxy.
        trust_env: Use the environment's proxies (`HTTPS_PROXY` …) and `.netrc`.
        limits: How long answers may be.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        cookies: Cookies,
        *,
        verify: bool | str | ssl.SSLContext = True,
        proxy: str | None = None,
        trust_env: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.state = State(Silence())
        self._base = URL(base_url)
        self._origin = f"{self._base.origin()}/"
        self._proxy = proxy
        self._connector = Connector(
            limit=0,
            keepalive_timeout=IDLE_SECONDS,
            ssl=_ssl_option(verify),
            socket_factory=socket_with_keepalive,
        )
        self._cookies = cookies
        jar = cookies.jar.inner
        self._own = self._session(headers, jar, trust_env)
        self._foreign = self._session(_public(headers), aiohttp.DummyCookieJar(), trust_env)
        self._sockets = self._session(headers, jar, trust_env, redirects_refused)

    def _session(
        self,
        headers: Mapping[str, str],
        jar: Any,
        trust_env: bool,
        *middlewares: aiohttp.ClientMiddlewareType,
    ) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=headers,
            connector=self._connector,
            connector_owner=False,
            cookie_jar=jar,
            trust_env=trust_env,
            timeout=ClientTimeout(),
            read_bufsize=READ_BUFFER,
            middlewares=middlewares,
        )

    # -- requests ----------------------------------------------------------------------------------

    async def request(
        self, request: Request, timeout: Timeout, limits: Limits | None = None
    ) -> Answer:
        """Send a request, read the whole answer."""
        limit = bound((limits or self.limits).answer)
        with Seam(self.state, request.url, longest_silence(request, timeout)) as wait:
            response, url = await self._open(request, timeout)
            return await whole(response, url, wait, limit)

    def stream(
        self, request: Request, timeout: Timeout
    ) -> AbstractAsyncContextManager[AnswerStream]:
        """Send a request, read the answer as it comes."""
        return _Stream(self, request, timeout)

    async def _open(self, request: Request, timeout: Timeout) -> tuple[aiohttp.ClientResponse, str]:
        """Send a request; follow redirects with credentials only inside the app's origin."""
        address, headers = request.url, request.headers
        limits, middlewares = _limits(timeout.connect), sending.middlewares_for(request)
        for _ in range(redirects.MAX_REDIRECTS):
            url, own = _url(address), self._is_own(address)
            if not own:
                headers = _public(headers)
            session = self._own if own else self._foreign
            response = await session.request(
                request.method,
                url,
                headers=headers,
                data=request.body,
                timeout=limits,
                allow_redirects=False,
                proxy=self._proxy,
                middlewares=middlewares,
            )
            target = None
            if response.status in redirects.STATUS:
                asked = Request(request.method, address)
                target = redirects.target_of(asked, response.status, response.headers)
            if target is None:
                return response, address
            response.release()
            if request.body is not None and not self._is_own(target):
                raise redirects.elsewhere(address, target)
            address = target
        raise redirects.too_many(request.url)

    def _is_own(self, address: str) -> bool:
        """Tell whether credentials may go there: the app's origin, or its host upgraded to TLS."""
        if address.startswith(self._origin):
            return True
        url, base = _url(address), self._base
        if url.host != base.host:
            return False
        if url.scheme == base.scheme:
            return url.port == base.port
        return (base.scheme, base.port, url.scheme, url.port) == ("http", 80, "https", 443)

    async def upload(
        self,
        url: str,
        headers: Mapping[str, str],
        body: MultipartBody,
        timeout: Timeout,
        on_progress: Callable[[FilePart, int], None] | None = None,
    ) -> Answer:
        """POST a multipart body, reading its files while it is sent."""
        own = self._is_own(url)
        sent = CIMultiDict(headers if own else {})
        sent["Content-Type"] = body.content_type
        if body.content_length is not None:
            # With a length aiohttp sends the body as it is instead of in chunks.
            sent["Content-Length"] = str(body.content_length)
        session = self._own if own else self._foreign
        source = BodySource(body, on_progress)
        try:
            # The server has to take what is there to be sent, and owes an answer from the end of
            # the body on. How long it takes to read the files is not its business.
            with Seam(self.state, url, timeout.read, owed=False) as wait:
                async with asyncio.timeout(timeout.upload):
                    response = await session.request(
                        "POST",
                        _url(url),
                        headers=sent,
                        data=source.pieces(wait.heard, wait.rest),
                        timeout=_limits(timeout.connect),
                        allow_redirects=False,
                        proxy=self._proxy,
                        middlewares=(sending.dropped,),
                    )
                    return await whole(response, url, wait, bound(self.limits.answer))
        except ConnectionLostError:
            if source.error is not None:
                raise source.error from source.error.__cause__  # not from the broken connection
            raise

    def websocket(
        self, request: Request, timeout: Timeout, limits: Limits | None = None
    ) -> AbstractAsyncContextManager[Socket]:
        """Open a WebSocket to the app."""
        limit = (limits or self.limits).event
        return Opening(self._sockets, self.state, request, timeout, self._proxy, limit)

    # -- cookies and closing -----------------------------------------------------------------------

    def _sessions(self) -> tuple[aiohttp.ClientSession, ...]:
        return self._own, self._foreign, self._sockets

    def set_cookies(self, cookies: Mapping[str, str]) -> None:
        """Keep cookies for the app's origin."""
        self._cookies.add(cookies)

    def cookies(self) -> dict[str, str]:
        """Return the cookies that go to the app's address."""
        return self._cookies.present()

    async def close(self) -> None:
        """Close all connections."""
        self.state.closed = True
        self.state.silence.close()
        for session in self._sessions():
            await session.close()
        await self._connector.close(abort_ssl=True)

    def abort(self) -> None:
        """Close all connections at once; for when the event loop is gone."""
        self.state.silence.close()
        for session in self._sessions():
            session.detach()
        # The public close() has to be awaited, and there is nobody left to do so.
        with suppress(RuntimeError):
            self._connector._close(abort_ssl=True)


class _Stream:
    """An answer whose body is read as it comes; asked for when entered, given back when left."""

    __slots__ = (
        "_request",
        "_response",
        "_seam",
        "_timeout",
        "_transport",
        "_untell",
        "headers",
        "status",
        "url",
    )

    def __init__(self, transport: AiohttpTransport, request: Request, timeout: Timeout) -> None:
        self._transport = transport
        self._request = request
        self._timeout = timeout
        # One for all: there is one reader, which waits for one piece after the other.
        self._seam = Seam(transport.state, request.url, longest_silence(request, timeout))

    async def __aenter__(self) -> _Stream:
        with self._seam:
            response, self.url = await self._transport._open(self._request, self._timeout)
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._untell = sending.tell_of_loss(response)
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._untell is not None:
            self._untell()
        connection = self._response.connection
        if connection is not None and connection.transport is not None:
            # Left before its end. TLS would wait for the peer's goodbye, perhaps longer than the
            # event loop lives.
            connection.transport.abort()
        self._response.release()

    async def chunk(self) -> bytes:
        with self._seam:
            return await self._response.content.readany()

    async def read(self) -> bytes:
        with self._seam as wait:
            limit = bound(self._transport.limits.answer)
            return await rest(self._response, self.url, wait, limit)

    async def finish(self, seconds: float) -> None:
        if self._response.content.at_eof():
            return
        # The end was announced, so how it comes does not matter any more.
        with suppress(TimeoutError, GradwireError):
            async with asyncio.timeout(seconds):
                while await self.chunk():
                    pass


def _public(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in _PUBLIC_HEADERS}


@lru_cache(maxsize=256)
def _url(url: str) -> URL:
    # Our addresses are quoted already; quoting again would change file names with a `%`.
    return URL(url, encoded=True)


@lru_cache(maxsize=64)
def _limits(connect: float | None) -> ClientTimeout:
    # The silence of a server is watched here, for less than aiohttp's timers cost.
    return ClientTimeout(sock_connect=connect)


def _ssl_option(verify: bool | str | ssl.SSLContext) -> Any:
    return ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
