"""`name=value`, read by the type of the parameter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradwire.app.endpoint import Endpoint, Parameter, Slot
from gradwire.cli.usage import example_line, usage_text
from gradwire.cli.values import read_inputs
from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput
from gradwire.errors import InvalidArgumentError, LocalFileNotFoundError


def parameter(name: str, kind: str, **more: Any) -> Parameter:
    facts = {
        "wire_name": name, "label": name, "schema": {}, "component": "", "has_default": True,
        "default": None, "description": "", "example": None, "choices": (), **more,
    }  # fmt: skip
    return Parameter(name=name, type=kind, **facts)


def endpoint(*parameters: Parameter) -> Endpoint:
    return Endpoint(
        name="/do", fn_index=0, parameters=parameters, returns=(), description="",
        is_generator=False, is_batch=False, queued=True, streaming_input=False,
        visibility="public", oauth_token=None, state_outputs=(),
        slots=tuple(Slot("parameter", index) for index in range(len(parameters))),
    )  # fmt: skip


CHOICE = {"choices": ("a", 1, "Grüße")}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("str", "3", "3"),
        ("str", "", ""),
        ("str", "null", "null"),
        ("str | None", "null", "null"),
        ("str", "@@at", "@at"),
        ("float", "3", 3),
        ("float", "-1.5e3", -1500.0),
        ("int | None", "null", None),
        ("bool", "Yes", True),
        ("bool", "0", False),
        ("Literal['a', 1, 'Grüße']", "1", 1),
        ("Literal['a', 1, 'Grüße']", "Grüße", "Grüße"),
        ("list[Literal['a', 1, 'Grüße']]", "a", ["a"]),
        ("list[str]", "a, b", ["a, b"]),
        ("list[str]", '["a", "b"]', ["a", "b"]),
        ("list[float]", "2", [2]),
        ("list[str] | None", "null", None),
        ("dict[str, Any]", '{"a": 1}', {"a": 1}),
        ("Any", "[1]", [1]),
        ("Any", "not json", "not json"),
        ("str | float", "words", "words"),
        ("FileData | None", "null", None),
        ("FileData", '{"path": "p"}', {"path": "p"}),
    ],
)
def test_a_value(kind: str, text: str, expected: object) -> None:
    found = read_inputs(endpoint(parameter("x", kind, **CHOICE)), [f"x={text}"])["x"]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("float", "x", "takes a number, not 'x'"),
        ("float", "", "takes a number"),
        ("float", "inf", "takes a number"),
        ("bool", "maybe", "takes true or false"),
        ("bool", "@file", "takes true|false, not a file"),
        ("Literal['a', 1, 'Grüße']", "b", "It takes a, 1, Grüße."),
        ("FileData", "photo.png", "takes a file: @photo.png"),
        ("FileData", "@", "names no file"),
        ("dict[str, Any]", "{", "takes JSON (dict[str, Any])"),
        ("list[float]", "x", "takes a number"),
    ],
)
def test_a_wrong_value_shows_the_usage(kind: str, text: str, problem: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        read_inputs(endpoint(parameter("x", kind, **CHOICE)), [f"x={text}"])
    assert problem in str(caught.value)
    assert "Usage: gradwire predict APP /do" in str(caught.value)


def test_files(tmp_path: Path) -> None:
    told: list[object] = []
    called = endpoint(parameter("one", "FileData"), parameter("many", "list[FileData]"))
    path = tmp_path / "a.txt"
    path.write_text("text")
    words = [f"one=@{path}", f"many=@{path}", "many=https://h/b.txt"]
    inputs = read_inputs(called, words, on_progress=told.append)
    assert isinstance(inputs["one"], FileInput)
    assert inputs["one"].on_progress == told.append
    assert [type(item) for item in inputs["many"]] == [FileInput, FileData]


def test_a_text_is_read_from_a_file(tmp_path: Path) -> None:
    called = endpoint(parameter("x", "str"))
    (tmp_path / "a.txt").write_text("Grüße\n", encoding="utf-8")
    assert read_inputs(called, [f"x=@{tmp_path / 'a.txt'}"]) == {"x": "Grüße\n"}
    with pytest.raises(LocalFileNotFoundError, match="@@none"):
        read_inputs(called, ["x=@none"])
    with pytest.raises(InvalidArgumentError, match="cannot be read"):
        read_inputs(called, [f"x=@{tmp_path}"])


def test_json_names_no_files(tmp_path: Path) -> None:
    called = endpoint(parameter("x", "FileData"), parameter("y", "Any"))
    assert read_inputs(called, [], '{"y": "@a.txt"}') == {"y": "@a.txt"}
    assert read_inputs(called, [], '[{"path": "p"}, 1]') == {"x": {"path": "p"}, "y": 1}


def test_names() -> None:
    called = endpoint(
        parameter("my_name", "str", wire_name="My name"), parameter("n", "int", has_default=False)
    )
    assert read_inputs(called, ["My name=a=b", "n=1"]) == {"my_name": "a=b", "n": 1}
    for words, problem in (
        (["n"], "is not name=value"),
        (["m=1"], "no parameter 'm'"),
        (["n=1", "n=2"], "given twice"),
        ([], "also needs n"),
    ):
        with pytest.raises(InvalidArgumentError, match=problem):
            read_inputs(called, words)
    with pytest.raises(InvalidArgumentError, match="It takes none"):
        read_inputs(endpoint(), ["a=1"])


def test_the_usage_is_safe_and_short() -> None:
    called = endpoint(
        parameter("evil", "Literal['\x1b[31m']", choices=("\x1b[31m",), default="\x1b[2J"),
        parameter("long", "str", default="x" * 500),
        parameter("many", "Literal['0']", choices=tuple(range(100)), default=3),
    )
    text = usage_text(called)
    assert text.replace("\n", "").isprintable()
    assert max(map(len, text.splitlines())) < 200


def test_an_example_names_no_file_of_a_servers_choice() -> None:
    secret = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    for example in ("/etc/passwd", secret, "file:///etc/passwd"):
        called = endpoint(parameter("f", "FileData", has_default=False, example=example))
        assert example_line(called, "APP") == "gradwire predict APP /do f=@path/to/file"
        assert "passwd" not in called.example_call()
    public = endpoint(parameter("f", "FileData", has_default=False, example="https://h/a.png"))
    assert example_line(public, "APP") == "gradwire predict APP /do f=https://h/a.png"


def test_an_example_can_be_pasted() -> None:
    evil = "'; rm -rf ~; echo '"
    called = endpoint(parameter("x", "str", default=evil), parameter("y", "Any", default={"a": 1}))
    import shlex

    assert shlex.split(example_line(called, "APP"))[-1] == f"x={evil}"


def test_json_that_is_no_object() -> None:
    called = endpoint(parameter("x", "str"))
    for given in ("3", "{", json.dumps(["a", "b"])):
        with pytest.raises(InvalidArgumentError, match="--json"):
            read_inputs(called, [], given)
