"""From runs to tables: medians, ratios, and the targets with what was reached."""

from pathlib import Path
from statistics import median

import targets
from results import (
    Results,
    connections,
    growth,
    micros,
    peak,
    rate,
    ratio_of,
    table_of,
    threads,
)
from works import AIOHTTP, CONTENDERS, WORKS, Work

BEGIN, END = "<!-- results -->", "<!-- /results -->"


def render(results: Results) -> str:
    """Everything, as Markdown."""
    parts = [_setting(results), targets.table(results)]
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


def _figures(results: Results, work: Work) -> str:
    floor = results.middle(work, AIOHTTP, micros)
    rows = []
    for name in (contender.name for contender in CONTENDERS):
        costs = results.each(work, name, micros)
        if not costs:
            continue
        ratio = ratio_of(median(costs), floor)
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
            *(f"{median(found):.2f}" for found in results.latencies(work, name)),
        ]
        rows.append(row)
    head = ("", "CPU µs each", "range", "× bare aiohttp", "a second", "peak MB", "above idle")
    head += ("threads", "connections")
    if any(results.latencies(work, contender.name) for contender in CONTENDERS):
        head += ("p50 ms", "p99 ms")
    title = work.title[0].upper() + work.title[1:]
    return f"### {title}\n\n" + table_of(head, rows)


def _imports(results: Results) -> str:
    rows = ((name, f"{cost:,.0f}") for name, cost in results.imports.items())
    return "### Import\n\n" + table_of(("", "CPU ms over the bare interpreter"), rows)
