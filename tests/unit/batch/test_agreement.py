"""Whether two apps serve the same, and the words for where they do not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))
from apps import STATE, TEXT, app, build, parameter

from gradwire.batch.agreement import MOST_SHOWN, differences, in_words

NUMBER = {"type": "number"}


def returned(kind: str = "string") -> dict[str, Any]:
    return {"label": "out", "type": {"type": kind}, "component": "Textbox"}


def test_the_same_agrees() -> None:
    one = app(parameter("name"), parameter("n", NUMBER), returns=[returned()])
    other = app(parameter("name"), parameter("n", NUMBER), returns=[returned()])
    assert differences(one, other) == []
    assert differences(one, other, ["/run"]) == []


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (app(parameter("text")), "'/run' takes (text), where the first takes (name)"),
        (app(), "'/run' takes (), where the first takes (name)"),
        (app(parameter("name", NUMBER)), "'/run' takes name: float, where the first takes str"),
        (
            app(parameter("name", parameter_default="x")),
            "'/run' may be called without name, other than the first",
        ),
        (
            app(parameter("name"), returns=[returned()]),
            "'/run' returns (str), where the first returns ()",
        ),
        (app(parameter("name"), api_name="go"), "it has no '/run'"),
    ],
)
def test_differences_are_named(other: Any, text: str) -> None:
    found = differences(app(parameter("name")), other, ["/run"])
    assert found == [text]


def test_endpoints_that_only_one_has() -> None:
    one = build([TEXT], {"api_name": "a", "inputs": [0]}, {"api_name": "b", "inputs": [0]})
    other = build([TEXT], {"api_name": "b", "inputs": [0]}, {"api_name": "c", "inputs": [0]})
    assert differences(one, other) == [
        "it has '/c', which the first has not",
        "it has no '/a'",
    ]
    assert differences(one, other, ["/b"]) == []


def test_state() -> None:
    one = build([TEXT, STATE], {"api_name": "run", "inputs": [0, 1]})
    other = build([TEXT, STATE], {"api_name": "run", "inputs": [0]})
    assert differences(one, other) == ["'/run' keeps no State, other than the first"]
    assert differences(other, one) == ["'/run' keeps State, other than the first"]


def test_defaults_are_for_each_to_choose() -> None:
    one = app(parameter("seed", NUMBER, parameter_default=1))
    other = app(parameter("seed", NUMBER, parameter_default=2))
    assert differences(one, other) == []


def test_many_differences_are_not_all_shown() -> None:
    assert in_words(["a", "b"]) == "a; b"
    assert in_words([f"x{n}" for n in range(MOST_SHOWN + 2)]).endswith("x4; and 2 more")
