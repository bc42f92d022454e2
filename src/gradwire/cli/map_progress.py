"""How far `gradwire map` is, on stderr: a bar on a terminal, lines elsewhere.

The rows are counted in another thread: what it tells is put into a place, and drawn from there.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Self

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from gradwire.app.words import clean, seconds_text
from gradwire.cli.screen import err, is_terminal
from gradwire.cli.watching import at_the_bottom
from gradwire.logs import VARIABLE as LOG_VARIABLE

if TYPE_CHECKING:
    from gradwire.batch.columns import Columns
    from gradwire.batch.progress import TableProgress
    from gradwire.batch.table_run import TableSummary

_SECONDS = 10.0
"""Between two lines of a log."""


class RowsWatcher:
    """Shows nothing; the others show something.

    Attributes:
        last: How far it is; None: nothing was sent yet.
    """

    def __init__(self) -> None:
        self.last: TableProgress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def columns(self, columns: Columns) -> None:
        """Show what goes where; called once, before anything is sent."""

    def tell(self, progress: TableProgress) -> None:
        """Show how far it is; may be called by any thread."""
        self.last = progress

    def stop(self) -> None:
        """Leave the screen to others."""

    def say_end(self, summary: TableSummary, *, to_file: bool = True) -> None:
        """Say what came of it."""


def rows_watcher(*, quiet: bool) -> RowsWatcher:
    """Return what fits stderr; a log there is not drawn over."""
    if quiet:
        return RowsWatcher()
    live = is_terminal(sys.stderr) and not os.environ.get(LOG_VARIABLE)
    return LiveRows() if live else PlainRows()


def columns_text(columns: Columns) -> str:
    """Return what goes where, in a line."""
    parts = [f"{clean(name)}: {clean(origin)}" for name, origin in columns.describe()]
    return f"{clean(str(columns.endpoint.address))}  {'; '.join(parts) or 'takes nothing'}"


def facts(progress: TableProgress) -> list[str]:
    """Return what is worth knowing beside the number of rows, in words."""
    found = [f"{_rate(progress.rate)} rows/s"] if progress.rate else []
    if progress.eta is not None and progress.finished < progress.total:
        found.append(f"{seconds_text(progress.eta)} left")
    if progress.failed:
        found.append(f"{progress.failed:,} failed")
    if progress.in_flight:
        found.append(f"{progress.in_flight} in flight")
    return found


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def row_word(number: int) -> str:
    """Return `row` or `rows`."""
    return "row" if number == 1 else "rows"


def end_text(summary: TableSummary, *, to_file: bool = True) -> str:
    """Return what came of it, in words."""
    before = summary.rows - summary.called - summary.unsent
    where = clean(str(summary.output)) if to_file else "stdout"
    parts = [f"{summary.rows:,} {row_word(summary.rows)} in {where}"]
    shows = " (--list-failed shows them)" if to_file else ""
    parts += [f"{summary.failed:,} failed{shows}"] if summary.failed else []
    parts += [f"{before:,} {'was' if before == 1 else 'were'} finished before"] if before else []
    return ", ".join([*parts, seconds_text(summary.seconds)])


class LiveRows(RowsWatcher):
    """A line at the bottom of a terminal, which is gone at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.console = err()
        self._spinner = Spinner("dots", style="cyan")
        self._live = at_the_bottom(self.console, self._drawn)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def stop(self) -> None:
        """Leave the screen to others."""
        self._live.stop()

    def columns(self, columns: Columns) -> None:
        """Show what goes where."""
        self.console.print(Text(columns_text(columns), "dim"))

    def say_end(self, summary: TableSummary, *, to_file: bool = True) -> None:
        """Say what came of it."""
        style = "yellow" if summary.failed else "green"
        self.console.print(Text(end_text(summary, to_file=to_file), style), soft_wrap=True)

    def _drawn(self) -> RenderableType:
        progress = self.last
        if progress is None:
            self._spinner.update(text=Text("reading the table"))
            return self._spinner
        done = f"{progress.finished:,} of {progress.total:,}"
        bar = ProgressBar(
            max(progress.total, 1), progress.finished, width=24, complete_style="cyan"
        )
        table = Table.grid(padding=(0, 2))
        table.add_row(bar, Text(done), Text("  ".join(facts(progress)), "dim"))
        return table


class PlainRows(RowsWatcher):
    """A line now and then, for a log file."""

    def __init__(self) -> None:
        super().__init__()
        self._next = time.monotonic() + _SECONDS

    def columns(self, columns: Columns) -> None:
        """Show what goes where."""
        print(columns_text(columns), file=sys.stderr, flush=True)

    def tell(self, progress: TableProgress) -> None:
        """Show how far it is, if it is time for that."""
        super().tell(progress)
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SECONDS
            done = f"{progress.finished:,} of {progress.total:,} {row_word(progress.total)}"
            print(", ".join([done, *facts(progress)]), file=sys.stderr, flush=True)

    def say_end(self, summary: TableSummary, *, to_file: bool = True) -> None:
        """Say what came of it."""
        print(end_text(summary, to_file=to_file), file=sys.stderr, flush=True)
