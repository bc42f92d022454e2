"""Tables of an app as frames."""

from __future__ import annotations

import sys
from typing import Any, Literal

import pandas as pd
import polars as pl
import pytest

from gradwire import MissingLibraryError, to_frame
from gradwire.data.frames import of_pandas, of_polars
from gradwire.errors import InvalidArgumentError
from gradwire.wire.events import DataEvent, Origin, _Kept, as_they_are
from gradwire.wire.prediction import Prediction

TABLE: dict[str, Any] = {
    "headers": ["name", "n"],
    "data": [["a", 1], ["b", None]],
    "metadata": None,
}


def prediction(*outputs: Any) -> Prediction:
    origin = Origin("/fn", 0, as_they_are)
    event = DataEvent(origin, _Kept(list(outputs), []), 0)
    return Prediction(event, duration=None, average_duration=None)


def test_there_and_back() -> None:
    assert of_pandas(to_frame(TABLE, "pandas"))["headers"] == ["name", "n"]
    frame = to_frame(TABLE, "polars")
    assert frame.schema == {"name": pl.String, "n": pl.Int64}
    assert of_polars(frame) == {"headers": ["name", "n"], "data": TABLE["data"]}


def test_results() -> None:
    assert isinstance(to_frame(TABLE), pd.DataFrame)
    assert to_frame(prediction("text", TABLE), "polars").rows() == [("a", 1), ("b", None)]
    assert prediction(TABLE).to_frame().columns.tolist() == ["name", "n"]
    assert isinstance(prediction(TABLE).to_frame("polars"), pl.DataFrame)


def test_a_step_of_a_stream() -> None:
    event = prediction(TABLE)._event
    assert to_frame(event, "polars").shape == (2, 2)


def test_rows_without_headers() -> None:
    for table in (
        [[1, 2], [3, 4]],
        {"data": [[1, 2], [3, 4]]},
        {"headers": None, "data": [[1, 2]]},
    ):
        assert to_frame(table, "pandas").shape[1] == 2
        assert to_frame(table, "polars").columns == ["1", "2"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("rows", [[], [[]]])
def test_empty_tables_keep_their_columns(library: Literal["pandas", "polars"], rows: Any) -> None:
    frame = to_frame({"headers": ["a", "b"], "data": rows}, library)
    assert list(frame.columns) == ["a", "b"]
    assert len(frame) == 0


def test_columns_of_mixed_kinds_and_equal_names() -> None:
    frame = to_frame(
        {"headers": ["a", "a", "a_2"], "data": [[1, "x", 0.5], ["y", 2, None]]}, "polars"
    )
    assert frame.columns == ["a", "a_2", "a_2_2"]
    assert to_frame({"headers": ["a", "a"], "data": [[1, 2]]}, "pandas").shape == (1, 2)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("text", "not str"),
        ({"a": 1}, "not dict"),
        ({"headers": ["a"], "data": [1]}, "not dict"),
        ([1], "not list"),
        (None, "not NoneType"),
        (prediction("a"), "no table"),
        (prediction(TABLE, 1, TABLE), r"tables at \[0, 2\]; pass one, data\[0\]"),
    ],
)
def test_what_is_no_table(value: Any, why: str) -> None:
    with pytest.raises(InvalidArgumentError, match=why):
        to_frame(value)


def test_an_unknown_library() -> None:
    with pytest.raises(InvalidArgumentError, match="'pandas' or 'polars', not 'dask'"):
        to_frame(TABLE, "dask")  # type: ignore[arg-type]


def test_which_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingLibraryError, match="pip install pandas"):
        to_frame(TABLE, "pandas")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingLibraryError, match="pandas or polars is needed"):
        to_frame(TABLE)


def test_the_one_that_is_loaded_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pandas")
    assert isinstance(to_frame(TABLE), pl.DataFrame)
