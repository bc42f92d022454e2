"""Every fault at every place: the client ends with the right result or the right error, in time.

A test is one kind of fault in one exchange; it goes through all places, side by side. `make faults`
runs all of them and writes the table of docs/reliability.md. Without the marker `faults` are a few,
so that `make test` stays quick.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import eventually_so, run
from servers.launch import Server

from . import table
from .cases import cases_of, exchange_of, run_all
from .exchanges import EXCHANGES, OLD_EXCHANGES, Exchange
from .table import Cell

WRITING = os.environ.get("GRADWIRE_WRITE_TABLE") == "1"
QUICK = {
    "connect: config": ("cut", "stall", "corrupt"),
    "upload": ("reset", "stall"),
    "join": ("cut", "corrupt"),
    "stream of a function": ("cut", "duplicate"),
    "stream of a generator": ("reset", "truncate", "corrupt", "re-chunk"),
    "download": ("cut",),
    "cancel": ("cut",),
}
"""What `make test` runs."""
LONGEST = 240
"""Seconds that one test may take."""


def suite() -> Iterator[Any]:
    """Yield every kind of fault in every exchange."""
    for exchange in (*EXCHANGES, *OLD_EXCHANGES):
        for kind in exchange.kinds:
            quick = kind in QUICK.get(exchange.title, ())
            marks = () if quick else (pytest.mark.faults,)
            yield pytest.param(exchange, kind, id=f"{exchange.title}-{kind}", marks=marks)


@pytest.mark.server
@pytest.mark.timeout(LONGEST + 30)
@pytest.mark.parametrize(("exchange", "kind"), list(suite()))
def test_fault(
    exchange: Exchange,
    kind: str,
    exchange_server: Server,
    messages: dict[str, list[str]],
    seen: dict[tuple[str, str], Cell],
) -> None:
    url, title = exchange_server.url, exchange.title
    if title not in messages:
        messages[title] = run(exchange_of(exchange, url))
    threads = threading.active_count()
    outcomes = run(run_all(cases_of(exchange, kind, messages[title]), url), LONGEST)
    eventually_so(lambda: threading.active_count() <= threads, 5)
    wrong = [f"{outcome.case}: {outcome.wrong}" for outcome in outcomes if outcome.wrong]
    assert wrong == []
    results = sum(outcome.error is None for outcome in outcomes)
    seen[title, kind] = results, len(outcomes) - results
    if not WRITING:
        known = sum(table.documented().get((title, kind), ()))
        assert known == len(outcomes), "`make faults` writes the table"
