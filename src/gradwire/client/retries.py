"""Whether a job that has failed is handed in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradwire.errors import ConnectionLostError, GradwireError, QueueFullError
from gradwire.transport.retrying import pause, wait_for
from gradwire.wire.events import Event

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob


def wait_before_retry(job: AsyncJob[Event], error: GradwireError) -> float | None:
    """Return the seconds after which a job begins anew; None: it ends with the error.

    What the server has certainly not taken is handed in again. What it has, or may have, only if
    the caller has said that the function may run twice (`resubmit`). A full queue has not taken the
    job, but its app has asked for patience: that is for the caller to grant (`retry_queue_full`).
    """
    options = job.options
    if isinstance(error, QueueFullError):
        return pause(job.tries) if options.retry_queue_full else None
    if job.tries >= options.max_retries:
        return None
    if isinstance(error, ConnectionLostError):
        return pause(job.tries) if options.resubmit else None
    untouched = job.run.event_id is None and not job.run.started
    return wait_for(error, job.tries, repeatable=False) if untouched else None
