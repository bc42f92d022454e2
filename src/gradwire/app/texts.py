"""Texts as values: what somebody has typed, or what stands in a table of texts.

What a text is read as is said by the type of its parameter, so that `3` is a number for one and a
text for another.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from gradwire.app.endpoint import Parameter
from gradwire.app.words import did_you_mean, shown

_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


class WrongTextError(ValueError):
    """A text that is no such value; the message goes on after the parameter's name."""


def base_type(parameter: Parameter) -> str:
    """Return a parameter's type without the `None` that many allow."""
    return parameter.type.removesuffix(" | None")


def value_of(parameter: Parameter, text: str, kind: str | None = None) -> Any:
    """Read a text as a value of a parameter that takes no file.

    Args:
        parameter: What it is for.
        text: Such as `"3"`.
        kind: The type to read it as, where that is not the parameter's own.

    Raises:
        WrongTextError: It cannot be read as that.
    """
    kind = base_type(parameter) if kind is None else kind
    if kind == "str":
        return text
    if text == "null" and parameter.type.endswith("| None"):
        return None
    if kind in ("float", "int"):
        return _number(text)
    if kind == "bool":
        return _flag(text)
    if kind.startswith("Literal"):
        return _choice(parameter, text)
    return json_of(parameter, text, or_text=kind == "Any" or "str" in kind.split(" | "))


def json_of(parameter: Parameter, text: str, *, or_text: bool = False) -> Any:
    """Read a text as JSON.

    Args:
        parameter: What it is for.
        text: The JSON.
        or_text: Whether what is no JSON is taken as it is.

    Raises:
        WrongTextError: It is no JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if or_text:
            return text
        raise WrongTextError(
            f"takes JSON ({shown(parameter.type)}), not {short(text)!r}."
        ) from None


def short(text: str) -> str:
    """Return a text that is not longer than an error should be."""
    return text if len(text) <= 60 else f"{text[:59]}…"


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise WrongTextError(f"takes a number, not {short(text)!r}.")
    return number


def _flag(text: str) -> bool:
    word = text.lower()
    if word not in _TRUE | _FALSE:
        raise WrongTextError(f"takes true or false, not {short(text)!r}.")
    return word in _TRUE


def _choice(parameter: Parameter, text: str) -> Any:
    for choice in parameter.choices:
        if str(choice) == text:
            return choice
    valid = [str(choice) for choice in parameter.choices]
    raise WrongTextError(
        f"cannot be {short(text)!r}.{did_you_mean(text, valid)} It takes {_listed(valid)}."
    )


def _listed(valid: Sequence[str], most: int = 20) -> str:
    more = f" and {len(valid) - most} more" if len(valid) > most else ""
    return shown(", ".join(valid[:most]) + more)
