"""What the pictures show, and their places in README.md; `draw.py` draws them.

One picture for each group of works, one panel for each work that was measured, one bar for each
contender.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import environments
from results import Results, Run, Value, micros, rate
from works import (
    ALL_JOBS,
    BIG_BLOB,
    BLOB,
    CHAT,
    CONNECT,
    CONNECT_MORE,
    CONNECT_MOST,
    CONTENDERS,
    DOWNLOAD,
    FIFTY,
    FILES,
    FIVE_HUNDRED,
    GROWING,
    KEPT,
    LARGE,
    OURS,
    PEERS,
    SEQUENTIAL,
    THREADS,
    TOKENS,
    UPLOAD,
    Work,
)

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "plots"


def millis(run: Run) -> float:
    """CPU milliseconds for each of what was done."""
    return micros(run) / 1000


@dataclass(frozen=True)
class Picture:
    """One file; `better` says which end is the good one."""

    name: str
    title: str
    works: tuple[Work, ...]
    value: Value = micros
    unit: str = "µs of CPU each"
    better: str = "less is better"


PICTURES = [
    Picture("one-at-a-time", "Predictions, one at a time", (SEQUENTIAL, KEPT)),
    Picture("in-flight", "Predictions, many in flight", (FIFTY, FIVE_HUNDRED, THREADS)),
    Picture("streams", "Streamed messages", (TOKENS, CHAT)),
    Picture("growing", "A text that grows", tuple(GROWING)),
    Picture("outputs", "Large outputs", (BLOB, BIG_BLOB), millis, "ms of CPU each"),
    Picture("connecting", "Connecting", (CONNECT, CONNECT_MORE, CONNECT_MOST), millis, "ms of CPU"),
    Picture(
        "files",
        "Files",
        (UPLOAD, DOWNLOAD, FILES, *LARGE),
        rate,
        "MB or files a second",
        "more is better",
    ),
    Picture("jobs", "Jobs at once", tuple(ALL_JOBS)),
]


def draw(results: Results) -> dict[str, str]:
    """Draw all that was measured.

    Returns:
        For the first work in each picture, by name, the line of Markdown that shows the picture.
    """
    failures = environments.prepare({environments.PLOTS}, update=False)
    if failures:
        print(f"no pictures: {failures[environments.PLOTS]}", file=sys.stderr)
        return {}
    charts, lines = [], {}
    for picture in PICTURES:
        panels = {work.name: _panel(results, picture, work) for work in picture.works}
        shown = {name: panel for name, panel in panels.items() if panel["bars"]}
        if shown:
            title = f"{picture.title}: {picture.unit}, {picture.better}"
            file = f"{FOLDER.name}/{picture.name}.svg"
            charts.append({"file": str(HERE / file), "title": title, "panels": [*shown.values()]})
            lines[next(iter(shown))] = f"![{title}]({file})"
    FOLDER.mkdir(exist_ok=True)
    words = [environments.interpreter(environments.PLOTS), str(HERE / "draw.py")]
    subprocess.run(words, input=json.dumps(charts), text=True, check=True)
    return lines


def _panel(results: Results, picture: Picture, work: Work) -> dict[str, Any]:
    title = work.title[0].upper() + work.title[1:]
    return {"title": title, "bars": list(_bars(results, work, picture.value))}


def _bars(results: Results, work: Work, value: Value) -> Iterator[dict[str, Any]]:
    for name in (contender.name for contender in CONTENDERS):
        values = [each for each in results.each(work, name, value) if each > 0]  # for the logarithm
        if values:
            side = "ours" if name in OURS else "peer" if name in PEERS else "floor"
            ends = {"low": min(values), "high": max(values)}
            yield {"name": name, "value": median(values), "side": side, **ends}
