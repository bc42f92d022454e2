"""`handle_file` and `FileInput`: what can be uploaded, and under which name."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from samples import content, file_input

from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput, handle_file
from gradwire.errors import InvalidArgumentError


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


def test_uploaded() -> None:
    file = file_input(b"abc", name="a.png")
    assert file.uploaded("/srv/a.png", size=3) == FileData(
        path="/srv/a.png", orig_name="a.png", size=3, mime_type="image/png"
    )
    assert "a.png" in repr(file)
