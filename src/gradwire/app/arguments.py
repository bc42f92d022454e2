"""The arguments of a call: from what the caller gave to the list that is sent.

The list has one value for each *input* of the endpoint. Most are `Parameter`s; the others are
hidden from callers (see `Slot`). What can be known before the call is worked out once per endpoint,
in a `BindingPlan`; a call then copies a list and fills in its values.

Values are passed on as they are and never changed. A default that is a list or a dict is copied for
every call, so that whoever changes what is about to be sent does not change the default.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from gradwire.errors import InvalidArgumentError

if TYPE_CHECKING:
    from gradwire.app.endpoint import Endpoint, Parameter, Slot

_LONGEST_NAME = 60
"""Characters of a caller's wrong name that an error repeats."""


class _Missing:
    """Stands where a required value has not been given yet."""


_MISSING = _Missing()


@dataclass(frozen=True, slots=True)
class BindingPlan:
    """What is known about an endpoint's arguments before any call. Places are those in the list."""

    blank: list[Any]
    """The list with all defaults, null for State, and `_MISSING` where a value is required."""
    places: tuple[int, ...]
    """The place of each parameter."""
    by_name: dict[str, int]
    """The place that each accepted spelling stands for."""
    required: tuple[int, ...]
    copied: tuple[int, ...]
    """Places whose default must be copied for each call."""
    files: tuple[int, ...]
    """Places that take a file and nothing else."""
    file_lists: tuple[int, ...]
    """Places that take a list of files and nothing else."""
    wrapped: tuple[tuple[int, dict[str, Any]], ...]
    """Places whose value goes into a component's properties."""


_FILE_LIST_TYPES = frozenset({"list[FileData]", "list[FileData] | None"})
_FILE_TYPES = frozenset({"FileData", "FileData | None"})


def make_plan(parameters: Sequence[Parameter], slots: Sequence[Slot]) -> BindingPlan:
    """Work out what all calls of an endpoint have in common."""
    places = [place for place, slot in enumerate(slots) if slot.kind == "parameter"]
    blank = [_blank(parameters, slot) for slot in slots]
    by_name = {parameter.name: place for parameter, place in zip(parameters, places, strict=True)}
    for parameter, place in zip(parameters, places, strict=True):
        by_name.setdefault(parameter.wire_name, place)
    return BindingPlan(
        blank=blank,
        places=tuple(places),
        by_name=by_name,
        required=tuple(place for place in places if blank[place] is _MISSING),
        copied=tuple(i for i, value in enumerate(blank) if isinstance(value, list | dict)),
        files=_places_of(_FILE_TYPES, parameters, slots),
        file_lists=_places_of(_FILE_LIST_TYPES, parameters, slots),
        wrapped=tuple((i, slot.props) for i, slot in enumerate(slots) if slot.props is not None),
    )


def _places_of(
    types: frozenset[str], parameters: Sequence[Parameter], slots: Sequence[Slot]
) -> tuple[int, ...]:
    return tuple(
        place
        for place, slot in enumerate(slots)
        if slot.kind == "parameter" and parameters[slot.index].type in types
    )


def _blank(parameters: Sequence[Parameter], slot: Slot) -> Any:
    if slot.kind != "parameter":
        return slot.value
    parameter = parameters[slot.index]
    return parameter.default if parameter.has_default else _MISSING


def bind_arguments(endpoint: Endpoint, data: object, inputs: Mapping[str, Any]) -> list[Any]:
    """Return the list of values to send.

    Args:
        endpoint: What is called.
        data: A list or tuple of values in order, a mapping by name, or None. A list as long as all
            inputs, those of State included, is taken as it is.
        inputs: More values by name: the call's keyword arguments.

    Returns:
        A new list, one value for each input of the endpoint.

    Raises:
        InvalidArgumentError: A name is unknown or given twice, a required value is missing, there
            are too many, or `data` is of another type. Nothing of `data` has been changed.
    """
    plan = endpoint.plan
    values = plan.blank.copy()
    given: set[int] = set()
    if data is None:
        pass
    elif isinstance(data, (list, tuple)):
        if len(data) > len(plan.places):
            return _bind_all(endpoint, data, inputs)
        for place, value in zip(plan.places, data, strict=False):
            values[place] = value
        given.update(plan.places[: len(data)])
    elif isinstance(data, Mapping):
        _bind_names(endpoint, values, given, data)
    else:
        _refuse_data(endpoint, data)
    if inputs:
        _bind_names(endpoint, values, given, inputs)
    _finish(endpoint, values, given)
    return values


def _bind_all(
    endpoint: Endpoint, data: list[Any] | tuple[Any, ...], inputs: Mapping[str, Any]
) -> list[Any]:
    """Take a list that has a value for the hidden inputs too."""
    if len(data) != len(endpoint.plan.blank):
        most = len(endpoint.parameters)
        _refuse(endpoint, f"takes {_count(most, 'value')} at most, {len(data)} were given")
    if inputs:
        _refuse(endpoint, f"got all values by position, and {_names(inputs)} again by name")
    return list(data)


