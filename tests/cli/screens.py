"""Screens as people see them, kept as text files under `screens/`.

`GRADWIRE_WRITE_SCREENS=1 pytest tests/cli` writes them anew; look at each before it is committed.
What differs from run to run (ports, times, ids) is the same in all.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "screens"
WRITE = os.environ.get("GRADWIRE_WRITE_SCREENS") == "1"

_RULES = (
    (re.compile(r"127\.0\.0\.1:\d{5}\b"), "127.0.0.1:54321"),
    (re.compile(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]"), "⠋"),
    # Told only of functions that have run before.
    (re.compile(r", about \d+(\.\d+)? (ms|s)\b"), ""),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "0 s"),
    (re.compile(r"\b\d+ min \d+ s\b"), "0 s"),
    (re.compile(r"/[\w./-]*/gradwire-demo-\w{8}\b"), "/tmp/gradwire-demo-00000000"),
    (re.compile(r"Gradio (\d+)\.\d+\.\d+"), r"Gradio \1"),
    (re.compile(r"gradwire \d+\.\d+\.\d+"), "gradwire 0.0.0"),
)
_HASH = re.compile(r"(?<=/)(?:[0-9a-f]\n?){63}[0-9a-f](?=\n?/)")


def normal(text: str) -> str:
    """Return a screen without what differs from run to run."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    # A hash of a file's content, which is the libraries' work; it may go on in the next line.
    return _HASH.sub(lambda found: re.sub("[0-9a-f]", "0", found[0]), text)


def check(name: str, text: str) -> None:
    """Compare a screen with the one that is kept."""
    path = FOLDER / f"{name}.txt"
    found = normal(text)
    if WRITE:
        path.write_text(found, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    assert found == kept, f"{path.name} differs; GRADWIRE_WRITE_SCREENS=1 writes it anew"
