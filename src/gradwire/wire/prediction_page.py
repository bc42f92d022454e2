"""The result of a call as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gradwire.app.markup import escaped, pre
from gradwire.app.words import seconds_text
from gradwire.data.page import outputs_html
from gradwire.errors import GradwireError
from gradwire.wire.events import LogEvent

if TYPE_CHECKING:
    from gradwire.wire.prediction import Prediction

_COLOURS = {"success": "#2e7d32", "warning": "#b26a00", "error": "#c62828"}


def prediction_html(prediction: Prediction) -> str:
    """Return a result: what was called, what the app told meanwhile, and the outputs."""
    try:
        data = prediction.data
    except GradwireError as error:
        return pre(f"{type(error).__name__}: {error}", 2000)
    took = "" if prediction.duration is None else f", {seconds_text(prediction.duration)}"
    outputs = outputs_html(data) if data else "<i>no output</i>"
    head = f'<small style="opacity:.7">{escaped(f"{prediction.endpoint}{took}")}</small>'
    return f"<div>{head}{logs_html(prediction.logs)}{outputs}</div>"


def logs_html(logs: Iterable[LogEvent]) -> str:
    """Return messages of the app, one below the other."""
    return "".join(map(_log_html, logs))


def _log_html(event: LogEvent) -> str:
    colour = _COLOURS.get(event.level, "#1565c0")
    title = f"{event.title}: " if event.title and event.title.lower() != event.level else ""
    mark = f'<b style="color:{colour}">{escaped(event.level)}</b>'
    return f"<div>{mark} {escaped(title + event.log)}</div>"
