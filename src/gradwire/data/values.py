"""Values that people hold, as what servers take: pictures, sounds, tables, dates, numbers of numpy.

A library's values are known by its classes, which are there if somebody has loaded it; see
`libraries.py`. What an array is depends on where it goes: pixels into a `gr.Image`, rows into a
`gr.Dataframe`, and lists of numbers elsewhere.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from gradwire.data import frames, pictures, sounds
from gradwire.data.libraries import kind
from gradwire.errors import InvalidArgumentError

if TYPE_CHECKING:
    from gradwire.app.endpoint import Endpoint, Parameter

Use = Literal["list", "picture", "sound", "media", "table", "file"]
"""What an array stands for: numbers, a `gr.Image` and the like, a `gr.Audio`, both (a message), a
`gr.Dataframe`, or nothing (a `gr.File` or `gr.Video`)."""

_USES: dict[str, Use] = {
    "annotatedimage": "picture",
    "audio": "sound",
    "chatbot": "media",
    "dataframe": "table",
    "downloadbutton": "file",
    "file": "file",
    "gallery": "picture",
    "image": "picture",
    "imageeditor": "picture",
    "imagemask": "picture",
    "imageslider": "picture",
    "model3d": "file",
    "multimodaltextbox": "media",
    "paint": "picture",
    "sketchpad": "picture",
    "uploadbutton": "file",
    "video": "file",
}


def parameter_at(endpoint: Endpoint | None, place: object) -> Parameter | None:
    """Return the parameter whose value is at `place` in the list that is sent."""
    if endpoint is None or not isinstance(place, int) or place >= len(endpoint.slots):
        return None
    slot = endpoint.slots[place]
    return endpoint.parameters[slot.index] if slot.kind == "parameter" else None


def use_of(parameter: Parameter | None) -> Use:
    """Tell what an array in the place of a parameter stands for."""
    if parameter is None:
        return "list"
    known = _USES.get(parameter.component.lower())
    return known or ("media" if "FileData" in parameter.type else "list")


def held(value: Any, parameter: Parameter | None, whole: bool = True) -> Any:
    """Return what is sent of a value that is neither JSON nor a file.

    Args:
        value: Any object.
        parameter: Where it goes, or what it is a part of; None: not known.
        whole: Whether it is all that goes there; a part of a table is no table.

    Returns:
        Another value, which may hold more such ones; a `Rendering`, to be uploaded; or `value`
        itself if it is nothing of the kind.

    Raises:
        InvalidArgumentError: It does not suit the parameter.
    """
    if isinstance(value, Enum):
        return value.value
    if not whole and use_of(parameter) == "table":
        parameter = None
    if isinstance(value, date):
        return _moment(value, parameter)
    if hasattr(type(value), "__dataclass_fields__"):
        # Not `asdict`, which copies what is inside, files too.
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, kind("PIL.Image", "Image")):
        return pictures.of_image(value)
    if isinstance(value, kind("numpy", "ndarray")):
        return _array(value, parameter)
    if isinstance(value, kind("numpy", "generic")):
        return _numbers(value)
    return _column(value, parameter)


def sound(value: tuple[Any, ...], parameter: Parameter | None) -> Any:
    """Return a pair `(rate, array)` as a `Rendering`, where it is one and a sound may stand."""
    if (
        len(value) == 2
        and isinstance(value[1], kind("numpy", "ndarray"))
        and isinstance(value[0], (int, kind("numpy", "integer")))
        and use_of(parameter) in ("sound", "media")
    ):
        return sounds.of_pair(*value)
    return value


def _array(array: Any, parameter: Parameter | None) -> Any:
    use = use_of(parameter)
    if use in ("picture", "media"):
        return pictures.of_array(array)
    if use == "table":
        if array.ndim not in (1, 2):
            raise InvalidArgumentError(f"A table is an array of rows, not of shape {array.shape}.")
        return frames.of_rows(_numbers(array), _headers(parameter))
    if use == "sound":
        raise InvalidArgumentError("A sound is a pair (rate, array); this is only the array.")
    if use == "file":
        raise InvalidArgumentError(
            "A file is expected here, not an array: write it to a file, and pass its path."
        )
    return _numbers(array)


def _numbers(value: Any) -> Any:
    """Return an array or a number of numpy as lists and numbers of Python."""
    if value.dtype.kind == "M":  # with nanoseconds it would become a bare number
        value = value.astype("datetime64[us]")
    return value.tolist()


def _headers(parameter: Parameter | None) -> list[Any]:
    default = None if parameter is None else parameter.default
    headers = default.get("headers") if isinstance(default, dict) else None
    return headers if isinstance(headers, list) else []


def _column(value: Any, parameter: Parameter | None) -> Any:
    """Return what is sent of a frame, of a column, or of pandas' word for nothing."""
    if isinstance(value, kind("pandas", "DataFrame")):
        return frames.of_pandas(value)
    if isinstance(value, kind("polars", "DataFrame")):
        return frames.of_polars(value)
    if isinstance(value, (kind("pandas", "Series"), kind("pandas", "Index"))):
        table = frames.of_pandas(value.to_frame())
    elif isinstance(value, kind("polars", "Series")):
        table = frames.of_polars(value.to_frame())
    else:
        return None if value is kind("pandas", "NA") else value
    return table if use_of(parameter) == "table" else [cell for (cell,) in table["data"]]


def _moment(value: date, parameter: Parameter | None) -> str | None:
    """Return a date or a moment as text: as `gr.DateTime` wants it there, else by ISO 8601."""
    if value != value:  # pandas.NaT, which calls itself a datetime
        return None
    if parameter is None or parameter.component.lower() != "datetime":
        return value.isoformat()
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise InvalidArgumentError(
            "gr.DateTime takes no time zone, but the time of the app's own: pass "
            "value.astimezone(zone).replace(tzinfo=None)."
        )
    # The schema says "Formatted as YYYY-MM-DD HH:MM:SS", or only the first half.
    told = parameter.schema.get("description") if isinstance(parameter.schema, dict) else None
    only_day = isinstance(told, str) and "YYYY" in told and "HH" not in told
    return value.strftime("%Y-%m-%d" if only_day else "%Y-%m-%d %H:%M:%S")
