"""From the values on the wire to those that the caller sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradwire.data.files import FileData
from gradwire.data.old_files import is_data_url, is_old_file_object, modern, picture
from gradwire.data.walk import PLAIN, parse_outputs

NOTHING: frozenset[int] = frozenset()


class OutputReader:
    """Leaves out State outputs, and makes files of file objects.

    Args:
        skipped: Places of outputs that are left out.
        make_file: Makes a `FileData` from a server's file object.
    """

    __slots__ = ("_make_file", "_skipped")

    def __init__(
        self,
        skipped: frozenset[int],
        make_file: Callable[[dict[str, Any]], FileData],
    ) -> None:
        self._skipped = skipped
        self._make_file = make_file

    def __call__(self, values: list[Any], may_hold_files: Callable[[], bool]) -> list[Any]:
        skipped = self._skipped
        if skipped:
            values = [value for index, value in enumerate(values) if index not in skipped]
        if PLAIN.issuperset(map(type, values)):  # text and numbers hold no files
            return values
        if not may_hold_files():
            return values
        return [parse_outputs(each, self._make_file) for each in values]


class OldOutputReader(OutputReader):
    """The same for 3.x, which describes files otherwise and sends pictures as `data:` URLs.

    Args:
        picture_outputs: One flag for each output: whether it is a `gr.Image`.
    """

    __slots__ = ("_pictures",)

    def __init__(
        self,
        skipped: frozenset[int],
        make_file: Callable[[dict[str, Any]], FileData],
        picture_outputs: tuple[bool, ...],
    ) -> None:
        super().__init__(skipped, make_file)
        self._pictures = picture_outputs

    def __call__(self, values: list[Any], may_hold_files: Callable[[], bool]) -> list[Any]:
        return [
            self._read(value, index < len(self._pictures) and self._pictures[index])
            for index, value in enumerate(values)
            if index not in self._skipped
        ]

    def _read(self, value: Any, is_picture: bool) -> Any:
        if is_picture and is_data_url(value):
            return self._make_file(picture(value))
        return parse_outputs(value, self._make_modern, is_old_file_object)

    def _make_modern(self, obj: dict[str, Any]) -> FileData:
        return self._make_file(modern(obj))
