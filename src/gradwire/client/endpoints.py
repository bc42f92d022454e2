"""Endpoints as callables, with real signatures, for `help()`, tab completion and reading."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gradwire.app.endpoint import Endpoint
from gradwire.errors import EndpointNotFoundError
from gradwire.wire.events import DataEvent, EventType
from gradwire.wire.prediction import Prediction

if TYPE_CHECKING:
    from gradwire.client.async_client import AsyncClient
    from gradwire.client.async_job import AsyncJob
    from gradwire.client.job import Job
    from gradwire.client.sync import Client


class _Callable:
    """What both kinds share: the signature and the texts that `help()` shows."""

    def __init__(self, client: Any, endpoint: Endpoint) -> None:
        self._client = client
        self.endpoint = endpoint
        self.__name__ = attribute_name(str(endpoint.address))
        self.__qualname__ = self.__name__
        self.__doc__ = str(endpoint)
        self.__signature__: inspect.Signature = endpoint.signature()

    def _job(
        self,
        client: AsyncClient,
        wanted: frozenset[EventType],
        values: tuple[Any, ...],
        inputs: dict[str, Any],
    ) -> AsyncJob[Any]:
        # Not through predict(), whose own parameters would take those of the same name.
        return client._job(self.endpoint.address, values, None, None, wanted, inputs)

    def __repr__(self) -> str:
        return f"<endpoint {self.endpoint.address!r} {self.__signature__}>"


class AsyncEndpoint(_Callable):
    """An endpoint: `await endpoint(…)` predicts, `endpoint.submit(…)` returns a job."""

    _client: AsyncClient

    async def __call__(self, *values: Any, **inputs: Any) -> Prediction:
        """Call the endpoint and wait for its result."""
        return await self._client._predict(self._job(self._client, frozenset(), values, inputs))

    def submit(self, *values: Any, **inputs: Any) -> AsyncJob[DataEvent]:
        """Call the endpoint and return a job."""
        wanted = self._client._options.wanted(all_events=False)
        job = self._job(self._client, wanted, values, inputs)
        job.start()
        return job


class SyncEndpoint(_Callable):
    """An endpoint: calling it predicts, `endpoint.submit(…)` returns a job."""

    _client: Client

    def __call__(self, *values: Any, **inputs: Any) -> Prediction:
        """Call the endpoint and wait for its result."""
        inner = self._client._inner
        return self._client._predict(self._job(inner, frozenset(), values, inputs))

    def submit(self, *values: Any, **inputs: Any) -> Job[DataEvent]:
        """Call the endpoint and return a job."""
        inner = self._client._inner
        wanted = inner._options.wanted(all_events=False)
        job: Job[Any] = self._client._start(self._job(inner, wanted, values, inputs))
        return job


E = TypeVar("E", bound=_Callable)


class _Endpoints(Mapping[str | int, E], Generic[E]):
    """All endpoints by name and index. Iterating gives those that the app documents."""

    _kind: type[E]

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def _api(self) -> Any:
        return _engine(self._client).app.api

    def __getitem__(self, endpoint: str | int) -> E:
        return self._kind(self._client, self._api.find(endpoint))

    def __iter__(self) -> Iterator[str | int]:
        yield from self._api.named_endpoints
        yield from self._api.unnamed_endpoints

    def __len__(self) -> int:
        return len(self._api.named_endpoints) + len(self._api.unnamed_endpoints)

    def __repr__(self) -> str:
        return f"<endpoints {', '.join(map(repr, self))}>"

    def _ipython_key_completions_(self) -> list[str | int]:
        """Tell notebooks what may stand in the brackets."""
        return list(self)


class AsyncEndpoints(_Endpoints[AsyncEndpoint]):
    """The endpoints of an `AsyncClient`."""

    _kind = AsyncEndpoint


class SyncEndpoints(_Endpoints[SyncEndpoint]):
    """The endpoints of a `Client`."""

    _kind = SyncEndpoint


class UnknownNameError(EndpointNotFoundError, AttributeError):
    """No endpoint goes by this attribute; also what `hasattr` and `getattr` expect."""


class _Names(Generic[E]):
    """Named endpoints as attributes; characters that Python does not take become `_`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> E:
        if name.startswith("__"):
            raise AttributeError(name)
        endpoints: _Endpoints[E] = self._client.endpoints
        api = endpoints._api
        for known in api.named_endpoints:
            if attribute_name(known) == name:
                return endpoints[known]
        try:
            return endpoints[api.find(name).address]
        except EndpointNotFoundError as error:
            raise UnknownNameError(str(error)) from None

    def __dir__(self) -> list[str]:
        return sorted(attribute_name(name) for name in self._client.endpoints._api.named_endpoints)


class AsyncNames(_Names[AsyncEndpoint]):
    """The endpoints of an `AsyncClient` as attributes."""


class SyncNames(_Names[SyncEndpoint]):
    """The endpoints of a `Client` as attributes."""


def attribute_name(name: str) -> str:
    """Return the attribute that an endpoint goes by: `/my-fn` is `my_fn`."""
    text = re.sub(r"\W", "_", name.strip("/")) or "_"
    return f"_{text}" if text[0].isdigit() else text


def _engine(client: Any) -> Any:
    return client._engine
