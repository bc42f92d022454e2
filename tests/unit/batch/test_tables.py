"""Tables: what is written is read again, and what is wrong is named by its row."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.batch import parquet
from gradwire.batch.cells import plain
from gradwire.batch.kinds import Kinds, both, kind_of
from gradwire.batch.tables import Format, format_of, new_table, open_table
from gradwire.errors import InvalidArgumentError, MissingLibraryError

NAMES = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4, unique=True)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)


def written(rows: list[dict[str, Any]], columns: list[str], form: Format) -> list[dict[str, Any]]:
    """Write rows and read them again."""
    kinds = Kinds()
    for row in rows:
        kinds.see(row)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "t")
        with new_table(path, form, columns, kinds.of) as table:
            for row in rows:
                table.write(row)
        return list(open_table(path, form).rows())


@given(NAMES.flatmap(lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUES)))))
def test_jsonl_keeps_everything(rows: list[dict[str, Any]]) -> None:
    assert written(rows, [], "jsonl") == rows


@given(
    NAMES.flatmap(
        lambda names: st.tuples(
            st.just(names), st.lists(st.fixed_dictionaries({n: st.text() for n in names}))
        )
    ),
    st.sampled_from(["csv", "tsv"]),
)
def test_csv_keeps_texts(table: tuple[list[str], list[dict[str, str]]], form: Format) -> None:
    """Delimiters, quotes, line ends, NUL: all that a text can hold."""
    columns, rows = table
    assert written(rows, columns, form) == rows


@given(NAMES.flatmap(lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUES)))))
def test_parquet_keeps_values_or_their_json(rows: list[dict[str, Any]]) -> None:
    """A column of one kind keeps its values; a mixed one has the JSON of each."""
    columns = list(rows[0]) if rows else ["a"]
    again = written(rows, columns, "parquet")
    for column in columns:
        before = [row[column] for row in rows]
        after = [row[column] for row in again]
        if after != before:
            assert [None if text is None else json.loads(text) for text in after] == before


@given(st.lists(SCALARS | st.just([1]), min_size=1))
def test_the_kind_of_a_column_is_the_same_in_any_order(values: list[Any]) -> None:
    def kind(found: list[Any]) -> str:
        kinds = Kinds()
        for value in found:
            kinds.see({"c": value})
        return kinds.of["c"]

    exact = kind(values)
    assert kind(values[::-1]) == exact
    assert all(both(exact, kind_of(value)) == exact for value in values)
    if exact == "float":
        assert all(value is None or float(value) == value for value in values)


def test_numbers_that_json_does_not_have(tmp_path: Path) -> None:
    given = [{"a": math.nan, "b": [{"c": -math.inf}], "d": "NaN", "e": 1.5}]
    assert written(given, [], "jsonl") == [{"a": None, "b": [{"c": None}], "d": "NaN", "e": 1.5}]


def test_columns_that_not_all_rows_have(tmp_path: Path) -> None:
    rows = [{"a": 1}, {"b": [2]}, {}]
    assert written(rows, ["a", "b"], "csv") == [
        {"a": "1", "b": ""}, {"a": "", "b": "[2]"}, {"a": "", "b": ""},
    ]  # fmt: skip
    assert written(rows, ["a", "b"], "parquet") == [
        {"a": 1, "b": None}, {"a": None, "b": "[2]"}, {"a": None, "b": None},
    ]  # fmt: skip


def test_csv_as_other_programs_write_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffa,b\r\n1,"x\r\n""y"""\r\n\r\n2,\r\n'.encode())
    assert list(open_table(path, "csv").rows()) == [
        {"a": "1", "b": 'x\r\n"y"'},
        {"a": "2", "b": ""},
    ]
    path.write_text("a\n" + "x" * 300_000 + "\n")
    assert len(next(iter(open_table(path, "csv").rows()))["a"]) == 300_000


@pytest.mark.parametrize(
    ("form", "text", "says"),
    [
        ("csv", b"", "is empty: its first line must name the columns"),
        ("csv", b"a,a\n1,2\n", "two columns called 'a'"),
        ("csv", b"a,b\n1,2\n\n3\n", r"row 2 \(line 4\) has 1 cells, and the first line names 2"),
        ("csv", b'a\n"x"y\n', "after line 2: '.' expected after"),
        ("csv", b"a\n\xff\n", "is not UTF-8: .*byte 0xff.*iconv -f cp1252"),
        ("csv", "a\n1\n".encode("utf-16"), "may be UTF-16; `iconv -f utf-16"),
        ("csv", b'a\n"open\n', "unexpected end of data"),
        ("jsonl", b'{"a": 1}\n\n{"a": }\n', r"row 2 \(line 3\) is no JSON"),
        ("jsonl", b'{"a": 1}\n[1]\n', r"row 2 \(line 2\) is no object.*but \[1\]"),
        ("jsonl", b'{"a": "\xff"}\n', r"row 1 \(line 1\) is not UTF-8: .*0xff"),
        ("jsonl", b"[" * 100_000, r"row 1 \(line 1\) is no JSON"),
        ("parquet", b"a,b\n1,2\n", "cannot be read as Parquet"),
    ],
)
def test_what_is_no_table(form: Format, text: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(text)
    with pytest.raises(InvalidArgumentError, match=says):
        list(open_table(path, form).rows())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="is not there"):
        open_table(tmp_path / "none", "csv")
    with pytest.raises(InvalidArgumentError, match="is a folder"):
        open_table(tmp_path, "csv")


