"""`ApiInfo` for people (text, Markdown) and for programs (JSON).

All words in texts for people come from a server, so they are made safe first: see `words.py`.
"""

from __future__ import annotations

import html
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradwire.app import schema as schemas
from gradwire.app.example import example_call, literal, string
from gradwire.app.words import WIDTH, clean

if TYPE_CHECKING:
    from gradwire.app.api_info import ApiInfo
    from gradwire.app.endpoint import Endpoint, Parameter, Return

_WIDEST_NAME = 28
_LONGEST_DEFAULT = 22
_LONGEST_TYPE = 36
_NARROW = 45
"""Columns that a text needs beside a table."""

REMARKS = {
    "generator": "Yields while it runs: iterate client.submit(...) to see each step.",
    "stream": "Takes its input in chunks: client.submit(...), then job.send_chunk(...).",
    "state": "Remembers between the calls of one client (hidden session state).",
    "unqueued": "Does not wait in the queue.",
    "batch": "The server runs calls in batches; give one call's values.",
    "required": "Needs a Hugging Face token: connect with oauth_token=...",
    "optional": "Can use a Hugging Face token: connect with oauth_token=...",
}
"""What is special about some endpoints, for people who write Python."""


# --- text ---------------------------------------------------------------------------------------


def to_text(info: ApiInfo) -> str:
    """Return all listed endpoints as text of `WIDTH` columns, made to be acted on."""
    endpoints = listed(info)
    if not endpoints:
        return "This app lists no endpoints. Those that it has can be called by function index."
    heading = "1 endpoint" if len(endpoints) == 1 else f"{len(endpoints)} endpoints"
    return "\n\n".join([heading, *(endpoint_text(endpoint) for endpoint in endpoints)])


def endpoint_text(endpoint: Endpoint) -> str:
    """Return one endpoint as text: signature, what it is, takes and gives, and an example call."""
    lines = [_wrap(signature_text(endpoint, types=False), "", "    ")]
    about = clean(endpoint.description)
    lines += [_wrap(text, "  ", "  ") for text in [about, *remarks(endpoint)] if text]
    takes, gives = takes_rows(endpoint), gives_rows(endpoint)
    # A very long name breaks its own row, not the table.
    names = min(max((_columns(row[0]) for row in [*takes, *gives]), default=0), _WIDEST_NAME)
    lines += [*_table("takes", takes, names), *_table("gives", gives, names)]
    lines.append(textwrap.indent(f"\n{example_call(endpoint)}", "    "))
    return "\n".join(lines)


def signature_text(endpoint: Endpoint, *, types: bool = True) -> str:
    """Return `/multi(text: str = 'a', n: float = 3) -> str` in one line, long values cut."""
    parameters = ", ".join(_parameter_text(p, types) for p in endpoint.parameters)
    several = len(endpoint.returns) > 1
    returns = ", ".join(map(_short_type, endpoint.returns)) or "None"
    returns = f"({returns})" if several else returns
    return f"{clean(str(endpoint.address))}({parameters}) -> {returns}"


def _parameter_text(parameter: Parameter, types: bool) -> str:
    text = f"{parameter.name}: {_short_type(parameter)}" if types else parameter.name
    if not parameter.has_default:
        return text
    return f"{text}{' = ' if types else '='}{_short_value(parameter.default, 20)}"


Row = tuple[str, ...]


def takes_rows(endpoint: Endpoint) -> list[Row]:
    """Return the rows: name, type, default, what it is about."""
    return [
        (p.name, _short_type(p), _default_text(p), _about(p, p.name)) for p in endpoint.parameters
    ]


def gives_rows(endpoint: Endpoint) -> list[Row]:
    """Return the rows: place in the result, type, what it is about."""
    several = len(endpoint.returns) > 1
    return [
        (f"[{number}]" if several else "", _short_type(returned), _about(returned, ""))
        for number, returned in enumerate(endpoint.returns)
    ]


def _table(head: str, rows: Sequence[Row], names: int) -> list[str]:
    """Lay rows out in columns, the first `names` wide; the last takes what is left and wraps."""
    widths = [max(map(_columns, column)) for column in zip(*rows, strict=True)][:-1]
    widths[:1] = [names] if widths else []
    lines = []
    for number, row in enumerate(rows):
        cells = [_pad(cell, width) for cell, width in zip(row, widths, strict=False)]
        start = "  ".join(["", head if number == 0 else " " * len(head), *cells, ""])
        if WIDTH - _columns(start) < min(_columns(row[-1]), _NARROW):
            # Too little room beside a wide table: the text goes under its row.
            lines.append(start.rstrip())
            start = " " * (len(head) + names + 6)
        lines.append(_wrap(row[-1], start, " " * _columns(start)).rstrip())
    return lines


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))


