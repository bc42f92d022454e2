"""Draw charts with matplotlib: a list of them as JSON comes in, SVG files come out.

Each chart is `{"file", "title", "panels": [{"title", "bars": [{"name", "value", "low", "high",
"side"}]}]}`. Nothing is painted behind it, and its colours have contrast to white and to black.
"""

import json
import math
import sys
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot
from matplotlib.ticker import NullLocator

INK, FAINT = "#7a7f87", "#7a7f8755"
COLOURS = {"ours": "#e8710a", "peer": "#4a8fe0", "floor": "#9aa0a6"}
LEGEND = {"ours": "gradwire", "peer": "peers", "floor": "floors"}
BAR, HEAD = 0.21, 0.62  # inches
WIDTH = 8.0
STYLE = {
    "svg.fonttype": "none",  # text stays text: small files, the reader's fonts
    "svg.hashsalt": "benchmarks",  # the same picture from the same runs
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # and no list of twenty others with each text
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
}


def draw(chart: dict[str, Any]) -> None:
    """Draw one file: panels one below the other."""
    panels = chart["panels"]
    heights = [BAR * len(panel["bars"]) + HEAD for panel in panels]
    figure, axes = pyplot.subplots(
        len(panels),
        figsize=(WIDTH, sum(heights) + 0.55),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    figure.suptitle(chart["title"], fontweight="bold")
    for axis, panel in zip(axes[:, 0], panels, strict=True):
        fill(axis, panel)
    sides = {bar["side"] for panel in panels for bar in panel["bars"]}
    marks = {LEGEND[side]: pyplot.Rectangle((0, 0), 1, 1, color=COLOURS[side]) for side in LEGEND}
    wanted = [LEGEND[side] for side in LEGEND if side in sides]
    figure.legend(
        [marks[name] for name in wanted], wanted, loc="outside lower right", ncols=3, frameon=False
    )
    figure.savefig(chart["file"], transparent=True, metadata={"Date": None})
    pyplot.close(figure)


def fill(axis: Any, panel: dict[str, Any]) -> None:
    """Draw the bars of one panel, the first on top, with the range of their runs."""
    bars = panel["bars"]
    values = [bar["value"] for bar in bars]
    spread = [
        [bar["value"] - bar["low"] for bar in bars],
        [bar["high"] - bar["value"] for bar in bars],
    ]
    axis.barh(
        range(len(bars)),
        values,
        color=[COLOURS[bar["side"]] for bar in bars],
        xerr=spread,
        error_kw={"ecolor": INK, "elinewidth": 0.8},
    )
    axis.set_xscale("log")
    lowest, highest = min(bar["low"] for bar in bars), max(bar["high"] for bar in bars)
    start = 10 ** math.floor(math.log10(lowest) - 0.3)
    axis.set_xlim(start, highest * (highest / start) ** 0.15)  # room for the figures
    axis.set_yticks(range(len(bars)), [bar["name"] for bar in bars])
    axis.invert_yaxis()
    for place, bar in enumerate(bars):
        axis.annotate(
            number(bar["value"]),
            (bar["high"], place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axis.set_title(panel["title"], loc="left", fontsize=9)
    axis.xaxis.set_major_formatter(lambda value, _: number(value))
    axis.xaxis.grid(visible=True, color=FAINT, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.spines[["top", "right", "bottom"]].set_visible(False)


def number(value: float) -> str:
    """A figure with as many digits as say something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    """Read the charts and draw them."""
    mpl.rcParams.update(STYLE)
    for chart in json.load(sys.stdin):
        draw(chart)


if __name__ == "__main__":
    main()
