"""What people read: the table and the Markdown."""

from __future__ import annotations

from typing import Any

from apps import URL, app, parameter

from gradwire.app.api_info import build_api_info
from gradwire.app.config import parse_config
from gradwire.app.describe import to_markdown, to_text
from gradwire.app.words import WIDTH


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


def test_html() -> None:
    info = app(
        parameter("a", label="<b>|*x*"),
        returns=[{"label": "<i>out", "type": {"type": "string"}}],
        description="<script>alert(1)</script>$x$\x1b[31m\u202e",
    )
    html = info._repr_html_()
    assert html.startswith("<details open><summary><code>/run(a) -&gt; str</code></summary>")
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;|*x*" in html
    assert "&lt;i&gt;out" in html
    assert not {"\x1b", "\u202e", "$"} & set(html)
    assert html == info.find("run")._repr_html_()
    assert (
        "no endpoints"
        in build_api_info(parse_config({"components": []}, URL), None, URL)._repr_html_()
    )