def _bind_names(
    endpoint: Endpoint, values: list[Any], given: set[int], named: Mapping[Any, Any]
) -> None:
    by_name = endpoint.plan.by_name
    for name, value in named.items():
        place = by_name.get(name)
        if place is None:
            _refuse_name(endpoint, name)
        if place in given:
            _refuse(endpoint, f"got two values for {name!r}")
        given.add(place)
        values[place] = value


def _finish(endpoint: Endpoint, values: list[Any], given: set[int]) -> None:
    """Check that nothing is missing, and make the defaults the call's own."""
    plan = endpoint.plan
    for place in plan.required:
        if values[place] is _MISSING:
            _refuse_missing(endpoint, values)
    for place in plan.copied:
        if place not in given:
            values[place] = _copy(values[place])
    for place in plan.files:
        if isinstance(values[place], str) and place in given:
            _refuse_text_for_file(endpoint, place, values[place])
    for place, props in plan.wrapped:
        values[place] = {**props, "value": values[place]}


def _copy(value: Any) -> Any:
    try:
        return _copy_json(value)
    except RecursionError:  # deeper than anybody would reach into to change it
        return value


def _copy_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_copy_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _copy_json(item) for key, item in value.items()}
    return value


class _TypeText(str):
    """A type as text; `help()` shows it as it would show the type, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def make_signature(endpoint: Endpoint) -> inspect.Signature:
    """Return the signature of an endpoint; see `Endpoint.signature`."""
    first = _first_by_name(endpoint.parameters)
    return inspect.Signature(
        [
            inspect.Parameter(
                parameter.name,
                kind=_BY_PLACE if index < first else _BY_NAME,
                default=parameter.default if parameter.has_default else inspect.Parameter.empty,
                annotation=_TypeText(parameter.type),
            )
            for index, parameter in enumerate(endpoint.parameters)
        ],
        return_annotation=_TypeText(endpoint.return_type),
    )


_BY_PLACE = inspect.Parameter.POSITIONAL_OR_KEYWORD
_BY_NAME = inspect.Parameter.KEYWORD_ONLY


def _first_by_name(parameters: Sequence[Parameter]) -> int:
    """Return the place of the first required parameter that follows an optional one."""
    optional = False
    for index, parameter in enumerate(parameters):
        if optional and not parameter.has_default:
            return index
        optional = optional or parameter.has_default
    return len(parameters)


# --- refusals: each says what is valid ----------------------------------------------------------


def _refuse(endpoint: Endpoint, problem: str) -> NoReturn:
    from gradwire.app.describe import signature_text

    raise InvalidArgumentError(
        f"{endpoint.address} {problem}. It is called as\n    {signature_text(endpoint)}",
        endpoint=str(endpoint.address),
    )


def _refuse_name(endpoint: Endpoint, name: object) -> NoReturn:
    if name == "timeout":
        _refuse(
            endpoint,
            "has no parameter 'timeout': deadlines are set by "
            "client.with_options(timeout=...).predict(...)",
        )
    if name in ("api_name", "fn_index"):
        _refuse(
            endpoint,
            f"has no parameter {name!r}: the endpoint is the first argument, as in "
            f"client.predict({_quote(endpoint.address)}, ...)",
        )
    from gradwire.app.words import did_you_mean

    known = [parameter.name for parameter in endpoint.parameters]
    labelled = {parameter.label: parameter.name for parameter in endpoint.parameters}
    hint = (
        f" Did you mean {labelled[name]!r}?"
        if isinstance(name, str) and name in labelled
        else did_you_mean(name, known)
    )
    valid = f"Its parameters are {_names(known)}" if known else "It takes none"
    _refuse(endpoint, f"has no parameter {_shorten(name)}.{hint} {valid}")


def _refuse_missing(endpoint: Endpoint, values: list[Any]) -> NoReturn:
    missing = [
        parameter.name
        for parameter, place in zip(endpoint.parameters, endpoint.plan.places, strict=True)
        if values[place] is _MISSING
    ]
    _refuse(endpoint, f"also needs {_names(missing)}")


def _refuse_text_for_file(endpoint: Endpoint, place: int, text: str) -> NoReturn:
    name = endpoint.parameters[endpoint.plan.places.index(place)].name
    _refuse(
        endpoint,
        f"takes a file as {name!r}, and a str is never taken for one: pass "
        f"handle_file({_shorten(text)})",
    )


def _refuse_data(endpoint: Endpoint, data: object) -> NoReturn:
    kind = type(data).__name__
    parameters = endpoint.parameters
    names = [parameter.name for parameter in parameters]
    if "data" in names:
        hint = 'its parameter "data" is given by a mapping, {"data": ...}, or in a list, [...]'
    elif names:
        hint = f"wrap it in a list, [...], or use the keyword {names[0]}"
    else:
        hint = "leave it out, for this endpoint takes no values"
    _refuse(endpoint, f"takes its values as a list, a mapping or keywords, not {kind}: {hint}")


def _names(names: Iterable[object], most: int = 20) -> str:
    found = [_shorten(name) for name in names]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _shorten(name: object) -> str:
    text = repr(name) if isinstance(name, str | int | float | None) else f"<{type(name).__name__}>"
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…'"


def _quote(address: str | int) -> str:
    return f'"{address}"' if isinstance(address, str) else str(address)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
