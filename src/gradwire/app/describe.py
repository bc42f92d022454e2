"""`ApiInfo` for people (text, Markdown) and for programs (JSON), and the words of its errors.

All labels, names, defaults and descriptions come from a server: control characters are shown as
escapes, so that a server cannot write to the terminal of whoever looks at its API.
"""

from __future__ import annotations

import difflib
import html
import math
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradwire.app import schema as schemas

if TYPE_CHECKING:
    from gradwire.app.api_info import ApiInfo, Endpoint, Parameter, Return

WIDTH = 100
"""Columns of the text."""
_WIDEST_NAME = 28
_LONGEST_DEFAULT = 22
_LONGEST_TYPE = 36
_NARROW = 45
"""Columns that a text needs beside a table."""
_LONGEST_EXAMPLE = 400
_MOST_DEFAULT_IN_CALL = 60

OWN_KEYWORDS = frozenset({"self", "endpoint", "data", "event_data", "trigger_id", "all_events"})
"""Keywords of `predict` and `submit`: a parameter so named is given by a mapping."""

_REMARKS = {
    "generator": "Yields while it runs: iterate client.submit(...) to see each step.",
    "stream": "Takes its input in chunks: client.submit(...), then job.send_chunk(...).",
    "state": "Remembers between the calls of one client (hidden session state).",
    "unqueued": "Does not wait in the queue.",
    "batch": "The server runs calls in batches; give one call's values.",
    "required": "Needs a Hugging Face token: connect with oauth_token=...",
    "optional": "Can use a Hugging Face token: connect with oauth_token=...",
}


# --- text ---------------------------------------------------------------------------------------


def to_text(info: ApiInfo) -> str:
    """Return all listed endpoints as text of `WIDTH` columns, made to be acted on."""
    endpoints = _listed(info)
    if not endpoints:
        return "This app lists no endpoints. Those that it has can be called by function index."
    heading = "1 endpoint" if len(endpoints) == 1 else f"{len(endpoints)} endpoints"
    return "\n\n".join([heading, *(endpoint_text(endpoint) for endpoint in endpoints)])


def endpoint_text(endpoint: Endpoint) -> str:
    """Return one endpoint as text: signature, what it is, takes and gives, and an example call."""
    lines = [_wrap(signature_text(endpoint, types=False), "", "    ")]
    about = clean(endpoint.description)
    lines += [_wrap(text, "  ", "  ") for text in [about, *_remarks(endpoint)] if text]
    takes, gives = _takes(endpoint), _gives(endpoint)
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


def _takes(endpoint: Endpoint) -> list[Row]:
    """Return the rows: name, type, default, what it is about."""
    return [
        (p.name, _short_type(p), _default_text(p), _about(p, p.name)) for p in endpoint.parameters
    ]


def _gives(endpoint: Endpoint) -> list[Row]:
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
    endpoints = _listed(info)
    return "\n\n".join(map(endpoint_markdown, endpoints)) or "This app lists no endpoints."


def endpoint_markdown(endpoint: Endpoint) -> str:
    """Return one endpoint as Markdown."""
    title = f"### {_code(clean(str(endpoint.address)))}"
    about = [_plain(clean(endpoint.description)), *map(_plain, _remarks(endpoint))]
    takes = [(*map(_code, row[:-1]), _plain(row[-1])) for row in _takes(endpoint)]
    gives = [(_code(kind), _plain(text)) for _, kind, text in _gives(endpoint)]
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


# --- an example call ----------------------------------------------------------------------------


def example_call(endpoint: Endpoint) -> str:
    """Return a call that can be pasted; in one line if it fits.

    Defaults are shown if they are short; required values are the server's examples.
    """
    method = "submit" if endpoint.streaming_input else "predict"
    values = [(p.name, text) for p in endpoint.parameters if (text := _argument(p)) is not None]
    if any(name in OWN_KEYWORDS for name, _ in values):
        pairs = ", ".join(f'"{name}": {text}' for name, text in values)
        arguments = [f"{{{pairs}}}"]
    else:
        arguments = [f"{name}={text}" for name, text in values]
    address = clean(_literal(endpoint.address, WIDTH) or "...")
    call = f"client.{method}({', '.join([address, *arguments])})"
    if len(call) <= WIDTH - 4:
        return call
    inner = "".join(f"    {argument},\n" for argument in [address, *arguments])
    return f"client.{method}(\n{inner})"


def _argument(parameter: Parameter) -> str | None:
    """Return the text of a value, or None to leave the parameter to its default."""
    if parameter.has_default:
        return _literal(parameter.default, _MOST_DEFAULT_IN_CALL, files=False)
    return _literal(_sample(parameter), _LONGEST_EXAMPLE) or "..."


class _File(str):
    """A path or URL that is to be passed as `handle_file(...)`."""

    __slots__ = ()


_EMPTY: dict[str, Any] = {"str": "", "float": 0, "int": 0, "bool": False, "dict[str, Any]": {}}


