"""What `AsyncClient.connect(...)` returns: something to await, or to enter."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Generator, Mapping
from types import TracebackType
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from gradwire.app.reference import parse_reference
from gradwire.app.words import exact_seconds
from gradwire.client.connecting import App
from gradwire.client.engine import Engine, Owner
from gradwire.client.options import Options
from gradwire.client.spaces import connect, copy_space
from gradwire.errors import (
    ConnectTimeout,
    GradwireError,
    InvalidArgumentError,
    ProtocolError,
    redact_url,
)
from gradwire.hub.duplicating import Copy
from gradwire.hub.settings import hub_address
from gradwire.logs import configure_logging
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
        copy: Copy | None = None,
    ) -> None:
        configure_logging()
        self._make = make
        self._reference = parse_reference(app_reference, hub_address())
        self._options = Options.of(options)
        self._copy = copy
        if copy is not None and not (self._reference.space or self._reference.subdomain):
            raise InvalidArgumentError(
                f"{app_reference!r} is no Hugging Face Space, and only those can be duplicated. "
                "Name one: owner/name."
            )
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
        transport, app = await self._within_deadline()
        if app.config.protocol not in PROTOCOLS:
            await transport.close()
            raise ProtocolError(
                f"{redact_url(app.requests.base_url)} runs Gradio {app.config.version}, "
                f"which speaks {app.config.protocol!r}. This version of gradwire speaks "
                f"{', '.join(PROTOCOLS)}. Is there a newer one?",
                url=app.requests.base_url,
            )
        session = Session(options.session_hash or secrets.token_hex(10))
        return self._make(Owner(Engine(transport, app, options, session)), options)

    async def _within_deadline(self) -> tuple[Transport, App]:
        total = self._options.timeout.total
        try:
            async with asyncio.timeout(total):
                reference = self._reference
                if self._copy is not None:
                    reference = await copy_space(reference, self._copy, self._options)
                return await connect(reference, self._options)
        except GradwireError:
            raise  # some are a TimeoutError too: those of a single request
        except TimeoutError as error:
            where = redact_url(self._reference.base_url) or self._reference.space
            raise ConnectTimeout(
                f" to {where} within {exact_seconds(total or 0)} (Timeout.total).", url=where
            ) from error
