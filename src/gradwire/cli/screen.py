"""Consoles: where people look.

Scripts get plain text and JSON: see `is_terminal`. Colours follow NO_COLOR, and go away in a pipe.
"""

from __future__ import annotations

import sys
from typing import IO, Any

from rich.console import Console
from rich.theme import Theme

_CALM = Theme(
    {
        "json.brace": "dim",
        "json.key": "blue",
        "json.str": "default",
        "json.number": "cyan",
        "json.bool_true": "cyan",
        "json.bool_false": "cyan",
        "json.null": "cyan",
    }
)


def is_terminal(stream: IO[Any]) -> bool:
    """Tell whether a person looks at a stream."""
    return not stream.closed and stream.isatty()


def out() -> Console:
    """Return what prints on stdout; words are printed as they are."""
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False, theme=_CALM)


def err() -> Console:
    """Return what prints on stderr."""
    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
