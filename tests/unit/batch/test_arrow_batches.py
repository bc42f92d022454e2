"""Batches of Arrow: rows out of a table, results beside it, of the same types every time."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from gradwire.app.api_info import build_api_info
from gradwire.app.config import parse_config
from gradwire.app.endpoint import Endpoint, Return
from gradwire.batch.arrow_batches import ArrowRows, with_outputs
from gradwire.batch.columns import Columns
from gradwire.batch.worker import RowResult, digest_of
from gradwire.errors import InvalidArgumentError


def endpoint() -> Endpoint:
    """Return one that takes two texts and gives one."""
    config = {
        "version": "6.31.0",
        "protocol": "sse_v3",
        "components": [{"id": n, "type": "textbox", "props": {}} for n in (1, 2, 3)],
        "dependencies": [{"id": 0, "inputs": [1, 2], "outputs": [3], "api_name": "f"}],
    }
    return build_api_info(parse_config(config, "http://h/"), None, "http://h/").find("/f")


def giving(*types: str) -> Any:
    """Return what stands for an endpoint whose outputs are of these types."""
    returns = [Return(f"out {n}", kind, None, "X", "") for n, kind in enumerate(types)]
    return SimpleNamespace(returns=returns)


def columns(**more: Any) -> Columns:
    target = endpoint()
    names = [parameter.name for parameter in target.parameters]
    options = {"mapping": {"a": names[0]}, "constants": {names[1]: "same"}, "files": ()} | more
    return Columns(target, columns=["id", "a"], texts=False, folder=Path(), **options)


def test_rows_have_what_the_endpoint_takes() -> None:
    batch = pa.table({"id": [1, 2], "a": ["x", "y"], "other": [b"", b""]})
    rows = ArrowRows(batch, columns(), "id")
    assert [list(inputs.values()) for inputs in rows.inputs] == [["same", "x"], ["same", "y"]]
    assert [row.key for row in rows.ids] == [1, 2]
    assert rows.ids[0].digest == digest_of({"a": "x"}) != rows.ids[1].digest


def test_without_a_key_a_row_is_what_it_holds() -> None:
    rows = ArrowRows(pa.table({"a": ["x", "y", "x"], "other": [1, 2, 3]}), columns(), None)
    assert rows.ids[0] == rows.ids[2] != rows.ids[1]
    assert rows.ids[0].key == rows.ids[0].digest


@pytest.mark.parametrize("key", [None, 1.5, True, [1]])
def test_what_is_no_key(key: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="a whole number or a text"):
        ArrowRows(pa.table({"id": [key], "a": ["x"]}), columns(), "id")


def test_a_row_that_cannot_be_sent_keeps_its_place() -> None:
    batch = pa.table({"id": [1, 2, 3], "a": pa.array([b"x", b"y", b"z"])})
    rows = ArrowRows(batch, columns(), "id")
    assert (rows.inputs, rows.ids) == ([], [])
    assert [result.data for result in rows.results([])] == [None] * 3
    assert "takes no bytes" in str(rows.results([])[0].error)


def test_digests() -> None:
    values = {"a": 1, "b": [None, float("nan"), b"x"]}
    assert digest_of(values) == digest_of(dict(reversed(values.items())))
    others: list[dict[str, Any]] = [
        {"a": "1", "b": values["b"]},
        {"a": 1},
        {"b": 1},
        {"a": 1, "b": []},
    ]
    assert len({digest_of(each) for each in [values, *others]}) == 5


def test_outputs_have_the_types_that_are_declared() -> None:
    target = giving("str", "float | None", "int", "bool", "list[str]", "Any")
    full = RowResult(["x", 1, 2.0, True, ["a"], None], None)
    one = with_outputs(pa.table({"id": [1]}), target, [full])
    other = with_outputs(pa.table({"id": [2]}), target, [RowResult(None, "AppError: no")])
    assert one.schema == other.schema
    both = pa.concat_tables([one, other]).to_pylist()
    assert list(both[0].values()) == [1, "x", 1.0, 2, True, '["a"]', None, None]
    assert list(both[1].values()) == [2, *[None] * 6, "AppError: no"]


def test_names_that_are_taken_already() -> None:
    batch = pa.table({"output": [1], "error": [2]})
    found = with_outputs(batch, giving("str"), [RowResult(["x"], None)])
    assert len(set(found.column_names)) == 4
    assert found.to_pylist()[0]["output"] == 1


@pytest.mark.parametrize(
    ("kind", "value"),
    [("float", "x"), ("float", True), ("int", 1.5), ("int", 1 << 63), ("bool", 1), ("int", {})],
)
def test_what_does_not_fit_its_column_is_an_error_of_the_row(kind: str, value: Any) -> None:
    results = [RowResult([value], None), RowResult([None], None)]
    found = with_outputs(pa.table({"id": [1, 2]}), giving(kind), results).to_pylist()
    assert list(found[0].values())[1] is None
    assert "ProtocolError" in found[0]["error"]
    assert found[1]["error"] is None


def test_another_number_of_outputs() -> None:
    found = with_outputs(pa.table({"id": [1]}), giving("str"), [RowResult(["x", "y"], None)])
    assert "2 outputs, and 1 are declared" in found.to_pylist()[0]["error"]


def test_texts_that_arrow_cannot_hold() -> None:
    result = RowResult(["half \ud800", {"a": "é"}], None)
    [row] = with_outputs(pa.table({"id": [1]}), giving("str", "Any"), [result]).to_pylist()
    assert list(row.values())[1:3] == ["half \\ud800", '{"a":"é"}']


def test_no_rows() -> None:
    empty = pa.table({"id": pa.array([], pa.int64()), "a": pa.array([], pa.string())})
    rows = ArrowRows(empty, columns(), "id")
    assert rows.results([]) == []
    found = with_outputs(empty, giving("str"), [])
    assert found.num_rows == 0
    assert found.schema.field(2).type == pa.string()
