"""The middle of a pool: jobs wait here until a replica has use for them.

All of it happens in the event loop of the pool, and nothing here awaits, but for closing. What the
replicas are doing comes from the jobs (`pool_job.py`), who gets the next job is decided by
`choosing.py`, and `health.py` takes replicas out and brings them back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from gradwire.app.api_info import ApiInfo
from gradwire.app.config import Config
from gradwire.app.words import exact_seconds
from gradwire.batch.choosing import choose
from gradwire.batch.health import Health
from gradwire.batch.replica import Member
from gradwire.batch.verdicts import Verdict
from gradwire.client.async_client import AsyncClient
from gradwire.errors import ConnectError, GradwireError
from gradwire.transport.retrying import LONGEST_RETRY_AFTER, pause

if TYPE_CHECKING:
    from gradwire.batch.pool_job import PoolJob
    from gradwire.batch.settings import Settings

_log = logging.getLogger("gradwire")

LONGEST_REST = 2.0
"""Seconds that a replica with a full queue is left alone, if it does not ask for more."""
Line = tuple[str | int, Member | None]
"""Which jobs wait together: those of one endpoint, and for one replica if only that will do.

All jobs of a line may go to the same replicas, so the first one speaks for all of them.
"""


class Core:
    """Everything that the views of one pool share.

    Attributes:
        members: The replicas.
        config: What the first replica that answered says of itself.
        api: What it serves, and all others have to serve.
    """

    def __init__(self, members: Sequence[Member], first: AsyncClient, settings: Settings) -> None:
        self.members = tuple(members)
        self.settings = settings
        self.config: Config = first._engine.app.config
        self.api: ApiInfo = first._engine.app.api
        self.address = first._engine.app.requests.base_url
        self.loop = asyncio.get_running_loop()
        self.closed = False
        self.on_closed: Callable[[], object] | None = None
        self.health = Health(self)
        self._lines: dict[Line, dict[PoolJob, None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing: asyncio.Task[None] | None = None

    # -- jobs --------------------------------------------------------------------------------------

    def place(self, job: PoolJob) -> None:
        """Send a job to the best replica, now or when one has use for it."""
        line = (job.key, job.only)
        self._lines.setdefault(line, {})[job] = None
        self.pump(job.key)
        if job in self._lines.get(line, ()):
            self._wait_for_replica(job)

    def pump(self, key: str | int) -> None:
        """Send what can be sent of the jobs that wait for an endpoint."""
        if not self._lines:
            return
        for only in (None, *self.members):
            # Looked up each time: callbacks of a job that ends here may add to the line.
            while (line := self._lines.get((key, only))) and self._send_first(line):
                pass
            if line is not None and not line:
                del self._lines[key, only]

    def pump_all(self) -> None:
        """Send what can be sent of all jobs that wait."""
        for key in {key for key, _ in self._lines}:
            self.pump(key)

    def _send_first(self, line: dict[PoolJob, None]) -> bool:
        job = next(iter(line))
        if job.session is not None and job.session.lost():
            del line[job]
            self._give_up(job, job.session.loss())
            return True
        member = self._choose(job, len(line))
        if member is None:
            return False
        del line[job]
        self._cancel_patience(job)
        if job.session is not None:
            job.session.settle(member)
        job.go_to(member.track(job.key))
        self.health.watch()
        return True

    def _choose(self, job: PoolJob, in_line: int) -> Member | None:
        """Return who gets a job now: one that has turned it away only if no other has room."""
        now = monotonic()
        able = {member for member in self.candidates(job) if member.may_take(now)}
        for members in (able - job.refused, able) if job.refused else (able,):
            loads = [
                member.track(job.key).load(now) if member in members else None
                for member in self.members
            ]
            place = choose(loads, in_line)
            if place is not None:
                return self.members[place]
        return None

    def candidates(self, job: PoolJob) -> list[Member]:
        """Return the replicas that may have a job, and are there, with those that refused it."""
        only = job.only
        if only is None and job.session is not None:
            only = job.session.home
        return [member for member in (self.members if only is None else (only,)) if member.healthy]

    def freed(self, member: Member, key: str | int) -> None:
        """A job has left a replica: others may go there."""
        if member.trial:  # which had one job for all endpoints
            self.pump_all()
        else:
            self.pump(key)

    def forget(self, job: PoolJob) -> None:
        """A job has ended: it waits no longer."""
        self._cancel_patience(job)
        line = self._lines.get((job.key, job.only))
        if line is not None and job in line:
            del line[job]
            if not line:
                self._lines.pop((job.key, job.only), None)

    def waiting(self) -> Iterator[PoolJob]:
        """Yield the jobs that wait here; they may be sent or ended meanwhile."""
        for line in list(self._lines.values()):
            yield from list(line)

    # -- when no replica is left -------------------------------------------------------------------

    def _wait_for_replica(self, job: PoolJob) -> None:
        """Let a job that no replica can have wait for one to come back, but not for ever."""
        if self.candidates(job) or job.patience is not None:
            return
        seconds = self.settings.patience
        if seconds is not None:
            job.patience = self.loop.call_later(seconds, self._lose_patience, job)

    def _lose_patience(self, job: PoolJob) -> None:
        job.patience = None
        if not self.candidates(job):
            self.forget(job)
            self._give_up(job, self.nobody(job.only))

    def _cancel_patience(self, job: PoolJob) -> None:
        if job.patience is not None:
            job.patience.cancel()
            job.patience = None

    def _give_up(self, job: PoolJob, error: GradwireError) -> None:
        error.endpoint = str(job.key)
        job._engine.give_up(job.run, error)

    def nobody(self, only: Member | None = None) -> ConnectError:
        """Return the error for a pool of which nobody is there."""
        return no_replica(self.members if only is None else (only,), self.settings.patience)

    # -- replicas ----------------------------------------------------------------------------------

    def judge(
        self, member: Member, verdict: Verdict, error: GradwireError, *, current: bool
    ) -> None:
        """Take in what the failure of a job says of its replica.

        Args:
            member: The replica.
            verdict: What it says.
            error: The failure.
            current: Whether the job was sent after the replica came in last.
        """
        if verdict == "answer":
            self.answered(member)
        elif verdict == "busy":
            self._let_rest(member, error)
        elif verdict == "fault":
            member.failed += 1
            if current and member.healthy:
                self.health.take_out(member, error)

    def answered(self, member: Member) -> None:
        """A replica has done a job."""
        member.done += 1
        member.attempts = member.refusals = 0
        member.heard = monotonic()
        if member.trial:
            self.trust(member)

    def trust(self, member: Member) -> None:
        """A replica that was on trial has taken a job."""
        member.trial = False
        self.loop.call_soon(self.pump_all)

    def _let_rest(self, member: Member, error: GradwireError) -> None:
        asked = getattr(error, "retry_after", None)
        seconds = pause(member.refusals, LONGEST_REST) if asked is None else float(asked)
        seconds = min(seconds, LONGEST_RETRY_AFTER)
        member.refusals += 1
        member.error = error
        member.busy_until = max(member.busy_until, monotonic() + seconds)
        _log.debug("the replica %s gets nothing for %.1f s: %s", member.address, seconds, error)
        self.loop.call_soon(self.pump_all)  # what waited for this one may go to others meanwhile
        self.loop.call_later(seconds + 0.001, self.pump_all)

    def on_out(self, member: Member) -> None:
        """A replica was taken out: its unsent jobs come back, others may have to be patient."""
        back = [job for job in member.jobs() if job.come_back()]
        for job in back:
            self.place(job)
        self.pump_all()
        for job in self.waiting():
            self._wait_for_replica(job)

    def on_in(self, member: Member) -> None:
        """A replica is there: jobs that wait may go there."""
        self.pump_all()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside; it is stopped when the pool is closed."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- the end -----------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close all replicas; all calls wait for the same end."""
        if self._closing is None:
            self.closed = True
            self._closing = self.loop.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.health.close()
            clients = [member.client for member in self.members if member.client is not None]
            sessions = [client for member in self.members for client in member.sessions]
            closings = (client.close() for client in (*sessions, *clients))
            await asyncio.gather(*closings, return_exceptions=True)
        finally:
            if self.on_closed is not None:
                self.on_closed()


def no_replica(members: Sequence[Member], patience: float | None = 0.0) -> ConnectError:
    """Return the error that names each replica, and what is wrong with it."""
    said = "; ".join(f"{member.address}: {_why(member)}" for member in members)
    waited = f" within {exact_seconds(patience)} (patience)" if patience else ""
    what = "the replica" if len(members) == 1 else f"any of the {len(members)} replicas"
    return ConnectError(f" to {what}{waited}. {said}")


def _why(member: Member) -> str:
    text = "it gave no reason" if member.error is None else str(member.error)
    return text.removeprefix("Could not connect: ").rstrip(".")
