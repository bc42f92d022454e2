"""Values that people hold, at any depth of a call's data."""

from __future__ import annotations

import subprocess
import sys
import timeit
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from gradwire.app.api_info import build_api_info
from gradwire.app.config import parse_config
from gradwire.app.endpoint import Endpoint
from gradwire.app.schema import type_text
from gradwire.data.inputs import FileInput
from gradwire.data.json import encode
from gradwire.data.walk import collect_files
from gradwire.errors import InvalidArgumentError


def endpoint(*kinds: str, **props: Any) -> Endpoint:
    """Return an endpoint with an input of each kind of component."""
    config = {
        "protocol": "sse_v3",
        "components": [
            {"id": number, "type": kind, "props": {"label": kind, **props}}
            for number, kind in enumerate(kinds)
        ],
        "dependencies": [
            {"id": 0, "api_name": "fn", "inputs": list(range(len(kinds))), "outputs": []}
        ],
    }
    parsed = parse_config(config, "http://h/config")
    return build_api_info(parsed, None, "http://h/info").find("/fn")


def sent(given: Any, kind: str = "json", **props: Any) -> Any:
    """Return what becomes of a value that goes into a component."""
    values, files = collect_files([given], endpoint=endpoint(kind, **props))
    assert not files
    encode(values)
    return values[0]


def uploaded(value: Any, kind: str) -> bytes:
    values, files = collect_files([value], endpoint=endpoint(kind))
    assert files == (values[0],)
    return b"".join(files[0].chunks())


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


class Word(StrEnum):
    YES = "yes"


@dataclass
class Point:
    x: Any
    y: Any


class TestPython:
    def test_enums_are_their_values(self) -> None:
        assert sent([Colour.RED, {"size": Size.BIG}, Word.YES]) == ["red", {"size": 3}, "yes"]
        assert type(sent(Word.YES)) is str

    def test_dataclasses_are_objects_and_lose_no_file(self) -> None:
        file = FileInput(b"x")
        values, files = collect_files([Point(1, [Point(file, b"y")])])
        assert values[0]["x"] == 1
        assert values[0]["y"][0] == {"x": files[0], "y": files[1]}
        assert files[0] is file

    def test_a_dataclass_that_contains_itself(self) -> None:
        point = Point(1, None)
        point.y = point
        with pytest.raises(InvalidArgumentError, match="contains itself"):
            collect_files([point])

    def test_the_class_of_a_dataclass_is_no_value(self) -> None:
        with pytest.raises(InvalidArgumentError, match="cannot be sent as JSON"):
            encode(collect_files([Point])[0])

    def test_moments(self) -> None:
        moment = datetime(2024, 1, 2, 3, 4, 5)
        assert sent(moment) == "2024-01-02T03:04:05"
        assert sent(moment.replace(tzinfo=UTC)) == "2024-01-02T03:04:05+00:00"
        assert sent(moment.date()) == "2024-01-02"
        assert sent([pd.Timestamp(moment), pd.NaT, pd.NA]) == ["2024-01-02T03:04:05", None, None]

    def test_moments_for_a_date_time_component(self) -> None:
        moment = datetime(2024, 1, 2, 3, 4, 5, 6)
        assert sent(moment, "datetime") == "2024-01-02 03:04:05"
        assert sent(date(2024, 1, 2), "datetime") == "2024-01-02 00:00:00"
        with pytest.raises(InvalidArgumentError, match=r"no time zone.*\(in data\[0\]\)"):
            sent(moment.replace(tzinfo=UTC), "datetime")


class TestNumbers:
    def test_of_numpy(self) -> None:
        values = [np.float32(0.5), np.int64(3), np.bool_(True), np.str_("a"), np.float64(2)]
        assert sent(values) == [0.5, 3, True, "a", 2.0]
        assert all(type(value) in (float, int, bool, str) for value in sent(values))

    def test_arrays_are_lists(self) -> None:
        assert sent({"a": np.eye(2, dtype=int)}) == {"a": [[1, 0], [0, 1]]}
        assert sent(np.array([1.5, np.nan]), "slider")[0] == 1.5
        assert sent(np.array(7)) == 7

    def test_dates_of_numpy(self) -> None:
        days = np.array(["2024-01-02", "NaT"], dtype="datetime64[ns]")
        assert sent(days) == ["2024-01-02T00:00:00", None]

    def test_a_pair_is_only_a_sound_where_one_can_be(self) -> None:
        assert sent((5, np.arange(2))) == [5, [0, 1]]

    def test_what_has_no_json_is_still_refused(self) -> None:
        with pytest.raises(InvalidArgumentError, match="cannot be sent as JSON"):
            sent(np.array([1j]))


