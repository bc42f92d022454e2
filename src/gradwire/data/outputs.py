"""The outputs of one job over its steps, decoded only when somebody looks.

A step is kept as the bytes that came. `OutputSteps` is one run of steps that build on each other:
full values first, then diffs. Asking for a step's value decodes and applies what is needed, so a
consumer who reads only the last step, or only what each step added, pays nothing for the rest,
and a value once handed out is never changed by a later step.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gradwire.data.diff import DiffError, apply_diff
from gradwire.data.json import decode

Values = list[Any]


class OutputSteps:
    """Full values followed by diffs.

    Step 0 is the full value; step n is what n diffs have made of it.
    """

    __slots__ = ("_before", "_broken", "_diffs", "_full", "_step", "_values")

    def __init__(self, full: msgspec.Raw, before: OutputSteps | None = None) -> None:
        self._full = full
        self._diffs: list[msgspec.Raw] = []
        self._step = -1
        self._values: Values = []
        self._broken: set[int] = set()
        self._before = before
        if before is not None:
            # Only the step just before matters; longer chains would keep all of the past alive.
            before._before = None

    def add_diff(self, diff: msgspec.Raw) -> int:
        """Take the next diff; return its step."""
        self._diffs.append(diff)
        return len(self._diffs)

    @property
    def last_step(self) -> int:
        """The newest step."""
        return len(self._diffs)

    def values(self, step: int) -> Values:
        """Return the outputs at `step`, one item for each."""
        if self._step < 0 or step < self._step:
            self._values, self._step, self._broken = _as_list(self._full), 0, set()
        if step > self._step:
            self._advance(step)
        return self._values

    def _advance(self, step: int) -> None:
        """Apply all diffs up to `step`, those of one output together."""
        steps = [_as_list(diff) for diff in self._diffs[self._step : step]]
        values = list(self._values)
        for index in range(max(map(len, steps))):
            if index == len(values):
                # An app reloaded while it streams can gain outputs; those grow from null.
                values.append(None)
            diffs = [step[index] for step in steps if index < len(step)]
            edits = [edit for diff in diffs if isinstance(diff, list) for edit in diff]
            values[index] = self._apply(index, values[index], edits)
        self._values, self._step = values, step

    def _apply(self, index: int, value: Any, edits: list[Any]) -> Any:
        """Apply edits; after one that does not fit, only a new whole value is believed."""
        for position in range(len(edits) - 1, -1, -1):
            if _replaces_all(edits[position]):
                value, edits = edits[position][2], edits[position + 1 :]
                self._broken.discard(index)
                break
        if index in self._broken or not edits:
            return value
        try:
            return apply_diff(value, edits)
        except DiffError:
            self._broken.add(index)
            return value

    def delta(self, step: int) -> Values:
        """Return what `step` added to the step before, one item for each output.

        The text that was appended where text grew (anywhere in the output); the value itself where
        it was replaced or came first; an empty text or None where nothing changed.
        """
        if step > 0:
            edits = _as_list(self._diffs[step - 1])
            return [self._delta_of(index, step, edit) for index, edit in enumerate(edits)]
        values = self.values(0)
        if self._before is None:
            return values
        before = self._before.values(self._before.last_step)
        return [
            added(before[index], value) if index < len(before) else value
            for index, value in enumerate(values)
        ]

    def _delta_of(self, index: int, step: int, edits: Any) -> Any:
        if not isinstance(edits, list) or not edits:
            values = self.values(step)
            return "" if index < len(values) and isinstance(values[index], str) else None
        operations = {edit[0] if _is_edit(edit) else None for edit in edits}
        if operations == {"append"}:
            return "".join(str(edit[2]) for edit in edits)
        if len(edits) == 1 and operations <= {"replace", "add"}:
            return edits[0][2]
        return self.values(step)[index]


def added(old: Any, new: Any) -> Any:
    """Return what `new` has beyond `old`: the rest of a grown text, nothing, or all of it."""
    if isinstance(old, str) and isinstance(new, str) and new.startswith(old):
        return new[len(old) :]
    return None if new == old else new


def _is_edit(edit: Any) -> bool:
    return isinstance(edit, list) and len(edit) == 3 and isinstance(edit[0], str)


def _replaces_all(edit: Any) -> bool:
    return _is_edit(edit) and edit[0] == "replace" and edit[1] == []


def _as_list(raw: msgspec.Raw) -> Values:
    values = decode(raw)
    return values if isinstance(values, list) else [values]
