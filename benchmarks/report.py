"""From runs to tables: medians, ratios, and the targets with what was reached."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import targets
from results import (
    Results,
    Value,
    at_once,
    connections,
    first,
    growth,
    micros,
    p50,
    p99,
    peak,
    rate,
    ratio_of,
    requests,
    table_of,
    threads,
    weight,
)
from works import AIOHTTP, CONTENDERS, WORKS, Work

BEGIN, END = "<!-- results -->", "<!-- /results -->"
SLOW = frozenset({"connect", "files"})
"""Kinds of work in which it counts whether slow answers are waited for together."""


@dataclass(frozen=True)
class Column:
    """A column beside those of CPU time: the median of `value`, or another `pick`.

    `kinds`: of the works that have it; none for all.
    """

    head: str
    value: Value
    form: str
    kinds: frozenset[str] = frozenset()
    pick: Callable[[list[float]], float] = median

    def cell(self, results: Results, work: Work, name: str) -> str:
        """What stands in it for one contender."""
        values = results.each(work, name, self.value)
        return self.form.format(self.pick(values)) if values else "–"


COLUMNS = [
    Column("a second", rate, "{:,.0f}"),
    Column("p50 ms", p50, "{:.2f}", frozenset({"predict", "kept"})),
    Column("p99 ms", p99, "{:.2f}", frozenset({"predict", "kept"})),
    Column("first event ms", first, "{:.1f}", frozenset({"tokens", "chat", "grow"})),
    Column("peak MB", peak, "{:,.0f}"),
    Column("above idle", growth, "{:,.0f}"),
    Column("KB each", weight, "{:,.1f}", frozenset({"jobs"})),
    Column("threads", threads, "{:.0f}", pick=max),
    Column("connections", connections, "{:.0f}", pick=max),
    Column("requests", requests, "{:.0f}", frozenset({"connect"}), max),
    Column("side by side", at_once, "{:.0f}", SLOW, max),
]


def render(results: Results, pictures: Mapping[str, str] | None = None) -> str:
    """Everything, as Markdown; `pictures` go before the works that they are named by."""
    parts = [_setting(results), targets.table(results)]
    for work in WORKS:
        if pictures and work.name in pictures:
            parts.append(pictures[work.name])
        if any(results.runs.get(work.name, {}).values()):
            parts.append(_figures(results, work))
    if results.imports:
        parts.append(_imports(results))
    return "\n\n".join(parts) + "\n"


def write(results: Results, path: Path, pictures: Mapping[str, str]) -> None:
    """Put the tables between the markers of a file."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    middle = render(results, pictures)
    path.write_text(f"{before}{BEGIN}\n{middle}{END}{after}", encoding="utf-8")


def _setting(results: Results) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    lines = [f"{results.machine}; {versions}."]
    lines += [f"Left out: {name} ({why})." for name, why in results.absent.items()]
    return "\n".join(lines)


def _figures(results: Results, work: Work) -> str:
    columns = [column for column in COLUMNS if not column.kinds or work.kind in column.kinds]
    if not any(results.each(work, each.name, p50) for each in CONTENDERS):
        columns = [column for column in columns if column.value not in (p50, p99)]
    bare = results.middle(work, AIOHTTP, micros)
    rows = []
    for name in (contender.name for contender in CONTENDERS):
        costs = results.each(work, name, micros)
        if not costs:
            continue
        ratio = ratio_of(median(costs), bare)
        row = [
            name,
            f"{median(costs):,.1f}",
            f"{min(costs):,.1f} – {max(costs):,.1f}",
            "–" if ratio is None else f"{ratio:,.2f}",
            *(column.cell(results, work, name) for column in columns),
        ]
        rows.append(row)
    head = ("", "CPU µs each", "range", "× bare aiohttp", *(column.head for column in columns))
    title = work.title[0].upper() + work.title[1:]
    text = f"### {title}\n\n" + table_of(head, rows)
    if failed := results.failed.get(work.name):
        text += f"\n\nOut, with a wrong answer or no end: {', '.join(failed)}."
    return text


def _imports(results: Results) -> str:
    rows = [
        (name, f"{cost:,.0f}", f"{results.modules[name]:,}" if name in results.modules else "–")
        for name, cost in results.imports.items()
    ]
    return "### Import\n\n" + table_of(("", "CPU ms over the bare interpreter", "modules"), rows)
