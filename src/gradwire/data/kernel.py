"""Notebooks: whether this process runs one, and places in it that can be drawn anew.

Nothing is imported for it: where a notebook runs, IPython is loaded already.
"""

from __future__ import annotations

import sys
from typing import Any


def in_kernel() -> bool:
    """Tell whether this process is the kernel of a notebook, whose pages can change."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class Place:
    """A place in a notebook's page, made below the cell that runs now.

    Args:
        html: What stands in it at first.
        text: The same for a page that knows no HTML.
    """

    def __init__(self, html: str, text: str) -> None:
        display: Any = sys.modules["IPython.core.display_functions"].display
        self._drawn = (html, text)
        self._handle = display(_bundle(html, text), raw=True, display_id=True)

    def draw(self, html: str, text: str) -> None:
        """Put something else there."""
        if (html, text) != self._drawn:
            self._drawn = (html, text)
            self._handle.update(_bundle(html, text), raw=True)


def _bundle(html: str, text: str) -> dict[str, str]:
    return {"text/html": html, "text/plain": text}
