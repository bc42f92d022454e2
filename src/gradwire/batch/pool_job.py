"""A job of a pool: it keeps what is needed to hand it to another replica until one has taken it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from gradwire.batch.verdicts import not_taken, verdict
from gradwire.client.async_client import AsyncClient
from gradwire.client.async_job import AsyncJob
from gradwire.errors import (
    ConnectionLostError,
    DeadlineExceededError,
    GradwireError,
    ProtocolError,
    QueueFullError,
    SessionNotFoundError,
)
from gradwire.transport.retrying import pause, wait_for
from gradwire.wire.events import Event, EventType
from gradwire.wire.failures import OUTCOME_UNKNOWN
from gradwire.wire.prediction import Prediction

if TYPE_CHECKING:
    import asyncio

    from gradwire.batch.dispatch import Core
    from gradwire.batch.replica import Member, Track
    from gradwire.batch.views import Session, View

_log = logging.getLogger("gradwire")

_HANDED_ON = ("_owner", "_make_run", "run", "endpoint", "requests", "options", "way", "files")
_INPUTS = ("_payload", "_request")
_UNQUEUED = ("call", "steps")
_OUTCOME_UNKNOWN = (
    "The app may have stopped, or the network failed: `replicas` of the pool tells whether it is "
    "there. Whether the function ran is unknown; submit it again if it is safe to run twice, or "
    "let with_options(resubmit=True) do that."
)
TIMER_SLACK = 0.01
"""Seconds by which a timer may be early."""


@dataclass(slots=True)
class Made:
    """A call as it was written, to be bound anew for another replica."""

    endpoint: str | int
    data: Any
    event_data: Any
    trigger_id: int | None
    wanted: frozenset[EventType]
    inputs: Mapping[str, Any]

    def by(self, client: AsyncClient) -> AsyncJob[Event]:
        """Return the call as a job of one replica."""
        return client._job(
            self.endpoint,
            self.data,
            self.event_data,
            self.trigger_id,
            self.wanted,
            self.inputs,
        )


class PoolJob(AsyncJob[Event]):
    """A job that belongs to the replica that has it, and to any before that.

    Attributes:
        key: The endpoint, as all replicas call it.
        only: The one replica that may have it, where its files are; None: any.
        session: What it belongs to, if it needs State; that too is at one replica.
        view: What it was called through.
        track: Where it is in flight; None: it waits here.
        refused: Replicas that had no room for it since it last paused.
        patience: Ends the waiting when no replica is left.
    """

    __slots__ = (
        "_begun",
        "_core",
        "_ends_at",
        "_holder",
        "_made",
        "_outs",
        "key",
        "only",
        "patience",
        "refused",
        "session",
        "track",
        "view",
    )

    def __init__(self, job: AsyncJob[Event], made: Made, view: View, key: str | int) -> None:
        for kind in AsyncJob.__mro__:
            for name in getattr(kind, "__slots__", ()):
                if name != "__weakref__" and hasattr(job, name):
                    setattr(self, name, getattr(job, name))
        self._made: Made | None = made
        self._holder = view.holder  # keeps the pool alive
        self._core: Core = view.holder.core
        self.view = view
        self.key = key
        self.only: Member | None = None
        self.session: Session | None = None
        self.track: Track | None = None
        self.refused: set[Member] = set()
        self.patience: asyncio.TimerHandle | None = None
        self._begun = False
        self._outs = 0
        self._ends_at: float | None = None

    def __repr__(self) -> str:
        where = "" if self.track is None else f" at {self.track.replica.address}"
        return super().__repr__().replace("<PoolJob", "<AsyncJob").replace(">", f"{where}>")

    # -- its way -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; the job goes on by itself from here."""
        total = self.options.timeout.total
        self._ends_at = None if total is None else monotonic() + total
        super().start()

    def send(self) -> None:
        """Have the job sent when a replica has use for it."""
        if not self.done():
            self._core.place(self)

    def go_to(self, track: Track) -> None:
        """Hand the job to a replica."""
        client = self.view.client_of(track.replica)
        if self._owner.engine is not client._engine and not self.move_to(client):
            return
        now = monotonic()
        self.track, self._begun, self._outs = track, False, track.replica.outs
        track.enter(self, now)
        if self.way in _UNQUEUED:
            self._begin()
        self._task = self._engine.start(self)

    def move_to(self, client: AsyncClient) -> bool:
        """Bind the call anew, for another replica; False if it cannot have it: the job has ended.

        Nothing of it may have been sent.
        """
        assert self._made is not None
        try:
            fresh = self._made.by(client)
        except GradwireError as error:
            self._engine.give_up(self.run, error)
            return False
        except Exception as error:
            # A fault of ours, or of an object among the inputs, is not that of other jobs.
            _log.exception("a job could not be handed to another replica")
            self._engine.give_up(self.run, ProtocolError(f"The client failed: {error!r}"))
            return False
        self._engine.release(self)
        for name in (*_HANDED_ON, *_INPUTS):
            setattr(self, name, getattr(fresh, name))
        if self.watch is not None:
            self.watch.moved(self)
        self._engine.add(self)
        return not self.done()

    def _begin(self) -> None:
        if self.track is not None and not self._begun:
            self._begun = True
            self.track.begin()

    def on_news(self) -> None:
        """The server has said something of the job."""
        track = self.track
        if track is None:
            return
        now = monotonic()
        track.replica.heard = now
        if self._begun:
            return
        if self.run.started:
            self._begin()
            self._core.pump(self.key)
        else:
            track.told(self.status, now)
        if track.replica.trial:
            self._core.trust(track.replica)

    def on_accepted(self) -> None:
        """The server has given the job an id."""
        super().on_accepted()
        if self.done() or not self.options.resubmit:
            self._made = None

    # -- its end, or a new beginning ---------------------------------------------------------------

    def pause_before_retry(self, error: GradwireError) -> float | None:
        """Decide what a failure means for the replica, and whether the job goes elsewhere."""
        track = self.track
        if track is None or self._core.closed or self._too_late(error):
            return None
        _say_what_helps(error)
        judged = verdict(error)
        untaken = not_taken(
            error,
            handed_in=not self.files and (self.sent or self.way != "stream"),
            accepted=self.run.event_id is not None or self.run.started,
        )
        self._leave(answered=judged == "answer")
        self._core.judge(track.replica, judged, error, current=self._outs == track.replica.outs)
        self._core.freed(track.replica, self.key)
        seconds = self._again(judged, error, untaken, track.replica)
        if seconds is None:
            _tell_replica(error, track.replica.address)
        return seconds

    def _too_late(self, error: GradwireError) -> bool:
        if type(error) is not DeadlineExceededError or self._ends_at is None:
            return False
        return monotonic() >= self._ends_at - TIMER_SLACK

    def _again(
        self, judged: str, error: GradwireError, untaken: bool, replica: Member
    ) -> float | None:
        """Return the seconds after which the job begins anew."""
        options, core = self.options, self._core
        if self._made is None:
            return None
        if self.session is not None:  # its State is in one place only
            return None if self.session.lost() else super().pause_before_retry(error)
        if judged == "busy":
            self.refused.add(replica)
            if not self.refused.issuperset(core.candidates(self)):
                return 0.0
            self.refused.clear()
            if isinstance(error, QueueFullError):
                return pause(self.tries) if options.retry_queue_full else None
            return wait_for(error, self.tries, repeatable=False) if self._may_repeat() else None
        if judged != "fault" or not (untaken or options.resubmit) or not self._may_repeat():
            return None
        return 0.0 if core.candidates(self) else pause(self.tries)

    def _may_repeat(self) -> bool:
        """Tell whether the job may be handed in once more: as often as at one app, at each."""
        return self.tries + 1 < (self.options.max_retries + 1) * len(self._core.members)

    def _leave(self, *, answered: bool) -> None:
        track, self.track = self.track, None
        if track is not None:
            track.leave(self, begun=self._begun, answered=answered, now=monotonic())

    def come_back(self) -> bool:
        """Wait here again, if the job still stands in the replica's line, so not sent at all."""
        if self.sent or self.way != "stream" or not self._engine.joins.withdraw(self):
            return False
        self._leave(answered=False)
        return True

    def on_ended(self, outcome: Prediction | GradwireError) -> None:
        """The job has its outcome: make room for the next one."""
        track = self.track
        self._leave(answered=isinstance(outcome, Prediction))
        self._core.forget(self)
        super().on_ended(outcome)
        if track is not None:
            if isinstance(outcome, Prediction):
                self._core.answered(track.replica)
            self._core.freed(track.replica, self.key)


def _say_what_helps(error: GradwireError) -> None:
    """Name what a pool has, in place of what only a client has."""
    if isinstance(error, ConnectionLostError) and error.args:
        error.args = (str(error.args[0]).replace(OUTCOME_UNKNOWN, _OUTCOME_UNKNOWN),)


def _tell_replica(error: GradwireError, address: str) -> None:
    """Say in an error which replica had the job, and under which id."""
    if error.replica is not None:
        return
    error.replica = address
    lost = isinstance(error, ConnectionLostError | SessionNotFoundError | DeadlineExceededError)
    if lost and error.args:
        named = "" if error.event_id is None else f", as job {error.event_id}"
        error.args = (f"{error.args[0]} It was at the replica {address}{named}.",)
