"""NaN and infinity: JSON has neither, and would be sent as null without a word.

The encoder writes null for them. So inputs are looked through only where the encoded body has more
nulls than it must have, which costs next to nothing where it has not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gradwire.app.endpoint import Endpoint
from gradwire.errors import InvalidArgumentError
from gradwire.wire.requests import Request

_MAY_BE_NULL = ("event_data", "trigger_id")


def refuse_not_finite(
    request: Request | None, payload: Mapping[str, Any], endpoint: Endpoint
) -> None:
    """Make sure that no number in a call is NaN or infinite.

    Args:
        request: The call as it is sent; None: it is not encoded yet, or in another way.
        payload: What it was made of.
        endpoint: What is called.

    Raises:
        InvalidArgumentError: One is; the message names the input and the place in it.
    """
    if request is not None and request.body is not None:
        expected = sum(payload.get(name, 0) is None for name in _MAY_BE_NULL)
        if request.body.count(b"null") <= expected:
            return
    for index, value in enumerate(payload["data"]):
        found = None if _is_default(endpoint, index, value) else _find(value)
        if found is not None:
            raise _refused(f"data[{index}]{found[0]}", found[1], endpoint, _name(endpoint, index))
    found = _find(payload.get("event_data"))
    if found is not None:
        raise _refused(f"event_data{found[0]}", found[1], endpoint, None)


def _find(value: Any) -> tuple[str, float] | None:
    """Return where in a value the first such number is, as text, and the number."""
    left: list[tuple[Any, str]] = [(value, "")]
    while left:
        item, place = left.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                return place, float(item)
        elif isinstance(item, dict):
            left += [(each, f"{place}[{key!r}]") for key, each in item.items()]
        elif isinstance(item, list | tuple):
            left += [(each, f"{place}[{number}]") for number, each in enumerate(item)]
    return None


def _is_default(endpoint: Endpoint, index: int, value: Any) -> bool:
    """Tell whether the app itself has chosen the value: some servers write NaN into their JSON."""
    blank = endpoint.plan.blank
    return index < len(blank) and (value is blank[index] or repr(value) == repr(blank[index]))


def _name(endpoint: Endpoint, index: int) -> str | None:
    places = endpoint.plan.places
    return endpoint.parameters[places.index(index)].name if index in places else None


def _refused(
    place: str, number: float, endpoint: Endpoint, name: str | None
) -> InvalidArgumentError:
    what = f"{name} ({place})" if name else place
    return InvalidArgumentError(
        f"{endpoint.address}: {what} is {number}, which JSON cannot say; the app would get null. "
        "Send None if that is meant.",
        endpoint=str(endpoint.address),
    )
