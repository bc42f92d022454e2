"""The example call: what can be pasted, and what is left out of it."""

from __future__ import annotations

from typing import Any

import pytest
from apps import URL, app, parameter

from gradwire.app.api_info import build_api_info
from gradwire.app.config import parse_config

FILE = {"title": "FileData", "properties": {"path": {}}}


def call(*parameters: dict[str, Any], **dependency: Any) -> str:
    return app(*parameters, **dependency).find("run").example_call()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (parameter("x"), 'x=""'),
        (parameter("x", {"type": "number"}), "x=0"),
        (parameter("x", {"type": "boolean"}), "x=False"),
        (parameter("x", {"type": "array"}), "x=[]"),
        (parameter("x", {"type": "object"}), "x={}"),
        (parameter("x", True), "x=None"),
        (parameter("x", {"enum": ["a", "b"]}), 'x="a"'),
        (parameter("x", {"enum": ["a", "b"]}, example_input="b"), 'x="b"'),
        (parameter("x", {"enum": ["a", "b"]}, example_input="z"), 'x="a"'),
        (parameter("x", FILE), 'x=handle_file("path/to/file")'),
        (parameter("x", FILE, example_input="http://a/b.png"), 'x=handle_file("http://a/b.png")'),
        (
            parameter("x", {"items": FILE, "type": "array"}, example_input=["http://a/b"]),
            'x=[handle_file("http://a/b")]',
        ),
        (
            parameter(
                "x",
                {"type": "object"},
                example_input={"bg": {"path": "p", "meta": {"_type": "gradio.FileData"}}},
            ),
            'x={"bg": handle_file("path/to/file")}',
        ),
        (parameter("x", example_input='say "hi" it\'s'), "x='say \"hi\" it\\'s'"),
        (parameter("x", example_input="it's"), 'x="it\'s"'),
        (parameter("x", example_input="a\nb\\"), 'x="a\\nb\\\\"'),
        (parameter("x", example_input="long" * 999), "x=..."),
        (parameter("x", {"type": "number"}, example_input=float("inf")), 'x=float("inf")'),
        (parameter("x", parameter_default="y"), 'x="y"'),
        (parameter("data"), '{"data": ""}'),
    ],
)
def test_values_in_the_example_call(entry: dict[str, Any], expected: str) -> None:
    assert call(entry) == f'client.predict("/run", {expected})'


def test_long_defaults_and_server_files_are_left_out_of_the_call() -> None:
    file = {"path": "/tmp/x.png", "meta": {"_type": "gradio.FileData"}}
    entries = [parameter("x", parameter_default="x" * 99), parameter("y", parameter_default=file)]
    assert call(*entries) == 'client.predict("/run")'


def test_a_long_call_has_one_argument_in_each_line() -> None:
    lines = call(*(parameter(f"name_{i}", example_input="word " * 5) for i in range(4)))
    assert lines.splitlines()[:3] == [
        "client.predict(",
        '    "/run",',
        '    name_0="word word word word word ",',
    ]
    compile(lines, "example", "eval")


def test_streaming_input_is_submitted() -> None:
    assert call(parameter("x"), connection="stream").startswith("client.submit(")
    assert "send_chunk" in str(app(parameter("x"), connection="stream"))


def test_an_endpoint_without_a_name() -> None:
    config = parse_config({"dependencies": [{"id": 4, "inputs": [], "api_name": None}]}, URL)
    info = build_api_info(config, None, URL)
    assert info.find(4).example_call() == "client.predict(4)"
    assert str(info).splitlines()[2] == "4() -> None"
