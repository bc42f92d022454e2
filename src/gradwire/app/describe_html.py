"""`ApiInfo` as HTML, for notebooks: a line for each endpoint, which unfolds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradwire.app.describe import gives_rows, listed, remarks, signature_text, takes_rows
from gradwire.app.example import example_call
from gradwire.app.markup import escaped, pre, table

if TYPE_CHECKING:
    from gradwire.app.api_info import ApiInfo
    from gradwire.app.endpoint import Endpoint

_FEW = 3
"""So many endpoints are shown unfolded."""
_LONGEST_EXAMPLE = 20_000


def to_html(info: ApiInfo) -> str:
    """Return all listed endpoints as HTML."""
    endpoints = listed(info)
    if not endpoints:
        return "<div>This app lists no endpoints.</div>"
    few = len(endpoints) <= _FEW
    return "".join(endpoint_html(endpoint, unfolded=few) for endpoint in endpoints)


def endpoint_html(endpoint: Endpoint, *, unfolded: bool) -> str:
    """Return one endpoint: its signature, and below that what it is, takes and gives."""
    about = [text for text in (endpoint.description, *remarks(endpoint)) if text]
    parts = [f"<div>{escaped(text)}</div>" for text in about]
    parts += [
        _table(("takes", "type", "default", ""), takes_rows(endpoint)),
        _table(("gives", "type", ""), gives_rows(endpoint)),
        pre(example_call(endpoint), _LONGEST_EXAMPLE),
    ]
    summary = f"<summary><code>{escaped(signature_text(endpoint, types=False))}</code></summary>"
    inside = f'<div style="margin:0 0 1em 1.2em">{"".join(parts)}</div>'
    return f"<details{' open' if unfolded else ''}>{summary}{inside}</details>"


def _table(heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    cells = [
        [*(f"<code>{escaped(cell)}</code>" if cell else "" for cell in row[:-1]), escaped(row[-1])]
        for row in rows
    ]
    return table(list(heads), cells)
