"""Words for people: a server's text made safe, durations and sizes."""

from __future__ import annotations


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
