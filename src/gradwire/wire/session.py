"""The event stream that all jobs of a session share, as a state machine.

From `sse_v1` on, a job is accepted by a POST and its messages come over
`GET /queue/data?session_hash=…`, one stream for all jobs of the session. What the
recordings of real servers teach:

- There may be only one reader. Two readers of one session split the messages between them.
- Messages of a job that nobody reads yet wait on the server, so the first attach may be late. But
  a stream opened while no job is pending hangs without a word: `needs_stream` is true only while
  one is.
- Messages may overtake the POST's answer. They are kept until the job's id is known (`_early`),
  bounded, because some belong to jobs that ended long ago and nobody will ask for them. Where there
  are too many, those of the oldest id go, and a job that turns up for it fails.
- The server ends the stream (`close_stream` from `sse_v3`, else plain EOF) when no job is pending.
  A job accepted at that very moment has had no message on this stream, and its messages wait for
  the next one: it stays, and `needs_stream` is true again. A job that has had one was pending, so
  an end is a broken connection for it.
- A dropped stream cannot be resumed on any server since 4.25, and there is no way to ask what
  became of a job. So all jobs of a dropped stream fail at once with `ConnectionLostError`.
- A job that has ended here may still wait or run there, because it could not be cancelled yet (see
  `client/cancelling.py`). The server counts it as pending and keeps the stream open; it is `left`,
  and what comes for it makes no events, but tells when it can be stopped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from gradwire.errors import ConnectionLostError, GradwireError, ProtocolError, endpoint_text
from gradwire.wire.events import Event
from gradwire.wire.failures import OUTCOME_UNKNOWN
from gradwire.wire.messages import (
    CloseStream,
    Malformed,
    ProcessCompleted,
    ProcessGenerating,
    ProcessStarts,
    ServerMessage,
    UnexpectedError,
    Unknown,
    decode_message,
)
from gradwire.wire.run import Run

AnyMessage = ServerMessage | Unknown | Malformed
Early = tuple[AnyMessage, int]
"""A message and its bytes."""
Delivery = tuple[Run, list[Event]]

MAX_EARLY_MESSAGES = 10_000
"""Messages that are kept for jobs whose id is not known yet."""
MAX_EARLY_BYTES = 64 * 1024 * 1024
"""Bytes of all these messages."""
MAX_ENDED_IDS = 10_000
"""Ids of ended jobs that are remembered, so that what still comes for them is dropped."""
MAX_SILENT_STREAMS = 5
"""Streams in a row that ended without a message for anybody before the jobs are given up."""

_SAME_ID = "The server gave two jobs the same id."
_TOO_EARLY = "Too many messages came for the job before its id was known; they were dropped."


class Session:
    """All queued jobs of one session and their stream.

    Attributes:
        session_hash: The session's name on the server.
        is_open: Whether a stream is open or being opened; set by `opening` and `ended`.
        closing: Whether the server has announced the end of the stream.
        announces_end: Whether it does so before each orderly end, as from `sse_v3` on.
        address: The app's, for errors.
    """

    def __init__(self, session_hash: str, *, announces_end: bool = False) -> None:
        self.session_hash = session_hash
        self.announces_end = announces_end
        self.address = ""
        self.is_open = False
        self.closing = False
        self._runs: dict[str | None, Run] = {}  # None is nobody's id
        self._left: dict[str, Run] = {}
        self._early: OrderedDict[str, list[Early]] = OrderedDict()
        self._early_count = 0
        self._early_bytes = 0
        # Ids that take no more messages, and why a job cannot have one of them.
        self._ended: OrderedDict[str | None, str] = OrderedDict()
        self._stream = 0
        self._silent_streams = 0

    @property
    def pending(self) -> Iterable[Run]:
        """The accepted jobs that have not ended."""
        return self._runs.values()

    @property
    def needs_stream(self) -> bool:
        """Whether a stream has to be opened now."""
        return bool(self._runs or self._left) and not self.is_open

    @property
    def left(self) -> list[Run]:
        """The jobs that have ended here, and still have to be stopped on the server."""
        return list(self._left.values())

    @property
    def has_left(self) -> bool:
        """Whether there are such jobs."""
        return bool(self._left)

    # -- jobs --------------------------------------------------------------------------------------

    def accept(self, run: Run, event_id: str) -> list[Event]:
        """Take in a job that the server has accepted; return what has already been said of it."""
        if event_id in self._runs or event_id in self._ended:
            # Nobody can tell whose messages they are; the first one keeps them.
            problem = self._ended.get(event_id, _SAME_ID)
            return run.fail(ProtocolError(problem, event_id=event_id))
        events = run.accepted(event_id)
        early = self._take_early(event_id) if event_id in self._early else []
        if run.ended:
            for message, _ in early:
                self._hear_of_left(run, message)
            self._forget(event_id)
            return events
        self._runs[event_id] = run
        for message, size in early:
            run.held += size
            self._deliver(run, message, events)
        return events

    def give_up(self, run: Run, error: GradwireError) -> list[Event]:
        """End a job by the client's own decision; later messages for it are dropped."""
        events = run.fail(error)
        if run.event_id is not None and self._runs.pop(run.event_id, None) is not None:
            self._forget(run.event_id)
        return events

    def siblings(self, run: Run) -> list[Run]:
        """Return the other pending jobs of the same function."""
        return [
            other
            for other in self._runs.values()
            if other.fn_index == run.fn_index and other is not run
        ]

    def has_others(self, run: Run) -> bool:
        """Tell whether there are other pending jobs."""
        return any(other is not run for other in self._runs.values())

    def leave(self, run: Run) -> None:
        """Listen on for a job that has ended here, to know when it runs and ends on the server."""
        if run.event_id is not None:
            self._left[run.event_id] = run

    def let_go(self, run: Run) -> None:
        """Take no more notice of a job that was left."""
        if run.event_id is not None:
            self._left.pop(run.event_id, None)

    # -- the stream --------------------------------------------------------------------------------

    def opening(self) -> None:
        """A stream is about to be opened."""
        self.is_open = True
        self.closing = False
        self._stream += 1
        self._silent_streams += 1

    def receive(self, data: bytes) -> list[Delivery]:
        """Take the data of one server-sent event; return what it means for which jobs."""
        return list(self.receive_all([data]).items())

    def receive_all(self, stream: Iterable[bytes]) -> dict[Run, list[Event]]:
        """Take the data of several server-sent events; return what they mean, job by job.

        The steps of a generator come by the hundred in a piece of the stream. Whoever waits for
        them is woken once for all of them.
        """
        news: dict[Run, list[Event]] = {}
        runs = self._runs
        for data in stream:
            message = decode_message(data)
            run = runs.get(message.event_id)
            if run is None:
                self._take_other(message, len(data), news)
                continue
            events = news.get(run)
            if events is None:
                events = news[run] = []
                self._note_life(run)
            run.held += len(data)
            run.take(message, events)
            if run.outcome is not None:
                self._end(run)
        return news

    def _take_other(self, message: AnyMessage, size: int, news: dict[Run, list[Event]]) -> None:
        """Take a message that is not for one of the pending jobs."""
        event_id = message.event_id
        if event_id is None:
            if isinstance(message, CloseStream):
                self.closing = True
            elif isinstance(message, UnexpectedError | Malformed):
                self._to_all(message, news)
            return
        run = self._left.get(event_id)
        if run is not None:
            self._hear_of_left(run, message)
            news.setdefault(run, [])
        else:
            self._keep(event_id, message, size)

    def ended(self, reason: str | None = None) -> list[Delivery]:
        """The stream is over; fail the jobs that cannot get their messages any more.

        Args:
            reason: None for an orderly end, else what broke it.
        """
        if reason is None and self.announces_end and not self.closing:
            reason = "it ended, and the server had not said that it would"
        self.is_open = False
        self.closing = False
        if reason is None and self._silent_streams <= MAX_SILENT_STREAMS:
            lost = [run for run in self._runs.values() if run.heard_on == self._stream]
            over = [run for run in self._left.values() if run.heard_on == self._stream]
        else:
            lost = list(self._runs.values())
            over = list(self._left.values())
            self._silent_streams = 0
        for run in over:
            self.let_go(run)
        if not lost:
            return []
        return self._lose(lost, reason or "the server ended it before the job was done")

    def fail_all(self, error: GradwireError) -> list[Delivery]:
        """End every job with the same error, as when the client is closed."""
        self._left.clear()
        return [(run, self.give_up(run, error)) for run in list(self._runs.values())]

    # -- inside ------------------------------------------------------------------------------------

    def _deliver(self, run: Run, message: AnyMessage, news: list[Event]) -> None:
        self._note_life(run)
        run.take(message, news)
        if run.outcome is not None:
            self._end(run)

    def _note_life(self, run: Run) -> None:
        """The stream in use has carried a message for a job."""
        run.heard_on = self._stream
        self._silent_streams = 0

    def _end(self, run: Run) -> None:
        """A job has ended by the server's word."""
        run.over = True
        if self._runs.pop(run.event_id, None) is not None:
            self._forget(run.event_id)

    def _hear_of_left(self, run: Run, message: AnyMessage) -> None:
        self._note_life(run)
        if isinstance(message, ProcessStarts | ProcessGenerating):
            run.started = True
        elif isinstance(message, ProcessCompleted | UnexpectedError):
            run.over = True
            self.let_go(run)

    def _to_all(self, message: UnexpectedError | Malformed, news: dict[Run, list[Event]]) -> None:
        if isinstance(message, UnexpectedError):
            self._left.clear()  # the server has lost them, too
        for run in list(self._runs.values()):
            self._deliver(run, message, news.setdefault(run, []))

    def _keep(self, event_id: str, message: AnyMessage, size: int) -> None:
        if event_id in self._ended:
            return
        self._early.setdefault(event_id, []).append((message, size))
        self._early_count += 1
        self._early_bytes += size
        while self._early_count > MAX_EARLY_MESSAGES or self._early_bytes > MAX_EARLY_BYTES:
            oldest = next(iter(self._early))
            self._take_early(oldest)
            self._forget(oldest, _TOO_EARLY)

    def _take_early(self, event_id: str) -> list[Early]:
        early = self._early.pop(event_id, [])
        self._early_count -= len(early)
        self._early_bytes -= sum(size for _, size in early)
        return early

    def _forget(self, event_id: str | None, why: str = _SAME_ID) -> None:
        self._ended[event_id] = why
        if len(self._ended) > MAX_ENDED_IDS:
            self._ended.popitem(last=False)

    def _lose(self, runs: list[Run], reason: str) -> list[Delivery]:
        ids = tuple(run.event_id for run in runs if run.event_id is not None)
        of = f" of {self.address}" if self.address else ""
        reason = reason.rstrip(".")
        others = "1 other" if len(runs) == 2 else f"{len(runs) - 1} others"
        deliveries = []
        for run in runs:
            what = endpoint_text(run.endpoint)
            jobs = f"{what} was pending" if len(runs) == 1 else f"{what} and {others} were pending"
            error = ConnectionLostError(
                f"The event stream{of} broke while {jobs}: {reason}. {OUTCOME_UNKNOWN}",
                url=self.address or None,
                reason=reason,
                event_ids=ids,
                session_hash=self.session_hash,
                endpoint=str(run.endpoint),
                event_id=run.event_id,
            )
            deliveries.append((run, self.give_up(run, error)))
        return deliveries
