"""What `AsyncClient.connect(...)` returns: something to await, or to enter."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Generator, Mapping
from types import TracebackType
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from gradwire.app.reference import parse_reference
from gradwire.client.connecting import App, app_headers, connect_app
from gradwire.client.engine import Engine, Owner
from gradwire.client.options import Options
from gradwire.errors import ConnectTimeout, GradwireError, ProtocolError, redact_url
from gradwire.logs import configure_logging
from gradwire.transport.aiohttp import AiohttpTransport
from gradwire.transport.base import Transport
from gradwire.wire.session import Session

PROTOCOLS = ("ws", "sse", "sse_v1", "sse_v2", "sse_v2.1", "sse_v3")


class _Closable(Protocol):
    async def close(self) -> None: ...


C = TypeVar("C", bound=_Closable)


class Connecting(Generic[C]):
    """A connection that is made when it is awaited or entered.

    ```python
    client = await AsyncClient.connect(address)
    async with AsyncClient.connect(address) as client:
        ...
    ```
    """

    def __init__(
        self,
        make: Callable[[Owner, Options], C],
        app_reference: str,
        options: Mapping[str, Any],
    ) -> None:
        configure_logging()
        self._make = make
        self._reference = parse_reference(app_reference)
        self._options = Options.of(options)
        self._client: C | None = None

    def __await__(self) -> Generator[Any, None, C]:
        return self._connect().__await__()

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"{name!r} is what a connected client has. Write `client = await "
            "AsyncClient.connect(...)` or `async with AsyncClient.connect(...) as client`."
        )

    async def __aenter__(self) -> C:
        self._client = await self._connect()
        return self._client

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.close()

    async def _connect(self) -> C:
        options = self._options
        transport = AiohttpTransport(
            self._reference.base_url,
            app_headers(self._reference, options),
            verify=options.verify,
            proxy=options.proxy,
            trust_env=options.trust_env,
        )
        try:
            app = await self._app(transport)
        except BaseException:
            await transport.close()
            raise
        session = Session(options.session_hash or secrets.token_hex(10))
        return self._make(Owner(Engine(transport, app, options, session)), options)

    async def _app(self, transport: Transport) -> App:
        options = self._options
        if options.cookies:
            transport.set_cookies(options.cookies)
        try:
            async with asyncio.timeout(options.timeout.total):
                app = await connect_app(transport, self._reference, options)
        except GradwireError:
            raise  # some are a TimeoutError too: those of a single request
        except TimeoutError as error:
            where = redact_url(self._reference.base_url)
            raise ConnectTimeout(
                f" to {where} within {options.timeout.total} seconds (Timeout.total).", url=where
            ) from error
        if app.config.protocol not in PROTOCOLS:
            raise ProtocolError(
                f"{redact_url(self._reference.base_url)} runs Gradio {app.config.version}, "
                f"which speaks {app.config.protocol!r}. This version of gradwire speaks "
                f"{', '.join(PROTOCOLS)}. Is there a newer one?",
                url=self._reference.base_url,
            )
        return app
