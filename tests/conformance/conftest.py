"""Runs servers for the conformance suite, and prints its table."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from leaks import nothing_is_left  # noqa: F401

from . import table
from .capabilities import CAPABILITIES
from .fleet import Fleet

SEEN: dict[tuple[str, str], str] = {}


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Run servers for all checks."""
    running = Fleet()
    yield running
    running.close()


@pytest.fixture
def seen() -> dict[tuple[str, str], str]:
    """Hold what every check has found."""
    return SEEN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of what was run; write it, if asked to."""
    if not SEEN:
        return
    titles = [each.title for each in CAPABILITIES]
    terminalreporter.section("releases and capabilities")
    terminalreporter.write_line(table.render(SEEN, titles))
    if os.environ.get("GRADWIRE_WRITE_TABLE") == "1":
        table.write(table.render({**table.documented(), **SEEN}, titles))
