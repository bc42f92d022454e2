"""From the values on the wire to those that the caller sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradwire.data.files import FileData
from gradwire.data.walk import parse_outputs


class OutputReader:
    """Leaves out State outputs, and makes files of file objects.

    Args:
        state_outputs: One flag for each output: whether a State sits there.
        keep_state: Keep the nulls that stand for State.
        make_file: Makes a `FileData` from a server's file object.
    """

    __slots__ = ("_make_file", "_skipped")

    def __init__(
        self,
        state_outputs: tuple[bool, ...],
        keep_state: bool,
        make_file: Callable[[dict[str, Any]], FileData],
    ) -> None:
        hidden = () if keep_state or True not in state_outputs else enumerate(state_outputs)
        self._skipped = frozenset(index for index, state in hidden if state)
        self._make_file = make_file

    def __call__(self, values: list[Any]) -> list[Any]:
        skipped = self._skipped
        if skipped:
            values = [value for index, value in enumerate(values) if index not in skipped]
        for value in values:
            if isinstance(value, (list, dict)):  # text and numbers hold no files
                return [parse_outputs(each, self._make_file) for each in values]
        return values
