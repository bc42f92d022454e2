"""Connecting to the apps of a pool: all at once, and without those that are down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping
from types import TracebackType
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from gradwire.app.reference import parse_reference
from gradwire.batch.agreement import differences
from gradwire.batch.dispatch import Core, no_replica
from gradwire.batch.health import unlike
from gradwire.batch.replica import Member
from gradwire.batch.settings import Settings, checked_references
from gradwire.client.async_client import AsyncClient
from gradwire.client.engine import Owner
from gradwire.client.opening import Connecting
from gradwire.client.options import Options
from gradwire.errors import (
    AuthenticationError,
    ConnectTimeout,
    GradwireError,
    InvalidArgumentError,
    ProtocolError,
    SpaceNotFoundError,
    redact_url,
)
from gradwire.hub.settings import hub_address

_log = logging.getLogger("gradwire")

GRACE = 5.0
"""Seconds that the others get when the first replica has answered."""
MISTAKES = (AuthenticationError, SpaceNotFoundError, ProtocolError, InvalidArgumentError)
"""What will not pass: the pool is not opened without such a replica, but refused."""
MakeClient = Callable[[Owner, Options], AsyncClient]


class _Closable(Protocol):
    async def close(self) -> None: ...


P = TypeVar("P", bound=_Closable)


class Opening(Generic[P]):
    """A pool, or a session of one, that is opened when it is awaited or entered."""

    def __init__(self, work: Callable[[], Awaitable[P]]) -> None:
        self._work = work
        self._opened: P | None = None

    def __await__(self) -> Generator[Any, None, P]:
        return self._work().__await__()

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"{name!r} is what an open pool has. Write `pool = await AsyncPool.connect(...)` or "
            "`async with AsyncPool.connect(...) as pool`."
        )

    async def __aenter__(self) -> P:
        self._opened = await self._work()
        return self._opened

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            await self._opened.close()


class Plan:
    """What a pool is opened with, checked before anything is sent.

    Raises:
        InvalidArgumentError: An option, or the list of apps, is wrong.
    """

    def __init__(self, app_references: Any, given: Mapping[str, Any], make: MakeClient) -> None:
        own = dict(given)
        self.settings = Settings.taken_from(own)
        self.options = Options.of(own)
        self.make = make
        references = checked_references(app_references)
        self.members = [_member(reference, own, make) for reference in references]

    async def open(self) -> Core:
        """Connect to all apps; return when enough of them have answered.

        Raises:
            ConnectError: None of them answers.
            InvalidArgumentError: They do not serve the same.
            GradwireError: One refuses the login, is not there, or is no Gradio app.
        """
        tasks = {member: asyncio.ensure_future(_dial(member)) for member in self.members}
        try:
            await _first_and_soon(tasks)
            late = [member for member, task in tasks.items() if not task.done()]
            for member in late:
                member.error = ConnectTimeout(f" to {member.address} yet.")
            await _stop(tasks.values())
            return self._core(tasks)
        except BaseException:
            await _stop(tasks.values())
            await _close(self.members)
            raise

    def _core(self, tasks: Mapping[Member, asyncio.Future[None]]) -> Core:
        for task in tasks.values():
            error = None if task.cancelled() else task.exception()
            if error is not None:
                raise error
        first = next((member.client for member in self.members if member.client), None)
        if first is None:
            raise no_replica(self.members)
        api = first._engine.app.api
        core = Core(self.members, first, self.settings.known_by(api))
        self._check(core)
        for member in self.members:
            if member.client is not None:
                member.error = None  # it came in the last moment
                member.turn(True)
                core.health.listen(member)
            else:
                _log.warning("the pool opens without %s: %s", member.address, member.error)
                core.health.probe(member)
        return core

    def _check(self, core: Core) -> None:
        for member in self.members:
            if member.client is None:
                continue
            theirs = member.client._engine.app.api
            found = differences(core.api, theirs, core.settings.addresses)
            if found:
                raise unlike(core, member.address, found)


def _member(reference: str, options: Mapping[str, Any], make: MakeClient) -> Member:
    parsed = parse_reference(reference, hub_address())
    address = redact_url(parsed.base_url).rstrip("/") or str(parsed.space)
    is_space = bool(parsed.space or parsed.subdomain)

    def connect(*, apart: bool = False) -> Connecting[AsyncClient]:
        given = {k: v for k, v in options.items() if not (apart and k == "session_hash")}
        return Connecting(make, reference, given)

    return Member(address, connect, is_space=is_space)


async def _dial(member: Member) -> None:
    try:
        member.client = await member.connect()
    except MISTAKES:
        raise
    except GradwireError as error:
        member.error = error


async def _first_and_soon(tasks: Mapping[Member, asyncio.Future[None]]) -> None:
    """Wait for all, but not long after the first one that is there, and not after a mistake."""
    pending, deadline = set(tasks.values()), None
    loop = asyncio.get_running_loop()
    while pending:
        left = None if deadline is None else max(0.0, deadline - loop.time())
        done, pending = await asyncio.wait(
            pending, timeout=left, return_when=asyncio.FIRST_COMPLETED
        )
        if not done or any(task.exception() for task in done):
            return
        if deadline is None and any(member.client for member in tasks):
            deadline = loop.time() + GRACE


async def _stop(tasks: Any) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _close(members: list[Member]) -> None:
    clients = [member.client for member in members if member.client is not None]
    await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)
