"""A result for people: texts as they are, files in a line, everything else as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

from gradwire.app.endpoint import Endpoint
from gradwire.app.words import bytes_text, clean, shown
from gradwire.cli.calling import plain_json
from gradwire.data.files import FileData
from gradwire.data.old_files import is_data_url

FilePath = Callable[[FileData], str]


def print_result(
    console: Console, endpoint: Endpoint, data: list[Any], saved: FilePath | None
) -> None:
    """Print the outputs of a call, each under its label where there are several."""
    for index, value in enumerate(data):
        if len(data) > 1:
            known = index < len(endpoint.returns)
            label = endpoint.returns[index].label if known else f"output {index}"
            console.print(Text(shown(label) or f"output {index}", "dim"))
        console.print(value_text(value, saved), soft_wrap=True)


def value_text(value: Any, saved: FilePath | None) -> Text:
    """Return one value as it is shown."""
    if isinstance(value, str):
        return Text(shown(value))
    if isinstance(value, FileData):
        return _file_text(value, saved)
    if isinstance(value, list) and value and all(isinstance(item, FileData) for item in value):
        return Text("\n").join(_file_text(item, saved) for item in value)
    text = Text(shown(plain_json(value, saved, indent=2)))
    JSONHighlighter().highlight(text)
    return text


def _file_text(file: FileData, saved: FilePath | None) -> Text:
    if saved is not None:
        return Text(shown(saved(file)), "cyan")
    name = file.orig_name or file.path.replace("\\", "/").rpartition("/")[2]
    facts = [bytes_text(file.size)] if file.size is not None else []
    facts += [file.mime_type] if file.mime_type else []
    where = "" if file.url is None or is_data_url(file.url) else file.url
    # Each on a line of its own, whatever line ends a server has put into it.
    told = f"  {'  '.join(map(clean, facts))}".rstrip()
    text = Text.assemble((clean(name), "cyan"), (told, "dim"))
    return text.append(f"\n  {clean(where)}") if where else text
