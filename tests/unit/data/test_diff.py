"""Diffs, against a generator of what servers send, in their three ways of numbering deletes."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradwire.data.diff import DiffError, apply_diff

Flavour = Literal["absolute", "shifted", "nested"]
FLAVOURS: list[Flavour] = ["absolute", "shifted", "nested"]
Place = tuple[str | int, ...]


def server_diff(old: Any, new: Any, flavour: Flavour) -> list[list[Any]]:
    """Make the edits from `old` to `new` as a server does.

    The flavours differ in the last number of a delete in a list: `absolute` (up to 5.29.0) is the
    index in the old list; `shifted` counts down by one for each delete of the same list before;
    `nested` (since 5.29.1) does so too, but each list counts down the deletes of the lists inside
    it once more, and lets them shift its own.
    """
    return [[operation, list(path), value] for operation, path, value in _edits(old, new, flavour)]


def _edits(
    old: Any, new: Any, flavour: Flavour, path: Place = ()
) -> Iterator[tuple[str, Place, Any]]:
    if old == new:
        return
    if isinstance(old, str) and isinstance(new, str) and new.startswith(old):
        yield "append", path, new[len(old) :]
    elif isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key in new:
                yield from _edits(value, new[key], flavour, (*path, key))
            else:
                yield "delete", (*path, key), None
        for key in new.keys() - old.keys():
            yield "add", (*path, key), new[key]
    elif isinstance(old, list) and isinstance(new, list):
        inside = [
            edit
            for index, (before, after) in enumerate(zip(old, new, strict=False))
            for edit in _edits(before, after, flavour, (*path, index))
        ]
        gone = [("delete", (*path, index), None) for index in range(len(new), len(old))]
        yield from _numbered(inside, gone, flavour)
        for index in range(len(old), len(new)):
            yield "add", (*path, index), new[index]
    else:
        yield "replace", path, new


def _numbered(inside: list[Any], gone: list[Any], flavour: Flavour) -> Iterator[Any]:
    if flavour == "absolute":
        yield from (*inside, *gone)
        return
    seen = 0
    for edit in (*inside, *gone) if flavour == "nested" else gone:
        operation, path, value = edit
        if operation == "delete" and isinstance(path[-1], int):
            edit = operation, (*path[:-1], path[-1] - seen), value
            seen += 1
        if flavour == "nested":
            yield edit
        else:
            inside.append(edit)
    if flavour == "shifted":
        yield from inside


KEYS = st.sampled_from(["a", "b", "role", ""])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, -1.25])
TEXTS = st.text("ab\u2028ü", max_size=5)
JSON = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw two values, of which the second often looks like the first."""
    old = draw(JSON)
    return old, draw(JSON) if draw(st.booleans()) else _vary(draw, old)


def _vary(draw: st.DrawFn, value: Any) -> Any:
    if not draw(st.integers(0, 4)):
        return draw(JSON)
    if isinstance(value, str):
        return value[: draw(st.integers(0, len(value)))] + draw(TEXTS)
    if isinstance(value, list):
        kept = value[: draw(st.integers(0, len(value)))]
        return [_vary(draw, item) for item in kept] + draw(st.lists(JSON, max_size=2))
    if isinstance(value, dict):
        rest = {key: _vary(draw, item) for key, item in value.items() if draw(st.booleans())}
        return rest | draw(st.dictionaries(KEYS, JSON, max_size=2))
    return value


@pytest.mark.parametrize("flavour", FLAVOURS)
@given(changes())
@example(([1, 2, 3, 4], [1]))
@example(([[1, 2, 3], [4, 5, 6], 7, 8], [[1], [4], 7]))
@example(([[[1, 2], [3, 4]], [[5, 6]]], [[[1]], [[5]]]))
@example(({"a": [1, 2], "b": {"a": [1, 2, 3]}}, {"b": {"a": [1]}}))
def test_any_change(flavour: Flavour, change: tuple[Any, Any]) -> None:
    old, new = change
    before, edits = copy.deepcopy(old), server_diff(old, new, flavour)
    said = copy.deepcopy(edits)
    result = apply_diff(old, edits)
    assert result == new
    assert old == before
    assert edits == said
    assert_shared(old, result)


def assert_shared(old: Any, new: Any) -> None:
    """Check that what is equal at the same place is the same object, not a copy."""
    if isinstance(old, dict | list) and json.dumps(old) == json.dumps(new):
        assert old is new
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() & new.keys():
            assert_shared(old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list):
        for before, after in zip(old, new, strict=False):
            assert_shared(before, after)


@pytest.mark.parametrize("flavour", FLAVOURS)
@given(st.lists(JSON, min_size=2, max_size=5))
def test_a_series_of_changes(flavour: Flavour, values: list[Any]) -> None:
    """All steps together give what they give one by one, and earlier values stay as they were."""
    diffs = [server_diff(old, new, flavour) for old, new in pairwise(values)]
    seen = [values[0]]
    for diff in diffs:
        seen.append(apply_diff(seen[-1], diff))
    assert seen == values
    assert apply_diff(values[0], [edit for diff in diffs for edit in diff]) == values[-1]


