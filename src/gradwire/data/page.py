"""The values of an app as HTML, for notebooks: texts, numbers, files, galleries, tables, chats."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from gradwire.app.markup import escaped, pre, table
from gradwire.data.files import FileData
from gradwire.data.media import file_html, media_type

_MOST_FILES = 12
_MOST_ROWS, _MOST_COLUMNS, _MOST_ITEMS = 30, 30, 50
_LONGEST_TEXT, _LONGEST_CELL = 20_000, 300
_DEPTH = 20

Contents = Mapping[int, bytes | None]
"""By the id of a `FileData`: what of it stands in the page itself."""


def files_in(value: Any, depth: int = _DEPTH) -> Iterator[FileData]:
    """Yield the files in a value."""
    if isinstance(value, FileData):
        yield value
    elif isinstance(value, (list, tuple, dict)) and depth:
        for each in value.values() if isinstance(value, dict) else value:
            yield from files_in(each, depth - 1)


def shown_files(values: list[Any]) -> list[FileData]:
    """Return the pictures, sounds and videos among outputs; not more than a page should have."""
    return list(islice((file for file in files_in(values) if media_type(file)), _MOST_FILES))


def outputs_html(values: list[Any]) -> str:
    """Return the outputs of an endpoint as HTML, one below the other."""
    contents = {id(file): file._shown_content() for file in shown_files(values)}
    if len(values) == 1:
        return value_html(values[0], contents)
    return "".join(
        f'<div style="margin-top:.4em"><small style="opacity:.7">[{number}]</small>'
        f"{value_html(value, contents)}</div>"
        for number, value in enumerate(values)
    )


def value_html(value: Any, contents: Contents) -> str:
    """Return one value as HTML."""
    if isinstance(value, FileData):
        return file_html(value, contents.get(id(value)))
    if isinstance(value, str):
        return pre(value, _LONGEST_TEXT)
    if isinstance(value, dict) and _is_table(value):
        return _table_html(value)
    if isinstance(value, list) and value:
        if all(map(_is_message, value)):
            rows = [[f"<b>{escaped(item['role'])}</b>", _content(item, contents)] for item in value]
            return _cut(table(None, rows[:_MOST_ITEMS]), len(rows), "messages")
        if any(map(_holds_file, value)):
            items = "".join(value_html(item, contents) for item in value[:_MOST_ITEMS])
            return _cut(items, len(value), "items")
    if isinstance(value, dict) and _holds_file(value):
        return table(None, [_pair(*item, contents) for item in list(value.items())[:_MOST_ITEMS]])
    return pre(_json(value), _LONGEST_TEXT)


def _pair(key: str, value: Any, contents: Contents) -> list[str]:
    return [f"<b>{escaped(key)}</b>", value_html(value, contents)]


def _content(message: dict[str, Any], contents: Contents) -> str:
    return value_html(message["content"], contents)


def _cut(html: str, number: int, what: str) -> str:
    more = number - _MOST_ITEMS
    return f"{html}<small>… {more:,} {what} more</small>" if more > 0 else html


def _holds_file(value: Any) -> bool:
    """Tell whether a file stands in a value, or one level below: a gallery's has a caption."""
    if isinstance(value, dict):
        return any(isinstance(item, FileData) for item in value.values())
    return isinstance(value, FileData)


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str) and "content" in value


def _is_table(value: dict[str, Any]) -> bool:
    rows = value.get("data")
    return (
        isinstance(value.get("headers"), list)
        and isinstance(rows, list)
        and all(isinstance(row, list) for row in rows)
    )


def _table_html(value: dict[str, Any]) -> str:
    heads = [str(head) for head in value["headers"][:_MOST_COLUMNS]]
    rows = [
        [escaped(_cell(item)) for item in row[:_MOST_COLUMNS]] for row in value["data"][:_MOST_ROWS]
    ]
    more = len(value["data"]) - _MOST_ROWS
    return table(heads, rows) + (f"<small>… {more:,} rows more</small>" if more > 0 else "")


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=repr)
