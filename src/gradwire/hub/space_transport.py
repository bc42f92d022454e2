"""The way to an app that is a Space: signed where that is needed, and explained when it fails.

A wrapper around the transport, so that nothing else in the client has to know of Spaces:

- The event stream, the heartbeat and files of a private Space carry its signature, on the app's
  own origin and nowhere else.
- When nobody answers there any more, the hub is asked what the Space is doing, and the error says
  so: asleep, being built, paused.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlencode, urlsplit

from gradwire.data.multipart import FilePart, MultipartBody
from gradwire.errors import ConnectError, ConnectionLostError, GradwireError, SpaceError
from gradwire.hub.api import Hub
from gradwire.hub.signing import PARAMETER, Signature
from gradwire.hub.status import status_of
from gradwire.hub.waking import Look
from gradwire.transport.base import Answer, AnswerStream, Limits, Socket, Timeout, Transport
from gradwire.wire.requests import Request, trusts

_DOWN = frozenset({502, 503, 504})
_REFUSED = frozenset({401, 403, 404})
"""404 is what a private Space answers to strangers."""
_SIGNED = re.compile(r"/(queue/(data|join)$|heartbeat/|file=|file/|stream/|proxy=)")
"""What browsers open without headers: streams, and files."""
EXPLAIN_SECONDS = 0.8
"""How long a failure may be held back to find out its cause."""


class SpaceTransport:
    """A transport to one Space.

    Args:
        inner: Moves the bytes.
        base_url: The app's address.
        hub: Who knows what the Space is doing; closed with the transport.
        look: Asks what it is doing.
        signature: Of a private Space; None: it is public.
    """

    def __init__(
        self,
        inner: Transport,
        base_url: str,
        hub: Hub,
        look: Look,
        signature: Signature | None = None,
    ) -> None:
        self.inner = inner
        self._base_url = base_url
        self._hub = hub
        self._look = look
        self._signature = signature

    async def request(
        self, request: Request, timeout: Timeout, limits: Limits | None = None
    ) -> Answer:
        """Send a request, read the whole answer."""
        try:
            answer = await self.inner.request(await self._signed(request), timeout, limits)
        except (ConnectError, ConnectionLostError) as error:
            await self._explain(error)
            raise
        if answer.status in _DOWN and not _is_json(answer.headers):
            await self._raise_if_down(answer.status)
        return answer

    @asynccontextmanager
    async def stream(self, request: Request, timeout: Timeout) -> AsyncIterator[AnswerStream]:
        """Send a request, read the answer as it comes; once more if the signature was too old."""
        signed = await self._signed(request)
        try:
            async with self.inner.stream(signed, timeout) as answer:
                if signed is request or answer.status not in _REFUSED:
                    yield answer
                    return
            async with self.inner.stream(await self._signed_anew(request), timeout) as answer:
                yield answer
        except (ConnectError, ConnectionLostError) as error:
            await self._explain(error)
            raise

    @asynccontextmanager
    async def websocket(
        self, request: Request, timeout: Timeout, limits: Limits | None = None
    ) -> AsyncIterator[Socket]:
        """Open a WebSocket to the app; once more if the signature was too old."""
        signed = await self._signed(request)
        async with AsyncExitStack() as stack:
            try:
                try:
                    opening = self.inner.websocket(signed, timeout, limits)
                    socket = await stack.enter_async_context(opening)
                except ConnectError as error:
                    if signed is request or error.status not in _REFUSED:
                        raise
                    opening = self.inner.websocket(
                        await self._signed_anew(request), timeout, limits
                    )
                    socket = await stack.enter_async_context(opening)
                yield socket
            except (ConnectError, ConnectionLostError) as error:
                await self._explain(error)
                raise

    async def upload(
        self,
        url: str,
        headers: Mapping[str, str],
        body: MultipartBody,
        timeout: Timeout,
        on_progress: Callable[[FilePart, int], None] | None = None,
    ) -> Answer:
        """POST a multipart body, reading its files while it is sent."""
        try:
            return await self.inner.upload(url, headers, body, timeout, on_progress)
        except (ConnectError, ConnectionLostError) as error:
            await self._explain(error)
            raise

    def set_cookies(self, cookies: Mapping[str, str]) -> None:
        """Keep cookies for the app's origin."""
        self.inner.set_cookies(cookies)

    def cookies(self) -> dict[str, str]:
        """Return the cookies that go to the app's address."""
        return self.inner.cookies()

    async def close(self) -> None:
        """Close all connections."""
        try:
            await self.inner.close()
        finally:
            await self._hub.close()

    def abort(self) -> None:
        """Close all connections at once, without an event loop."""
        self.inner.abort()
        self._hub.abort()

    # -- signing -----------------------------------------------------------------------------------

    async def _signed(self, request: Request) -> Request:
        if self._signature is None or request.method != "GET" or not self._takes_it(request.url):
            return request
        value = await self._signature.value()
        mark = "&" if "?" in request.url else "?"
        url = f"{request.url}{mark}{urlencode({PARAMETER: value})}"
        return Request("GET", url, request.headers, request.body, request.read_timeout)

    async def _signed_anew(self, request: Request) -> Request:
        assert self._signature is not None
        await self._signature.renew()
        return await self._signed(request)

    def _takes_it(self, url: str) -> bool:
        same = url.replace("ws", "http", 1) if url.startswith("ws") else url
        return trusts(self._base_url, same) and _SIGNED.search(urlsplit(url).path) is not None

    # -- explaining --------------------------------------------------------------------------------

    async def _explain(self, error: GradwireError) -> None:
        """Add to an error what the Space is doing, if that is not to run."""
        why = await self._why_not()
        if why is not None:
            error.args = (f"{error} {why}",)
            if isinstance(error, ConnectionLostError) and error.reason:
                error.reason = f"{error.reason.rstrip('.')}. {why}"

    async def _raise_if_down(self, status: int) -> None:
        why = await self._why_not()
        if why is not None:
            why.status = status
            raise why

    async def _why_not(self) -> SpaceError | None:
        """Ask the hub why the Space does not answer; None if it should, or nobody knows."""
        try:
            async with asyncio.timeout(EXPLAIN_SECONDS):
                info = await self._look()
        except (GradwireError, TimeoutError):
            return None
        status, page = status_of(info.stage), self._hub.page(info.id)
        if status.status == "running":
            return None
        advice = "Connect again: that waits until it runs."
        if status.load_status == "error":
            advice = f"See {page}"
        message = f"{info.id}: {status.message} ({info.stage}.) {advice}"
        return SpaceError(message, space=info.id, stage=info.stage, page=page)


def _is_json(headers: Mapping[str, str]) -> bool:
    """Tell whether an answer is Gradio's own; that of the proxy in front of it is a page."""
    return "json" in headers.get("Content-Type", "")
