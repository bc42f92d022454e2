"""What the commands for Spaces share."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import Self

import click
from rich.console import RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from gradwire.app.reference import AppReference, parse_reference
from gradwire.app.words import seconds_text, shown
from gradwire.cli.screen import is_terminal, out
from gradwire.hub.status import SpaceStatus

_STYLES = {"complete": "green", "error": "red", "pending": "yellow"}
_MARKS = {"complete": "✓", "error": "✗", "pending": "·"}


def space_reference(text: str) -> AppReference:
    """Return the Space that is named.

    Raises:
        click.UsageError: Something else is.
    """
    reference = parse_reference(text)
    if reference.space is None and reference.subdomain is None:
        raise click.UsageError(f"{text!r} is no Space. Name one: owner/name.")
    return reference


class StatusScreen:
    """Shows each change of a Space: a line that stays, and the last one alive.

    In a pipe each is one JSON object a line.
    """

    def __init__(self) -> None:
        self._terminal = is_terminal(sys.stdout)
        self._status: SpaceStatus | None = None
        self._since = time.monotonic()
        self._spinner = Spinner("dots", style="yellow")
        self._console = out()
        self._live = Live(
            console=self._console,
            get_renderable=self._drawn,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        if self._terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
        if self._terminal and self._status is not None:
            self._console.print(self._line(self._status, done=True))

    def show(self, status: SpaceStatus) -> None:
        """Show a change."""
        if not self._terminal:
            print(_json(status), flush=True)
            return
        before, self._status = self._status, status
        if before is not None:
            self._console.print(self._line(before, done=False))
        self._since = time.monotonic()

    def _line(self, status: SpaceStatus, *, done: bool) -> Text:
        if not done:
            took = seconds_text(time.monotonic() - self._since)
            text = f"· {shown(status.detail):<14}{shown(status.message)}  {took}"
            return Text(text, "dim")
        style = _STYLES[status.load_status]
        mark = f"{_MARKS[status.load_status]} {shown(status.detail):<14}"
        return Text.assemble((mark, style), shown(status.message))

    def _drawn(self) -> RenderableType:
        if self._status is None:
            self._spinner.update(text="asking the hub")
            return self._spinner
        took = f"  {time.monotonic() - self._since:.0f} s"
        message = Text.assemble(shown(self._status.message), (took, "dim"))
        self._spinner.update(text=message)
        return self._spinner


def _json(status: SpaceStatus) -> str:
    facts = {
        "status": status.status,
        "detail": status.detail,
        "load_status": status.load_status,
        "message": status.message,
    }
    return json.dumps(facts, ensure_ascii=False)
