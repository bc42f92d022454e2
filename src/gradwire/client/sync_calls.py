"""Calling endpoints without `await`: what `Client` and `Pool` have in common."""

from __future__ import annotations

from typing import Any, Literal, overload

from gradwire.client import loop_thread
from gradwire.client.async_calls import AsyncCalls
from gradwire.client.async_job import AsyncJob
from gradwire.client.calls import Data, endpoint_may_be_missing
from gradwire.client.endpoints import SyncEndpoints, SyncNames
from gradwire.client.job import Job
from gradwire.client.mapping_sync import SyncMaps
from gradwire.wire.events import DataEvent, Event
from gradwire.wire.prediction import Prediction


class SyncCalls(SyncMaps):
    """Makes jobs in the caller's thread, and starts them in that of the loop."""

    _inner: AsyncCalls

    @property
    def endpoints(self) -> SyncEndpoints:
        """The endpoints as callables: `client.endpoints["/name"](…)`."""
        return SyncEndpoints(self)

    @property
    def api(self) -> SyncNames:
        """The endpoints as attributes: `client.api.name(…)`."""
        return SyncNames(self)

    def predict(
        self, endpoint: str | int, data: Data = None, event_data: Any = None, **inputs: Any
    ) -> Prediction:
        """Call an endpoint and wait for its result; see `AsyncClient.predict`."""
        return self._predict(
            self._inner._job(endpoint, data, event_data, None, frozenset(), inputs)
        )

    def _predict(self, made: AsyncJob[Event]) -> Prediction:
        loop_thread.check_no_loop()
        job = self._started(made)
        try:
            return job.result()
        except BaseException:
            if not job.done():  # interrupted: nobody else holds the job
                job._call_soon(job._job.drop)
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
    ) -> Job[DataEvent]: ...

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
    ) -> Job[Event]: ...

    def submit(
        self,
        endpoint: str | int,
        data: Data = None,
        event_data: Any = None,
        trigger_id: int | None = None,
        all_events: bool = False,
        **inputs: Any,
    ) -> Job[Event]:
        """Call an endpoint and return at once, with a job; see `AsyncClient.submit`."""
        wanted = self._inner._options.wanted(all_events)
        return self._start(self._inner._job(endpoint, data, event_data, trigger_id, wanted, inputs))

    def _start(self, job: AsyncJob[Event]) -> Job[Event]:
        loop_thread.check_may_submit()
        return self._started(job)

    def _started(self, job: AsyncJob[Event]) -> Job[Event]:
        started: Job[Event] = Job(job, self._thread)
        started._call_soon(job.start)
        return started


endpoint_may_be_missing(SyncCalls)
