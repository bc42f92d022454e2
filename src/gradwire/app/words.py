"""Words of a server made safe to show, and the right word for a wrong one.

All labels, names, defaults and descriptions come from a server: control characters are shown as
escapes, so that a server cannot write to the terminal of whoever looks at its API.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

WIDTH = 100
"""Columns of texts about an app; longer words are not worth a guess either."""


def clean(text: str) -> str:
    """Return one line of text that is safe to print: control characters as escapes.

    Also escaped: what turns the direction of text, and halves of surrogate pairs.
    """
    text = " ".join(text.split())
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\u200d" else c.encode("unicode_escape").decode() for c in text
    )


def did_you_mean(wrong: object, valid: Sequence[str]) -> str:
    """Return `" Did you mean 'text'?"`, or `""` where nothing is close."""
    if not isinstance(wrong, str) or len(wrong) > WIDTH:
        return ""
    close = difflib.get_close_matches(wrong, valid[:2000], 1)
    return f" Did you mean {close[0]!r}?" if close else ""
