"""What happens while a call runs, shown on stderr: live on a terminal, in lines elsewhere.

The client tells of files from a thread of its own. So all that these objects do when they are told
something is to put a new value into a place; the screen is drawn from there.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from gradwire.app.words import bytes_text, shown
from gradwire.cli.screen import err, is_terminal
from gradwire.data.files import TransferProgress
from gradwire.logs import VARIABLE as LOG_VARIABLE
from gradwire.wire.events import Event, LogEvent, ProgressData
from gradwire.wire.standing import fraction, progress_text, status_text

_LEVELS = {"info": "cyan", "success": "green", "warning": "yellow", "error": "red"}
_TENTHS = 10


class Watcher(Protocol):
    """Shows what happens, inside of a `with` block."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def tell(self, event: Event) -> None:
        """Show an event of a job."""

    def transfer(self, progress: TransferProgress) -> None:
        """Show how far a file is; may be called by any thread."""

    def say(self, text: str) -> None:
        """Show what is being done."""

    def stop(self) -> None:
        """Leave the screen to others; only messages of the app are shown from here on."""


def watcher(first: str = "calling") -> Watcher:
    """Return what fits stderr; a log there is not drawn over."""
    live = is_terminal(sys.stderr) and not os.environ.get(LOG_VARIABLE)
    return LiveWatcher(first) if live else PlainWatcher()


def log_text(event: LogEvent) -> Text:
    """Return a message of the app in one colour or none."""
    title = f"{shown(event.title)}: " if event.title and event.title.lower() != event.level else ""
    text = Text(f"{shown(event.level):<8}", style=_LEVELS.get(event.level, ""))
    return text.append(f"{title}{shown(event.log)}", style="default")


def at_the_bottom(console: Console, drawn: Callable[[], RenderableType]) -> Live:
    """Return lines at the bottom of a terminal, which are gone at the end."""
    return Live(
        console=console,
        get_renderable=drawn,
        transient=True,
        refresh_per_second=10,
        redirect_stdout=False,
        redirect_stderr=False,
    )


class LiveWatcher:
    """A few lines at the bottom of a terminal, which are gone at the end."""

    def __init__(self, first: str) -> None:
        self.console = err()
        self._doing = first
        self._since = time.monotonic()
        self._bars: tuple[ProgressData, ...] = ()
        self._files: dict[str, TransferProgress] = {}
        self._spinner = Spinner("dots", style="cyan")
        self._live = at_the_bottom(self.console, self._drawn)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Leave the screen to others; only messages of the app are shown from here on."""
        self._live.stop()

    def tell(self, event: Event) -> None:
        """Show an event of a job."""
        if event.type == "log":
            self.console.print(log_text(event))
        elif event.type == "status":
            self._bars = event.progress_data or ()
            self._files = {}
            self.say(status_text(event))
        elif event.type == "data":
            self.say("running")

    def transfer(self, progress: TransferProgress) -> None:
        """Show how far a file is; may be called by any thread."""
        self._files = {**self._files, progress.name: progress}

    def say(self, text: str) -> None:
        """Show what is being done."""
        if text != self._doing:
            self._doing, self._since = text, time.monotonic()

    def _drawn(self) -> RenderableType:
        elapsed = time.monotonic() - self._since
        self._spinner.update(text=Text.assemble(self._doing, (f"  {elapsed:.0f} s", "dim")))
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=28)
        for file in self._files.values():
            size = bytes_text(file.done)
            size += f" of {bytes_text(file.total)}" if file.total is not None else ""
            table.add_row(Text(f"  {shown(file.name)}"), _bar(file.fraction), Text(size, "dim"))
        for bar in self._bars:
            name = Text(f"  {shown(bar.desc or 'progress')}")
            table.add_row(name, _bar(fraction(bar)), Text(progress_text(bar), "dim"))
        return Group(self._spinner, table) if table.row_count else self._spinner


def _bar(share: float | None) -> ProgressBar:
    done = 0 if share is None else min(max(share, 0), 1)
    return ProgressBar(1, done, width=30, pulse=share is None, complete_style="cyan")


class PlainWatcher:
    """Lines for a log file: messages of the app, and what takes longer, in tenths."""

    def __init__(self) -> None:
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Do nothing: lines are in nobody's way."""

    def tell(self, event: Event) -> None:
        """Show an event of a job."""
        if event.type == "log":
            print(log_text(event).plain, file=sys.stderr)
        elif event.type == "status" and event.stage == "pending" and event.position:
            print(status_text(event), file=sys.stderr, flush=True)
        elif event.type == "status":
            for bar in event.progress_data or ():
                self._progress(shown(bar.desc or "progress"), fraction(bar), progress_text(bar))

    def transfer(self, progress: TransferProgress) -> None:
        """Show how far a file is; may be called by any thread."""
        # Small files are not worth a line.
        if progress.total is not None and progress.total >= 10_000_000:
            done = f"{bytes_text(progress.done)} of {bytes_text(progress.total)}"
            self._progress(shown(progress.name), progress.fraction, done)

    def say(self, text: str) -> None:
        """Do nothing: what goes on all the time is not worth a line."""

    def _progress(self, name: str, share: float | None, text: str) -> None:
        mark = f"{name} {int((share or 0) * _TENTHS)}"
        if mark != self._last:
            self._last = mark
            print(f"{name}: {text}", file=sys.stderr, flush=True)
