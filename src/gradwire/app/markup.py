"""HTML for notebooks that is safe: all words in it may come from a server."""

from __future__ import annotations

import html

from gradwire.app.words import shown


def escaped(text: str) -> str:
    """Return text for HTML, between tags or in a quoted attribute; it cannot become a tag.

    Dollar signs too are written as numbers: notebooks would take what stands between two of them
    for a formula.
    """
    return html.escape(shown(text)).replace("$", "&#36;")


def pre(text: str, longest: int) -> str:
    """Return text with its lines as they are, cut where it is too long."""
    more = f"\n… {len(text) - longest:,} characters more" if len(text) > longest else ""
    style = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0;text-align:left"
    return f'<pre style="{style}">{escaped(text[:longest] + more)}</pre>'


def table(heads: list[str] | None, rows: list[list[str]]) -> str:
    """Return a table; heads are text, cells are HTML."""
    head = "".join(f"<th>{escaped(text)}</th>" for text in heads or ())
    body = "".join(
        f"<tr>{''.join(f'<td style={_LEFT}>{cell}</td>' for cell in row)}</tr>" for row in rows
    )
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f"<table>{head}<tbody>{body}</tbody></table>"


_LEFT = '"text-align:left;vertical-align:top"'
