"""What people read: the table, the Markdown, the example call."""

from __future__ import annotations

from typing import Any

import pytest

from gradwire.app.api_info import ApiInfo, build_api_info
from gradwire.app.config import parse_config
from gradwire.app.describe import WIDTH, clean, to_markdown, to_text

URL = "http://app"
FILE = {"title": "FileData", "properties": {"path": {}}}


def app(*parameters: dict[str, Any], returns: Any = (), **dependency: Any) -> ApiInfo:
    """Build an app of one endpoint, `/run`, out of entries of `/info`."""
    components = [{"id": i, "type": "textbox", "props": {}, "skip_api": False} for i in range(50)]
    listed = {
        "id": 0,
        "api_name": "run",
        "inputs": list(range(len(parameters))),
        "outputs": list(range(len(returns))),
        **dependency,
    }
    config = parse_config({"components": components, "dependencies": [listed]}, URL)
    entry = {"parameters": list(parameters), "returns": list(returns)}
    entry |= {k: v for k, v in dependency.items() if k in ("description", "oauth_token")}
    return build_api_info(config, {"named_endpoints": {"/run": entry}}, URL)


def parameter(name: str, schema: object = None, /, **more: Any) -> dict[str, Any]:
    has_default = "parameter_default" in more
    return {
        "parameter_name": name,
        "label": name,
        "type": schema or {"type": "string"},
        "parameter_has_default": has_default,
        **more,
    }


def call(*parameters: dict[str, Any], **dependency: Any) -> str:
    return app(*parameters, **dependency).find("run").example_call()


def test_the_table() -> None:
    info = app(
        parameter("text", example_input="Hi", label="Your text"),
        parameter("n", {"type": "number", "description": "how many"}, parameter_default=3),
        returns=[{"label": "joined", "type": {"type": "string"}}, {"type": {"type": "number"}}],
        description="Joins\n\nthem.",
        types={"generator": True},
        queue=False,
    )
    assert str(info) == repr(info) == to_text(info)
    assert str(info).splitlines() == [
        "1 endpoint",
        "",
        "/run(text, n=3) -> (str, float)",
        "  Joins them.",
        "  Yields while it runs: iterate client.submit(...) to see each step.",
        "  Does not wait in the queue.",
        "  takes  text  str    required  Your text",
        "         n     float  3         how many",
        "  gives  [0]   str    joined",
        "         [1]   float",
        "",
        '    client.predict("/run", text="Hi", n=3)',
    ]


def test_an_app_without_endpoints() -> None:
    config = parse_config({"components": []}, URL)
    info = build_api_info(config, None, URL)
    assert "no endpoints" in to_text(info)
    assert "no endpoints" in to_markdown(info)


def test_lines_fit_also_with_long_types_defaults_and_words() -> None:
    many = {"enum": [f"style {i}" for i in range(60)], "type": "string"}
    keys = {"properties": {f"key_{i}": {"type": "string"} for i in range(60)}}
    info = app(
        parameter("style", many, parameter_default="style 0"),
        parameter("words", parameter_default="blurry " * 500, label="label " * 100),
        parameter("items", {"type": "array"}, parameter_default=[[1] * 900] * 900),
        parameter("keys", keys, parameter_default={str(i): i for i in range(99)}),
        parameter("宽" * 14, label="宽" * 300),
        description="word " * 100,
    )
    text = str(info)
    assert "60 choices" in text
    assert "[… 900 items]" in text
    assert "{…}" in text
    for line in text.splitlines():
        assert len(line) + line.count("宽") <= WIDTH
    assert len(text) < 6000


def test_server_text_cannot_write_to_the_terminal() -> None:
    nasty = "\x1b]0;owned\x07\x9b31m\u202e\ud800\r\n"
    info = app(
        parameter("x", {"enum": [nasty]}, label=nasty, parameter_default=nasty),
        parameter("y", {"properties": {nasty: {}}, "description": nasty}, example_input=nasty),
        description=nasty,
    )
    for text in (str(info), info._repr_markdown_(), str(info.find("run"))):
        assert all(character.isprintable() or character == "\n" for character in text)


def test_clean() -> None:
    assert clean("a\n\t b\u2028c") == "a b c"
    assert clean("\x1b[31m") == "\\x1b[31m"
    assert clean("👩\u200d🚀 ü 输入") == "👩\u200d🚀 ü 输入"


def test_markdown() -> None:
    info = app(
        parameter("a", {"anyOf": [{"type": "string"}, {"type": "null"}]}, label="<b>|*x*"),
        returns=[{"label": "out", "type": {"type": "string"}}],
        description="# <script>",
    )
    text = info._repr_markdown_()
    assert text.startswith("### `/run`\n\n\\# &lt;script&gt;\n\n| parameter |")
    assert "| `a` | `str \\| None` | `required` | &lt;b&gt;\\|\\*x\\* |" in text
    assert "| `str` | out |" in text
    assert '```python\nclient.predict("/run", a=' in text


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
            'x={"bg": handle_file("p")}',
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


def test_tokens() -> None:
    assert "Needs a Hugging Face token" in str(app(oauth_token="required"))
    assert "Can use a Hugging Face token" in str(app(oauth_token="optional"))


def test_values_deeper_than_python_can_walk() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    info = app(parameter("x", {"type": "array"}, parameter_default=deep, example_input=deep))
    assert "[… 1 items]" in str(info)
    assert info.find("run").example_call() == 'client.predict("/run")'
