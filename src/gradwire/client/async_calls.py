"""Calling endpoints: what `AsyncClient` and `AsyncPool` have in common."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from gradwire.client.async_job import AsyncJob
from gradwire.client.calls import Data, endpoint_may_be_missing
from gradwire.client.endpoints import AsyncEndpoints, AsyncNames
from gradwire.client.mapping_async import AsyncMaps
from gradwire.wire.events import DataEvent, Event, EventType
from gradwire.wire.prediction import Prediction

if TYPE_CHECKING:
    from gradwire.client.options import Options


class AsyncCalls(AsyncMaps):
    """Makes jobs and starts them."""

    if TYPE_CHECKING:  # one keeps them, the other asks for them

        @property
        def _options(self) -> Options: ...

    @abstractmethod
    def _job(
        self,
        endpoint: str | int,
        data: Data,
        event_data: Any,
        trigger_id: int | None,
        wanted: frozenset[EventType],
        inputs: Mapping[str, Any],
    ) -> AsyncJob[Event]:
        """Make a job that is not started, after all that it is given was checked."""

    @property
    def endpoints(self) -> AsyncEndpoints:
        """The endpoints as callables: `await client.endpoints["/name"](…)`."""
        return AsyncEndpoints(self)

    @property
    def api(self) -> AsyncNames:
        """The endpoints as attributes: `await client.api.name(…)`."""
        return AsyncNames(self)

    async def predict(
        self, endpoint: str | int, data: Data = None, event_data: Any = None, **inputs: Any
    ) -> Prediction:
        """Call an endpoint and wait for its result.

        Args:
            endpoint: Its name, with or without the slash, or its function index.
            data: The inputs: a list in order, or a mapping by name; what is missing gets its
                default.
            event_data: What the event carried, for functions that take `gr.EventData`.
            **inputs: Inputs by name, in place of or beside `data`.

        Raises:
            InvalidArgumentError, EndpointNotFoundError, LocalFileNotFoundError: Nothing was sent.
            AppError: The function failed.
            GradwireError: Any other error; see `gradwire.errors`.
        """
        return await self._predict(self._job(endpoint, data, event_data, None, frozenset(), inputs))

    async def _predict(self, job: AsyncJob[Event]) -> Prediction:
        job.start()
        try:
            return await job.result()
        except asyncio.CancelledError:
            job.drop()  # nobody else holds it
            raise

    @overload
    def submit(
        self,
        endpoint: str | int,
        data: Data = None,
        event_data: Any = None,
        trigger_id: int | None = None,
        all_events: Literal[False] = False,
        **inputs: Any,
    ) -> AsyncJob[DataEvent]: ...

    @overload
    def submit(
        self,
        endpoint: str | int,
        data: Data = None,
        event_data: Any = None,
        trigger_id: int | None = None,
        *,
        all_events: bool,
        **inputs: Any,
    ) -> AsyncJob[Event]: ...

    def submit(
        self,
        endpoint: str | int,
        data: Data = None,
        event_data: Any = None,
        trigger_id: int | None = None,
        all_events: bool = False,
        **inputs: Any,
    ) -> AsyncJob[Event]:
        """Call an endpoint and return at once, with a job to iterate, await or cancel.

        Args:
            endpoint: As for `predict`; so are `data`, `event_data` and `**inputs`.
            data: See `predict`.
            event_data: See `predict`.
            trigger_id: Id of the component that the event is said to come from.
            all_events: Yield all kinds of events, whatever the option `events` says. To a type
                checker, a job yields data events only unless this is given.
            **inputs: See `predict`.
        """
        wanted = self._options.wanted(all_events)
        job = self._job(endpoint, data, event_data, trigger_id, wanted, inputs)
        job.start()
        return job


endpoint_may_be_missing(AsyncCalls)
