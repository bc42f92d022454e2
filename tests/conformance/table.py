"""The table release × capability, as it stands in the documentation.

`docs/releases.md` holds it between two marks. The tests compare what they see with what it says, so
it cannot be wrong for long; `GRADWIRE_WRITE_TABLE=1` puts there what was seen, and leaves the
columns of other releases as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "releases.md"
BEGIN, END = "<!-- table -->", "<!-- /table -->"

WORKS, FAILS = "works", "fails"
"""Outcomes; any other is the reason for which a server cannot."""
Outcomes = Mapping[tuple[str, str], str]


def render(outcomes: Outcomes, titles: Iterable[str]) -> str:
    """Write the table: a column for each release, a number for each reason why one cannot."""
    known = {release for release, _ in outcomes}
    releases = sorted(known, key=lambda name: [int(part) for part in name.split(".")])
    reasons: dict[str, str] = {}
    lines: list[str] = []
    lines.append(f"| | {' | '.join(releases)} |")
    lines.append(f"|---|{':-:|' * len(releases)}")
    for title in titles:
        cells = []
        for release in releases:
            outcome = outcomes.get((release, title), "")
            if outcome not in (WORKS, FAILS, ""):
                reasons.setdefault(outcome, str(len(reasons) + 1))
            cells.append({WORKS: "✓", FAILS: "**fails**"}.get(outcome) or reasons.get(outcome, ""))
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines.append("")
    lines += [f"{number}. {reason}." for reason, number in reasons.items()]
    return "\n".join(lines)


def documented() -> dict[tuple[str, str], str]:
    """Return what the documentation says."""
    _, _, text = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    text, _, _ = text.partition(END)
    reasons = dict(re.findall(r"^(\d+)\. (.*)\.$", text, re.MULTILINE))
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    if not rows:
        return {}
    releases = rows[0][1:]
    return {
        (release, row[0]): {"✓": WORKS, "**fails**": FAILS}.get(cell) or reasons[cell]
        for row in rows[2:]
        for release, cell in zip(releases, row[1:], strict=True)
        if cell
    }


def write(table: str) -> None:
    """Put a table into the documentation."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    text = f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"
    DOCUMENT.write_text(text, encoding="utf-8")
