"""Which results and errors are right, for each fault at each place."""

from __future__ import annotations

from dataclasses import dataclass

from gradwire import (
    AppError,
    AuthenticationError,
    ConnectionLostError,
    DeadlineExceededError,
    GradwireError,
    ProtocolError,
    Timeout,
    UploadError,
)
from gradwire.client.cancelling import CANCEL_GRACE

from .exchanges import Errors, Exchange
from .plan import ANSWER_BODY, ANSWER_HEAD, END, REQUEST_BODY, REQUEST_HEAD, SENT, Place

SOON = 30.0
"""Seconds within which a fault that is noticed at once has to end what it hits.

Many cases run at the same time, and the machine may be busy. How soon it is when it is not,
`test_lost_streams.py` looks at.
"""
READ, TOTAL = 3.0, 20.0
"""Deadlines of the clients here."""
HEARTBEAT = 20.0
"""Seconds after which an event stream without a heartbeat is given up."""


@dataclass(frozen=True)
class Case:
    """One fault at one place.

    Attributes:
        exchange: What is struck.
        kind: The kind of fault.
        place: Where it strikes.
        past: Whether the client has all that it wants by then.
    """

    exchange: Exchange
    kind: str
    place: Place
    past: bool

    def __str__(self) -> str:
        return f"{self.exchange.title}: {self.kind} {self.place.where} {self.place.message}"

    @property
    def patient(self) -> bool:
        """Whether nothing but missing heartbeats ends it."""
        return self.kind == "stall" and self.exchange.path == "*/queue/data"

    @property
    def timeout(self) -> Timeout:
        silent = self.kind in ("stall", "corrupt") and not self.patient
        read = READ if self.kind == "stall" else SOON
        return Timeout(connect=SOON, read=read, total=TOTAL if silent else None)

    @property
    def limit(self) -> float:
        """Seconds within which it has to end."""
        if self.patient:
            return HEARTBEAT + SOON
        limit = TOTAL + SOON if self.kind in ("stall", "corrupt") else SOON
        if self.exchange.server == "sse_server":
            limit += 8  # there a job that never sends its inputs holds up the others for 5 s
        return limit + (CANCEL_GRACE if self.exchange.title == "cancel" else 0)


NEVER: Errors = ()
ANY: Errors = (GradwireError,)
Expected = tuple[bool, Errors]
"""Whether a result is right, and which errors are."""
_TAKEN_WRONG: Errors = (ProtocolError, AppError, UploadError)
"""What a server or a client says of a message of which a part is missing."""


def expected(case: Case) -> Expected:
    """Return what is right."""
    match case.kind:
        case "delay" | "drip" | "re-chunk":
            return True, NEVER
        case "corrupt":
            return True, ANY  # any letter of a text may be another one, and nobody can know
        case "duplicate":
            return True, _of_a_duplicate(case)
        case "truncate":
            return _of_a_truncation(case)
        case "stall":
            return _of_a_stall(case)
    return _of_a_break(case)


def _of_a_duplicate(case: Case) -> Errors:
    message = case.place.message
    if message.startswith(SENT):
        return ANY
    if message in (REQUEST_BODY, ANSWER_BODY, END):
        # Bytes that belong to nothing: where they are noticed, the connection is given up.
        return (ConnectionLostError, *case.exchange.lost)
    return NEVER


def _of_a_truncation(case: Case) -> Expected:
    title, message = case.exchange.title, case.place.message
    if title in ("connect: API info", "cancel"):
        return True, NEVER  # what the API info says is made up for by the config
    if title == "connect: login":
        return message == ANSWER_BODY, (AuthenticationError,)
    if message in (REQUEST_BODY, ANSWER_BODY):
        return message == ANSWER_BODY and title == "4.0: inputs", _TAKEN_WRONG
    return (True, NEVER) if case.past else (False, (ConnectionLostError,))


def _of_a_stall(case: Case) -> Expected:
    errors = (DeadlineExceededError, ConnectionLostError, *case.exchange.lost)
    if case.exchange.title == "cancel":
        return True, NEVER
    if case.past:
        # What follows may be sent over the connection that is stalled now.
        return True, errors if case.place.where == "after" else NEVER
    return case.exchange.title == "connect: API info", errors


def _of_a_break(case: Case) -> Expected:
    exchange, message = case.exchange, case.place.message
    if case.past:
        # What follows may be sent over the connection that breaks now; a reset drops what was not
        # read yet.
        follows = case.place.where == "after" and exchange.title != "cancel"
        return True, (ConnectionLostError, *exchange.lost) if follows else NEVER
    if exchange.repeated:
        return True, NEVER
    # A file, or a WebSocket, may be asked for again as long as there is no answer.
    asked = message in (REQUEST_HEAD, ANSWER_HEAD)
    return asked and (exchange.title == "download" or "Socket" in exchange.title), exchange.lost
