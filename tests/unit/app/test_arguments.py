"""From a call's arguments to the list that is sent."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.app.api_info import build_api_info
from gradwire.app.arguments import bind_arguments
from gradwire.app.config import parse_config
from gradwire.app.endpoint import Endpoint
from gradwire.errors import InvalidArgumentError

NO: dict[str, Any] = {}

COMPONENTS: list[dict[str, Any]] = [
    {"id": 0, "type": "textbox", "props": {"label": "Text"}, "skip_api": False},
    {"id": 1, "type": "state", "props": {}, "skip_api": True},
    {"id": 2, "type": "number", "props": {"label": "N", "value": 3}, "skip_api": False},
    {"id": 3, "type": "button", "props": {"value": "Go"}, "skip_api": True},
    {"id": 4, "type": "json", "props": {"label": "J", "value": {"a": [1]}}, "skip_api": False},
    {"id": 5, "type": "textbox", "props": {"label": "data"}, "skip_api": False},
]

APP = {"protocol": "sse_v3", "components": COMPONENTS}


def endpoint(*inputs: int, **dependency: Any) -> Endpoint:
    listed = {"id": 0, "api_name": "run", "inputs": list(inputs), "outputs": [], **dependency}
    config = parse_config({**APP, "dependencies": [listed]}, "http://app")
    return build_api_info(config, None, "http://app").find("run")


ALL = endpoint(0, 1, 2, 3)
"""text (required), a State, n (3), a button."""


@pytest.mark.parametrize(
    ("data", "inputs"),
    [
        (["a", 5], NO),
        (("a", 5), NO),
        ({"text": "a", "n": 5}, NO),
        ({"Text": "a", "N": 5}, NO),
        (OrderedDict(text="a", n=5), NO),
        (MappingProxyType({"text": "a", "n": 5}), NO),
        (None, {"n": 5, "text": "a"}),
        (["a"], {"n": 5}),
        ({"text": "a"}, {"n": 5}),
        (None, {"Text": "a", "n": 5}),
    ],
)
def test_all_ways_to_give_values(data: object, inputs: dict[str, Any]) -> None:
    assert bind_arguments(ALL, data, inputs) == ["a", None, 5, "Go"]


def test_defaults_fill_what_is_left_out() -> None:
    assert bind_arguments(ALL, ["a"], NO) == ["a", None, 3, "Go"]
    assert bind_arguments(ALL, ["a", None], NO) == ["a", None, None, "Go"]


def test_a_list_with_the_hidden_inputs_is_taken_as_it_is() -> None:
    given = ["a", {"state": 1}, 5, "pressed"]
    bound = bind_arguments(ALL, given, NO)
    assert bound == given
    assert bound is not given


def test_an_endpoint_without_values() -> None:
    nothing = endpoint()
    assert bind_arguments(nothing, None, NO) == []
    assert bind_arguments(nothing, [], NO) == []
    assert bind_arguments(endpoint(1), {}, NO) == [None]


def test_defaults_are_not_shared_between_calls() -> None:
    plain = endpoint(4)
    first = bind_arguments(plain, None, NO)
    first[0]["a"].append(2)
    assert bind_arguments(plain, None, NO) == [{"a": [1]}]
    assert COMPONENTS[4]["props"]["value"] == {"a": [1]}


def test_the_callers_data_is_not_changed_nor_copied() -> None:
    value = {"deep": [1]}
    data = {"text": value}
    assert bind_arguments(ALL, data, {"n": 1})[0] is value
    assert data == {"text": {"deep": [1]}}


def test_values_are_not_compared() -> None:
    class Array:
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None  # type: ignore[assignment]

    value = Array()
    assert bind_arguments(ALL, [value], NO)[0] is value


def test_a_function_that_takes_the_whole_component() -> None:
    whole = endpoint(2, component_prop_inputs=[0])
    assert bind_arguments(whole, [7], NO) == [{"label": "N", "value": 7}]
    assert bind_arguments(whole, None, NO) == [{"label": "N", "value": 3}]


@pytest.mark.parametrize(
    ("data", "inputs", "words"),
    [
        (None, NO, ["also needs 'text'"]),
        ({"n": 1}, NO, ["also needs 'text'"]),
        (["a", 1, 2], NO, ["2 values at most, 3 were given"]),
        (["a", 1, 2, 3, 4], NO, ["2 values at most, 5 were given"]),
        (["a"], {"text": "b"}, ["two values for 'text'"]),
        ({"text": "a"}, {"text": "b"}, ["two values for 'text'"]),
        ({"text": "a", "Text": "b"}, NO, ["two values for 'Text'"]),
        (["a", None, 1, "Go"], {"n": 1}, ["by position", "'n' again"]),
        (None, {"txt": "a"}, ["no parameter 'txt'", "Did you mean 'text'?", "'text', 'n'"]),
        ({5: "a"}, NO, ["no parameter 5."]),
        ({("a",): "a"}, NO, ["no parameter <tuple>"]),
        (None, {"x" * 999: "a"}, ["no parameter 'xxx"]),
        (["a"], {"api_name": "/run"}, ["the endpoint is the first argument", '"/run"']),
        (["a"], {"fn_index": 0}, ["the endpoint is the first argument"]),
        ("a", NO, ["not str", "[...]", "the keyword text."]),
        (b"a", NO, ["not bytes", "[...]"]),
        (5, NO, ["not int"]),
        (False, NO, ["not bool"]),
        ({"a", "b"}, NO, ["not set"]),
        ((v for v in "ab"), NO, ["not generator"]),
    ],
)
def test_refusals_say_what_is_valid(data: object, inputs: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        bind_arguments(ALL, data, inputs)
    for word in [*words, "/run(text: Any, n: Any = 3) -> None"]:
        assert word in str(caught.value)
    assert caught.value.endpoint == "/run"


def test_a_label_for_a_name_is_put_right() -> None:
    info = {"named_endpoints": {"/run": {"parameters": [{"label": "Text", "parameter_name": "x"}]}}}
    listed = {"id": 0, "api_name": "run", "inputs": [0], "outputs": []}
    config = parse_config({**APP, "dependencies": [listed]}, "http://app")
    with pytest.raises(InvalidArgumentError, match="Did you mean 'x'"):
        bind_arguments(build_api_info(config, info, "http://app").find("run"), {"Text": 1}, NO)


def test_a_parameter_named_data() -> None:
    one = endpoint(5)
    assert bind_arguments(one, {"data": "x"}, NO) == ["x"]
    with pytest.raises(InvalidArgumentError, match=r'\{"data": ...\}'):
        bind_arguments(one, "x", NO)


def test_an_endpoint_that_takes_nothing_says_so() -> None:
    with pytest.raises(InvalidArgumentError, match="takes no values"):
        bind_arguments(endpoint(), "x", NO)
    with pytest.raises(InvalidArgumentError, match="It takes none"):
        bind_arguments(endpoint(), None, {"x": 1})


def test_api_name_may_be_a_real_parameter() -> None:
    components = [{"id": 0, "type": "textbox", "props": {"label": "api_name"}}]
    listed = {"id": 0, "api_name": "run", "inputs": [0], "outputs": []}
    config = parse_config({"components": components, "dependencies": [listed]}, "http://app")
    real = build_api_info(config, None, "http://app").find("run")
    assert bind_arguments(real, None, {"api_name": "x"}) == ["x"]


def test_signature() -> None:
    signature = ALL.signature()
    assert str(signature) == "(text: Any, n: Any = 3) -> None"
    assert signature.bind("a").arguments == {"text": "a"}


def test_required_after_optional_is_keyword_only_in_the_signature() -> None:
    late = endpoint(2, 0, 4)
    kinds = [parameter.kind for parameter in late.signature().parameters.values()]
    by_place, by_name = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    assert kinds == [by_place, by_name, by_name]
    assert bind_arguments(late, [1, "a"], NO) == [1, "a", {"a": [1]}]
    with pytest.raises(InvalidArgumentError, match="also needs 'text'"):
        bind_arguments(late, [1], NO)


@given(
    st.none() | st.lists(st.integers(), max_size=6) | st.dictionaries(st.text(), st.integers()),
    st.dictionaries(st.sampled_from(["text", "n", "Text", "x"]), st.integers()),
)
def test_binding_gives_one_value_for_each_input_or_refuses(
    data: object, inputs: dict[str, Any]
) -> None:
    try:
        values = bind_arguments(ALL, data, inputs)
    except InvalidArgumentError:
        return
    assert len(values) == len(ALL.slots)
