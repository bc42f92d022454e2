"""`FileData`: what is sent, what is read, and what is taken for one."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from samples import META, NEW, WITHOUT_MARK

from gradwire.data.files import FileData, TransferProgress, is_file_object, may_hold_files
from gradwire.errors import InvalidArgumentError


class TestFileData:
    def test_wire_object(self) -> None:
        assert FileData(path="/a").to_dict() == {
            "path": "/a",
            "url": None,
            "orig_name": None,
            "size": None,
            "mime_type": None,
            "is_stream": False,
            "meta": META,
        }
        assert FileData(path="/a", alt_text="a cat").to_dict()["alt_text"] == "a cat"

    def test_round_trip(self) -> None:
        assert FileData.from_dict(NEW).to_dict() == NEW

    def test_what_a_server_says_wrong_becomes_the_default(self) -> None:
        odd: dict[str, Any] = {
            "path": None,
            "size": "7",
            "is_stream": None,
            "meta": [],
            "url": 1,
            "more": 2,
        }
        assert FileData.from_dict(odd) == FileData(path="")

    @pytest.mark.parametrize("wrong", [{"path": Path("a")}, {"path": "a", "size": "1"}])
    def test_wrong_types(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgumentError, match="FileData"):
            FileData(**wrong)

    def test_frozen(self) -> None:
        with pytest.raises(AttributeError):
            FileData(path="a").path = "b"  # type: ignore[misc]

    def test_the_mark_is_not_shared(self) -> None:
        one = FileData(path="a").to_dict()
        one["meta"]["x"] = 1
        assert FileData(path="a").to_dict()["meta"] == META

    def test_equality_and_hash(self) -> None:
        assert FileData(path="a", size=1) == FileData(path="a", size=1)
        assert FileData(path="a", size=1) != FileData(path="a", size=2)
        assert FileData(path="a") != "a"
        assert len({FileData(path="a"), FileData(path="a"), FileData(path="b")}) == 2

    def test_copies(self) -> None:
        file = FileData(path="a", orig_name="b")
        assert pickle.loads(pickle.dumps(file)) == file == copy.deepcopy(file)

    def test_a_plain_subclass_can_hold_more(self) -> None:
        class Bound(FileData):
            __slots__ = ("_client",)
            _client: object

        bound = Bound.from_dict(NEW)
        object.__setattr__(bound, "_client", self)
        assert bound._client is self
        assert bound == FileData.from_dict(NEW)
        assert bound.to_dict() == NEW
        assert not hasattr(bound, "__dict__")

    def test_a_dataclass_can_hold_more(self) -> None:
        @dataclass(frozen=True, slots=True, eq=False)
        class Bound(FileData):
            client: object = field(default=None, repr=False, kw_only=True)

        bound = Bound.from_dict(NEW, client=self)
        assert bound.client is self
        assert bound == FileData.from_dict(NEW)
        assert hash(bound) == hash(FileData.from_dict(NEW))
        assert bound.to_dict() == NEW


@pytest.mark.parametrize(
    ("value", "is_file"),
    [
        (NEW, True),
        ({"path": "/a", "meta": META}, True),
        (WITHOUT_MARK, True),
        ({**WITHOUT_MARK, "is_stream": False}, True),
        ({**WITHOUT_MARK, "path": None}, False),
        ({**WITHOUT_MARK, "colour": "red"}, False),
        ({"path": "/a", "url": "b", "orig_name": "c"}, False),
        ({"path": "/a"}, False),
        ({"path": "/a", "meta": {"_type": "other"}}, False),
        ({**WITHOUT_MARK, "meta": {}}, False),
        ({"meta": META}, False),
        ("/a", False),
        (None, False),
    ],
)
def test_is_file_object(value: object, is_file: bool) -> None:
    assert is_file_object(value) is is_file


def test_progress() -> None:
    assert TransferProgress("a", 1, 4).fraction == 0.25
    assert TransferProgress("a", 5, 4).fraction == 1.0
    assert TransferProgress("a", 0, 0).fraction == 1.0
    assert TransferProgress("a", 1, None).fraction is None


@pytest.mark.parametrize("obj", [NEW, WITHOUT_MARK])
def test_text_with_a_file_object_may_hold_one(obj: dict[str, Any]) -> None:
    text = json.dumps([{"a": [obj]}]).encode()
    assert may_hold_files(text)
    assert may_hold_files(msgspec.Raw(text))
    for letter in "path":
        escaped = '"path"'.replace(letter, f"\\u{ord(letter):04x}")
        assert may_hold_files(text.replace(b'"path"', escaped.encode()))


@pytest.mark.parametrize("value", ["path", 'a "path" b', {"paths": 1}, ["é\n"], {}, [[1, 2]]])
def test_text_without_one_need_not_be_searched(value: Any) -> None:
    text = msgspec.json.encode(value if isinstance(value, dict) else [value])
    assert may_hold_files(text) == (value == "path")
