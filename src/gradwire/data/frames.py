"""Tables: frames of pandas and polars to what `gr.Dataframe` takes, and back.

On the wire a table is `{"headers": [...], "data": [[...], ...]}` in all releases of Gradio; some
outputs have `metadata` beside it, which is how cells look.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Literal

from gradwire.data.libraries import needed
from gradwire.errors import InvalidArgumentError, MissingLibraryError

Library = Literal["pandas", "polars"]
_LIBRARIES: tuple[Library, ...] = ("pandas", "polars")


def of_pandas(frame: Any) -> dict[str, Any]:
    """Return what is sent of a `pandas.DataFrame`; the index is left out, as Gradio does."""
    plain = frame.astype(object)
    rows = plain.where(frame.notna(), None).to_numpy().tolist()
    return {"headers": [str(name) for name in frame.columns], "data": rows}


def of_polars(frame: Any) -> dict[str, Any]:
    """Return what is sent of a `polars.DataFrame`."""
    return {"headers": list(frame.columns), "data": [list(row) for row in frame.rows()]}


def of_rows(rows: list[Any], headers: Iterable[Any] = ()) -> dict[str, Any]:
    """Return what is sent of the rows of an array.

    Args:
        rows: Lists; single values are rows of one.
        headers: Names of the columns, if there is one for each; else they are numbered.
    """
    rows = [row if isinstance(row, list) else [row] for row in rows]
    width = len(rows[0]) if rows else 0
    names = list(headers)
    if len(names) != width:
        names = [str(number + 1) for number in range(width)]
    return {"headers": names, "data": rows}


# --- and back -----------------------------------------------------------------------------------


def to_frame(value: Any, library: Library | None = None) -> Any:
    """Return a table of an app as a frame.

    Args:
        value: The output of a `gr.Dataframe`, a list of rows, or a `Prediction` or `DataEvent` with
            one table among its outputs.
        library: `"pandas"` or `"polars"`. Default: the one that is loaded already, else the one
            that is installed; pandas if it is both.

    Returns:
        A `pandas.DataFrame` or a `polars.DataFrame`.

    Raises:
        MissingLibraryError: The library is not installed.
        InvalidArgumentError: There is no table in `value`, or there are several.
    """
    if library not in (None, *_LIBRARIES):
        raise InvalidArgumentError(f"library is 'pandas' or 'polars', not {library!r}.")
    headers, rows = _table(value)
    chosen = library or _chosen()
    module = needed(chosen, "to make a frame of a table")
    if chosen == "pandas":
        return module.DataFrame(rows, columns=headers)
    names = _unique(headers if headers is not None else _numbers(rows))
    return module.DataFrame(
        rows, schema=names, orient="row", strict=False, infer_schema_length=None
    )


def _chosen() -> Library:
    for name in _LIBRARIES:
        if sys.modules.get(name) is not None:
            return name
    for name in _LIBRARIES:
        try:
            needed(name, "")
        except MissingLibraryError:
            continue
        return name
    raise MissingLibraryError(
        "pandas or polars is needed to make a frame of a table: pip install pandas"
    )


def _table(value: Any) -> tuple[list[str] | None, list[list[Any]]]:
    """Return the headers, if there are any, and the rows."""
    outputs = getattr(value, "data", None)
    if isinstance(outputs, list) and not isinstance(value, dict):
        value = _only_table(outputs)
    if _is_table(value):
        rows = value["data"]
        headers = value.get("headers")
        # Before Gradio 5 an empty table has one row, which is empty.
        rows = [] if rows == [[]] else rows
        return (None if headers is None else list(map(str, headers))), rows
    if isinstance(value, list) and all(isinstance(row, list) for row in value):
        return None, value
    raise InvalidArgumentError(
        f"A table is expected, the output of a gr.Dataframe, not {type(value).__name__}."
    )


def _only_table(outputs: list[Any]) -> Any:
    places = [place for place, output in enumerate(outputs) if _is_table(output)]
    if len(places) == 1:
        return outputs[places[0]]
    found = f"tables at {places}; pass one, data[{places[0]}]" if places else "no table in it"
    raise InvalidArgumentError(f"The result has {found}.")


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("data"), list)
        and isinstance(value.get("headers"), list | None)
        and all(isinstance(row, list) for row in value["data"])
    )


def _numbers(rows: list[list[Any]]) -> list[str]:
    return [str(number + 1) for number in range(max(map(len, rows), default=0))]


def _unique(names: list[str]) -> list[str]:
    """Number the names that come again, which polars does not allow."""
    found: dict[str, None] = {}
    for name in names:
        free, number = name, 1
        while free in found:
            number += 1
            free = f"{name}_{number}"
        found[free] = None
    return list(found)