def _columns(text: str) -> int:
    """Return how many columns a terminal needs; East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _wrap(text: str, first: str, rest: str) -> str:
    """Break a text into lines that begin with `first` and then `rest`."""
    if _columns(first) + _columns(text) <= WIDTH:
        return first + text
    # Lines are measured in characters; where some take two columns, half as many are safe.
    share = 1 if len(text) == _columns(text) else 2
    head, *_ = textwrap.wrap(text, max(WIDTH - len(first), 30) // share, break_on_hyphens=False)
    tail = textwrap.wrap(
        text[len(head) :], max(WIDTH - len(rest), 30) // share, break_on_hyphens=False
    )
    return "\n".join([first + head, *(rest + line for line in tail)])


# --- Markdown -----------------------------------------------------------------------------------


def to_markdown(info: ApiInfo) -> str:
    """Return all listed endpoints as Markdown, for notebooks."""
    endpoints = listed(info)
    return "\n\n".join(map(endpoint_markdown, endpoints)) or "This app lists no endpoints."


def endpoint_markdown(endpoint: Endpoint) -> str:
    """Return one endpoint as Markdown."""
    title = f"### {_code(clean(str(endpoint.address)))}"
    about = [_plain(clean(endpoint.description)), *map(_plain, remarks(endpoint))]
    takes = [(*map(_code, row[:-1]), _plain(row[-1])) for row in takes_rows(endpoint)]
    gives = [(_code(kind), _plain(text)) for _, kind, text in gives_rows(endpoint)]
    return "\n\n".join(
        part
        for part in [
            title,
            *about,
            _markdown_table(("parameter", "type", "default", "about"), takes),
            _markdown_table(("returns", "about"), gives),
            f"```python\n{example_call(endpoint)}\n```",
        ]
        if part
    )


def _markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    """Return inline code for a table's cell: a bar would end the cell, a backtick the code."""
    return f"`{text.replace('`', chr(39)).replace('|', chr(92) + '|')}`" if text else ""


def _plain(text: str) -> str:
    """Escape what Markdown and HTML would act on: the text is a server's."""
    return re.sub(r"([\\`*_\[\]|#!~$])", r"\\\1", html.escape(text, quote=False))


# --- JSON ---------------------------------------------------------------------------------------


def endpoint_dict(endpoint: Endpoint) -> dict[str, Any]:
    """Return one endpoint in the shape of `/info`."""
    return {
        "fn_index": endpoint.fn_index,
        "parameters": [_parameter_dict(parameter) for parameter in endpoint.parameters],
        "returns": [_return_dict(returned) for returned in endpoint.returns],
        "description": endpoint.description,
        "api_visibility": endpoint.visibility,
        "oauth_token": endpoint.oauth_token,
        "type": {"generator": endpoint.is_generator, "batch": endpoint.is_batch},
        "queue": endpoint.queued,
    }


def _parameter_dict(parameter: Parameter) -> dict[str, Any]:
    return {
        "label": parameter.label,
        "parameter_name": parameter.name,
        "parameter_has_default": parameter.has_default,
        "parameter_default": parameter.default,
        "type": parameter.schema,
        "python_type": {"type": parameter.type, "description": parameter.description},
        "component": parameter.component,
        "example_input": parameter.example,
    }


def _return_dict(returned: Return) -> dict[str, Any]:
    return {
        "label": returned.label,
        "type": returned.schema,
        "python_type": {"type": returned.type, "description": returned.description},
        "component": returned.component,
    }


# --- what text and Markdown share ---------------------------------------------------------------


def listed(info: ApiInfo) -> list[Endpoint]:
    """Return the endpoints that an app lists, those with names first."""
    return [*info.named_endpoints.values(), *info.unnamed_endpoints.values()]


def remarks(endpoint: Endpoint) -> list[str]:
    """Return what is special about an endpoint, a sentence each."""
    found = {
        "stream": endpoint.streaming_input,
        "generator": endpoint.is_generator and not endpoint.streaming_input,
        "state": any(slot.kind == "state" for slot in endpoint.slots),
        "unqueued": not endpoint.queued,
        "batch": endpoint.is_batch,
    }
    kinds = [kind for kind, here in found.items() if here] + [endpoint.oauth_token or ""]
    return [REMARKS[kind] for kind in kinds if kind in REMARKS]


def _default_text(parameter: Parameter) -> str:
    if not parameter.has_default:
        return "required"
    return _short_value(parameter.default, _LONGEST_DEFAULT)


def _short_value(value: Any, longest: int) -> str:
    """Return a value in at most `longest` columns; a long one by its beginning or its kind."""
    text = literal(value, longest)
    if text is not None:
        return clean(text)
    if isinstance(value, str):
        return clean(string(value[: longest - 3] + "…"))
    if isinstance(value, list):
        return f"[… {len(value)} items]"
    is_file = isinstance(value, dict) and "path" in value
    return "<file>" if is_file else "{…}" if isinstance(value, dict) else "…"


def _short_type(described: Parameter | Return) -> str:
    text = described.type
    return (
        text
        if len(text) <= _LONGEST_TYPE
        else schemas.type_text(described.schema, longest=_LONGEST_TYPE)
    )


def _about(described: Parameter | Return, name: str) -> str:
    """Join label, keys and description, each only where it says something more."""
    label = clean(described.label)
    parts = [label if label.lower().replace(" ", "_") != name.lower() else ""]
    parts += [_keys(described), _count_choices(described)]
    parts.append(textwrap.shorten(clean(described.description), 200, placeholder=" …"))
    return "; ".join(part for part in parts if part)


def _keys(described: Parameter | Return) -> str:
    if "dict[" not in described.type:
        return ""
    keys = ", ".join(f"{clean(key)}: {kind}" for key, kind in schemas.fields(described.schema))
    return f"{{{textwrap.shorten(keys, 160, placeholder=' …')}}}" if keys else ""


def _count_choices(described: Parameter | Return) -> str:
    """Say how many choices there are if the type does not show them all."""
    number = len(schemas.choices(described.schema))
    return f"{number} choices" if "..." in _short_type(described) and number else ""
