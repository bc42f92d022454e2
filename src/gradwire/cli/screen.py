"""Consoles: where people look.

Scripts get plain text and JSON: see `is_terminal`. Colours follow NO_COLOR, and go away in a pipe.
"""

from __future__ import annotations

import sys
from typing import IO, Any

from rich.console import Console


def is_terminal(stream: IO[Any]) -> bool:
    """Tell whether a person looks at a stream."""
    return not stream.closed and stream.isatty()


def out() -> Console:
    """Return what prints on stdout; words are printed as they are."""
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False)


def err() -> Console:
    """Return what prints on stderr."""
    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
