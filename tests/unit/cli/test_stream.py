"""`gradwire stream`: what is printed of the events of a job."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gradwire.cli.stream import DeltaPrinter, _event_dict
from gradwire.wire.events import StatusEvent


def step(delta: list[Any], data: list[Any] | None = None, *, final: bool = False) -> Any:
    facts = {"data": delta if data is None else data, "delta": delta, "final": final}
    return SimpleNamespace(type="data", **facts)


@pytest.mark.parametrize(
    ("events", "printed"),
    [
        ([step([3.5], final=True)], "3.5\n"),
        ([step([{"a": 1}, "x"], final=True)], '[{"a": 1}, "x"]\n'),
        ([step([None], final=True)], "null\n"),
        ([step(["text"], final=True)], "text\n"),
        ([step([], final=True)], ""),
        ([step([1]), step([2]), step([None], [2], final=True)], "1\n2\n"),
        ([step([1]), step([1], [1], final=True)], "1\n"),
        ([step([None]), step([None], final=True)], ""),
        ([step(["a"]), step(["b"], ["ab"]), step([""], ["ab"], final=True)], "ab\n"),
    ],
)
def test_what_is_printed(
    events: list[Any], printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printer = DeltaPrinter()
    for event in events:
        printer.show(event)
    printer.end_line()
    assert capsys.readouterr().out == printed


def test_what_is_empty_is_left_out() -> None:
    event = StatusEvent(stage="pending", queue=True, endpoint="/f", fn_index=0)
    assert event.changed_state_ids == ()
    assert "changed_state_ids" not in _event_dict(event)
