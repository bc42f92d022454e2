"""Files in data and in outputs: what is found at any depth, and what stays the same object."""

from __future__ import annotations

import copy
import io
import timeit
from collections import OrderedDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import META, NEW, WITHOUT_MARK

from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput, handle_file
from gradwire.data.walk import MAX_DEPTH, collect_files, parse_outputs, replace_files
from gradwire.errors import InvalidArgumentError

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
json_values = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


class TestCollect:
    @given(json_values)
    def test_data_without_files_is_returned_itself(self, data: Any) -> None:
        assert collect_files(data) == (data, ())
        assert collect_files(data)[0] is data
        assert replace_files(data, pytest.fail) is data

    def test_all_kinds_at_any_depth(self) -> None:
        sources: list[Any] = [
            Path("a"),
            b"b",
            bytearray(b"c"),
            memoryview(b"d"),
            io.BytesIO(b"e"),
            FileInput(b"f"),
        ]
        rest = {"keep": [1, "x.png"]}
        data = [sources[0], {"image": sources[1], "layers": [{"deep": sources[2:]}]}, rest]
        collected, files = collect_files(data)
        assert [file.source for file in files[:5]] == sources[:5]
        assert files[5] is sources[5]
        assert collected[2] is rest
        assert data[0] is sources[0]
        uploaded = {file: FileData(path=f"/{i}") for i, file in enumerate(files)}
        sent = replace_files(collected, lambda file: uploaded[file].to_dict())
        assert sent[0]["path"] == "/0"
        assert sent[1]["layers"][0]["deep"][3]["path"] == "/5"
        assert sent[2] is rest

    def test_a_text_is_never_a_file(self) -> None:
        data = [__file__, {"path": __file__}]
        assert collect_files(data) == (data, ())

    def test_the_same_object_is_uploaded_once(self) -> None:
        image, file = b"x" * 10, FileInput(b"y")
        collected, files = collect_files([image, [image], file, {"a": file}])
        assert len(files) == 2
        assert collected[0] is collected[1][0] is files[0]
        assert len(collect_files([FileInput(b"y"), FileInput(b"y")])[1]) == 2

    def test_file_data_becomes_its_object(self) -> None:
        assert collect_files([FileData(path="./a.pdf")]) == (
            [FileData(path="./a.pdf").to_dict()],
            (),
        )
        assert collect_files(handle_file("http://h/a"))[0]["meta"] == META

    def test_a_single_file(self) -> None:
        collected, files = collect_files(b"x")
        assert collected is files[0]
        assert replace_files(collected, {files[0]: "/x"}.__getitem__) == "/x"

    def test_other_containers(self) -> None:
        ordered: OrderedDict[str, Any] = OrderedDict(a=1)
        assert collect_files((1, (2, b"")))[0][1][0] == 2
        assert collect_files((1, 2))[0] == [1, 2]
        assert collect_files(MappingProxyType({"a": (1,)}))[0] == {"a": [1]}
        assert collect_files(ordered)[0] is ordered

    def test_what_is_not_known_stays(self) -> None:
        data = [{1, 2}, object(), 1j]
        assert collect_files(data)[0] is data

    def test_numbers_and_texts_of_other_classes(self) -> None:
        class Colour(str):
            pass

        data = [Colour("a.png"), {Colour("k"): 1}]
        assert collect_files(data) == (data, ())

    def test_keys(self) -> None:
        with pytest.raises(InvalidArgumentError, match=r"data\[0\]\['a'\] has 1, of type int"):
            collect_files([{"a": {1: 2}}])

    def test_text_mode_says_where(self) -> None:
        with pytest.raises(InvalidArgumentError, match=r"'rb' \(in data\['doc'\]\[1\]\)"):
            collect_files({"doc": [0, io.StringIO("x")]})

    def test_data_that_contains_itself(self) -> None:
        loop: list[Any] = []
        loop += [loop, loop]
        knot: dict[str, Any] = {}
        knot["again"] = (knot,)
        for data in (loop, knot):
            with pytest.raises(InvalidArgumentError, match="contains itself"):
                collect_files(data)

    def test_deep_data(self) -> None:
        data: Any = b"x"
        for _ in range(MAX_DEPTH):
            data = [data]
        assert len(collect_files(data)[1]) == 1

    def test_a_missing_upload(self) -> None:
        with pytest.raises(KeyError):
            replace_files([FileInput(b"x")], {}.__getitem__)

    def test_plain_data_costs_next_to_nothing(self) -> None:
        data = ["a", 1, 2.0, None]
        best = min(timeit.repeat(lambda: collect_files(data), number=1000, repeat=5))
        assert best / 1000 < 20e-6  # about 0.5 µs; the bound leaves room for slow machines


class TestOutputs:
    def test_every_file_at_any_depth(self) -> None:
        same = {"x": [1, 2]}
        value = ["t", NEW, [{"image": WITHOUT_MARK, "caption": None}], same]
        before = copy.deepcopy(value)
        parsed = parse_outputs(value, FileData.from_dict)
        assert parsed[1] == FileData.from_dict(NEW)
        assert parsed[2][0] == {"image": FileData.from_dict(WITHOUT_MARK), "caption": None}
        assert parsed[3] is same
        assert value == before

    def test_the_output_itself(self) -> None:
        assert parse_outputs(NEW, FileData.from_dict) == FileData.from_dict(NEW)

    @given(json_values)
    def test_without_files_it_is_returned_itself(self, value: Any) -> None:
        assert parse_outputs(value, FileData.from_dict) is value

    def test_an_apps_own_json_stays(self) -> None:
        value = [{"path": "/a", "url": "u", "orig_name": "n"}]
        assert parse_outputs(value, FileData.from_dict) is value

    def test_very_deep_outputs_do_not_crash(self) -> None:
        value: Any = NEW
        for _ in range(5000):
            value = [value]
        assert parse_outputs(value, FileData.from_dict) is value


class Given(FileData):
    """A file that a client gave out."""

    __slots__ = ()


def test_a_local_file_that_only_a_text_names_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    mark = {"_type": "gradio.FileData"}
    for wrong in (FileData("a.txt"), {"path": "a.txt", "meta": mark}):
        with pytest.raises(InvalidArgumentError, match=r"data\[0\]\['f'\] names the local file"):
            collect_files([{"f": wrong}])
    for right in (
        FileData("a.txt", url="http://h/file=a.txt"),
        FileData("b.txt"),
        FileData(str(tmp_path / "a.txt")),
        FileData("https://h/a.txt"),
        Given("a.txt"),
        {"path": "a.txt", "url": "http://h/file=a.txt", "meta": mark},
        {"path": "b.txt", "meta": mark},
        {"path": "a.txt", "meta": "x"},
        {"path": "a.txt"},
        "a.txt",
    ):
        assert collect_files([right])[1] == ()
