"""JSON in and out."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.data import json as json_module
from gradwire.data.json import JSONDecodeFailure, decode, decode_answer, encode
from gradwire.errors import InvalidArgumentError, ProtocolError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(JSON)
def test_there_and_back(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, allow_nan=True).encode()
    if not any(bare in text for bare in (b"Infinity",)):
        assert decode(text) == value
        assert decode(msgspec.Raw(text)) == value
        assert json.loads(encode(value)) == value


def test_bare_nan_and_infinity() -> None:
    values = decode(b'[NaN, Infinity, -Infinity, {"a": NaN}, "NaN"]')
    assert math.isnan(values[0])
    assert values[1:3] == [math.inf, -math.inf]
    assert math.isnan(values[3]["a"])
    assert values[4] == "NaN"
    assert decode(msgspec.Raw(b"[Infinity]")) == [math.inf]


def test_nan_is_sent_as_null() -> None:
    assert encode([math.nan, math.inf]) == b"[null,null]"


@given(st.binary(max_size=50))
def test_any_bytes(body: bytes) -> None:
    for text in (body, b"[NaN, " + body):
        with suppress(*JSONDecodeFailure):
            decode(text)
        with suppress(ProtocolError):
            decode_answer(text, "http://h/", "the config")


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff\xfe", b"[" * 100_000, b"[NaN" * 50_000])
def test_an_answer_that_is_not_json(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="Is this the address of a Gradio app") as caught:
        decode_answer(body, "http://h/config", "the config")
    assert "the config" in str(caught.value)
    assert caught.value.url == "http://h/config"
    assert len(str(caught.value)) < 1000


class Odd:
    pass


def endless() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


@pytest.mark.parametrize(
    "value", [Odd(), {"a": [Odd()]}, {(1, 2): 3}, "\ud800", 1j, endless(), [{1: 2, None: 3}]]
)
def test_what_cannot_be_sent(value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="cannot be sent as JSON"):
        encode(value)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**100])
def test_large_numbers(number: int) -> None:
    with suppress(InvalidArgumentError):
        assert decode(encode(number)) == number


# -- nesting ---------------------------------------------------------------------------------------

ODD = st.text(st.sampled_from('[]{}"\\\n a'), max_size=8)
NESTED: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | ODD,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ODD, inner, max_size=5),
    max_leaves=30,
)


def depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, children), default=0) if isinstance(value, (dict, list)) else 0


@given(NESTED, st.integers(0, 6))
def test_the_depth_is_that_of_lists_and_objects_and_not_of_text(value: Any, most: int) -> None:
    text = json.dumps(value, ensure_ascii=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_module, "MAX_NESTING", most)
        patch.setattr(json_module, "SHORT", 0)
        if depth(value) > most:
            with pytest.raises(json_module.NestingError):
                json_module.check_nesting(text)
        else:
            json_module.check_nesting(text)


@pytest.mark.parametrize(
    "text",
    [b"[" * 201 + b"]" * 201, b'{"a":' * 201 + b"1" + b"}" * 201, b"[" * 100_000, b'[{"a":' * 5000],
)
@pytest.mark.parametrize("around", [b"%b", b'{"x": ["[[[", %b]}', b'{"\\\\": "\\"[", "y": %b}'])
def test_what_is_nested_too_deep_is_not_decoded(text: bytes, around: bytes) -> None:
    with pytest.raises(ValueError, match="more than 200 levels"):
        decode(around.replace(b"%b", text))
    with pytest.raises(ProtocolError, match="more than 200 levels"):
        decode_answer(around.replace(b"%b", text), "http://h/", "config")


def test_what_is_as_deep_as_allowed_is_decoded() -> None:
    text = b"[" * 200 + b"]" * 200
    assert depth(decode(text)) == 200
    wide = b"[" + b",".join([b"[[]]"] * 100_000) + b"]"
    assert len(decode(wide)) == 100_000


@given(st.binary(max_size=50))
def test_checking_takes_any_bytes(text: bytes) -> None:
    with suppress(ValueError):
        json_module.check_nesting(text * 50)
