"""Servers and memory of the fault suite; it prints its table."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from servers.launch import Server, running

from . import table
from .exchanges import EXCHANGES, OLD_EXCHANGES, Exchange
from .table import Cell

SEEN: dict[tuple[str, str], Cell] = {}


@pytest.fixture(scope="session")
def ws_server() -> Iterator[Server]:
    """Serve the app on the last release with WebSockets."""
    with running("3.50.2") as started:
        yield started


@pytest.fixture(scope="session")
def sse_server() -> Iterator[Server]:
    """Serve the app on a release with one event stream for each job."""
    with running("4.0.2") as started:
        yield started


@pytest.fixture
def seen() -> dict[tuple[str, str], Cell]:
    """Hold what every test has found."""
    return SEEN


@pytest.fixture(scope="session")
def messages() -> dict[str, list[str]]:
    """Hold the messages of each exchange, as a run without a fault has shown them."""
    return {}


@pytest.fixture
def exchange_server(exchange: Exchange, request: pytest.FixtureRequest) -> Server:
    """Serve the app to an exchange."""
    server: Server = request.getfixturevalue(exchange.server)
    return server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of what was run; write it, if asked to."""
    if not SEEN:
        return
    text = table.render(SEEN, [each.title for each in (*EXCHANGES, *OLD_EXCHANGES)])
    terminalreporter.section("exchanges and faults")
    terminalreporter.write_line(text)
    if os.environ.get("GRADWIRE_WRITE_TABLE") == "1":
        table.write(text)
