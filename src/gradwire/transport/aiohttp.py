"""Bytes over HTTP by aiohttp; the only file that knows it.

Choices that differ from aiohttp's defaults, each for a trap that users have fallen into:

- No limit of connections: a hundred slow unqueued calls must not keep the event stream waiting.
- Idle connections are dropped after 4 seconds: uvicorn closes them after 5, and a POST on a
  connection that is just being closed cannot be repeated safely.
- No total timeout: the event stream lives as long as the jobs do.
- Cookies of IP addresses are kept (`unsafe`), and go to the app's origin only.
- Redirects are followed here and not by aiohttp, which would turn a POST into a GET and pass
  custom headers on to other origins.
- TCP keep-alive is on, so a peer that is gone without a goodbye is noticed.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp import ClientTimeout
from multidict import CIMultiDict
from yarl import URL

from gradwire.data.multipart import FilePart, MultipartBody
from gradwire.errors import (
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    ConnectTimeout,
    DeadlineExceededError,
    GradwireError,
    InvalidArgumentError,
    ProtocolError,
    redact_url,
)
from gradwire.transport.base import Answer, AnswerStream, Timeout
from gradwire.wire.requests import Request

IDLE_SECONDS = 4.0
MAX_REDIRECTS = 10
READ_BUFFER = 256 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What may travel to another origin when a server redirects there.
_PUBLIC_HEADERS = frozenset({"accept", "accept-encoding", "content-type", "user-agent"})


class AiohttpTransport:
    """A pool of connections for one app.

    Args:
        base_url: The app's address; cookies belong to its origin.
        verify: False: trust any certificate; a path: trust this CA file; or an own `SSLContext`.
        proxy: Address of an HTTP proxy.
        trust_env: Use the environment's proxies (`HTTPS_PROXY` …) and `.netrc`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        verify: bool | str | ssl.SSLContext = True,
        proxy: str | None = None,
        trust_env: bool = False,
    ) -> None:
        self.closed = False
        self._base = URL(base_url)
        self._proxy = proxy
        self._connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=IDLE_SECONDS,
            ssl=_ssl_option(verify),
            socket_factory=_socket_with_keepalive,
        )
        self._jar = aiohttp.CookieJar(unsafe=True, quote_cookie=False)
        self._own = self._session(self._jar, trust_env)
        self._foreign = self._session(aiohttp.DummyCookieJar(), trust_env)

    def _session(self, jar: Any, trust_env: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            cookie_jar=jar,
            trust_env=trust_env,
            timeout=ClientTimeout(),
            read_bufsize=READ_BUFFER,
        )

    # -- requests ----------------------------------------------------------------------------------

    async def request(self, request: Request, timeout: Timeout) -> Answer:
        """Send a request, read the whole answer."""
        with _Seam(request.url, self):
            response = await self._open(request, timeout)
            try:
                body = await response.read()
            finally:
                response.release()
        return Answer(response.status, response.headers, body, str(response.url))

    def stream(
        self, request: Request, timeout: Timeout
    ) -> AbstractAsyncContextManager[AnswerStream]:
        """Send a request, read the answer as it comes."""
        return _Stream(self._open(request, timeout), _Seam(request.url, self))

    async def _open(self, request: Request, timeout: Timeout) -> aiohttp.ClientResponse:
        """Send a request; follow redirects with credentials only inside the app's origin."""
        url = _url(request.url)
        method, headers, body = request.method, request.headers, request.body
        limits = _limits(timeout, request.read_timeout)
        for _ in range(MAX_REDIRECTS):
            own = self._is_own(url)
            if not own:
                headers = {k: v for k, v in headers.items() if k.lower() in _PUBLIC_HEADERS}
            session = self._own if own else self._foreign
            response = await session.request(
                method,
                url,
                headers=headers,
                data=body,
                timeout=limits,
                allow_redirects=False,
                proxy=self._proxy,
            )
            target = _redirect_target(response)
            if target is None:
                return response
            response.release()
            if body is not None and not self._is_own(target):
                raise ProtocolError(
                    f"{redact_url(str(url))} redirects the call to another server, "
                    f"{redact_url(str(target))}. Connect to that address instead.",
                    url=str(url),
                )
            url = target
        raise ProtocolError(
            f"{redact_url(request.url)} redirects more than {MAX_REDIRECTS} times.",
            url=request.url,
        )

    def _is_own(self, url: URL) -> bool:
        """Tell whether credentials may go there: the app's origin, or its host upgraded to TLS."""
        base = self._base
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
        own = self._is_own(_url(url))
        sent = CIMultiDict(headers if own else {})
        sent["Content-Type"] = body.content_type
        if body.content_length is not None:
            # With a length aiohttp sends the body as it is instead of in chunks.
            sent["Content-Length"] = str(body.content_length)
        session = self._own if own else self._foreign
        source = _BodySource(body, on_progress)
        try:
            with _Seam(url, self):
                async with asyncio.timeout(timeout.upload):
                    response = await session.request(
                        "POST",
                        _url(url),
                        headers=sent,
                        data=source.pieces(),
                        # Counted from the end of the body on.
                        timeout=_limits(timeout, read=True),
                        allow_redirects=False,
                        proxy=self._proxy,
                    )
                    try:
                        answer = await response.read()
                    finally:
                        response.release()
        except ConnectionLostError:
            if source.error is not None:
                raise source.error from None
            raise
        return Answer(response.status, response.headers, answer, str(response.url))

    # -- cookies and closing -----------------------------------------------------------------------

    def set_cookies(self, cookies: Mapping[str, str]) -> None:
        """Keep cookies for the app's origin."""
        self._jar.update_cookies(dict(cookies), URL(f"{self._base.origin()}/"))

    async def close(self) -> None:
        """Close all connections."""
        self.closed = True
        await self._own.close()
        await self._foreign.close()
        await self._connector.close(abort_ssl=True)

    def abort(self) -> None:
        """Close all connections at once; for when the event loop is gone."""
        self._own.detach()
        self._foreign.detach()
        # The public close() has to be awaited, and there is nobody left to do so.
        with suppress(RuntimeError):
            self._connector._close(abort_ssl=True)


