"""Whole modules, for apps that no sane person would write."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradwire.app.api_info import ApiInfo, build_api_info
from gradwire.app.config import parse_config
from gradwire.client import typed
from gradwire.codegen.changes import changes
from gradwire.codegen.module import generate
from gradwire.codegen.reserved import OWN, PRIVATE
from gradwire.codegen.source import Names
from gradwire.codegen.types import Place, Types

ODD_NAMES = ["class", "list", "self", "__init__", "connect", "_value", "my-fn", "my_fn", "ﬁ", "²"]
ODD_NAMES += ["DEFAULT", "Any", "__x", "1", "", "日本", "None", "match", "a b", '"\\', "\x1b[31m"]
names = st.sampled_from(ODD_NAMES) | st.text(max_size=12)

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
schemas = st.recursive(
    st.sampled_from([{}, True, False, {"type": "string"}, {"type": "number"}, {"type": {}}, None])
    | st.builds(lambda kind: {"type": kind}, st.sampled_from(["null", "integer", "x", ["string"]]))
    | st.builds(lambda values: {"enum": values}, st.lists(plain, max_size=4))
    | st.builds(lambda value: {"const": value}, plain)
    | st.builds(lambda name: {"$ref": f"#/{name}"}, st.sampled_from(["", "properties/a", "x"])),
    lambda inner: (
        st.builds(lambda item: {"type": "array", "items": item}, inner)
        | st.builds(lambda items: {"prefixItems": items}, st.lists(inner, max_size=3))
        | st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, max_size=3))
        | st.builds(lambda part: {"additionalProperties": part, "type": "object"}, inner)
        | st.builds(
            lambda fields, title, needed: {
                "type": "object",
                "title": title,
                "properties": fields,
                "required": needed,
            },
            st.dictionaries(names, inner, max_size=3),
            names,
            st.just(None) | st.lists(names, max_size=2),
        )
    ),
    max_leaves=8,
)


def app(endpoints: list[tuple[str, list[Any]]]) -> ApiInfo:
    """Return the API of an app.

    Args:
        endpoints: The name of each, and `(name, schema, default)` of what it takes and gives.
    """
    config = {
        "protocol": "sse_v3",
        "components": [],
        "dependencies": [
            {"id": number, "api_name": name or None, "inputs": [], "outputs": []}
            for number, (name, _) in enumerate(endpoints)
        ],
    }
    info: dict[str, Any] = {"named_endpoints": {}, "unnamed_endpoints": {}}
    for number, (name, values) in enumerate(endpoints):
        places = []
        for label, schema, default in values:
            place = 1000 * number + len(places)
            config["components"].append({"id": place, "type": "x", "props": {"label": label}})
            config["dependencies"][number]["inputs"].append(place)
            config["dependencies"][number]["outputs"].append(place)
            places.append(
                {
                    "label": label,
                    "parameter_name": label,
                    "parameter_has_default": default is not None,
                    "parameter_default": default,
                    "type": schema,
                    "component": "X",
                }
            )
        entry = {"parameters": places, "returns": places, "description": name}
        kind = "named_endpoints" if name else "unnamed_endpoints"
        info[kind][f"/{name}" if name else str(number)] = entry
    return build_api_info(parse_config(config, "http://h/config"), info, "http://h/info")


values = st.lists(st.tuples(names, schemas, plain), max_size=4)


@settings(max_examples=150)
@given(st.lists(st.tuples(names, values), max_size=5), names)
@example([(" ", []), ("\x07", [])], "blank")
def test_whatever_the_names_it_compiles_and_can_be_loaded(
    endpoints: list[tuple[str, list[Any]]], title: str
) -> None:
    api = app(endpoints)
    source = generate(api, "http://127.0.0.1", title=title)
    module: dict[str, Any] = {"__name__": "made"}
    exec(compile(source, "made.py", "exec", dont_inherit=True), module)
    bases = (typed.TypedClient, typed.TypedAsyncClient)
    made = [
        each for each in module.values() if isinstance(each, type) and each.__bases__[0] in bases
    ]
    assert len(made) == 2
    for client in made:
        methods = {name for name, value in vars(client).items() if callable(value)}
        assert len(methods) >= len(api.named_endpoints) + len(api.unnamed_endpoints)
        assert not methods & (OWN | PRIVATE)
    assert source == generate(api, "http://127.0.0.1", title=title)
    assert changes(source, source) == []


def test_what_is_reserved_is_what_the_base_classes_have() -> None:
    for base in (typed.TypedClient, typed.TypedAsyncClient):
        own = {name for name in vars(base) if not name.startswith("__")} | {"client"}
        assert own == OWN | PRIVATE


@pytest.mark.slow
def test_awkward_modules_pass_the_formatter_and_the_type_checker(tmp_path: Path) -> None:
    fields = {"class": {"type": "string"}, "__x": {"type": "number"}, "a b": {"type": "boolean"}}
    tree = {
        "title": "Tree",
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#"}}},
    }
    words = [f"a choice of many words, with number {number}" for number in range(20)]
    kinds: list[Any] = [
        {"type": "string"},
        {"type": "object", "properties": fields, "title": "Odd"},
        {"anyOf": [{"type": "object", "title": "Odd", "properties": {"x": {}}}, {"type": "null"}]},
        tree,
        {"enum": words},
        {"enum": ["x" * 100]},
        {"type": "array", "items": {"enum": words}},
        {"enum": ["a", 1, True, None, 1.5]},
        {"anyOf": [{"title": f"Kind{n}", "properties": {f"key{n}": {}}} for n in range(9)]},
        {"const": "x"},
        {},
        False,
    ]
    places = [(name, kinds[n % len(kinds)], None) for n, name in enumerate(ODD_NAMES * 2)]
    defaults = ["text", 1.5, 7, True, "x" * 500, [1], {"a": 1}, "it's", 1e-20, -3, "\n"]
    given_defaults = [(f"p{n}", {}, value) for n, value in enumerate(defaults)]
    given_defaults += [(f"q{n}", {"type": "string"}, value) for n, value in enumerate(defaults)]
    wide = [(f"Number {n}", {"type": "number"}, None) for n in range(200)]
    endpoints = [(name, places[:3]) for name in ODD_NAMES]
    endpoints += [("all", places), ("defaults", given_defaults), ("wide", wide), ("x" * 200, [])]
    path = tmp_path / "made.py"
    title = 'A "title" \\ with \x1b[31m colour'
    path.write_text(generate(app(endpoints), "http://127.0.0.1/", title=title), encoding="utf-8")
    for words_ in (
        ["ruff", "format", "--isolated", "--diff"],
        ["mypy", "--strict", "--config-file="],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *words_, str(path)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_endpoints_are_sorted_and_the_order_of_the_app_does_not_count() -> None:
    one = [("b", []), ("a", []), ("c", [])]
    sources = {generate(app(order), "x") for order in (one, one[::-1])}
    (source,) = sources
    methods = [n.name for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    assert methods == ["a", "b", "c"]


def test_builtins_that_annotations_need_are_not_hidden() -> None:
    source = generate(app([(name, []) for name in dir(builtins)]), "x")
    compile(source, "made.py", "exec")
    methods = {n.name for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)}
    assert not methods & {"list", "str", "dict", "int", "float", "bool", "tuple", "None"}
    assert {"list_", "sum", "print"} <= methods


def test_what_has_changed() -> None:
    text, number = {"type": "string"}, {"type": "number"}
    before = generate(app([("a", [("x", text, None)]), ("b", [])]), "x")
    after = generate(app([("a", [("x", number, None)]), ("c", [])]), "x")
    assert changes(before, after) == [
        "- b() -> None",
        "+ c() -> None",
        "~ a(x: str) -> str",
        "  now (x: float) -> float",
    ]
    assert changes("print(1", after) == ["~ it is no module that gradwire codegen has written"]
    assert changes(before, before.replace('"""b"""', '"""other"""')) == [
        "~ only texts: descriptions, or the order"
    ]
    assert changes(before, before.replace('"x"\n', '"y"\n', 1)) == [
        "~ _address = 'x'",
        "  now = 'y'",
    ]


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "string"}, "str"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "str | None"),
        ({"enum": ["a", 1, None]}, 'Literal["a", 1] | None'),
        ({"enum": [0.5, 1]}, "Literal[1] | float"),
        ({"enum": [[1]]}, "Any"),
        ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, "str"),
        ({"allOf": [{"type": "integer"}]}, "int"),
        ({"type": ["string", "null"]}, "str | None"),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]},
            "list[str | float]",
        ),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "dict[str, float]"),
        ({"title": "FileData", "properties": {"path": {}}}, "File"),
        (
            {"anyOf": [{"type": "string"}, {"title": "FileData", "properties": {"path": {}}}]},
            "File",
        ),
        (True, "Any"),
        (False, "Never"),
        ({"$ref": "#"}, "Any"),
        ({"$ref": "#/nowhere"}, "Any"),
        ("nonsense", "Any"),
    ],
)
def test_types(schema: Any, text: str) -> None:
    assert str(Types(Names()).of(schema, Place("File", "Name"))) == text


def test_a_schema_without_end() -> None:
    deep: Any = {"type": "string"}
    for _ in range(500):
        deep = {"type": "array", "items": deep}
    types = Types(Names())
    types.of(deep, Place("File", "Name"))
    assert "Any" in "".join(types.definitions.values())
