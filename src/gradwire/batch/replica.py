"""One of the apps behind a pool: what is known of it, and how busy it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakSet

from gradwire.batch.choosing import Load, Pace
from gradwire.client.async_client import AsyncClient
from gradwire.errors import GradwireError
from gradwire.wire.events import StatusEvent

if TYPE_CHECKING:
    from gradwire.batch.pool_job import PoolJob

OTHERS_SECONDS = 10.0
"""How long a server's word of the jobs of others counts."""


@dataclass(frozen=True, slots=True)
class Replica:
    """How one app of a pool stands at this moment.

    Attributes:
        address: Where it is.
        healthy: Whether it gets jobs.
        in_flight: Jobs of this pool that it has now.
        done: Jobs that it has answered, also with an error of the app.
        failed: Jobs that failed by its fault, with those that another one then got.
        since: When it was taken out, or came in.
        error: The last thing that was wrong with it; None: nothing so far.
    """

    address: str
    healthy: bool
    in_flight: int
    done: int
    failed: int
    since: datetime
    error: str | None


class Track:
    """The jobs of one endpoint at one replica."""

    __slots__ = ("jobs", "pace", "replica", "said", "said_at", "waiting")

    def __init__(self, replica: Member) -> None:
        self.replica = replica
        self.jobs: dict[PoolJob, tuple[float, int]] = {}
        """Those in flight, oldest first: when they came, and beside how many."""
        self.waiting = 0
        self.pace = Pace()
        self.said = 0
        self.said_at = 0.0

    def load(self, now: float) -> Load:
        """Return how busy the replica is with the endpoint."""
        return Load(
            in_flight=len(self.jobs),
            waiting=self.waiting,
            ahead=self.said if now - self.said_at < OTHERS_SECONDS else 0,
            cost=self.pace.cost(now, self._oldest(now)),
            total=self.replica.in_flight,
        )

    def _oldest(self, now: float) -> tuple[float, int] | None:
        first = next(iter(self.jobs.values()), None)
        return None if first is None else (now - first[0], first[1])

    def enter(self, job: PoolJob, now: float) -> None:
        """A job is sent."""
        load = self.load(now)
        if not self.replica.in_flight:
            self.replica.heard = now
        self.jobs[job] = now, load.in_flight + load.ahead + 1
        self.waiting += 1
        self.replica.in_flight += 1

    def begin(self) -> None:
        """The server has begun a job."""
        self.waiting -= 1

    def leave(self, job: PoolJob, *, begun: bool, answered: bool, now: float) -> None:
        """A job has ended, or goes elsewhere."""
        since, among = self.jobs.pop(job)
        self.waiting -= not begun
        self.replica.in_flight -= 1
        if answered:
            self.pace.note(now - since, among, now)

    def told(self, status: StatusEvent, now: float) -> None:
        """The server has said how long its queue is; of that, the jobs of others are kept."""
        if status.size is not None:
            self.said = max(0, status.size - self.waiting)
            self.said_at = now
        if status.eta is not None and status.position is not None:
            self.pace.suppose(status.eta / (max(status.position, 0) + 1), now)


class Member:
    """One app of a pool.

    Attributes:
        address: Where it is, as messages show it.
        connect: Connects to it; with `apart=True` in a session of its own, whatever the options.
        is_space: Whether it is a Space, which may have to be woken.
        client: Connected to it; None: it never was there.
        outs: How often it was taken out.
        losses: How often the sessions that it kept were lost.
        trial: Whether it has just come back, and has not taken a job since.
        attempts: Probes since it last answered a job.
        busy_until: When it may get jobs again after it has said that it has too many.
        sessions: Clients of sessions of their own there.
        refusals: How often it has said that it has too many jobs, one after the other.
        heard: When it last gave a sign of life.
        checked: When it was last known to be the app that was connected to.
    """

    def __init__(
        self, address: str, connect: Callable[..., Awaitable[AsyncClient]], *, is_space: bool
    ) -> None:
        self.address = address
        self.connect = connect
        self.is_space = is_space
        self.client: AsyncClient | None = None
        self.healthy = False
        self.in_flight = self.done = self.failed = 0
        self.since = datetime.now(UTC)
        self.error: GradwireError | None = None
        self.outs = self.losses = self.attempts = self.refusals = 0
        self.sessions: WeakSet[AsyncClient] = WeakSet()
        self.trial = False
        self.busy_until = self.heard = self.checked = 0.0
        self.tracks: dict[str | int, Track] = {}

    def track(self, endpoint: str | int) -> Track:
        """Return what is known of an endpoint here."""
        found = self.tracks.get(endpoint)
        if found is None:
            found = self.tracks[endpoint] = Track(self)
        return found

    def may_take(self, now: float) -> bool:
        """Tell whether it may get a job now."""
        return self.healthy and now >= self.busy_until and not (self.trial and self.in_flight)

    def turn(self, healthy: bool) -> None:
        """It is taken out, or comes in."""
        self.healthy = healthy
        self.since = datetime.now(UTC)
        self.heard = self.checked = monotonic()

    def jobs(self) -> list[PoolJob]:
        """Return its jobs."""
        return [job for track in self.tracks.values() for job in track.jobs]

    def info(self) -> Replica:
        """Return how it stands, as users see it."""
        return Replica(
            self.address,
            self.healthy,
            self.in_flight,
            self.done,
            self.failed,
            self.since,
            None if self.error is None else str(self.error),
        )
