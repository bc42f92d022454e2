"""The functions of an app that can be called, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Self

import msgspec

from gradwire.app.json_values import (
    JsonObject,
    is_int,
    json_ints,
    json_number,
    json_object,
    json_objects,
)


class Dependency(msgspec.Struct, frozen=True):
    """One function of the app that can be called: Gradio's word for an event listener."""

    id: int
    api_name: str | None
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    queue: bool | None
    """False: called by one HTTP request; None: as the app's `enable_queue` says."""
    batch: bool
    is_generator: bool
    connection: str
    """`"stream"` where the input comes in chunks, else `"sse"`."""
    time_limit: float | None
    """Seconds after which a streaming input is closed by the server."""
    cancels: tuple[int, ...]
    targets: tuple[tuple[int | None, str], ...]
    visibility: str
    """`"public"`, `"undocumented"` or `"private"`."""
    has_function: bool
    rendered_in: int | None
    """The `gr.render` that made it."""
    raw: JsonObject


class Dependencies(Mapping[int, Dependency]):
    """All functions of an app, by number.

    There may be thousands, of which a program calls one. So each is read when it is asked for.
    """

    __slots__ = ("_items", "_read")

    def __init__(self, items: Mapping[int, JsonObject]) -> None:
        self._items = items
        self._read: dict[int, Dependency] = {}

    @classmethod
    def read(cls, items: object) -> Self:
        """Read the config's list of them."""
        found = {}
        for index, item in enumerate(json_objects(items)):
            # Up to 4.29 a dependency has no id: its place in the list is its number.
            given = item.get("id")
            found[given if is_int(given) else index] = item
        return cls(found)

    def __getitem__(self, number: int) -> Dependency:
        found = self._read.get(number)
        if found is None:
            # Two threads may read it at once; both results are the same.
            found = self._read.setdefault(number, _dependency(number, self._items[number]))
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, number: object) -> bool:
        return number in self._items

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dependencies) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Dependencies {list(self)}>"

    def __or__(self, other: Dependencies) -> Dependencies:
        return Dependencies({**self._items, **other._items})

    def names(self) -> Iterator[tuple[int, str | None, bool]]:
        """Yield number, name and whether it is public, without reading the rest."""
        for number, item in self._items.items():
            yield number, _name(item), _visibility(item) == "public"

    def name(self, number: int) -> str | None:
        """Return the name of one."""
        return _name(self._items[number])

    def only(self, numbers: Collection[int]) -> Dependencies:
        """Return those with these numbers."""
        return Dependencies({n: item for n, item in self._items.items() if n in numbers})

    def without_render(self, render_id: int) -> Dependencies:
        """Return those that this `gr.render` has not made."""
        kept = {n: i for n, i in self._items.items() if i.get("rendered_in") != render_id}
        return Dependencies(kept)


def _name(item: JsonObject) -> str | None:
    name = item.get("api_name")
    return name.strip("/") or None if isinstance(name, str) else None


def _visibility(item: JsonObject) -> str:
    shown = item.get("api_visibility")
    if isinstance(shown, str):
        return shown
    return "undocumented" if item.get("show_api") is False else "public"


def _dependency(number: int, item: JsonObject) -> Dependency:
    queue, rendered_in = item.get("queue"), item.get("rendered_in")
    return Dependency(
        id=number,
        api_name=_name(item),
        inputs=tuple(json_ints(item.get("inputs"))),
        outputs=tuple(json_ints(item.get("outputs"))),
        queue=queue if isinstance(queue, bool) else None,
        batch=bool(item.get("batch")),
        is_generator=bool(json_object(item.get("types")).get("generator")),
        connection=str(item.get("connection") or "sse"),
        time_limit=json_number(item.get("time_limit")),
        cancels=tuple(json_ints(item.get("cancels"))),
        targets=tuple(_targets(item.get("targets"))),
        visibility=_visibility(item),
        has_function=item.get("backend_fn") is not False,
        rendered_in=rendered_in if is_int(rendered_in) else None,
        raw=item,
    )


def _targets(items: object) -> Iterable[tuple[int | None, str]]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, list) and len(item) == 2:
            yield (item[0] if is_int(item[0]) else None), str(item[1])
        elif is_int(item):  # before 3.50 a bare component id
            yield item, ""
