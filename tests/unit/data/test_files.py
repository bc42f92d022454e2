"""Files in data and outputs: what is found, what is sent, where it can be fetched."""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import os
import pickle
import tempfile
import timeit
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.data.files import (
    CHUNK_SIZE,
    MAX_DEPTH,
    FileData,
    FileInput,
    TransferProgress,
    collect_files,
    file_url,
    handle_file,
    is_file_object,
    parse_outputs,
    replace_files,
)
from gradwire.errors import InvalidArgumentError, LocalFileNotFoundError, UploadError

META = {"_type": "gradio.FileData"}
NEW = {
    "path": "/tmp/a.txt",
    "url": "http://h/gradio_api/file=/tmp/a.txt",
    "size": None,
    "orig_name": "a.txt",
    "mime_type": None,
    "is_stream": False,
    "meta": META,
}
WITHOUT_MARK = {"path": "/t/a", "url": None, "size": 14, "orig_name": "a", "mime_type": None}


class Pipe(io.RawIOBase):
    """A source that cannot seek."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._content.read(size)


def file_input(x: Any, **options: Any) -> FileInput:
    result = handle_file(x, **options)
    assert isinstance(result, FileInput)
    return result


def content(file: FileInput, **options: Any) -> bytes:
    return b"".join(file.chunks(**options))


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


class TestHandleFile:
    def test_nothing_is_touched(self) -> None:
        assert file_input("/no/such/cat.png").name == "cat.png"

    def test_url(self) -> None:
        url = "HTTPS://host/a/my%20cat.png?x=1#y"
        file = handle_file(url)
        assert file == FileData(path=url, url=url, orig_name="my cat.png")
        assert handle_file("http://host") == FileData(path="http://host", url="http://host")
        named = handle_file("http://h/a", name="b.png", mime_type="image/png")
        assert isinstance(named, FileData)
        assert (named.orig_name, named.mime_type) == ("b.png", "image/png")

    def test_names_and_types(self, tmp_path: Path) -> None:
        assert file_input(Path("a/b c.png")).name == "b c.png"
        assert file_input("b c.png").mime_type == "image/png"
        assert file_input("noext").mime_type is None
        assert file_input("a.png", name="b.jpg").mime_type == "image/jpeg"
        assert file_input("a.png", mime_type="x/y").mime_type == "x/y"
        assert (file_input(b"x").name, file_input(b"x").mime_type) == ("file", None)
        assert file_input(b"x", name="a.wav").name == "a.wav"
        with open(tmp_path / "c.gif", "w+b") as file:
            assert file_input(file).name == "c.gif"
        with os.fdopen(os.open(tmp_path / "d", os.O_CREAT | os.O_RDONLY), "rb") as file:
            assert file_input(file).name == "file"

    @pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX only")
    def test_a_name_that_is_not_utf8(self, tmp_path: Path) -> None:
        path = os.fsencode(tmp_path) + b"/\xff.png"
        try:
            Path(os.fsdecode(path)).write_bytes(b"x")
        except OSError:
            pytest.skip("the file system takes UTF-8 only")
        file = file_input(os.fsdecode(path))
        assert file.name == "_.png"
        assert content(file) == b"x"

    def test_passes_through(self) -> None:
        for file in (FileData(path="a"), FileInput(b"x")):
            assert handle_file(file) is file
            with pytest.raises(InvalidArgumentError):
                handle_file(file, name="b")

    @pytest.mark.parametrize("wrong", [None, 1, {}, [b"x"], io.BytesIO, "", "a\0b"])
    def test_anything_else(self, wrong: Any) -> None:
        with pytest.raises(InvalidArgumentError):
            handle_file(wrong)

    def test_the_message_says_what_is_taken(self) -> None:
        with pytest.raises(InvalidArgumentError, match=r"path .*URL.*bytes.*not dict"):
            handle_file({})  # type: ignore[arg-type]

    def test_a_bad_url(self) -> None:
        with pytest.raises(InvalidArgumentError, match="not a URL"):
            handle_file("http://[::1/a")

    @pytest.mark.parametrize(
        "options",
        [
            {"name": ""},
            {"name": 1},
            {"name": "a\0"},
            {"name": "x" * 2000},
            {"mime_type": "png"},
            {"mime_type": "a/b\r\nX: 1"},
            {"on_progress": 1},
        ],
    )
    def test_wrong_options(self, options: dict[str, Any]) -> None:
        for source in ("a.png", "http://h/a.png"):
            with pytest.raises(InvalidArgumentError):
                handle_file(source, **options)

    def test_text_mode(self) -> None:
        with tempfile.NamedTemporaryFile("w+") as wrapped:
            for file in (io.StringIO("x"), wrapped):
                with pytest.raises(InvalidArgumentError, match="mode 'rb'"):
                    handle_file(file)  # type: ignore[arg-type]

    def test_asynchronous_files(self) -> None:
        class Upload:
            async def read(self, size: int = -1) -> bytes:
                return b""

        with pytest.raises(InvalidArgumentError, match="asynchronous"):
            handle_file(Upload())  # type: ignore[arg-type]


class TestPaths:
    def test_size_and_content(self, tmp_path: Path) -> None:
        path = tmp_path / "a b#ü"
        path.write_bytes(b"x" * (CHUNK_SIZE + 1))
        file = file_input(path)
        assert file.check() == CHUNK_SIZE + 1
        assert [len(piece) for piece in file.chunks()] == [CHUNK_SIZE, 1]
        assert content(file, size=1000) == path.read_bytes()
        assert not file.blocking

    def test_empty(self, tmp_path: Path) -> None:
        (tmp_path / "e").touch()
        file = file_input(tmp_path / "e")
        assert file.check() == 0
        assert content(file, expected=0) == b""

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            ("no-such-file", "no-such-file"),
            ("~/cat.png", "expanduser"),
            ("ftp://host/cat.png", "only http and https"),
        ],
    )
    def test_missing(self, path: str, hint: str) -> None:
        with pytest.raises(LocalFileNotFoundError, match=hint):
            file_input(path).check()
        with pytest.raises(FileNotFoundError):
            content(file_input(path))

    def test_below_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a").touch()
        with pytest.raises(LocalFileNotFoundError):
            file_input(tmp_path / "a" / "b").check()

    def test_directory(self, tmp_path: Path) -> None:
        with pytest.raises(UploadError, match="directory"):
            file_input(tmp_path).check()

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs POSIX permissions")
    def test_unreadable(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.touch(mode=0)
        with pytest.raises(UploadError, match="Permission denied"):
            file_input(path).check()

    def test_unreadable_as_the_system_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        file = file_input(__file__)
        monkeypatch.setattr("builtins.open", refuse)
        with pytest.raises(UploadError, match="Permission denied"):
            file.check()

    def test_a_file_that_grew_is_sent_as_announced(self, tmp_path: Path) -> None:
        path = tmp_path / "log"
        path.write_bytes(b"12345")
        file = file_input(path)
        size = file.check()
        path.write_bytes(b"1234567890")
        assert content(file, size=3, expected=size) == b"12345"

    def test_a_file_that_shrank_is_an_error(self, tmp_path: Path) -> None:
        path = tmp_path / "log"
        path.write_bytes(b"12")
        with pytest.raises(UploadError, match="3 bytes shorter"):
            content(file_input(path), expected=5)

    def test_closed_when_the_reader_stops_early(self, monkeypatch: pytest.MonkeyPatch) -> None:
        opened: list[Any] = []
        real_open = open

        def remember(*args: Any, **options: Any) -> Any:
            opened.append(real_open(*args, **options))
            return opened[-1]

        monkeypatch.setattr("builtins.open", remember)
        pieces = file_input(__file__).chunks(10)
        assert not opened
        with contextlib.closing(pieces):
            next(pieces)
            assert not opened[0].closed
        assert opened[0].closed

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
    def test_a_pipe_has_no_size(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        file = file_input(tmp_path / "pipe")
        assert file.check() is None
        assert file.blocking

    @pytest.mark.skipif(not os.path.exists("/proc/version"), reason="needs /proc")
    def test_a_file_that_hides_its_size(self) -> None:
        file = file_input("/proc/version")
        assert file.check() is None
        assert content(file)


class TestBuffers:
    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    @given(data=st.binary(max_size=30), size=st.integers(1, 40))
    def test_any(self, kind: Any, data: bytes, size: int) -> None:
        file = file_input(kind(data))
        assert file.check() == len(data)
        assert content(file, size=size) == data
        assert not file.blocking

    def test_views_of_other_shapes(self) -> None:
        words = memoryview(b"abcdefgh").cast("H")
        strided = memoryview(b"abcdef")[::2]
        assert (file_input(words).check(), content(file_input(words))) == (8, b"abcdefgh")
        assert (file_input(strided).check(), content(file_input(strided))) == (3, b"ace")

    def test_a_released_view(self) -> None:
        view = memoryview(b"x")
        view.release()
        with pytest.raises(UploadError):
            file_input(view).check()

    def test_a_bytearray_can_grow_afterwards(self) -> None:
        data = bytearray(b"ab")
        assert content(file_input(data)) == b"ab"
        data += b"c"


class TestOpenFiles:
    def test_read_from_where_it_stands_and_set_back(self) -> None:
        buffer = io.BytesIO(b"0123456789")
        buffer.seek(4)
        file = file_input(buffer)
        assert file.check() == 6
        assert content(file) == content(file) == b"456789"
        assert buffer.tell() == 4

    def test_set_back_when_the_reader_stops_early(self) -> None:
        buffer = io.BytesIO(b"0123456789")
        with contextlib.closing(file_input(buffer).chunks(3)) as pieces:
            next(pieces)
        assert buffer.tell() == 0

    def test_wrappers_are_files(self, tmp_path: Path) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"abc")
            file.seek(0)
            assert content(file_input(file)) == b"abc"
        with gzip.open(tmp_path / "z", "wb") as packed:
            packed.write(b"abc")
        with gzip.open(tmp_path / "z") as packed:
            assert content(file_input(packed)) == b"abc"

    def test_what_cannot_seek_is_sent_once(self) -> None:
        file = file_input(Pipe(b"abc"))
        assert file.check() is None
        assert content(file) == b"abc"
        with pytest.raises(UploadError, match="again"):
            file.check()

    def test_blocking(self, tmp_path: Path) -> None:
        assert file_input(Pipe(b"")).blocking
        assert not file_input(io.BytesIO()).blocking

    def test_closed(self) -> None:
        buffer = io.BytesIO(b"x")
        file = file_input(buffer)
        buffer.close()
        with pytest.raises(UploadError, match="closed"):
            file.check()

    def test_closed_while_it_is_read(self) -> None:
        buffer = io.BytesIO(b"0123456789")
        pieces = file_input(buffer).chunks(3)
        next(pieces)
        buffer.close()
        with pytest.raises(UploadError):
            list(pieces)

    def test_write_only(self, tmp_path: Path) -> None:
        with open(tmp_path / "a", "wb") as file, pytest.raises(UploadError, match="writing only"):
            file_input(file).check()

    @pytest.mark.parametrize("piece", ["text", None, 3])
    def test_read_gives_no_bytes(self, piece: Any) -> None:
        class Odd:
            def read(self, size: int) -> Any:
                return piece

        with pytest.raises(UploadError, match="not bytes"):
            content(file_input(Odd()))

    def test_uploaded(self) -> None:
        file = file_input(b"abc", name="a.png")
        assert file.uploaded("/srv/a.png", size=3) == FileData(
            path="/srv/a.png", orig_name="a.png", size=3, mime_type="image/png"
        )
        assert "a.png" in repr(file)


def test_progress() -> None:
    assert TransferProgress("a", 1, 4).fraction == 0.25
    assert TransferProgress("a", 5, 4).fraction == 1.0
    assert TransferProgress("a", 0, 0).fraction == 1.0
    assert TransferProgress("a", 1, None).fraction is None


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
json_values = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


class TestCollect:
    @given(json_values)
    def test_data_without_files_is_returned_itself(self, data: Any) -> None:
        assert collect_files(data) == (data, ())
        assert collect_files(data)[0] is data
        assert replace_files(data, {}) is data

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
        sent = replace_files(collected, uploaded)
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
        assert replace_files(collected, {files[0]: FileData(path="/x")})["path"] == "/x"

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
            replace_files([FileInput(b"x")], {})

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


BASE = "https://pub.example/sub"
INSIDE = "http://internal:7860/sub"
G = "/gradio_api"


def obj(path: str = "", url: str | None = None, is_stream: bool = False) -> dict[str, Any]:
    return {"path": path, "url": url, "is_stream": is_stream, "meta": META}


@pytest.mark.parametrize(
    ("file", "prefix", "root", "url"),
    [
        # Files of the server: from the path, whatever the server takes for its address.
        (obj("/tmp/a.txt"), G, "", f"{BASE}{G}/file=/tmp/a.txt"),
        (obj("/tmp/a.txt", "/file=/tmp/a.txt"), "", "/sub", f"{BASE}/file=/tmp/a.txt"),
        (obj("/tmp/a", f"{INSIDE}{G}/file=/tmp/a"), G, INSIDE, f"{BASE}{G}/file=/tmp/a"),
        (obj("/tmp/a", f"{INSIDE}{G}/file=/tmp/a"), G, "", f"{BASE}{G}/file=/tmp/a"),
        (obj("/t/a", "https,http://x/s/file=/t/a"), "", "https,http://x/s", f"{BASE}/file=/t/a"),
        (obj("/t/a b#ü%?.txt"), G, "", f"{BASE}{G}/file=/t/a%20b%23%C3%BC%25%3F.txt"),
        (obj("/t/a%20b"), G, "", f"{BASE}{G}/file=/t/a%2520b"),
        (obj("C:\\Users\\a b.png"), G, "", f"{BASE}{G}/file=C%3A%5CUsers%5Ca%20b.png"),
        (obj("rel/a.png"), G, "", f"{BASE}{G}/file=rel/a.png"),
        (obj("/tmp/../etc/./x"), G, "", f"{BASE}{G}/file=/etc/x"),
        (obj("/../../x"), G, "", f"{BASE}{G}/file=/x"),
        (obj("/t/\ud800"), G, "", f"{BASE}{G}/file=/t/%3F"),
        (obj("/data/stream/a.mp4", "http://i/file=/data/stream/a.mp4"), "", "http://i",
         f"{BASE}/file=/data/stream/a.mp4"),
        (obj("/data/stream/a.mp4", "http://j/stream/app/file=/data/stream/a.mp4"), "", "",
         f"{BASE}/file=/data/stream/a.mp4"),
        (obj(f"{G}/file=/t/a b"), G, "", f"{BASE}{G}/file=/t/a%20b"),
        # Streams
        (obj("h/r/1/playlist.m3u8", f"{INSIDE}{G}/stream/h/r/1/playlist.m3u8", True), G, INSIDE,
         f"{BASE}{G}/stream/h/r/1/playlist.m3u8"),
        (obj("h/r/1/playlist.m3u8", "http://i/stream/h/r/1/playlist.m3u8?__sign=x", True), "", "",
         f"{BASE}/stream/h/r/1/playlist.m3u8?__sign=x"),
        (obj("h/r/1/playlist.m3u8", "http://i/stream/h/r/1/playlist.m3u8"), "", "",
         f"{BASE}/stream/h/r/1/playlist.m3u8"),
        (obj("h/r/1/playlist.m3u8", None, True), G, "", f"{BASE}{G}/stream/h/r/1/playlist.m3u8"),
        (obj("https://cdn/live.m3u8", "https://cdn/live.m3u8", True), G, INSIDE,
         "https://cdn/live.m3u8"),
        # A file of an app that this app has loaded goes through this app.
        (obj("/t/a b", f"{INSIDE}{G}/proxy=https://x.hf.space{G}/file=/t/a%20b"), G, INSIDE,
         f"{BASE}{G}/proxy=https://x.hf.space{G}/file=/t/a%20b"),
        (obj("https://x.hf.space/a", f"{G}/proxy=https://x.hf.space/a"), G, "",
         f"{BASE}{G}/proxy=https://x.hf.space/a"),
        # Addresses of other places
        (obj("https://cdn/a b.png?x=1#y"), G, INSIDE, "https://cdn/a%20b.png?x=1#y"),
        (obj("https://cdn/a%20b.png", "https://cdn/a%20b.png"), G, INSIDE, "https://cdn/a%20b.png"),
        (obj("https://cdn/100%.png"), G, INSIDE, "https://cdn/100%25.png"),
        (obj("http://internal:78600/a"), G, "http://internal:7860", "http://internal:78600/a"),
        # The app's own address given as one
        (obj(f"{INSIDE}{G}/file=/t/a"), G, INSIDE, f"{BASE}{G}/file=/t/a"),
        (obj(f"{BASE}{G}/file=/t/a"), G, INSIDE, f"{BASE}{G}/file=/t/a"),
        # Only a url
        (obj(url=f"{INSIDE}/file=/t/a b"), "", INSIDE, f"{BASE}/file=/t/a%20b"),
        (obj(url="/file=/t/a"), "", "", f"{BASE}/file=/t/a"),
        (obj(url="https://cdn/a"), G, INSIDE, "https://cdn/a"),
        # Nothing that can be fetched
        (obj(), G, INSIDE, None),
        (obj(url="data:text/plain,x"), G, INSIDE, None),
        (obj("http://a b/c"), G, INSIDE, None),
        (obj("http://"), G, INSIDE, None),
        (obj(url="/../other-app/secret"), G, INSIDE, None),
        (obj(url=f"{INSIDE}/%2e%2e/other"), G, INSIDE, None),
        (obj("h/p.m3u8", f"{INSIDE}{G}/stream/../../../other", True), G, INSIDE, None),
        ({"path": 1, "url": ["x"]}, G, INSIDE, None),
        ({}, G, INSIDE, None),
    ],
)  # fmt: skip
def test_file_url(file: dict[str, Any], prefix: str, root: str, url: str | None) -> None:
    assert file_url(file, BASE, prefix, root) == url
    assert file_url(file, f"{BASE}/", prefix.lstrip("/"), f"{root}/" if root else "") == url


@given(
    st.builds(obj, st.text(), st.none() | st.text(), st.booleans()),
    st.sampled_from(["", G]),
    st.sampled_from(["", "/sub", INSIDE]),
)
def test_file_url_never_leaves_the_app_for_a_path(file: Any, prefix: str, root: str) -> None:
    url = file_url(file, BASE, prefix, root)
    assert url is None or url.startswith((f"{BASE}/", "http"))
    if url is not None:
        assert url.isascii()
        assert not any(c in url for c in ' "<>\\^`{|}')
