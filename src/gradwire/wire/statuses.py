"""What a message, or the error that a job ended with, says of the job's status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradwire.errors import GradwireError
from gradwire.wire.events import ProgressData
from gradwire.wire.messages import (
    Estimation,
    Output,
    ProcessCompleted,
    ProcessGenerating,
    ProcessStarts,
    ProcessStreaming,
    Progress,
    ServerMessage,
)


def status_fields(message: ServerMessage | None, error: GradwireError | None) -> dict[str, Any]:
    """Return the fields of a `StatusEvent`.

    Args:
        message: The latest news of the job; None: there was none.
        error: What it ended with, if it failed.
    """
    fields: dict[str, Any] = {"stage": "pending"}
    describe = _DESCRIBERS.get(type(message))
    if describe:
        fields |= describe(message)
    if error is not None:
        fields |= _describe_error(error)
    return fields


def _describe_estimation(message: Estimation) -> dict[str, Any]:
    return {"position": message.rank, "size": message.queue_size, "eta": message.rank_eta}


def _describe_start(message: ProcessStarts) -> dict[str, Any]:
    return {"position": 0, "eta": message.eta}


def _describe_progress(message: Progress) -> dict[str, Any]:
    units = message.progress_data or ()
    bars = tuple(ProgressData(u.index, u.length, u.unit, u.progress, u.desc) for u in units)
    return {"progress_data": bars}


def _describe_step(message: ProcessGenerating) -> dict[str, Any]:
    streaming = type(message) is ProcessStreaming
    return {
        "stage": "streaming" if streaming else "generating",
        "success": message.success,
        "time_limit": message.time_limit,
        **_describe_output(message.output),
    }


def _describe_end(message: ProcessCompleted) -> dict[str, Any]:
    return {
        "stage": "complete",
        "success": message.success,
        "title": message.title,
        "used_cache": message.used_cache,
        "avg_time": message.avg_time,
        **_describe_output(message.output),
        # Beside an error, servers mean the seconds for which it is shown by both.
        "cache_duration": message.cache_duration if message.success else None,
        "duration": message.output.duration if message.success else None,
    }


def _describe_output(output: Output) -> dict[str, Any]:
    changed = output.changed_state_ids
    return {
        "duration": output.duration,
        "changed_state_ids": tuple(changed) if isinstance(changed, list) else (),
    }


def _describe_error(error: GradwireError) -> dict[str, Any]:
    return {
        "stage": "error",
        "success": False,
        "message": str(error),
        "code": _CODES.get(type(error).__name__, "error"),
        "title": getattr(error, "title", None),
    }


_CODES = {
    "QueueFullError": "queue_full",
    "ValidationError": "validation_error",
    "JobCancelledError": "cancelled",
    "ConnectionLostError": "connection_lost",
    "SessionNotFoundError": "session_not_found",
    "QuotaExceededError": "quota_exceeded",
    "DeadlineExceededError": "deadline_exceeded",
    "ClientClosedError": "client_closed",
}

_DESCRIBERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    Estimation: _describe_estimation,
    ProcessStarts: _describe_start,
    Progress: _describe_progress,
    ProcessGenerating: _describe_step,
    ProcessStreaming: _describe_step,
    ProcessCompleted: _describe_end,
}