def test_the_generator_numbers_as_servers_do() -> None:
    def deletes(old: Any, new: Any, flavour: Flavour) -> list[Any]:
        return [edit[1] for edit in server_diff(old, new, flavour)]

    flat = ([1, 2, 3, 4], [1, 2])
    assert deletes(*flat, "absolute") == [[2], [3]]
    assert deletes(*flat, "shifted") == deletes(*flat, "nested") == [[2], [2]]
    # Recorded of 4.44.1 and 5.49.1.
    lists = ([[1, 2, 3], [1, 2, 3]], [[1], [1]])
    assert deletes(*lists, "absolute") == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert deletes(*lists, "shifted") == [[0, 1], [0, 1], [1, 1], [1, 1]]
    assert deletes(*lists, "nested") == [[0, 1], [0, 0], [1, -1], [1, -2]]


@cache
def gradios_own_diff() -> Callable[[Any, Any], list[list[Any]]]:
    """Take the function out of Gradio's source; importing all of Gradio takes seconds."""
    gradio = find_spec("gradio")
    if gradio is None or gradio.origin is None:
        pytest.skip("Gradio is not installed")
    source = Path(gradio.origin).with_name("utils.py").read_text(encoding="utf-8")
    (function,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "diff"
    )
    names: dict[str, Any] = {}
    exec(compile(ast.Module([function], []), "utils.py", "exec"), names)
    made: Callable[[Any, Any], list[list[Any]]] = names["diff"]
    return made


@given(changes())
def test_the_generator_agrees_with_gradio(change: tuple[Any, Any]) -> None:
    edits = [json.dumps(edit) for edit in server_diff(*change, "nested")]
    expected = [json.dumps(edit) for edit in gradios_own_diff()(*change)]
    # Objects have no order, so neither have the edits that add their keys.
    assert sorted(edits) == sorted(expected)


@pytest.mark.parametrize(
    ("value", "edits", "result"),
    [
        ("a", [], "a"),
        ("a", [["append", [], "b"]], "ab"),
        ("a", [["append", [], "b"], ["append", [], "c"]], "abc"),
        ("a", [["replace", [], None]], None),
        ("a", [["add", [], 1]], 1),
        (None, [["replace", [], "a"], ["append", [], "b"]], "ab"),
        (["a"], [["append", [0], "1"], ["add", [1], ""], ["append", [0], "3"]], ["a13", ""]),
        ([1], [["add", [1], 2], ["add", [2], 3]], [1, 2, 3]),
        ([1, 2], [["delete", [-7], None]], [1]),
        ({"a": 1}, [["delete", ["a"], None], ["add", ["b"], 2]], {"b": 2}),
        ({"a": 1}, [["delete", ["x"], None]], {"a": 1}),
        ({"a": 1}, [["add", ["a"], 2]], {"a": 2}),
        ([{"t": "a"}], [["append", [0, "t"], "b"], ["replace", [0, "t"], 1]], [{"t": 1}]),
    ],
)
def test_one_diff(value: Any, edits: list[Any], result: Any) -> None:
    assert apply_diff(value, edits) == result


@pytest.mark.parametrize(
    ("value", "edit"),
    [
        ("a", None),
        ("a", "append"),
        ("a", []),
        ("a", ["append", []]),
        ("a", ["append", [], "b", 1]),
        ("a", ["append", "path", "b"]),
        ("a", ["append", [], 7]),
        ("a", ["append", [], None]),
        (7, ["append", [], "b"]),
        (None, ["append", [], "b"]),
        (["a"], ["append", [], "b"]),
        ("a", ["delete", [], None]),
        ("a", ["frobnicate", [], None]),
        ("a", [["append"], [], "b"]),
        ("a", ["replace", [0], "b"]),
        ([1], ["replace", [1], 2]),
        ([1], ["replace", [-2], 2]),
        ([1], ["replace", ["0"], 2]),
        ([1], ["replace", [None], 2]),
        ([1], ["replace", [[]], 2]),
        ([1], ["replace", [10**30], 2]),
        ([1], ["add", [10**30], 2]),
        ([1], ["add", [0.5], 2]),
        ([], ["delete", [0], None]),
        ({}, ["replace", ["a"], 1]),
        ({}, ["add", [0], 1]),
        ({}, ["add", [[]], 1]),
        ({"a": 1}, ["add", ["a", "b"], 1]),
        ({"a": 1}, ["frobnicate", ["a"], 1]),
        ({"a": [1]}, ["add", ["x", 0], 1]),
    ],
)
def test_edits_that_do_not_fit(value: Any, edit: Any) -> None:
    before = copy.deepcopy(value)
    with pytest.raises(DiffError):
        apply_diff(value, [edit])
    assert value == before


def test_a_path_deeper_than_python_can_follow() -> None:
    depth = 100_000
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    with pytest.raises(DiffError):
        apply_diff(value, [["replace", [0] * depth, 1]])


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "append", "add", "delete", "other"]) | JSON,
        st.lists(KEYS | st.integers(-2, 3) | JSON, max_size=3),
        JSON,
    ).map(list)
    | JSON,
    max_size=4,
)


@given(JSON, EDITS)
def test_any_edits(value: Any, edits: list[Any]) -> None:
    before = copy.deepcopy(value)
    with suppress(DiffError):
        apply_diff(value, edits)
    assert value == before


def test_many_appends_cost_one() -> None:
    """A long token stream that is read once must not copy its text at every token."""
    edits = [["append", [0, "content"], "x"] for _ in range(200_000)]
    (message,) = apply_diff([{"content": ""}], edits)
    assert message["content"] == "x" * 200_000
