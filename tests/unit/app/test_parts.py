"""The numbered parts of an app, read when they are asked for."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from gradwire.app.api_info import build_api_info
from gradwire.app.config import Components, parse_config
from gradwire.app.dependencies import Dependencies

ITEMS: list[Any] = [{"id": 3, "type": "textbox"}, {"type": "no id"}, 7, {"id": 5, "type": "state"}]


def test_each_is_read_once_and_only_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made, make = [], Components._make

    def note(number: int, item: Any) -> Any:
        made.append(number)
        return make(number, item)

    monkeypatch.setattr(Components, "_make", staticmethod(note))
    components = Components.read(ITEMS)
    assert (len(components), list(components), 5 in components, 4 in components) == (
        2, [3, 5], True, False,
    )  # fmt: skip
    assert made == []
    assert components[5].is_state
    assert components[5] is components[5]
    assert made == [5]


def test_a_function_without_a_number_is_counted_and_a_component_left_out() -> None:
    assert list(Dependencies.read([{}, {"id": 7}, {}])) == [0, 7, 2]
    assert list(Components.read([{}, {"id": 7}, {}])) == [7]


def test_they_compare_like_mappings() -> None:
    one = Components.read(ITEMS)
    assert one == Components.read(ITEMS)
    assert one == dict(one.items())
    assert one != Components.read(ITEMS[:1])
    assert Components.read([]) != Dependencies.read([{}])
    assert one.only({5}) | one.only({3}) == one


def test_a_config_goes_with_the_last_who_holds_it() -> None:
    config = parse_config({"components": [], "dependencies": [{"api_name": "f"}]}, "http://x/")
    info = build_api_info(config, None, "http://x/info")
    assert list(info.named_endpoints) == ["/f"]
    assert info.find("f").fn_index == 0
    gc.disable()
    try:
        gone = weakref.ref(info)
        del info
        assert gone() is None
    finally:
        gc.enable()
