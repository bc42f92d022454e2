"""The numbered parts of an app, each read when it is first asked for.

There may be thousands, of which a program uses one or two.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from typing import Generic, Self, TypeVar

from gradwire.app.json_values import JsonObject, json_objects

P = TypeVar("P")


class Parts(Mapping[int, P], Generic[P]):
    """Parts of one kind, by number.

    Args:
        items: What the config says of each.
    """

    __slots__ = ("_items", "_read")

    def __init__(self, items: Mapping[int, JsonObject]) -> None:
        self._items = items
        self._read: dict[int, P] = {}

    @classmethod
    def read(cls, items: object) -> Self:
        """Read the config's list of them."""
        found = {}
        for index, item in enumerate(json_objects(items)):
            number = item.get("id")
            if type(number) is not int:
                number = cls._number(index)
            if number is not None:
                found[number] = item
        return cls(found)

    @staticmethod
    @abstractmethod
    def _make(number: int, item: JsonObject) -> P:
        """Read one."""

    @staticmethod
    def _number(index: int) -> int | None:
        """Return the number of one that says none, by its place in the list; None: it has none."""
        return None

    def __getitem__(self, number: int) -> P:
        found = self._read.get(number)
        if found is None:
            # Two threads may read it at once; both results are the same.
            found = self._read.setdefault(number, self._make(number, self._items[number]))
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, number: object) -> bool:
        return number in self._items

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Parts) and type(other) is type(self):
            return bool(self._items == other._items)
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {list(self)}>"

    def __or__(self, other: Self) -> Self:
        return type(self)({**self._items, **other._items})

    def only(self, numbers: Collection[int]) -> Self:
        """Return those with these numbers."""
        return type(self)({n: item for n, item in self._items.items() if n in numbers})

    def without(self, key: str, value: object) -> Self:
        """Return those of which the config does not say that `key` is `value`."""
        return type(self)({n: i for n, i in self._items.items() if i.get(key) != value})
