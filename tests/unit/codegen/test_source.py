"""Source as the formatter would leave it."""

from __future__ import annotations

import ast
import keyword
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.codegen.source import (
    Names,
    camel,
    docstring,
    identifier,
    literal,
    public,
    spread,
    string,
    subscript,
)

texts = st.text(max_size=30) | st.text("'\"\\ \n\t\x00é", max_size=10)


@given(texts)
def test_strings_say_what_they_are(text: str) -> None:
    assert ast.literal_eval(string(text)) == text


@given(st.none() | st.booleans() | st.integers() | st.floats() | texts)
def test_literals_say_what_they_are(value: Any) -> None:
    source = literal(value, 30)
    if source is not None:
        assert ast.literal_eval(source) == value
        assert len(source) <= 32


def test_what_has_no_literal() -> None:
    for value in (math.inf, math.nan, "x" * 31, 10**31, [1], {"a": 1}, object()):
        assert literal(value, 30) is None
    assert literal("x" * 30, 30) == f'"{"x" * 30}"'


@given(texts)
def test_names_are_names(text: str) -> None:
    for name in (identifier(text, "fallback"), public(text, "fallback"), camel(text, "Fallback")):
        assert name.isidentifier()
        assert not name.startswith("__")
    assert not public(text, "fallback").startswith("_")
    assert not public(text, "fallback").startswith("_")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my-fn", "my_fn"),
        ("1st", "_1st"),
        ("__init__", "_init"),
        ("Größe", "Größe"),
        ("²", "_2"),
        ("ﬁn", "fin"),
        ("__", "fallback"),
        ("", "fallback"),
        ("😀", "fallback"),
        ("class", "class"),
        ("x" * 100, "x" * 60),
    ],
)
def test_identifiers(text: str, name: str) -> None:
    assert identifier(text, "fallback") == name


def test_names_are_given_once() -> None:
    names = Names({"list"})
    given_out = [names.take(name) for name in ("a", "a", "a_2", "list", "list", "class", "a")]
    assert given_out == ["a", "a_2", "a_2_2", "list_", "list_2", "class_", "a_3"]
    assert not any(map(keyword.iskeyword, given_out))


def test_camel() -> None:
    assert camel("/my-fn_two", "X") == "MyFnTwo"
    assert camel("3d", "Fn3") == "Fn3"


@given(st.lists(texts, min_size=1, max_size=6), st.sampled_from([0, 4, 8]))
def test_docstrings_hold(paragraphs: list[str], indent: int) -> None:
    source = docstring([f"About. {paragraphs[0]}", *paragraphs[1:]], indent)
    compile(source, "<docstring>", "exec")
    assert isinstance(ast.literal_eval(source), str)
    assert not any(line != line.rstrip() for line in source.splitlines())


def test_a_docstring() -> None:
    told = ["Say it.", "Args:", "    a: first.", "    b: second.", "Returns:", "    text"]
    assert docstring(["Say it."], 8) == '"""Say it."""'
    assert docstring(told, 8) == (
        '"""Say it.\n\nArgs:\n    a: first.\n    b: second.\n\nReturns:\n    text\n"""'
    )


def test_lists_over_lines() -> None:
    assert spread("f(", [], ")") == "f()"
    assert spread("f(", ["a", "b\nc"], ")") == "f(\n    a,\n    b\n    c,\n)"
    assert subscript("X", "Literal", ['"a"', '"b"']) == 'X = Literal["a", "b"]'
    long = [f'"{"x" * 40}{number}"' for number in range(3)]
    assert subscript("X", "Literal", long).endswith(f"    {long[2]},\n]")
    assert subscript("X", "Literal", [f'"{"x" * 90}"']).count(",") == 0


def test_the_formatter_agrees_on_strings() -> None:
    samples = [
        "",
        "a",
        "it's",
        'say "hi"',
        "both ' and \"",
        "''\"",
        '""\'',
        "back\\slash",
        "\x1b[0m",
    ]
    samples += ["tab\tnew\nline", "é日本語", "\u202e", "\ud800", "\x7f\xa0", "\\'", '\\"']
    source = "".join(f"x = {string(sample)}\n" for sample in samples)
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "-"],
        input=source.encode(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == source
