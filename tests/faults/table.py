"""The table faults × exchanges, as it stands in the documentation.

`docs/reliability.md` holds it between two marks. A cell says how many cases ended with the right
result and how many with a right error: `9 + 6`. Which of the two can depend on chance in a few
cases, such as a reset right after the last byte. How many cases there are cannot, so that is what
the tests compare; `GRADWIRE_WRITE_TABLE=1` puts there what was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from .plan import KINDS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- table -->", "<!-- /table -->"

Cell = tuple[int, int]
"""Cases with the right result, and with a right error."""
Cells = Mapping[tuple[str, str], Cell]


def render(cells: Cells, titles: Iterable[str]) -> str:
    """Write the table: a row for each exchange, a column for each kind of fault."""
    lines = [f"| | {' | '.join(KINDS)} | cases |", f"|---|{':-:|' * (len(KINDS) + 1)}"]
    rows = [title for title in titles if any(row == title for row, _ in cells)]
    for title in rows:
        found = [cells.get((title, kind)) for kind in KINDS]
        shown = [f"{cell[0]} + {cell[1]}" if cell else "" for cell in found]
        total = sum(sum(cell) for cell in found if cell)
        lines.append(f"| {title} | {' | '.join(shown)} | {total} |")
    results, errors = (sum(cell[part] for cell in cells.values()) for part in (0, 1))
    lines += ["", f"{results + errors} cases: {results} results, {errors} errors, 0 hangs."]
    return "\n".join(lines)


def documented() -> dict[tuple[str, str], Cell]:
    """Return what the documentation says."""
    _, _, text = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    text, _, _ = text.partition(END)
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return {
        (row[0], kind): (int(cell.split(" + ")[0]), int(cell.split(" + ")[1]))
        for row in rows[2:]
        for kind, cell in zip(rows[0][1:-1], row[1:-1], strict=True)
        if cell
    }


def write(table: str) -> None:
    """Put a table into the documentation."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")