def test_formats_by_name() -> None:
    assert format_of(Path("a.CSV"), None) == "csv"
    assert format_of(Path("a.parquet"), "jsonl") == "jsonl"
    with pytest.raises(InvalidArgumentError, match=r"'a.txt' does not say.*\.jsonl"):
        format_of(Path("a.txt"), None)
    with pytest.raises(InvalidArgumentError, match="Did you mean 'parquet'"):
        format_of(Path("a.txt"), "parqet")


def test_values_that_json_does_not_have() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5)
    given = {"m": [moment, date(2026, 1, 2)], "t": timedelta(seconds=1.5), "d": Decimal("1.10")}
    assert plain({**given, "b": b"\x00\xff"}) == {
        "m": ["2026-01-02T03:04:05", "2026-01-02"], "t": 1.5, "d": "1.10", "b": "AP8=",
    }  # fmt: skip
    with pytest.raises(InvalidArgumentError, match="object has no form in JSON"):
        plain(object())


def test_parquet_of_other_programs(tmp_path: Path) -> None:
    """Nanoseconds, decimals and nested values can be read; only the wanted columns are."""
    path = tmp_path / "t.parquet"
    moments = pa.array([1_000_000_001], pa.timestamp("ns", "UTC"))
    table = pa.table({"m": moments, "d": [Decimal("1.5")], "s": [{"x": [1]}], "n": [math.nan]})
    pq.write_table(table, path)
    (row,) = open_table(path, "parquet").rows()
    assert plain(row["m"]) == "1970-01-01T00:00:01+00:00"
    assert (row["d"], row["s"]) == (Decimal("1.5"), {"x": [1]})
    assert list(open_table(path, "parquet").rows(["s"])) == [{"s": {"x": [1]}}]
    assert list(open_table(path, "parquet").rows([])) == [{}]


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "t.parquet").touch()
    with pytest.raises(MissingLibraryError, match=r"pip install 'gradwire\[parquet\]'"):
        open_table(tmp_path / "t.parquet", "parquet")


def test_many_rows_go_into_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_GROUP_ROWS", 1000)
    path = tmp_path / "t.parquet"
    with new_table(path, "parquet", ["n"], {"n": "int"}) as table:
        for number in range(2_300):
            table.write({"n": number})
    file = pq.ParquetFile(path)
    with file:
        assert [file.metadata.row_group(i).num_rows for i in range(3)] == [1000, 1000, 300]
    assert [row["n"] for row in open_table(path, "parquet").rows()] == list(range(2_300))


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_a_table_is_read_in_little_memory(
    form: Format, tmp_path: Path, memory: Callable[[Callable[[], object]], int]
) -> None:
    path = tmp_path / "t"
    with new_table(path, form, ["n", "text"], {"n": "int", "text": "text"}) as table:
        for number in range(40_000):
            table.write({"n": number, "text": "x" * 250})

    def read() -> None:
        assert sum(1 for _ in open_table(path, form).rows()) == 40_000

    assert memory(read) < 2_500_000  # the table has more than ten million bytes


@pytest.fixture
def memory() -> Callable[[Callable[[], object]], int]:
    """Return a function that tells the most bytes of Python's that another one has at once."""
    import tracemalloc

    def peak(work: Callable[[], object]) -> int:
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return peak


def test_csv_quotes_as_csv_does(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    values = [True, False, None, 1.5, 10**20, {"a": [None]}, "x,y", datetime(2026, 1, 2)]
    with new_table(path, "csv", ["v", "w"], {}) as table:
        for value in values:
            table.write({"v": value})
    with path.open(encoding="utf-8", newline="") as file:
        cells = [row[0] for row in csv.reader(file)]
    assert cells[1:] == [
        "true", "false", "", "1.5", "100000000000000000000", '{"a":[null]}', "x,y",
        "2026-01-02T00:00:00",
    ]  # fmt: skip
