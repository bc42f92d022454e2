"""`AsyncPool`: several apps that serve the same endpoints, for asyncio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, Unpack

from gradwire.app.api_info import ApiInfo
from gradwire.app.config import Config
from gradwire.app.endpoint import Endpoint
from gradwire.batch.dispatch import Core, no_replica
from gradwire.batch.opening import Opening, Plan
from gradwire.batch.owned_files import home_of_files
from gradwire.batch.pool_job import Made, PoolJob
from gradwire.batch.replica import Member, Replica
from gradwire.batch.settings import PoolOptions
from gradwire.batch.views import Holder, Session, View
from gradwire.client.async_calls import AsyncCalls
from gradwire.client.async_client import AsyncClient
from gradwire.client.calls import Data
from gradwire.client.checks import refuse_pickling
from gradwire.client.engine import Engine
from gradwire.client.mapping_async import Source
from gradwire.client.option_types import CallOptions
from gradwire.client.options import Options
from gradwire.errors import (
    ClientClosedError,
    ConnectError,
    EndpointNotFoundError,
    InvalidArgumentError,
)
from gradwire.wire.events import EventType


class AsyncPool(AsyncCalls):
    """Several apps that serve the same endpoints, for asyncio. Made by `AsyncPool.connect`.

    It is called like an `AsyncClient`. Each job goes to the app, here a *replica*, where it is
    likely to be done first. A replica that fails is taken out, and brought back when it answers
    again. A job that no replica has taken goes to another one; one that may have been taken is
    never sent twice, unless `resubmit` allows it.

    Jobs wait here until a replica has use for them. They fail with `ConnectError` if no replica was
    there for as long as `patience` allows; `replica` of any error says where the job was.
    """

    _view: View

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise InvalidArgumentError(
            "Write `await AsyncPool.connect([address, ...])` or `async with AsyncPool.connect("
            "[address, ...]) as pool`: connecting needs to wait."
        )

    @classmethod
    def connect(
        cls, app_references: Iterable[str], **options: Unpack[PoolOptions]
    ) -> Opening[Self]:
        """Connect to several apps: `await` it, or use it with `async with`.

        It opens with those that answer, if that is at least one; the others come in later.

        Args:
            app_references: The apps, each as for `AsyncClient.connect`. A login in an address,
                `https://user:password@host`, is for that one only.
            endpoints: The endpoints that are called, and on which the replicas have to agree:
                names, parameters, types. Default: all that any of them lists.
            patience: Seconds for which a job waits for a replica to come back when none is left; 0:
                not at all, None: as long as `Timeout.total` allows. Default: 30.
            sticky: Whether calls of endpoints with State go to one replica, where the State is.
                False: to any, if it does not matter what they remember. Default: True.
            **options: Those of `AsyncClient.connect`, the same for all replicas. `resubmit` allows
                to call again, at any replica, what another may have run.

        Raises:
            InvalidArgumentError: An argument is wrong; or the replicas do not serve the same, and
                the message says in what they differ.
            ConnectError: None of them can be reached; the message says why, for each.
            AuthenticationError, SpaceNotFoundError, ProtocolError: One refuses the login, is not
                there, or is no Gradio app.
        """
        plan = Plan(app_references, options, AsyncClient._of)

        async def opened() -> Self:
            core = await plan.open()
            return cls._of(View(Holder(core), plan.options, Session()))

        return Opening(opened)

    @classmethod
    def _of(cls, view: View) -> Self:
        pool = cls.__new__(cls)
        pool._view = view
        return pool

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return the same pool with other options; see `AsyncClient.with_options`."""
        self._check_open()
        return self._of(self._view.changed(options))

    def session(self) -> Opening[Self]:
        """Open a session of its own at one replica: `await` it, or use it with `async with`.

        All calls of what is returned go to this replica, so State is kept from call to call, apart
        from that of all others. When the replica goes down the State is lost: each call then raises
        `SessionNotFoundError`. Closing it leaves the pool open.

        Raises:
            ConnectError: No replica is there.
        """
        self._check_open()

        async def opened() -> Self:
            return self._of(await open_session(self._view))

        return Opening(opened)

    async def close(self) -> None:
        """Close the pool and all its views; pending jobs fail with `ClientClosedError`.

        A session closes only itself.
        """
        client = self._view.session.client
        await (self._core.close() if client is None else client.close())

    async def __aenter__(self) -> Self:
        self._check_open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def closed(self) -> bool:
        """Whether the pool, or this session of it, was closed."""
        client = self._view.session.client
        return self._core.closed or (client is not None and client.closed)

    def __repr__(self) -> str:
        members = self._core.members
        there = sum(member.healthy for member in members)
        home = self._view.session.home if self._view.session.client else None
        at = "" if home is None else f", session at {home.address}"
        state = " (closed)" if self.closed else ""
        return f"<{type(self).__name__} {there} of {len(members)} replicas{at}{state}>"

    __reduce__ = refuse_pickling

    @property
    def _core(self) -> Core:
        return self._view.holder.core

    @property
    def _options(self) -> Options:
        return self._view.options

    @property
    def _engine(self) -> Engine:
        """That of a replica: what only reads the API looks there."""
        return self._any_client()._engine

    def _any_client(self, home: Member | None = None) -> AsyncClient:
        view, members = self._view, self._core.members
        if home is None or home.client is None:
            there = [member for member in members if member.client is not None]
            home = next((member for member in there if member.healthy), there[0])
        return view.client_of(home)

    def _check_open(self) -> None:
        if self.closed:
            raise ClientClosedError("The pool is closed. Connect again.")
        self._check_loop()

    def _check_loop(self) -> None:
        self._any_client()._check_loop()

    # -- what there is -----------------------------------------------------------------------------

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """How each app of the pool stands at this moment, in the order in which they were named."""
        return tuple(member.info() for member in self._core.members)

    @property
    def config(self) -> Config:
        """What the first replica that answered says of itself."""
        return self._core.config

    async def view_api(self) -> ApiInfo:
        """Return the endpoints with their parameters; print it to read it."""
        return self._core.api

    # -- calling -----------------------------------------------------------------------------------

    def _job(
        self,
        endpoint: str | int,
        data: Data,
        event_data: Any,
        trigger_id: int | None,
        wanted: frozenset[EventType],
        inputs: Mapping[str, Any],
    ) -> PoolJob:
        self._check_open()
        view, core = self._view, self._core
        session = view.session
        owner = home_of_files((data, inputs), core.members, session.client)
        client = self._any_client(session.home or owner)
        target = None
        with suppress(EndpointNotFoundError, InvalidArgumentError):  # the client says it better
            target = self._target(endpoint)
        if target is not None:
            core.settings.check(target.address)
            endpoint = target.address
        made = Made(endpoint, _kept(data), event_data, trigger_id, wanted, dict(inputs))
        job = PoolJob(made.by(client), made, view, endpoint)
        if session.client is not None or (
            target is not None and target.keeps_state and core.settings.sticky
        ):
            job.session = session
        job.only = owner or (session.home if session.client else None)
        return job

    def _target(self, endpoint: str | int) -> Endpoint:
        client = self._view.session.client
        return (self._core.api if client is None else client._engine.app.api).find(endpoint)

    def _map_source(self, endpoint: str | int) -> Source:
        self._check_open()
        options = self._options
        self._core.settings.check(self._target(endpoint).address)
        # A row goes to each replica before `map` hears that it was not taken.
        once = {"max_retries": 0, "resubmit": False, "retry_queue_full": False}
        rows = self._of(self._view.changed(once))
        return Source(rows, options.resubmit, options.timeout.total, self._core.spawn)


def _kept(data: Data) -> Any:
    """Return the call's data as it is now: the caller may change theirs before a replica has it."""
    if isinstance(data, Mapping):
        return dict(data)
    return list(data) if isinstance(data, list) else data


async def open_session(view: View) -> View:
    """Connect to the replica that is least busy, in a session of its own."""
    core = view.holder.core
    there = [member for member in core.members if member.healthy]
    for home in sorted(there, key=_business):
        try:
            client = await home.connect(apart=True)
        except ConnectError as error:
            if home.healthy:
                core.health.take_out(home, error)
            continue
        home.sessions.add(client)
        if core.closed:
            await client.close()
            raise ClientClosedError("The pool was closed while a session of it was opened.")
        return view.with_session(Session(home, client))
    raise no_replica(core.members)


def _business(member: Member) -> tuple[int, int]:
    """Return how busy a replica is: with sessions, and with jobs."""
    return sum(not client.closed for client in member.sessions), member.in_flight
