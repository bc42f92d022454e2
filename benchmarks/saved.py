"""Runs in files: kept, read again, and put together."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from results import Results


def keep(results: Results, path: Path) -> None:
    """Write all that was measured."""
    path.write_text(json.dumps(asdict(results), indent=1), encoding="utf-8")


def load(paths: Iterable[Path]) -> Results:
    """Read files; of a work that is in several of them, the runs of the last one count."""
    merged = Results()
    for path in paths:
        _add(merged, Results(**json.loads(path.read_text(encoding="utf-8"))))
    return merged


def _add(merged: Results, more: Results) -> None:
    merged.runs |= more.runs
    merged.failed |= {name: more.failed.get(name, []) for name in more.runs}
    merged.absent |= more.absent
    for name, version in more.versions.items():
        merged.versions[name] = _both(merged.versions.get(name, ""), version, " and ")
    merged.machine = _both(merged.machine, more.machine, "; ")
    if more.imports:
        merged.imports, merged.modules = more.imports, more.modules
        merged.loaded, merged.help_seconds = more.loaded, more.help_seconds


def _both(known: str, more: str, between: str) -> str:
    """Two facts side by side, or one where they are the same."""
    parts = known.split(between) if known else []
    return known if more in parts else between.join([*parts, more])
