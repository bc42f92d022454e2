"""How an endpoint is called from the command line."""

from __future__ import annotations

import json
import shlex
from typing import NamedTuple

import click

from gradwire.app.endpoint import Endpoint, Parameter
from gradwire.app.example import NO_PATH, file_address, sample
from gradwire.app.texts import base_type
from gradwire.app.words import shown

_LONGEST_VALUE = 60
_MOST_CHOICES = 40
_LONGEST_CHOICES = 48


class Row(NamedTuple):
    """One parameter, in words."""

    name: str
    kind: str
    default: str


def kind_text(parameter: Parameter) -> str:
    """Return what is written after `name=`."""
    kind = base_type(parameter)
    if kind.startswith(("Literal", "list[Literal")):
        return _choices(parameter.choices)
    words = {
        "bool": "true|false",
        "float": "NUMBER",
        "int": "NUMBER",
        "str": "TEXT",
        "FileData": "@FILE",
        "list[FileData]": "@FILE",
        "list[str]": "TEXT",
    }
    return words.get(kind, "JSON")


def _choices(choices: tuple[object, ...]) -> str:
    text = ""
    for number, choice in enumerate(choices[:_MOST_CHOICES]):
        more = f"|{choice}" if number else str(choice)
        if len(text) + len(more) > _LONGEST_CHOICES:
            return shown(f"{text}|…" if text else "TEXT")
        text += more
    return shown(text if len(choices) <= _MOST_CHOICES else f"{text}|…")


def repeats(parameter: Parameter) -> bool:
    """Tell whether `name=` may be given several times."""
    return base_type(parameter).startswith("list[")


def default_text(parameter: Parameter, longest: int = _LONGEST_VALUE) -> str:
    """Return a default, shortened; of a required parameter, that word."""
    if not parameter.has_default:
        return "required"
    text = shown(_json(parameter.default))
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def rows(endpoint: Endpoint) -> list[Row]:
    """Return one row for each parameter."""
    return [Row(p.name, kind_text(p), default_text(p)) for p in endpoint.parameters]


def usage_text(endpoint: Endpoint) -> str:
    """Return what is printed below an error: how this endpoint is called."""
    words = [shown(str(endpoint.address))]
    for parameter in endpoint.parameters:
        word = f"{parameter.name}={kind_text(parameter)}"
        word = f"{word} …" if repeats(parameter) else word
        words.append(f"[{word}]" if parameter.has_default else word)
    table = rows(endpoint)
    widths = [max((len(row[column]) for row in table), default=0) for column in (0, 1)]
    lines = [f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {text}" for name, kind, text in table]
    return "\n".join([f"Usage: gradwire {_verb()} APP {' '.join(words)}", *lines])


def _verb() -> str:
    """Return the command that runs."""
    context = click.get_current_context(silent=True)
    return context.info_name or "predict" if context is not None else "predict"


def example_line(endpoint: Endpoint, app: str, command: str = "predict") -> str:
    """Return a command that can be pasted: with the required values, and with short defaults."""
    words = ["gradwire", command, app, str(endpoint.address)]
    words += [f"{p.name}={_word(p)}" for p in endpoint.parameters if _is_told(p)]
    return " ".join(map(shlex.quote, words))


def _is_told(parameter: Parameter) -> bool:
    if not parameter.has_default:
        return True
    value = parameter.default
    return isinstance(value, str | int | float) and len(str(value)) <= _LONGEST_VALUE


def _word(parameter: Parameter) -> str:
    value = parameter.default if parameter.has_default else sample(parameter)
    if "FileData" in parameter.type:
        return _file_word(value[0] if isinstance(value, list) and value else value)
    if isinstance(value, str):
        return f"@{value}" if value.startswith("@") else value
    return _json(value)


def _file_word(value: object) -> str:
    given = value.get("url") or value.get("path") if isinstance(value, dict) else value
    address = file_address(given)
    return f"@{address}" if address == NO_PATH else address


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
