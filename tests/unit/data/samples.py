"""File objects that servers send, and short ways to make and read what is uploaded."""

from __future__ import annotations

from typing import Any

from gradwire.data.inputs import FileInput, handle_file

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


def file_input(x: Any, **options: Any) -> FileInput:
    result = handle_file(x, **options)
    assert isinstance(result, FileInput)
    return result


def content(file: FileInput, **options: Any) -> bytes:
    return b"".join(file.chunks(**options))