def _sample(parameter: Parameter) -> Any:
    """Return a value of the right kind: the server's example, if it is one."""
    value = parameter.example
    if parameter.choices and parameter.type.startswith("Literal"):
        return value if value in parameter.choices else parameter.choices[0]
    if "FileData" in parameter.type and isinstance(value, str | None):
        value = _File(value or "path/to/file")
    if parameter.type.startswith("list[FileData") and isinstance(value, list):
        return [_File(item) if isinstance(item, str) else item for item in value]
    if parameter.type.startswith("list[") and not isinstance(value, list):
        return [] if value is None else [value]
    return _EMPTY.get(parameter.type) if value is None else value


def _literal(value: Any, longest: int, *, files: bool = True) -> str | None:
    """Return Python source for a JSON value, or None where it is too long to be shown."""
    try:
        text = _source(value, longest, files)
    except (RecursionError, ValueError):
        return None
    return text if len(text) <= longest else None


def _source(value: Any, room: int, files: bool) -> str:
    """Return Python source; raise ValueError early for what is longer than `room`."""
    if isinstance(value, str) and len(value) > room:
        raise ValueError
    if isinstance(value, _File):
        return f"handle_file({_string(value)})"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return f"[{_join((_source(item, room, files) for item in value), room)}]"
    if isinstance(value, dict):
        return _dict_source(value, room, files)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _dict_source(value: dict[str, Any], room: int, files: bool) -> str:
    address = value.get("url") or value.get("path")
    meta = value.get("meta")
    if isinstance(address, str) and isinstance(meta, dict) and "_type" in meta:
        if not files:
            raise ValueError  # a file that only the server has
        return f"handle_file({_string(address)})"
    pairs = (f"{_string(key)}: {_source(item, room, files)}" for key, item in value.items())
    return f"{{{_join(pairs, room)}}}"


def _join(parts: Iterable[str], room: int) -> str:
    """Join parts, but stop as soon as they are too long: a default may have megabytes."""
    found = []
    for part in parts:
        room -= len(part)
        if room < 0:
            raise ValueError
        found.append(part)
    return ", ".join(found)


def _string(text: str) -> str:
    """Return a string's literal, with double quotes where that needs no escaping."""
    source = repr(str(text))
    return source if '"' in text else f'"{source[1:-1]}"'


# --- words --------------------------------------------------------------------------------------


def endpoint_not_found(info: ApiInfo, endpoint: str | int, names: Mapping[str, int]) -> str:
    """Return the message for an endpoint that is not there: what was meant, and what there is."""
    if isinstance(endpoint, str):
        shown = clean(f'"/{endpoint.strip("/")}"')
        hint = did_you_mean(f"/{endpoint.strip('/')}", [f"/{name}" for name in names])
        hint = " A function index is a number, not text." if endpoint.isdecimal() else hint
        valid = [str(address) for address in (*info.named_endpoints, *info.unnamed_endpoints)]
    else:
        shown, hint = f"with function index {endpoint}", ""
        valid = [f"{index} (/{name})" for name, index in names.items()]
        valid += [str(index) for index in info.unnamed_endpoints]
    most = 20
    more = f" and {len(valid) - most} more; view_api() shows them" if len(valid) > most else ""
    listed = ", ".join(map(clean, valid[:most])) or "none that it lists"
    return f"The app has no endpoint {shown}.{hint} It has: {listed}{more}."


def did_you_mean(wrong: object, valid: Sequence[str]) -> str:
    """Return `" Did you mean 'text'?"`, or `""` where nothing is close."""
    if not isinstance(wrong, str) or len(wrong) > WIDTH:
        return ""
    close = difflib.get_close_matches(wrong, valid[:2000], 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def clean(text: str) -> str:
    """Return one line of text that is safe to print: control characters as escapes.

    Also escaped: what turns the direction of text, and halves of surrogate pairs.
    """
    text = " ".join(text.split())
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\u200d" else c.encode("unicode_escape").decode() for c in text
    )


def _listed(info: ApiInfo) -> list[Endpoint]:
    return [*info.named_endpoints.values(), *info.unnamed_endpoints.values()]


def _remarks(endpoint: Endpoint) -> list[str]:
    found = {
        "stream": endpoint.streaming_input,
        "generator": endpoint.is_generator and not endpoint.streaming_input,
        "state": any(slot.kind == "state" for slot in endpoint.slots),
        "unqueued": not endpoint.queued,
        "batch": endpoint.is_batch,
    }
    kinds = [kind for kind, here in found.items() if here] + [endpoint.oauth_token or ""]
    return [_REMARKS[kind] for kind in kinds if kind in _REMARKS]


def _default_text(parameter: Parameter) -> str:
    if not parameter.has_default:
        return "required"
    return _short_value(parameter.default, _LONGEST_DEFAULT)


def _short_value(value: Any, longest: int) -> str:
    """Return a value in at most `longest` columns; a long one by its beginning or its kind."""
    text = _literal(value, longest)
    if text is not None:
        return clean(text)
    if isinstance(value, str):
        return clean(_string(value[: longest - 3] + "…"))
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
