"""JSON schemas to Python types: everything Gradio sends, and everything it might."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.app.schema import choices, description, fields, is_file, type_text

FILE: dict[str, Any] = {
    "title": "FileData",
    "type": "object",
    "properties": {"path": {"type": "string"}, "url": {}, "meta": {"$ref": "#/$defs/Meta"}},
}
META = {"Meta": {"properties": {"_type": {"const": "gradio.FileData"}}, "type": "object"}}
OLD_FILE = {
    "oneOf": [
        {"type": "string", "description": "filepath or URL to file"},
        {"type": "object", "properties": {"name": {}, "data": {}, "is_file": {}}},
    ]
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "str"),
        ({"type": "integer"}, "int"),
        ({"type": "number"}, "float"),
        ({"type": "boolean"}, "bool"),
        ({"type": "null"}, "None"),
        ({}, "Any"),
        (True, "Any"),
        (None, "Any"),
        (False, "Never"),
        ({"type": {}, "description": "any valid json"}, "Any"),
        ({"type": "array"}, "list[Any]"),
        ({"items": {"type": "string"}}, "list[str]"),
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        ({"type": "array", "items": False}, "list[Never]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"properties": {"a": {"type": "string"}}}, "dict[str, Any]"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "dict[str, float]"),
        ({"type": "object", "additionalProperties": True}, "dict[str, Any]"),
        ({"enum": ["a", "b"], "type": "string"}, "Literal['a', 'b']"),
        ({"enum": [1, True, None]}, "Literal[1, True, None]"),
        ({"enum": [], "type": "string"}, "str"),
        ({"enum": [{}], "type": "object"}, "Any"),
        ({"const": "x"}, "Literal['x']"),
        ({"const": None}, "None"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "str | None"),
        ({"oneOf": [{"type": "string"}, {"type": "string"}]}, "str"),
        ({"anyOf": [{"type": "string"}, {}]}, "Any"),
        ({"allOf": [{}, {"type": "string"}]}, "str"),
        ({"type": ["string", "null"]}, "str | None"),
        ({"prefixItems": [{"type": "string"}, {"type": "integer"}]}, "tuple[str, int]"),
        (
            {"type": "array", "items": {"type": "array", "prefixItems": [{"type": "string"}, {}]}},
            "list[tuple[str, Any]]",
        ),
        ({"$ref": "#/nowhere"}, "Any"),
        ({"$ref": "https://example.com/schema"}, "Any"),
        ({"$ref": 7}, "Any"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "string"}}}, "str"),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "string"}}}, "str"),
    ],
)
def test_types(schema: object, expected: str) -> None:
    assert type_text(schema) == expected


@pytest.mark.parametrize(
    "schema",
    [
        FILE | {"$defs": META},
        {"properties": {"path": {}, "meta": {"default": {"_type": "gradio.FileData"}}}},
        {"title": "ImageData", "properties": {"path": {}, "url": {}}},
        {"properties": {"path": {}, "url": {}, "orig_name": {}}},
        OLD_FILE,
        {"type": "string", "description": "base64 representation of an image"},
    ],
)
def test_files_of_all_releases(schema: object) -> None:
    assert type_text(schema) == "FileData"
    assert is_file(schema)
    assert type_text({"type": "array", "items": schema}) == "list[FileData]"
    assert type_text({"anyOf": [schema, {"type": "null"}]}) == "FileData | None"


def test_a_path_in_an_object_is_not_yet_a_file() -> None:
    assert not is_file({"properties": {"path": {"type": "string"}}})


def test_recursion_ends() -> None:
    node: dict[str, Any] = {
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    }
    assert type_text(node).startswith("list[list[")
    assert type_text({"$ref": "#"}) == "Any"
    wide = {"anyOf": [{"type": "array", "items": {"$ref": "#"}} for _ in range(50)]}
    assert len(type_text(wide)) <= 200


def test_deep_schemas_are_told_with_less_depth() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(400):
        schema = {"anyOf": [{"type": "array", "items": schema}, {"type": "null"}]}
    assert type_text(schema).startswith("list[")


def test_long_literals_are_cut_between_choices() -> None:
    schema = {"enum": [f"choice {i}" for i in range(1000)]}
    text = type_text(schema, longest=44)
    assert text == "Literal['choice 0', 'choice 1', ...]"
    assert len(type_text(schema)) <= 200
    assert type_text({"enum": ["x" * 1000]}, longest=44) == "Any"


def test_choices() -> None:
    assert choices({"enum": ["a", 1]}) == ("a", 1)
    assert choices({"items": {"enum": ["a"]}}) == ("a",)
    assert choices({"enum": "ab"}) == ()
    assert choices(True) == ()


def test_description() -> None:
    assert description({"description": "numeric value"}) == "numeric value"
    assert description({"additional_description": "more", "description": "less"}) == "more"
    assert description({"description": 5}) == ""
    assert description(FILE | {"description": "The FileData class is a subclass of…"}) == ""


def test_fields() -> None:
    message = {"properties": {"text": {"type": "string"}, "files": {"items": FILE}}}
    expected = (("text", "str"), ("files", "list[FileData]"))
    assert fields(message) == expected
    assert fields({"items": {"$ref": "#/$defs/M"}, "$defs": {"M": message}}) == expected
    assert fields({"items": {"anyOf": [{"type": "string"}, message]}}) == expected
    assert fields(FILE) == ()
    assert fields(None) == ()


WORDS = (
    "type enum const $ref $defs anyOf oneOf allOf items prefixItems properties title path meta "
    "default additionalProperties description #/$defs/a # a string array object null"
)
words = st.sampled_from(WORDS.split())
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(), inner),
    max_leaves=30,
)


@given(any_json)
def test_any_json_has_a_type_that_is_an_expression(schema: object) -> None:
    text = type_text(schema)
    assert 0 < len(text) <= 200
    ast.parse(text, mode="eval")
    assert len(type_text(schema, longest=20)) <= 20
    choices(schema)
    description(schema)
    fields(schema)
