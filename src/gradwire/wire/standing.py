"""Where a job stands, in words for people: its status, and the app's progress bars."""

from __future__ import annotations

from gradwire.app.words import seconds_text, shown
from gradwire.wire.events import ProgressData, StatusEvent


def status_text(status: StatusEvent) -> str:
    """Return in words where a job stands."""
    if status.stage == "pending" and status.position is not None:
        ahead = status.position
        place = "next in the queue" if ahead <= 0 else f"{ahead} before this one in the queue"
        eta = "" if status.eta is None else f", about {seconds_text(max(status.eta, 0))}"
        return f"{place}{eta}"
    return "waiting" if status.stage == "pending" and not status.progress_data else "running"


def progress_text(progress: ProgressData) -> str:
    """Return how far a progress bar of the app is: steps, a share, or nothing."""
    unit = f" {shown(progress.unit)}" if progress.unit else ""
    if progress.index is not None and progress.length is not None:
        return f"{progress.index:g}/{progress.length:g}{unit}"
    if progress.index is not None:
        return f"{progress.index:g}{unit}"
    return "" if progress.progress is None else f"{progress.progress:.0%}"


def fraction(progress: ProgressData) -> float | None:
    """Return the share that is done, as the app says it; None: unknown."""
    if progress.progress is not None:
        return progress.progress
    if progress.index is not None and progress.length:
        return progress.index / progress.length
    return None
