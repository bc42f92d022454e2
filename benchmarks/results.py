"""What was measured, and what is read from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from works import Work

MB = 1 << 20
Run = dict[str, Any]


@dataclass
class Results:
    """All that was measured, and on what."""

    runs: dict[str, dict[str, list[Run]]] = field(default_factory=dict)
    imports: dict[str, float] = field(default_factory=dict)
    loaded: list[str] | None = None
    help_seconds: float | None = None
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    machine: str = ""

    def each(self, work: Work, name: str, value: Callable[[Run], float]) -> list[float]:
        """`value` of every run of one contender in one work; empty if there was none."""
        return [value(run) for run in self.runs.get(work.name, {}).get(name, [])]

    def latencies(self, work: Work, name: str) -> list[list[float]]:
        """Milliseconds until an answer, p50 and p99 of every run; empty if they were not taken."""
        runs = [run for run in self.runs.get(work.name, {}).get(name, []) if "p50" in run]
        return [[1000 * float(run[key]) for run in runs] for key in ("p50", "p99") if runs]

    def middle(self, work: Work, name: str, value: Callable[[Run], float]) -> float | None:
        """The median of `value`, if there is one."""
        values = self.each(work, name, value)
        return median(values) if values else None


def micros(run: Run) -> float:
    """CPU microseconds for each of what was done."""
    return 1e6 * float(run["cpu"]) / int(run["count"])


def rate(run: Run) -> float:
    """How many a second."""
    return int(run["count"]) / float(run["wall"])


def growth(run: Run) -> float:
    """MB of peak memory above the idle process."""
    return (int(run["rss_peak"]) - int(run["rss_idle"])) / MB


def peak(run: Run) -> float:
    """MB of peak memory."""
    return int(run["rss_peak"]) / MB


def threads(run: Run) -> float:
    """Threads of the process."""
    return int(run["threads"])


def connections(run: Run) -> float:
    """TCP connections that the server saw."""
    return int(run["connections"])


def ratio_of(above: float | None, below: float | None) -> float | None:
    return above / below if above and below else None


def table_of(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    rules = ["---"] + ["---:"] * (len(head) - 1)
    lines = ["| " + " | ".join(row) + " |" for row in (head, rules, *rows)]
    return "\n".join(lines)
