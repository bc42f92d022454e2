"""WebSockets by aiohttp."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp

from gradwire.errors import ConnectionLostError, ConnectTimeout, ProtocolError, shown_url
from gradwire.transport.aiohttp_seam import Seam, State
from gradwire.transport.base import Timeout
from gradwire.wire.requests import Request

GOODBYE = 1.0
"""Seconds that a server has to answer when we close the connection."""
_ORDERLY = (aiohttp.WSCloseCode.OK, aiohttp.WSCloseCode.GOING_AWAY)


class Opening:
    """A WebSocket that is opened when it is entered, and closed when it is left."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        state: State,
        request: Request,
        timeout: Timeout,
        proxy: str | None,
        limit: int | None,
    ) -> None:
        self._session = session
        self._state = state
        self._request = request
        self._timeout = timeout
        self._proxy = proxy
        self._limit = limit

    async def __aenter__(self) -> AiohttpSocket:
        request, read = self._request, self._timeout.read
        with Seam(self._state, request.url, read):
            self._socket = await self._open(None if read is None else read * 2 / 3)
        return AiohttpSocket(self._socket, self._state, request.url)

    async def _open(self, heartbeat: float | None) -> aiohttp.ClientWebSocketResponse:
        """Shake hands; then a ping each `heartbeat` seconds, with half of that for its answer.

        So a server that has nothing to say for hours is told apart from one that is gone.
        """
        request = self._request
        try:
            async with asyncio.timeout(self._timeout.connect):
                return await self._session.ws_connect(
                    request.url,
                    headers=request.headers,
                    proxy=self._proxy,
                    timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE),
                    heartbeat=heartbeat,
                    max_msg_size=self._limit or 0,
                )
        except TimeoutError as error:
            where = shown_url(request.url)
            raise ConnectTimeout(
                f" to {where} within the connect deadline.", url=request.url
            ) from error

    async def __aexit__(self, *error: object) -> None:
        with suppress(aiohttp.ClientError, OSError):
            await self._socket.close()


class AiohttpSocket:
    """An open WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, state: State, url: str) -> None:
        self._socket = socket
        self._state = state
        self._url = url

    async def send(self, text: bytes) -> None:
        """Send a message, which is UTF-8."""
        with Seam(self._state, self._url, None):
            await self._socket.send_str(text.decode())

    async def receive(self) -> bytes | None:
        """Return the next message; None when the server has closed the connection."""
        with Seam(self._state, self._url, None):
            message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            return str(message.data).encode()
        if message.type is aiohttp.WSMsgType.BINARY:
            return bytes(message.data)
        if _is_too_large(message.data):
            raise ProtocolError(
                f"A message of {shown_url(self._url)} is too large: {message.data} "
                "(Limits.event). To take it, connect with limits=Limits(event=...)."
            )
        code = self._socket.close_code
        if code in _ORDERLY and message.type is not aiohttp.WSMsgType.ERROR:
            return None
        failed = self._socket.exception() is not None
        reason = "it was lost" if failed else f"the server closed it with code {code}"
        where = shown_url(self._url)
        raise ConnectionLostError(
            f"The connection to {where} broke: {reason}.", url=self._url, reason=reason
        )


def _is_too_large(error: object) -> bool:
    too_large = aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    return isinstance(error, aiohttp.WebSocketError) and error.code == too_large


async def redirects_refused(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Follow no redirect: headers and cookies are for this origin only."""
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise ProtocolError(
            f"{shown_url(str(request.url))} redirects the WebSocket to another address. "
            "Connect to the address that the app has in the end.",
            url=str(request.url),
            status=response.status,
        )
    return response
