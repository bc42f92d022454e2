"""Words of a server made safe to show, the right word for a wrong one, durations and sizes.

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


def exact_seconds(seconds: float) -> str:
    """Return a deadline as it was given: `1 second`, `0.5 seconds`."""
    return "1 second" if seconds == 1 else f"{seconds:g} seconds"


def did_you_mean(wrong: object, valid: Sequence[str]) -> str:
    """Return `" Did you mean 'text'?"`, or `""` where nothing is close."""
    if not isinstance(wrong, str) or len(wrong) > WIDTH:
        return ""
    close = difflib.get_close_matches(wrong, valid[:2000], 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def shown(text: str) -> str:
    """Return a server's text as a terminal may have it: control characters as escapes."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in "\n\u200d" else char.encode("unicode_escape").decode()
        for char in text.replace("\r\n", "\n").replace("\t", "    ")
    )


def seconds_text(seconds: float) -> str:
    """Return a duration in words for people."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def bytes_text(size: float) -> str:
    """Return a size in words for people."""
    if size < 1000:
        return f"{size:.0f} bytes"
    units = ("kB", "MB", "GB")
    for unit in units:
        size /= 1000
        if size < 999.5 or unit == units[-1]:
            break
    return f"{size:.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}"
