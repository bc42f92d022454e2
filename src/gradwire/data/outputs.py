"""The outputs of one job over its steps, decoded only when somebody looks.

A step is kept as the bytes that came. `OutputSteps` is one run of steps that build on each other:
full values first, then diffs. Asking for a step's value decodes and applies what is needed, so a
consumer who reads only the last step, or only what each step added, pays nothing for the rest,
and a value once handed out is never changed by a later step.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from gradwire.data.diff import DiffError, apply_diff
from gradwire.data.files import may_hold_files
from gradwire.data.json import JSONDecodeFailure, decode
from gradwire.errors import ProtocolError

Values = list[Any]

_decode_list = msgspec.json.Decoder(list).decode


class _AddingEdit(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """An edit whose value is all that it adds."""

    operation: Literal["append", "replace", "add"]
    path: list[Any]
    value: Any


_decode_single_edits = msgspec.json.Decoder(list[tuple[_AddingEdit]]).decode


class _Point(NamedTuple):
    """How far the steps have been applied.

    `broken` are the outputs that a diff did not fit: only a new whole value is believed for them.
    """

    step: int
    values: Values
    broken: frozenset[int] = frozenset()


class OutputSteps:
    """Full values followed by diffs.

    Step 0 is the full value; step n is what n diffs have made of it. One thread adds steps; any
    may read them.
    """

    __slots__ = ("_before", "_diffs", "_files", "_full", "_point", "_start")

    def __init__(
        self,
        full: msgspec.Raw,
        before: OutputSteps | None = None,
        start: _Point | None = None,
        files: bool | None = None,
    ) -> None:
        self._full = full
        self._start = start  # step 0 where it is not `full`
        self._diffs: list[msgspec.Raw] = []
        # Replaced as a whole and never changed, so that readers in several threads do no harm.
        self._point: _Point | None = None
        # What a look for files has found, and how many diffs it has seen.
        self._files: tuple[bool, int] | None = None if files is None else (files, 0)
        # Only the step just before matters; longer chains would keep all of the past alive.
        self._before = None if before is None else before._alone()

    def _alone(self) -> OutputSteps:
        """Return the same steps without what came before them."""
        if self._before is None:
            return self
        alone = OutputSteps(self._full, start=self._start)
        alone._diffs, alone._point, alone._files = self._diffs, self._point, self._files
        return alone

    def add_diff(self, diff: msgspec.Raw) -> int:
        """Take the next diff; return its step."""
        self._diffs.append(diff)
        return len(self._diffs)

    @property
    def last_step(self) -> int:
        """The newest step."""
        return len(self._diffs)

    def renewed(self) -> OutputSteps:
        """Return steps that begin where these end, and keep nothing of them.

        Raises:
            ProtocolError: What the server sent cannot be decoded.
        """
        if not self._diffs:
            return self
        start = self._at(self.last_step)._replace(step=0)
        return OutputSteps(msgspec.Raw(), start=start, files=self.may_hold_files(self.last_step))

    def values(self, step: int) -> Values:
        """Return the outputs at `step`, one item for each.

        Raises:
            ProtocolError: What the server sent cannot be decoded.
        """
        return self._at(step).values

    def may_hold_files(self, step: int) -> bool:
        """Tell whether there may be file objects at `step`, or were before it."""
        found, seen = self._files or (may_hold_files(self._full), 0)
        if not found and seen < step:
            found, seen = any(map(may_hold_files, self._diffs[seen:step])), step
        self._files = found, seen
        return found

    def _at(self, step: int) -> _Point:
        point = self._point
        if point is None or step < point.step:
            point = self._start or _Point(0, _as_list(self._full))
        if step > point.step:
            point = self._advanced(point, step)
        self._point = point
        return point

    def _advanced(self, point: _Point, step: int) -> _Point:
        """Apply all diffs from `point` to `step`, those of one output together."""
        steps = [_as_list(diff) for diff in self._diffs[point.step : step]]
        values = list(point.values)
        broken = set(point.broken)
        for index in range(max(map(len, steps))):
            if index == len(values):
                # An app reloaded while it streams can gain outputs; those grow from null.
                values.append(None)
            diffs = [_edits(diff[index]) for diff in steps if index < len(diff)]
            values[index], fits = _apply(values[index], diffs, index not in broken)
            (broken.discard if fits else broken.add)(index)
        return _Point(step, values, frozenset(broken))

    def delta(self, step: int) -> Values:
        """Return what `step` added to the step before, one item for each output.

        The text that was appended where text grew (anywhere in the output); the value itself where
        it was replaced or came first; an empty text or None where nothing changed.
        """
        if step > 0:
            diff = self._diffs[step - 1]
            try:
                # One edit an output, as in a token stream: msgspec has checked its shape.
                return [edit.value for (edit,) in _decode_single_edits(diff)]
            except (*JSONDecodeFailure, UnicodeDecodeError):
                edits = map(_edits, _as_list(diff))
                return [self._delta_of(index, step, item) for index, item in enumerate(edits)]
        values, before = self.values(0), self._before
        if before is None:
            return values
        if before._diffs:
            # What follows diffs is the end, which says the last value again. Comparing the two
            # would mean applying all diffs for a consumer who has read none of the values.
            return [_nothing(value) for value in values]
        old = before.values(0)
        return [
            added(old[index], value) if index < len(old) else value
            for index, value in enumerate(values)
        ]

    def _delta_of(self, index: int, step: int, edits: list[Any]) -> Any:
        if len(edits) == 1:
            edit = edits[0]
            if _is_edit(edit) and edit[0] in _ADDING:
                return edit[2]
        if edits and all(map(_is_append, edits)):
            return "".join(edit[2] for edit in edits)
        values = self.values(step)
        value = values[index] if index < len(values) else None
        return value if edits else _nothing(value)


_ADDING = frozenset({"append", "replace", "add"})


def _nothing(value: Any) -> Any:
    """Return what stands for "no change" beside a value: an empty text for text, else None."""
    return "" if isinstance(value, str) else None


def _apply(value: Any, diffs: list[list[Any]], fits: bool) -> tuple[Any, bool]:
    """Apply the diffs of one output over some steps.

    Args:
        value: The output before them.
        diffs: The edits of each step.
        fits: Whether all edits before these have fitted.

    Returns:
        The output after them, and whether all have fitted since it was last sent whole. After
        an edit that does not fit, the output stays what it was at the step before.
    """
    start, fitted = value, fits
    edits = [edit for diff in diffs for edit in diff]
    for position in range(len(edits) - 1, -1, -1):
        if _replaces_all(edits[position]):
            value, edits, fits = edits[position][2], edits[position + 1 :], True
            break
    if not fits or not edits:
        return value, fits
    try:
        return apply_diff(value, edits), True
    except DiffError:
        if len(diffs) == 1:
            return value, False
    for diff in diffs:  # one step at a time, to find the last one that fits
        start, fitted = _apply(start, [diff], fitted)
    return start, fitted


def added(old: Any, new: Any) -> Any:
    """Return what `new` has beyond `old`: the rest of a grown text, nothing, or all of it."""
    if isinstance(old, str) and isinstance(new, str) and new.startswith(old):
        return new[len(old) :]
    return None if new == old else new


def _edits(diff: Any) -> list[Any]:
    """Return what one step says of one output, as edits.

    A server that has lost what it sent before (seen in 4.19 when an app cancels the function) sends
    the whole value in place of edits, and goes on with diffs of that.
    """
    if isinstance(diff, list) and (not diff or any(map(_is_edit, diff))):
        return diff
    return [["replace", [], diff]]


def _is_edit(edit: Any) -> bool:
    return (
        isinstance(edit, list)
        and len(edit) == 3
        and isinstance(edit[0], str)
        and isinstance(edit[1], list)
    )


def _is_append(edit: Any) -> bool:
    return _is_edit(edit) and edit[0] == "append" and isinstance(edit[2], str)


def _replaces_all(edit: Any) -> bool:
    return _is_edit(edit) and edit[0] == "replace" and edit[1] == []


def _as_list(raw: msgspec.Raw) -> Values:
    try:
        return _decode_list(raw)
    except JSONDecodeFailure:
        return _decode_oddity(raw)


def _decode_oddity(raw: msgspec.Raw) -> Values:
    """Decode outputs that are not a plain list: a single value, or with a bare NaN in it."""
    try:
        # To JSON and back: a bare NaN becomes null, as in a message that is read at once.
        values = msgspec.json.decode(msgspec.json.encode(decode(raw)))
    except (*JSONDecodeFailure, OverflowError) as error:
        raise ProtocolError(f"The output cannot be read: {error}") from error
    return values if isinstance(values, list) else [values]
