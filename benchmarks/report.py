"""From runs to tables: medians, ratios, and the targets with what was reached."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from imports import FORBIDDEN, GRADWIRE
from works import (
    AIOHTTP,
    ASYNC,
    CONNECT,
    CONTENDERS,
    FIFTY,
    FIVE_HUNDRED,
    GRADIO_CLIENT,
    JOBS,
    NODE,
    SEQUENTIAL,
    SYNC,
    TOKENS,
    WORKS,
    Work,
)

BEGIN, END = "<!-- results -->", "<!-- /results -->"
MB = 1 << 20
Run = dict[str, Any]


@dataclass
class Results:
    """All that was measured, and on what."""

    runs: dict[str, dict[str, list[Run]]] = field(default_factory=dict)
    imports: dict[str, float] = field(default_factory=dict)
    loaded: list[str] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    machine: str = ""

    def each(self, work: Work, name: str, value: Callable[[Run], float]) -> list[float]:
        """`value` of every run of one contender in one work; empty if there was none."""
        return [value(run) for run in self.runs.get(work.name, {}).get(name, [])]

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


def render(results: Results) -> str:
    """Everything, as Markdown."""
    parts = [_setting(results), _targets(results)]
    parts += [_figures(results, work) for work in WORKS if results.runs.get(work.name)]
    if results.imports:
        parts.append(_imports(results))
    return "\n\n".join(parts) + "\n"


def write(results: Results, path: Path) -> None:
    """Put the tables between the markers of a file."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    path.write_text(f"{before}{BEGIN}\n{render(results)}{END}{after}", encoding="utf-8")


def _setting(results: Results) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    lines = [f"{results.machine}; {versions}."]
    lines += [f"Left out: {name} ({why})." for name, why in results.absent.items()]
    return "\n".join(lines)


def _targets(results: Results) -> str:
    rows: list[tuple[str, str, str, bool | None]] = []

    def row(what: str, target: str, value: float | None, good: bool, form: str) -> None:
        shown = "not measured" if value is None else form.format(value)
        rows.append((what, target, shown, None if value is None else good))

    def at_most(what: str, value: float | None, limit: float, form: str) -> None:
        row(what, "≤ " + form.format(limit), value, value is not None and value <= limit, form)

    for work in (SEQUENTIAL, FIFTY, FIVE_HUNDRED):
        floor, slow, node = (
            results.middle(work, n, micros) for n in (AIOHTTP, GRADIO_CLIENT, NODE)
        )
        for name in (ASYNC, SYNC):
            mine = results.middle(work, name, micros)
            if name == ASYNC:
                at_most(
                    f"{work.title}: {name} to bare aiohttp", _ratio(mine, floor), 1.6, "{:.2f} ×"
                )
            gain = _ratio(slow, mine)
            what = f"{work.title}: {name} less than gradio_client"
            row(what, "≥ 60 ×", gain, gain is not None and gain >= 60, "{:.0f} ×")
            gain = _ratio(node, mine)
            what = f"{work.title}: {name} less than @gradio/client"
            row(what, "> 1 ×", gain, gain is not None and gain > 1, "{:.1f} ×")
    for name in (ASYNC, SYNC):
        cost = results.middle(TOKENS, name, micros)
        at_most(f"{TOKENS.title}: {name}, CPU of each", cost, 6, "{:.1f} µs")
    at_most(
        "`import gradwire` over a bare interpreter", results.imports.get(GRADWIRE), 40, "{:.0f} ms"
    )
    count = None if results.loaded is None else len(results.loaded)
    at_most(f"`import gradwire` loads of {', '.join(FORBIDDEN)}", count, 0, "{:.0f}")
    for name in (ASYNC, SYNC):
        most = max(results.each(CONNECT, name, connections), default=None)
        at_most(f"{CONNECT.title}: {name}, TCP connections", most, 2, "{:.0f}")
    for name, limit in ((ASYNC, 1), (SYNC, 2)):
        most = max(results.each(JOBS, name, threads), default=None)
        at_most(f"{JOBS.title}: {name}, threads", most, limit, "{:.0f}")
        grown = results.middle(JOBS, name, growth)
        at_most(f"{JOBS.title}: {name}, memory above idle", grown, 40, "{:.0f} MB")
    marks = {True: "pass", False: "**fail**", None: "–"}
    cells = ((what, target, shown, marks[good]) for what, target, shown, good in rows)
    return "### Targets\n\n" + _table(("what", "target", "measured", ""), cells)


def _figures(results: Results, work: Work) -> str:
    floor = results.middle(work, AIOHTTP, micros)
    rows = []
    for name in (contender.name for contender in CONTENDERS):
        costs = results.each(work, name, micros)
        if not costs:
            continue
        ratio = _ratio(median(costs), floor)
        row = [
            name,
            f"{median(costs):,.1f}",
            f"{min(costs):,.1f} – {max(costs):,.1f}",
            "–" if ratio is None else f"{ratio:,.2f}",
            f"{median(results.each(work, name, rate)):,.0f}",
            f"{median(results.each(work, name, peak)):,.0f}",
            f"{median(results.each(work, name, growth)):,.0f}",
            f"{max(results.each(work, name, threads)):.0f}",
            f"{max(results.each(work, name, connections)):.0f}",
        ]
        rows.append(row)
    head = ("", "CPU µs each", "range", "× bare aiohttp", "a second", "peak MB", "above idle")
    title = work.title[0].upper() + work.title[1:]
    return f"### {title}\n\n" + _table((*head, "threads", "connections"), rows)


def _imports(results: Results) -> str:
    rows = ((name, f"{cost:,.0f}") for name, cost in results.imports.items())
    return "### Import\n\n" + _table(("", "CPU ms over the bare interpreter"), rows)


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above and below else None


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    rules = ["---"] + ["---:"] * (len(head) - 1)
    lines = ["| " + " | ".join(row) + " |" for row in (head, rules, *rows)]
    return "\n".join(lines)
