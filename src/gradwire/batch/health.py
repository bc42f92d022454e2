"""Replicas that fail are taken out, asked from time to time, and brought back.

A replica that is out is asked with growing pauses. If it runs and is the same app as before, it
gets one job; when that is taken, it has its full share again. If it was restarted, its API is read
anew and has to agree with that of the others. While it does not, it stays out.

A replica that says nothing at all while it has jobs is asked whether it is there, and taken out if
not. Its jobs are not touched by that: they end as those of any client do. As long as there are jobs
at all, each replica is asked now and then whether it is still the one that was connected to: one
that was restarted between two jobs has lost its sessions, and may serve something else. Where an
app has a heartbeat, it tells that at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from gradwire.batch.agreement import differences, in_words
from gradwire.batch.pool_job import PoolJob
from gradwire.batch.replica import Member
from gradwire.client.async_client import AsyncClient
from gradwire.client.connecting import read_app_id, refresh_app
from gradwire.data.json import JSONDecodeFailure, decode
from gradwire.errors import (
    AuthenticationError,
    ConnectionLostError,
    ConnectTimeout,
    GradwireError,
    InvalidArgumentError,
)
from gradwire.transport.base import Answer, Timeout
from gradwire.transport.retrying import pause

if TYPE_CHECKING:
    from gradwire.batch.dispatch import Core

_log = logging.getLogger("gradwire")

LONGEST_PAUSE = 10.0
"""Seconds between two probes of a replica that does not come back."""
PROBE = Timeout(connect=5.0, read=10.0)
CONNECTING = 30.0
"""Seconds for one attempt to connect to a replica anew; a Space has its `wake_timeout`."""
SILENCE = 10.0
"""Seconds without a word of a replica with jobs, after which it is asked whether it is there."""
LOOK = 2.0
"""Seconds between two looks for silent replicas."""
CHECK = 15.0
"""Seconds after which a replica of a pool with jobs is asked whether it was restarted."""
SPACE_PROBES = 2
"""Failed probes after which a Space is connected to anew, which wakes it."""

_RESTARTED = "The app was restarted."


class Health:
    """Which replicas of a pool are fit for jobs."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tasks: dict[object, asyncio.Task[None]] = {}

    # -- out ---------------------------------------------------------------------------------------

    def take_out(self, member: Member, error: GradwireError, *, lost: bool = True) -> None:
        """Give a replica no more jobs until it answers a probe.

        Args:
            member: The replica.
            error: What is wrong with it.
            lost: Whether its sessions have ended by that.
        """
        member.error = error
        member.outs += 1
        member.losses += lost
        member.turn(False)
        _log.warning("the replica %s is taken out: %s", member.address, error)
        self.probe(member)
        self._core.on_out(member)

    def probe(self, member: Member) -> None:
        """Begin to ask a replica that is out whether it is back."""
        self._run(member, self._bring_back(member))

    async def _bring_back(self, member: Member) -> None:
        while not self._core.closed:
            await asyncio.sleep(pause(member.attempts, LONGEST_PAUSE))
            member.attempts += 1
            try:
                await self._check(member)
            except GradwireError as error:
                _log.debug("the replica %s is not back: %s", member.address, error)
                self._remember(member, error)
                continue
            except Exception:
                # A fault of ours must not keep a replica out for ever.
                _log.exception("a probe of the replica %s failed", member.address)
                continue
            self._take_in(member)
            return

    def _remember(self, member: Member, error: GradwireError) -> None:
        if isinstance(error, InvalidArgumentError) and str(error) != str(member.error):
            _log.warning("the replica %s stays out: %s", member.address, error)
        member.error = error

    def _take_in(self, member: Member) -> None:
        member.turn(True)
        member.trial = True
        member.busy_until = 0.0
        member.checked = monotonic()
        _log.warning("the replica %s is back", member.address)
        self._core.on_in(member)

    # -- probes ------------------------------------------------------------------------------------

    async def _check(self, member: Member) -> None:
        """Make sure that a replica runs, and serves what the others do.

        Raises:
            GradwireError: It does not.
        """
        client = member.client
        if client is None:
            await self._connect(member)
            return
        engine = client._engine
        known = engine.app.app_id
        found = await read_app_id(engine.transport, engine.app.requests, self._options(client))
        if known is not None and found == known:
            return
        try:
            await refresh_app(engine.transport, engine.app, self._options(client))
        except AuthenticationError:
            await self._connect(member)  # the login was lost with the app's old run
            return
        except GradwireError:
            if member.is_space and member.attempts > SPACE_PROBES:
                await self._connect(member)
                return
            raise
        engine.heartbeat.keep()
        if engine.app.app_id != known or known is None:
            member.losses += 1
        self.check_api(member, client)

    def _options(self, client: AsyncClient) -> Any:
        return replace(client._options, timeout=PROBE, max_retries=0)

    async def _connect(self, member: Member) -> None:
        client = await self._connected(member)
        try:
            self.check_api(member, client)
        except BaseException:
            await client.close()
            raise
        old, member.client = member.client, client
        member.losses += 1
        self.listen(member)
        if old is not None:
            _leave(old, member)
            await old.close()

    async def _connected(self, member: Member) -> AsyncClient:
        seconds = None if member.is_space else CONNECTING
        try:
            async with asyncio.timeout(seconds):
                return await member.connect()
        except GradwireError:
            raise  # some are a TimeoutError too
        except TimeoutError:
            raise ConnectTimeout(f" to {member.address} within {CONNECTING:g} seconds.") from None

    def check_api(self, member: Member, client: AsyncClient) -> None:
        """Make sure that a replica serves the same endpoints as the others.

        Raises:
            InvalidArgumentError: It does not; the message says in what they differ.
        """
        core = self._core
        found = differences(core.api, client._engine.app.api, core.settings.addresses)
        if found:
            raise unlike(core, member.address, found)

    def listen(self, member: Member) -> None:
        """Hear when the heartbeat of a connected replica stops."""
        if member.client is not None:
            member.client._engine.heartbeat.on_break = partial(self.doubt, member)

    # -- silence -----------------------------------------------------------------------------------

    def watch(self) -> None:
        """Look for replicas that say nothing, as long as there are jobs in flight."""
        if None not in self._tasks:
            self._run(None, self._watch())

    async def _watch(self) -> None:
        members = self._core.members
        while any(member.in_flight for member in members):
            now = monotonic()
            doubtful = (
                member for member in members if member.healthy and _is_doubtful(member, now)
            )
            await asyncio.gather(*map(self._ask, doubtful))
            self._core.pump_all()  # who seemed to be the soonest may have turned out to be slow
            await asyncio.sleep(LOOK)

    def doubt(self, member: Member) -> None:
        """The heartbeat of a replica has stopped: ask whether it is there."""
        if member.healthy and not self._core.closed:
            self._run(("doubt", member), self._ask(member))

    async def _ask(self, member: Member) -> None:
        client = member.client
        assert client is not None
        app, outs = client._engine.app, member.outs
        try:
            async with asyncio.timeout(SILENCE):
                answer = await client._engine.transport.request(app.requests.app_id(), PROBE)
        except (GradwireError, TimeoutError) as error:
            wrong, lost = _silent(member, error), not isinstance(error, TimeoutError)
        else:
            member.heard = member.checked = monotonic()
            if not _is_another(app.app_id, answer):
                return
            wrong, lost = ConnectionLostError(_RESTARTED), True
        if member.healthy and member.outs == outs:
            self.take_out(member, wrong, lost=lost)

    # -- tasks -------------------------------------------------------------------------------------

    def _run(self, key: object, work: Coroutine[Any, Any, None]) -> None:
        if self._core.closed or key in self._tasks:
            work.close()
            return
        self._tasks[key] = self._core.loop.create_task(self._done(key, work))

    async def _done(self, key: object, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            # In the same turn, so that whatever happens next can begin another.
            self._tasks.pop(key, None)

    async def close(self) -> None:
        """Stop all probes."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _leave(old: AsyncClient, member: Member) -> None:
    """Move jobs of which nothing was sent to the new client of a replica; the others are lost."""
    engine = old._engine
    for job in list(engine._jobs.values()):
        if isinstance(job, PoolJob) and job.track is None:
            job.move_to(job.view.client_of(member))
        else:
            engine.give_up(job.run, ConnectionLostError(_RESTARTED, event_id=job.event_id))


def _is_doubtful(member: Member, now: float) -> bool:
    silent = bool(member.in_flight) and member.heard < now - SILENCE
    return silent or member.checked < now - CHECK


def _is_another(known: str | None, answer: Answer) -> bool:
    """Tell whether an answer names another run of the app than the one that is known."""
    if known is None or answer.status != 200:
        return False
    try:
        body = decode(answer.body)
    except JSONDecodeFailure:
        return False
    return isinstance(body, dict) and str(body.get("app_id", known)) != known


def _silent(member: Member, error: BaseException) -> GradwireError:
    if isinstance(error, GradwireError):
        return error
    return ConnectTimeout(f" to {member.address}: it says nothing for {SILENCE:g} seconds.")


def unlike(core: Core, address: str, found: list[str]) -> InvalidArgumentError:
    """Return the error for a replica that serves something else than the first."""
    named = core.settings.addresses is not None
    hint = "Name the endpoints that you call, endpoints=[...], if only those have to agree."
    return InvalidArgumentError(
        f"The replicas do not serve the same: {address} is unlike {core.address}: "
        f"{in_words(found)}.{'' if named else f' {hint}'}"
    )
