"""One and the same suite against every release of Gradio: see `capabilities.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import table
from .capabilities import CAPABILITIES, Capability, Case, ServerCannot
from .fleet import Fleet

HERE = Path(__file__).resolve().parent
WRITING = os.environ.get("GRADWIRE_WRITE_TABLE") == "1"


def releases() -> list[str]:
    """Return what to run: GRADWIRE_TEST_SERVERS, or those that no other test runs on."""
    wanted = os.environ.get("GRADWIRE_TEST_SERVERS", "")
    if wanted == "all":
        names = [path.stem for path in (HERE.parent / "servers" / "pins").glob("*.txt")]
        return sorted(names, key=lambda name: [int(part) for part in name.split(".")])
    default = (HERE.parent / "servers" / "old.txt").read_text(encoding="ascii")
    return (wanted.replace(",", " ") or default).split()


def cases() -> Iterator[Any]:
    """Yield every check on every release, those that share a server one after the other."""
    for release in releases():
        for mode in dict.fromkeys(each.mode for each in CAPABILITIES):
            for each in CAPABILITIES:
                if each.mode == mode:
                    yield pytest.param(release, each, id=f"{release}-{each.title}")


@pytest.mark.server
@pytest.mark.timeout(90)
@pytest.mark.parametrize(("release", "capability"), list(cases()))
def test_release(
    fleet: Fleet,
    release: str,
    capability: Capability,
    seen: dict[tuple[str, str], str],
    tmp_path: Path,
) -> None:
    place = release, capability.title
    seen[place] = table.FAILS
    case = Case(fleet.get(release, capability.mode), tmp_path)
    try:
        capability.check(case)
        seen[place] = table.WORKS
    except ServerCannot as reason:
        seen[place] = str(reason)
    finally:
        case.close()
    if not WRITING:
        assert table.documented().get(place) == seen[place], "`make releases` writes the table"
