"""The functions of an app that can be called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import msgspec

from gradwire.app.json_values import (
    JsonObject,
    is_int,
    json_ints,
    json_number,
    json_object,
)
from gradwire.app.parts import Parts


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


class Dependencies(Parts[Dependency]):
    """All functions of an app, by number."""

    __slots__ = ()

    @staticmethod
    def _make(number: int, item: JsonObject) -> Dependency:
        return _dependency(number, item)

    @staticmethod
    def _number(index: int) -> int:
        # Up to 4.29 a dependency has no id: its place in the list is its number.
        return index

    def names(self) -> list[tuple[int, str, bool]]:
        """Return number, name and whether it is public of those that have a name."""
        found = []
        for number, item in self._items.items():  # there are many: `_name`, `_visibility`
            name = item.get("api_name")
            if isinstance(name, str) and (name := name.strip("/")):
                shown = item.get("api_visibility")
                hidden = item.get("show_api") is False
                public = shown == "public" if isinstance(shown, str) else not hidden
                found.append((number, name, public))
        return found

    def name(self, number: int) -> str | None:
        """Return the name of one."""
        return _name(self._items[number])

    def without_render(self, render_id: int) -> Self:
        """Return those that this `gr.render` has not made."""
        return self.without("rendered_in", render_id)


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
