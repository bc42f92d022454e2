"""From the values on the wire to those that the caller sees."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gradwire.client.outputs import NOTHING, OutputReader
from gradwire.data.files import FileData
from gradwire.data.outputs import OutputSteps
from gradwire.wire.events import DataEvent, Origin

FILE = {"path": "/a", "meta": {"_type": "gradio.FileData"}}


def event(*values: Any, diffs: Any = (), skipped: frozenset[int] = NOTHING) -> DataEvent:
    steps = OutputSteps(msgspec.Raw(msgspec.json.encode(values)))
    for diff in diffs:
        steps.add_diff(msgspec.Raw(msgspec.json.encode(diff)))
    reader = OutputReader(skipped, FileData.from_dict)
    return DataEvent(Origin("/f", 0, reader), steps, steps.last_step)


@pytest.mark.parametrize("value", [FILE, [FILE], {"a": [1, {"b": FILE}]}])
def test_files_at_any_depth(value: Any) -> None:
    assert "FileData" in repr(event("x", value).data[1])


def test_a_file_that_a_diff_brings() -> None:
    file = event([{"a": 1}], diffs=[[[["add", [1], FILE]]]]).data[0][1]
    assert isinstance(file, FileData)


def test_a_file_in_what_a_step_added() -> None:
    assert isinstance(event([1], diffs=[[[["replace", [], FILE]]]]).delta[0], FileData)


def test_values_without_files_are_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradwire.client.outputs.parse_outputs", None)
    assert event([{"a": [1, {"b": 2}]}], "a path", {"c": 3}).data[0] == [{"a": [1, {"b": 2}]}]
    assert event([1], {"a": 2}, skipped=frozenset({0})).data == [{"a": 2}]