class _Stream:
    """An answer whose body is read as it comes; asked for when entered, given back when left."""

    __slots__ = ("_opening", "_response", "_seam", "headers", "status", "url")

    def __init__(self, opening: Coroutine[Any, Any, aiohttp.ClientResponse], seam: _Seam) -> None:
        self._opening = opening
        self._seam = seam

    async def __aenter__(self) -> _Stream:
        with self._seam:
            response = await self._opening
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url = str(response.url)
        return self

    async def __aexit__(self, *error: object) -> None:
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
        with self._seam:
            return await self._response.read()

    async def finish(self, seconds: float) -> None:
        # The end was announced, so how it comes does not matter any more.
        with suppress(TimeoutError, GradwireError):
            async with asyncio.timeout(seconds):
                while await self.chunk():
                    pass


class _BodySource:
    """The bytes of a multipart body, and what went wrong while they were read.

    aiohttp reports an unreadable file as a broken connection; `error` keeps the true reason.
    """

    def __init__(
        self, body: MultipartBody, on_progress: Callable[[FilePart, int], None] | None
    ) -> None:
        self.error: Exception | None = None
        self._body = body
        self._on_progress = on_progress

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            for segment in self._body.segments:
                if isinstance(segment, bytes):
                    yield segment
                    continue
                done = 0
                async for chunk in _file_chunks(segment):
                    yield chunk
                    done += len(chunk)
                    if self._on_progress is not None:
                        self._on_progress(segment, done)
        except Exception as error:
            self.error = error
            raise


async def _file_chunks(part: FilePart) -> AsyncIterator[bytes]:
    """Read a file: files on disk here, since that is quick; what may block, in a thread."""
    chunks = part.file.chunks(expected=part.size)
    try:
        if not part.file.blocking:
            for chunk in chunks:
                yield chunk
            return
        while piece := await _in_daemon_thread(lambda: next(chunks, b"")):
            yield piece
    finally:
        with suppress(ValueError):  # it is being read at this moment, and stays so
            chunks.close()


