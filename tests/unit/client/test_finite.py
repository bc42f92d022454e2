"""NaN and infinity are refused, and looked for only where they can be."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from gradwire.client.finite import refuse_not_finite
from gradwire.data.json import encode
from gradwire.errors import InvalidArgumentError
from gradwire.wire.requests import Request

ENDPOINT: Any = SimpleNamespace(
    address="/fn",
    plan=SimpleNamespace(places=(0, 2), blank=[1.0, None, math.nan]),
    parameters=[SimpleNamespace(name="a"), SimpleNamespace(name="b")],
)


class Unlooked(list[Any]):
    """Inputs that must not be looked at."""

    def __iter__(self) -> Any:
        raise AssertionError("the inputs were looked at")


def check(data: list[Any], event_data: Any = None) -> None:
    payload = {"data": data, "event_data": event_data, "trigger_id": None}
    refuse_not_finite(Request("POST", "http://h/", body=encode(payload)), payload, ENDPOINT)


def test_inputs_without_null_are_not_looked_at() -> None:
    payload = {"data": Unlooked([1.5, "x"]), "event_data": None, "trigger_id": None}
    body = encode({**payload, "data": [1.5, "x"]})
    refuse_not_finite(Request("POST", "http://h/", body=body), payload, ENDPOINT)


def test_null_and_the_word_null_may_be_sent() -> None:
    check([None, "null", [None, {"null": None}], 5])


def test_what_the_app_has_chosen_is_sent() -> None:
    check([1.0, None, math.nan])


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_cannot_say(number: float) -> None:
    with pytest.raises(InvalidArgumentError, match=r"/fn: a \(data\[0\]\) is "):
        check([number, None, 1])
    with pytest.raises(InvalidArgumentError, match=r"b \(data\[2\]\['x'\]\[1\]\) is "):
        check([1, None, {"x": [0, number]}])
    with pytest.raises(InvalidArgumentError, match=r"fn: data\[1\] is "):
        check([1, number, 1])
    with pytest.raises(InvalidArgumentError, match=r"event_data\['x'\] is "):
        check([1, None, 1], {"x": number})


def test_before_files_are_uploaded() -> None:
    with pytest.raises(InvalidArgumentError, match="nan"):
        refuse_not_finite(None, {"data": [math.nan, object()]}, ENDPOINT)
