"""Jobs in notebooks: how one stands as HTML, and a place in the page that follows it to its end.

All happens in the event loop that the job's client works in; for a `Client` that is the one of the
background thread. While a job runs, its place is looked at a few times a second, and sent to the
page only if there is something new. Nothing of it is there before a notebook shows a job.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gradwire.app.markup import escaped, pre
from gradwire.app.words import seconds_text
from gradwire.data.fetched import fetch_all, files_away
from gradwire.data.kernel import Place, in_kernel
from gradwire.data.page import outputs_html
from gradwire.errors import ClientClosedError, GradwireError, JobCancelledError
from gradwire.wire.events import ProgressData
from gradwire.wire.prediction import Prediction
from gradwire.wire.prediction_page import logs_html, prediction_html
from gradwire.wire.standing import fraction, progress_text, status_text

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob

SECONDS = 0.2
"""Between two looks at a running job."""
_LONGEST_ERROR = 5000


def job_html(job: AsyncJob[Any], seconds: float | None = None) -> str:
    """Return how a job stands.

    Args:
        job: Running or ended.
        seconds: For how long it has been shown; None: unknown.
    """
    outcome = job.log.outcome
    if isinstance(outcome, Prediction):
        return prediction_html(outcome)
    head = f"<code>{escaped(str(job.run.endpoint))}</code>"
    if isinstance(outcome, GradwireError):
        return f"<div>{head}{logs_html(job.run.logs)}{_error_html(outcome)}</div>"
    status = job.status
    waited = "" if seconds is None or seconds < 1 else f", {_whole(seconds)}"
    bars = "".join(map(_bar_html, status.progress_data or ()))
    return (
        f"<div>{head} <i>{escaped(status_text(status) + waited)}</i>"
        f"{bars}{logs_html(job.run.logs)}{_latest_html(job)}</div>"
    )


def _whole(seconds: float) -> str:
    """Return a time that is passing; its tenths would only flicker."""
    return f"{int(seconds)} s" if seconds < 60 else seconds_text(int(seconds))


def _error_html(error: GradwireError) -> str:
    kind = "cancelled" if isinstance(error, JobCancelledError) else type(error).__name__
    return f'<b style="color:#c62828">{kind}</b>{pre(str(error), _LONGEST_ERROR)}'


def _bar_html(bar: ProgressData) -> str:
    share = fraction(bar)
    value = "" if share is None else f' value="{min(max(share, 0.0), 1.0):.4f}"'
    text = progress_text(bar)
    return (
        f"<div>{escaped(bar.desc or 'progress')} "
        f'<progress max="1"{value} style="vertical-align:middle"></progress> {escaped(text)}</div>'
    )


def _latest_html(job: AsyncJob[Any]) -> str:
    """Return what a generator has given last; files wait for the end."""
    event = next((e for e in reversed(job.log.window.events) if e.type == "data"), None)
    if event is None:
        return ""
    try:
        return outputs_html(event.data)
    except GradwireError:
        return ""  # the job is about to end with it


class LiveJob:
    """A job's place in a page, drawn anew until it has ended and its files are there."""

    def __init__(self, job: AsyncJob[Any], text: Callable[[], str]) -> None:
        self._job = job
        self._text = text
        self._since = time.monotonic()
        self._place = Place(job_html(job), text())
        # What is drawn later belongs below the cell that showed the job.
        self._context = contextvars.copy_context()
        self._timer: asyncio.TimerHandle | None = None

    def follow(self) -> None:
        """Begin; in the thread of the job's loop."""
        if self._job.log.wake_at_end(self._ended):
            self._look_later()
        else:
            self._ended()

    def _look_later(self) -> None:
        loop = self._job._engine.loop
        self._timer = loop.call_later(SECONDS, self._look, context=self._context)

    def _look(self) -> None:
        if not self._job.done():
            self._draw()
            self._look_later()

    def _draw(self) -> None:
        self._place.draw(job_html(self._job, time.monotonic() - self._since), self._text())

    def _ended(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._context.run(self._draw_end)

    def _draw_end(self) -> None:
        self._draw()
        outcome = self._job.log.outcome
        if isinstance(outcome, Prediction):
            # A task keeps the context in which it was begun, so this too comes to the right place.
            fetch_all(_files_of(outcome), self._draw)


def _files_of(prediction: Prediction) -> list[Any]:
    try:
        return files_away(prediction.data)
    except GradwireError:
        return []


def show_job(
    job: AsyncJob[Any], text: Callable[[], str], call_soon: Callable[[Callable[[], object]], object]
) -> None:
    """Show a job in a notebook, live.

    Args:
        job: What is shown.
        text: Returns the same for a page that knows no HTML.
        call_soon: Calls a function in the thread of the job's loop.

    Raises:
        NotImplementedError: This is no notebook, or the job has ended and has nothing to fetch.
            IPython then shows it in its usual way.
    """
    outcome = job.log.outcome
    still = isinstance(outcome, GradwireError) or (
        isinstance(outcome, Prediction) and not _files_of(outcome)
    )
    if still or not in_kernel():
        raise NotImplementedError
    live = LiveJob(job, text)
    # A client that was closed meanwhile has ended its jobs, and the place says so already.
    with suppress(ClientClosedError):
        call_soon(live.follow)