async def _in_daemon_thread(read: Callable[[], bytes]) -> bytes:
    """Call `read` in a thread that nobody waits for.

    Not in the loop's executor: a pipe that never answers would keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bytes] = loop.create_future()

    def settle(piece: bytes, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(piece)
        else:
            done.set_exception(error)

    def work() -> None:
        piece, failure = b"", None
        try:
            piece = read()
        except BaseException as error:
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, piece, failure)

    threading.Thread(target=work, name="gradwire-read", daemon=True).start()
    return await done


class _Seam:
    """Turns aiohttp's errors into ours: `with _Seam(url): ...`, the one place where they meet."""

    __slots__ = ("_transport", "_url")

    def __init__(self, url: str, transport: AiohttpTransport) -> None:
        self._url = url
        self._transport = transport

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            translated = _translated(error, self._url)
            if self._transport.closed and isinstance(error, Exception):
                # aiohttp has many ways to say that it was closed in the middle of something.
                translated = ClientClosedError("The client was closed during the call.")
            if translated is not None:
                # What aiohttp says of a proxy holds its password.
                hidden = isinstance(error, aiohttp.ClientHttpProxyError)
                raise translated from (None if hidden else error)


def _translated(error: BaseException, url: str) -> GradwireError | None:
    """Return our error for one of aiohttp's; None for those that are not about the network."""
    where = redact_url(url)
    match error:
        case GradwireError():
            return None
        case aiohttp.ConnectionTimeoutError():
            return ConnectTimeout(
                f" to {where} within the connect deadline. Is the address right, and is the app "
                "running?",
                url=url,
            )
        case aiohttp.SocketTimeoutError():
            return DeadlineExceededError(
                f"{where} stayed silent for longer than Timeout.read allows.", url=url
            )
        case aiohttp.ClientConnectorError():
            return ConnectError(f" to {where}: {_reason(error)}", url=url)
        case aiohttp.ClientHttpProxyError():
            return ConnectError(
                f" to {where}: the proxy answered {error.status}. Check the option proxy.",
                url=url,
                status=error.status,
            )
        case aiohttp.InvalidURL():
            return InvalidArgumentError(f"{where!r} is not an address.", url=url)
        case aiohttp.ClientError() | ConnectionError() | EOFError():
            text = str(error) or type(error).__name__
            return ConnectionLostError(
                f"The connection to {where} broke: {text}. Whether the request arrived is unknown.",
                url=url,
            )
        case TimeoutError():
            return DeadlineExceededError(f"The deadline passed while waiting for {where}.", url=url)
        case ValueError():
            return ProtocolError(f"{where} cannot be asked: {error}", url=url)
    return None


def _reason(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return (
            f"its TLS certificate is not trusted ({error.certificate_error}). "
            "For a private CA pass verify='/path/to/ca.pem'."
        )
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"{error.os_error}. Does the app speak https, or is its address http://…?"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no such host. Is the address right?"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy cannot be reached ({error.os_error})."
    return f"{error.os_error}. Is the app running there?"


def _redirect_target(response: aiohttp.ClientResponse) -> URL | None:
    """Return where a GET (or a POST that may be repeated) is sent on to."""
    if response.status not in _REDIRECTS:
        return None
    location = response.headers.get("Location")
    if not location or (response.method != "GET" and response.status not in (307, 308)):
        return None
    try:
        # User info would be taken for a login, which is not for a server to choose.
        return response.url.join(URL(location)).with_user(None)
    except ValueError:
        return None  # nonsense: the answer itself is what the caller gets to judge


@lru_cache(maxsize=256)
def _url(url: str) -> URL:
    # Our addresses are quoted already; quoting again would change file names with a `%`.
    return URL(url, encoded=True)


@lru_cache(maxsize=64)
def _limits(timeout: Timeout, read: bool) -> ClientTimeout:
    return ClientTimeout(sock_connect=timeout.connect, sock_read=timeout.read if read else None)


def _ssl_option(verify: bool | str | ssl.SSLContext) -> Any:
    return ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify


def _socket_with_keepalive(address: Any) -> socket.socket:
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    return made