class TestPlaces:
    """What an array is depends on where it goes."""

    pixels = np.zeros((2, 3, 3), np.uint8)

    @pytest.mark.parametrize("kind", ["image", "imageeditor", "chatbot", "multimodaltextbox"])
    def test_pictures(self, kind: str) -> None:
        assert uploaded(self.pixels, kind).startswith(b"\x89PNG")

    def test_at_any_depth(self) -> None:
        data = [[(self.pixels, "caption"), (Image.new("L", (1, 1)), None)]]
        values, files = collect_files(data, endpoint=endpoint("gallery"))
        assert values == [[[files[0], "caption"], [files[1], None]]]
        layers = {"background": self.pixels, "layers": [self.pixels], "composite": None}
        values, files = collect_files([layers], endpoint=endpoint("imageeditor"))
        assert len(files) == 1, "the same array is sent once"

    def test_an_image_is_a_file_everywhere(self) -> None:
        image = Image.new("RGB", (2, 2))
        for kind in ("json", "image", "file"):
            assert uploaded(image, kind).startswith(b"\x89PNG")
        (file,) = collect_files({"a": image})[1]
        assert (file.name, file.mime_type) == ("image.png", "image/png")

    @pytest.mark.parametrize("kind", ["audio", "chatbot"])
    def test_sounds(self, kind: str) -> None:
        pair = (8000, np.zeros(4, np.int16))
        assert uploaded(pair, kind).startswith(b"RIFF")
        values, files = collect_files([[pair, pair]], endpoint=endpoint(kind))
        assert values == [[files[0], files[0]]]
        assert uploaded((np.int64(8000), pair[1]), kind).startswith(b"RIFF")

    def test_the_array_alone_is_no_sound(self) -> None:
        with pytest.raises(InvalidArgumentError, match=r"pair \(rate, array\).*\(in data\[0\]\)"):
            sent(np.zeros(4), "audio")

    @pytest.mark.parametrize("kind", ["file", "video"])
    def test_an_array_is_no_file(self, kind: str) -> None:
        with pytest.raises(InvalidArgumentError, match="write it to a file"):
            sent(self.pixels, kind)

    @pytest.mark.parametrize(("title", "kind"), [("FileData", bytes), ("Other", list)])
    def test_a_component_of_the_apps_own(self, title: str, kind: type) -> None:
        """Where its schema says that it takes files, an array is a picture."""
        schema = {"type": "object", "title": title, "properties": {"path": {"type": "string"}}}
        plain = endpoint("mine")
        mine = replace(plain, parameters=(replace(plain.parameters[0], type=type_text(schema)),))
        values, files = collect_files([self.pixels], endpoint=mine)
        assert len(files) == (kind is bytes)
        assert isinstance(values[0], FileInput if files else list)

    def test_hidden_places_do_not_count(self) -> None:
        values, files = collect_files([None, self.pixels], endpoint=endpoint("state", "image"))
        assert values == [None, files[0]]


class TestTables:
    @pytest.mark.parametrize("kind", ["dataframe", "json"])
    def test_frames(self, kind: str) -> None:
        table = {"headers": ["a", "b"], "data": [[1, "x"], [None, "y"]]}
        assert sent(pd.DataFrame({"a": [1, None], "b": ["x", "y"]}), kind) == table
        assert sent(pl.DataFrame({"a": [1, None], "b": ["x", "y"]}), kind) == table

    def test_columns(self) -> None:
        for column in (pd.Series([1, 2], name="n"), pl.Series("n", [1, 2])):
            assert sent(column) == [1, 2]
            assert sent(column, "dataframe") == {"headers": ["n"], "data": [[1], [2]]}
        assert sent(pd.Index(["a", "b"])) == ["a", "b"]

    def test_arrays(self) -> None:
        rows = np.array([[1, 2], [3, 4]])
        assert sent(rows, "dataframe") == {"headers": ["1", "2"], "data": [[1, 2], [3, 4]]}
        value = {"headers": ["x", "y"], "data": [["", ""]]}
        assert sent(rows, "dataframe", value=value)["headers"] == ["x", "y"]
        assert sent(rows[0], "dataframe") == {"headers": ["1"], "data": [[1], [2]]}
        with pytest.raises(InvalidArgumentError, match=r"shape \(1, 1, 1\)"):
            sent(np.zeros((1, 1, 1)), "dataframe")

    def test_cells_of_all_kinds(self) -> None:
        frame = pd.DataFrame(
            {
                "when": [pd.Timestamp("2024-01-02"), pd.NaT],
                "kind": pd.Categorical(["x", None]),
                "whole": pd.array([1, None], dtype="Int64"),
                "flag": [True, False],
                "list": [np.arange(2), [Size.BIG]],
                7: [np.nan, 0.5],
            }
        )
        assert sent(frame, "dataframe") == {
            "headers": ["when", "kind", "whole", "flag", "list", "7"],
            "data": [
                ["2024-01-02T00:00:00", "x", 1, True, [0, 1], None],
                [None, None, None, False, [3], 0.5],
            ],
        }
        assert sent(pl.DataFrame({"day": [date(2024, 1, 2)], "all": [[1, 2]]})) == {
            "headers": ["day", "all"],
            "data": [["2024-01-02", [1, 2]]],
        }


def test_nothing_is_imported_for_it() -> None:
    code = """
        import sys
        from enum import Enum
        from gradwire.client import sync, async_client
        from gradwire.data.walk import collect_files
        collect_files([object(), Enum("E", "a").a, (1, object()), {1}])
        print(sorted({"numpy", "PIL", "pandas", "polars", "soundfile"} & sys.modules.keys()))
    """
    program = "\n".join(line.strip() for line in code.splitlines())
    shown = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


def test_a_library_that_is_only_half_loaded_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numpy", "pandas", "polars", "PIL.Image"):
        monkeypatch.setitem(sys.modules, name, type(sys)(name))
    value = [object(), (1, object())]
    assert collect_files(value)[0][0] is value[0]


def test_a_path_is_still_a_file() -> None:
    assert collect_files([Path("a")])[1][0].source == Path("a")


def test_a_large_frame_takes_no_minute() -> None:
    frame = pd.DataFrame(np.zeros((100_000, 10)))
    assert timeit.timeit(lambda: collect_files([frame]), number=1) < 5  # about 0.2
