"""Typed use of the app `files`."""

import io
from pathlib import Path

from files_client import AsyncMyFilesMore, MyFilesMore

from gradwire import handle_file


def use(app: MyFilesMore) -> None:
    assert app.same(b"abc").read() == b"abc"
    assert app.same(io.BytesIO(b"abc")).orig_name == "file"
    Path("here.txt").write_bytes(b"12345")
    assert app.sizes([Path("here.txt"), handle_file(b"x", name="x.bin")]) == {
        "here.txt": 5,
        "x.bin": 1,
    }
    listed = app.listed([Path("here.txt")])
    assert [file.read() for file in listed] == [b"12345"]


async def use_async(app: AsyncMyFilesMore) -> None:
    same = await app.same(b"abc")
    assert await same.read() == b"abc"
    assert await (await app.same(same)).read() == b"abc"
