"""What was measured, and what is read from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from works import Work

MB = 1 << 20
Run = dict[str, Any]
Value = Callable[[Run], float | None]


@dataclass
class Results:
    """All that was measured, and on what."""

    runs: dict[str, dict[str, list[Run]]] = field(default_factory=dict)
    imports: dict[str, float] = field(default_factory=dict)
    modules: dict[str, int] = field(default_factory=dict)
    loaded: list[str] | None = None
    help_seconds: float | None = None
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    machine: str = ""
    failed: dict[str, list[str]] = field(default_factory=dict)

    def each(self, work: Work, name: str, value: Value) -> list[float]:
        """`value` of every run of one contender in one work, where there is one."""
        values = map(value, self.runs.get(work.name, {}).get(name, []))
        return [each for each in values if each is not None]

    def middle(self, work: Work, name: str, value: Value) -> float | None:
        """The median of `value`, if there is one."""
        values = self.each(work, name, value)
        return median(values) if values else None

    def most(self, work: Work, name: str, value: Value) -> float | None:
        """The greatest `value`, if there is one."""
        return max(self.each(work, name, value), default=None)


def micros(run: Run) -> float:
    """CPU microseconds for each of what was done."""
    return 1e6 * float(run["cpu"]) / int(run["count"])


def rate(run: Run) -> float:
    """How many a second."""
    return int(run["count"]) / float(run["wall"])


def growth(run: Run) -> float:
    """MB of peak memory above the idle process."""
    return max(0, int(run["rss_peak"]) - int(run["rss_idle"])) / MB


def weight(run: Run) -> float:
    """KB of peak memory above the idle process, for each of what was done."""
    return 1024 * growth(run) / int(run["count"])


def peak(run: Run) -> float:
    """MB of peak memory."""
    return int(run["rss_peak"]) / MB


def reader(key: str, scale: float = 1) -> Value:
    """What reads one fact of a run, or nothing where it was not taken."""

    def value(run: Run) -> float | None:
        return scale * float(run[key]) if key in run else None

    return value


threads, connections, requests = reader("threads"), reader("connections"), reader("requests")
at_once = reader("at_once")
"""Slow requests that were under way together, as the server saw it."""
first = reader("first", 1000)
"""Milliseconds until the first event of a stream."""
p50, p99 = reader("p50", 1000), reader("p99", 1000)
"""Milliseconds until an answer."""


def ratio_of(above: float | None, below: float | None) -> float | None:
    """Their ratio, if there are both."""
    return above / below if above and below else None


def table_of(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    rules = ["---"] + ["---:"] * (len(head) - 1)
    lines = ["| " + " | ".join(row) + " |" for row in (head, rules, *rows)]
    return "\n".join(lines)
