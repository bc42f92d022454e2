"""Python source as `ruff format` would leave it: strings, names, lists that are spread over lines.

What may be long is always spread over lines, with a comma after the last: the formatter then leaves
it so, whatever the length of its lines, and a change in the app changes few lines.
"""

from __future__ import annotations

import keyword
import math
import re
import textwrap
import unicodedata
from collections.abc import Iterable

from gradwire.app.words import clean

WIDTH = 88
"""Columns of a line."""
_LONGEST_NAME = 60


class Names:
    """Gives out names, none of them twice.

    Args:
        taken: Names that are not to be given.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._reserved = frozenset(taken)
        self._taken = set(self._reserved)

    def take(self, wanted: str) -> str:
        """Return `wanted`, with a `_` or a number behind it if it is taken or a keyword."""
        name, number = wanted, 1
        if keyword.iskeyword(wanted) or wanted in self._reserved:
            name = f"{wanted}_"
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


def identifier(text: str, fallback: str) -> str:
    """Return `text` as a name that may stand in a class: no more than one `_` before it."""
    name = unicodedata.normalize("NFKC", re.sub(r"\W", "_", text))[:_LONGEST_NAME]
    name = unicodedata.normalize("NFKC", re.sub(r"\W", "_", name))
    if name[:1].isdigit():
        name = f"_{name}"
    if not name.isidentifier():
        name = re.sub(r"\W", "_", name.encode("ascii", "ignore").decode())
    if name.startswith("__"):  # Python would change it, or mean something by it
        name = f"_{name.strip('_')}" if name.strip("_") else ""
    return name if name.isidentifier() and name.strip("_") else fallback


def public(text: str, fallback: str) -> str:
    """Return `text` as a name without `_` before it, as fields of a `NamedTuple` must be."""
    name = identifier(text, fallback).lstrip("_")
    return name if name.isidentifier() else f"{fallback}_{name}"


def camel(text: str, fallback: str) -> str:
    """Return `text` as the name of a class: `/my-fn` is `MyFn`."""
    words = re.split(r"[\W_]+", unicodedata.normalize("NFKC", text))
    name = "".join(word[:1].upper() + word[1:] for word in words)[:_LONGEST_NAME]
    return name if name.isidentifier() else fallback


def string(text: str) -> str:
    """Return the literal of a string, in the quotes that need less escaping."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = "".join(
        f"\\{c}" if c in (quote, "\\") else c if c.isprintable() else _escape(c) for c in text
    )
    return f"{quote}{escaped}{quote}"


def _escape(char: str) -> str:
    return repr(char)[1:-1]


def literal(value: object, longest: int = 40) -> str | None:
    """Return a plain value as source; None where it is none, or too long."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        text = string(value) if len(value) <= longest else ""
    elif value is None or isinstance(value, bool | int | float):
        text = repr(value) if not isinstance(value, int) or abs(value) < 10**longest else ""
    else:
        return None
    return text if text and len(text) <= longest + 2 else None


def spread(head: str, items: Iterable[str], tail: str) -> str:
    """Return `head`, the items on a line each, `tail`; all on one line where there are no items."""
    lines = [textwrap.indent(item, "    ") + "," for item in items]
    return "\n".join([head, *lines, tail]) if lines else head + tail


def subscript(name: str, head: str, items: list[str]) -> str:
    """Return `name = head[items]`: on one line if it fits."""
    one = f"{name} = {head}[{', '.join(items)}]"
    if len(one) <= WIDTH:
        return one
    if len(items) == 1:  # a comma would make a tuple of it
        return f"{name} = {head}[\n    {items[0]}\n]"
    return spread(f"{name} = {head}[", items, "]")


def docstring(paragraphs: Iterable[str], indent: int) -> str:
    """Return a docstring of paragraphs, each wrapped, without its indent.

    A paragraph that begins with spaces keeps them, and one that ends in a colon is a heading.

    Args:
        paragraphs: Words of a server, made safe here.
        indent: Columns before it.
    """
    width = WIDTH - indent
    blocks = [wrapped for text in paragraphs if (wrapped := _wrapped(text, width))]
    if len(blocks) == 1 and "\n" not in blocks[0]:
        return f'"""{blocks[0]}"""'
    first, *rest = blocks
    lines = [first]
    for before, block in zip(blocks, rest, strict=False):
        inside = block.startswith(" ") and (before.startswith(" ") or before.endswith(":"))
        lines.append(block if inside else f"\n{block}")
    return '"""' + "\n".join(lines) + '\n"""'


def _wrapped(text: str, width: int) -> str:
    start = " " * (len(text) - len(text.lstrip(" ")))
    safe = clean(text).replace("\\", "\\\\").replace('"', "'").strip()
    # A line alone has three quotes before it, and three behind.
    return textwrap.fill(
        safe,
        width - 6,
        initial_indent=start,
        subsequent_indent=start and start + "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
