"""What is read for an upload, from paths, buffers and open files."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import content, file_input

from gradwire.data.inputs import CHUNK_SIZE
from gradwire.errors import LocalFileNotFoundError, UploadError


class Pipe(io.RawIOBase):
    """A source that cannot seek."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._content.read(size)


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
