"""From the words of a command line to the inputs of a call: `name=value`, `name=@file`, JSON.

What a value is read as is said by the type of its parameter, so that `n=3` is a number and
`name=3` a text. Files are named by the caller alone: an `@` inside of JSON is only a letter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from gradwire.app.endpoint import Endpoint, Parameter
from gradwire.app.texts import WrongTextError, base_type, json_of, short, value_of
from gradwire.app.words import did_you_mean
from gradwire.cli.usage import kind_text, repeats, usage_text
from gradwire.data.files import ProgressCallback
from gradwire.data.inputs import handle_file
from gradwire.data.urls import is_http_url
from gradwire.errors import InvalidArgumentError, LocalFileNotFoundError


def read_inputs(
    endpoint: Endpoint,
    words: Sequence[str],
    given: str | None = None,
    on_progress: ProgressCallback | None = None,
    *,
    complete: bool = True,
) -> dict[str, Any]:
    """Return the inputs of a call, by name.

    Args:
        endpoint: What is called.
        words: Such as `name=value`.
        given: JSON: an object by name, or a list in order.
        on_progress: Is told how far the files are that are sent.
        complete: Whether all that the endpoint needs must be there.

    Raises:
        InvalidArgumentError: Something is wrong; the message has the endpoint's usage.
        LocalFileNotFoundError: A file to read text from is not there.
    """
    inputs = _from_json(endpoint, given) if given is not None else {}
    texts: dict[str, list[str]] = {}
    for word in words:
        name, text = _split(endpoint, word)
        texts.setdefault(name, []).append(text)
    parameters = {parameter.name: parameter for parameter in endpoint.parameters}
    for name, found in texts.items():
        if name in inputs:
            _refuse(endpoint, f"{name} is given twice: in the JSON, and as {name}=…")
        try:
            inputs[name] = _read_all(parameters[name], found, on_progress)
        except WrongTextError as error:
            _refuse(endpoint, f"{name} {error}")
    if complete:
        _check_complete(endpoint, inputs)
    return inputs


def _split(endpoint: Endpoint, word: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals:
        _refuse(endpoint, f"{short(word)!r} is not name=value.")
    return _known(endpoint, name), text


def _known(endpoint: Endpoint, name: str) -> str:
    """Return the name of a parameter, for any of its spellings."""
    for parameter in endpoint.parameters:
        if name in (parameter.name, parameter.wire_name):
            return parameter.name
    names = [parameter.name for parameter in endpoint.parameters]
    hint = did_you_mean(name, names) if names else " It takes none."
    _refuse(endpoint, f"{endpoint.address} has no parameter {short(name)!r}.{hint}")


def _check_complete(endpoint: Endpoint, inputs: dict[str, Any]) -> None:
    needed = (p.name for p in endpoint.parameters if not p.has_default)
    missing = [name for name in needed if name not in inputs]
    if missing:
        _refuse(endpoint, f"{endpoint.address} also needs {', '.join(missing)}.")


def _from_json(endpoint: Endpoint, given: str) -> dict[str, Any]:
    try:
        value = json.loads(given)
    except (ValueError, RecursionError) as error:
        _refuse(endpoint, f"--json is no JSON: {error}.")
    names = [parameter.name for parameter in endpoint.parameters]
    if isinstance(value, list):
        if len(value) > len(names):
            _refuse(endpoint, f"--json has {len(value)} values; {len(names)} are taken.")
        return dict(zip(names, value, strict=False))
    if not isinstance(value, dict):
        _refuse(endpoint, "--json must be an object by name, or a list in order.")
    return {_known(endpoint, name): item for name, item in value.items()}


# --- one value ------------------------------------------------------------------------------------


def _read_all(
    parameter: Parameter, texts: Sequence[str], on_progress: ProgressCallback | None
) -> Any:
    if not repeats(parameter):
        if len(texts) > 1:
            raise WrongTextError("is given twice.")
        return _read(parameter, base_type(parameter), texts[0], on_progress)
    if len(texts) == 1 and (texts[0].startswith("[") or texts[0] == "null"):
        return json_of(parameter, texts[0])
    inner = base_type(parameter).removeprefix("list[").removesuffix("]")
    return [_read(parameter, inner, text, on_progress) for text in texts]


def _read(parameter: Parameter, kind: str, text: str, on_progress: ProgressCallback | None) -> Any:
    if text.startswith("@@"):
        text = text[1:]
    elif text.startswith("@"):
        return _file(parameter, kind, text[1:], on_progress)
    if kind == "FileData" and not (text == "null" and parameter.type.endswith("| None")):
        return _remote_file(parameter, text)
    return value_of(parameter, text, kind)


def _file(parameter: Parameter, kind: str, path: str, on_progress: ProgressCallback | None) -> Any:
    if kind == "str":
        return _text_of(path)
    if kind in ("float", "int", "bool") or kind.startswith("Literal"):
        raise WrongTextError(f"takes {kind_text(parameter)}, not a file.")
    if not path:
        raise WrongTextError("names no file after the @.")
    return handle_file(Path(path).expanduser(), on_progress=on_progress)


def _text_of(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LocalFileNotFoundError(
            f"There is no file {path!r} to read the text from. A text that begins with @ is "
            f"written @@{path}."
        ) from None
    except (OSError, ValueError) as error:
        raise WrongTextError(f"cannot be read from {path!r}: {error}.") from None


def _remote_file(parameter: Parameter, text: str) -> Any:
    if is_http_url(text):
        return handle_file(text)
    if text.startswith("{"):
        return json_of(parameter, text)
    raise WrongTextError(f"takes a file: @{short(text)}, or an address.")


def _refuse(endpoint: Endpoint, problem: str) -> NoReturn:
    raise InvalidArgumentError(
        f"{problem}\n\n{usage_text(endpoint)}", endpoint=str(endpoint.address)
    )
