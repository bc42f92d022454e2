"""What the failure of a job says of its replica, and whether the job may go to another one. Pure.

| verdict | what failed | the replica |
|---|---|---|
| `"answer"` | the app's function, or it refused the input | does its work |
| `"own"` | the caller's doing: cancelled, too late, a wrong argument | is not to blame |
| `"busy"` | its queue is full, or it has had too many requests | gets nothing for a while |
| `"fault"` | the replica: gone, broken, silent | is taken out |
"""

from __future__ import annotations

from typing import Literal

from gradwire.errors import (
    AppError,
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    DeadlineExceededError,
    GradwireError,
    ProtocolError,
    QueueFullError,
    SessionNotFoundError,
    UploadError,
)
from gradwire.transport.retrying import NOT_TAKEN

Verdict = Literal["answer", "own", "busy", "fault"]
TOO_MANY = 429
UNAUTHORIZED = 401


def verdict(error: GradwireError) -> Verdict:
    """Return what an error of a job says; a deadline of the caller's is not asked about here."""
    if isinstance(error, QueueFullError) or _too_many(error):
        return "busy"
    # A login is lost when the app restarts; the probe logs in again.
    faults = (ConnectError, ConnectionLostError, DeadlineExceededError, SessionNotFoundError)
    if isinstance(error, faults) or (
        isinstance(error, AuthenticationError) and error.status == UNAUTHORIZED
    ):
        return "fault"
    if isinstance(error, AppError | UploadError):
        return "fault" if (error.status or 0) >= 500 else "answer"
    if isinstance(error, ProtocolError):
        return "answer" if error.status is None else "fault"
    return "own"


def not_taken(error: GradwireError, *, handed_in: bool, accepted: bool) -> bool:
    """Tell whether the server has certainly not taken the job.

    Args:
        error: How the job failed.
        handed_in: Whether the call itself may have been sent; else only its files were.
        accepted: Whether the server has given it an id, or has begun to run it.
    """
    if accepted:
        return False
    if not handed_in or isinstance(error, QueueFullError):
        return True
    if isinstance(error, AuthenticationError):
        return error.status == UNAUTHORIZED
    # Without a status there was no connection.
    return isinstance(error, ConnectError) and (error.status is None or error.status in NOT_TAKEN)


def _too_many(error: GradwireError) -> bool:
    return isinstance(error, ConnectError) and error.status == TOO_MANY
