"""Files as Gradio 3.x describes them.

| where | what is sent |
|---|---|
| `gr.Image`, in and out | the picture itself, as the text of a `data:` URL |
| others, uploaded (from 3.19) | `{"name": path, "orig_name", "is_file": true, "data": null}` |
| others, in, before | `{"name": name, "data": "data:…"}` |
| others, out | `{"name": path, "orig_name", "is_file": true, "data": null}` |

To callers all of them are `FileData`: `path` is the server's path, or the file's name where the
content came along; then `url` is the `data:` URL, and reading it asks nobody.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard
from urllib.parse import unquote_to_bytes

from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput
from gradwire.data.readers import Remote
from gradwire.data.urls import is_http_url
from gradwire.errors import DownloadError

_KEYS = {"name", "data", "is_file", "orig_name", "size", "mime_type", "alt_text"}
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(;base64)?,", re.ASCII)
_EXTENSIONS = {"jpeg": "jpg", "svg+xml": "svg", "plain": "txt", "x-wav": "wav", "mpeg": "mp3"}


def is_data_url(value: object) -> TypeGuard[str]:
    """Tell whether a value is a `data:` URL."""
    return isinstance(value, str) and value.startswith("data:") and bool(_DATA_URL.match(value))


def data_url(content: bytes, mime_type: str | None) -> str:
    """Return content as a `data:` URL."""
    text = base64.b64encode(content).decode()
    return f"data:{mime_type or 'application/octet-stream'};base64,{text}"


def content_of(url: str) -> bytes:
    """Return the content of a `data:` URL.

    Raises:
        DownloadError: It is damaged.
    """
    head = _DATA_URL.match(url)
    if head is None:
        raise DownloadError("A file came as a data: URL that cannot be read.")
    body = url[head.end() :]
    try:
        return base64.b64decode(body) if head[3] else unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        raise DownloadError(f"A file came as a data: URL that is damaged: {error}.") from error


def is_old_file_object(obj: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a value is a file object of 3.x: one on the server, or one with its content."""
    if not isinstance(obj, dict) or not obj.keys() <= _KEYS or "data" not in obj:
        return False
    if obj.get("is_file") is True:
        return isinstance(obj.get("name"), str)
    return is_data_url(obj["data"])


def modern(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file object of 3.x in the shape of later releases."""
    found = {key: obj.get(key) for key in ("orig_name", "size", "mime_type", "alt_text")}
    name, content = obj.get("name"), obj.get("data")
    if is_data_url(content) and obj.get("is_file") is not True:
        return {**picture(content, name if isinstance(name, str) else None), **_given(found)}
    label = found["orig_name"] or posixpath.basename(str(name))
    return {"path": name, "url": None, **found, "orig_name": label}


def picture(url: str, name: str | None = None) -> dict[str, Any]:
    """Return a `data:` URL in the shape of a file object of later releases."""
    head = _DATA_URL.match(url)
    mime_type = (head and head[1]) or "application/octet-stream"
    kind, _, extension = mime_type.partition("/")
    name = name or f"{kind}.{_EXTENSIONS.get(extension, extension)}"
    return {"path": name, "url": url, "orig_name": name, "mime_type": mime_type}


def old_file(file: FileData, *, as_picture: bool) -> Any:
    """Return what a 3.x server takes for a file that it has sent, or that was uploaded to it.

    Args:
        file: Such as an output of another call.
        as_picture: Whether it goes into a `gr.Image`.
    """
    if is_data_url(file.url):
        return file.url if as_picture else {"name": file.orig_name or "file", "data": file.url}
    return {
        "name": file.path,
        "orig_name": file.orig_name,
        "size": file.size,
        "is_file": True,
        "data": None,
    }


def known_files(pictures: Sequence[bool]) -> Callable[[FileData, tuple[str | int, ...]], Any]:
    """Return what becomes of a `FileData` in the inputs of a call to 3.x.

    A file at another address is fetched and sent along, for these servers fetch nothing, and so is
    one of the server's own that goes into a `gr.Image`.

    Args:
        pictures: For each input: whether it is a `gr.Image`.
    """

    def known(file: FileData, where: tuple[str | int, ...]) -> Any:
        as_picture = pictures[int(where[0])]
        url = file.path if is_http_url(file.path) else file.url if as_picture else None
        if url is None or is_data_url(file.url):
            return old_file(file, as_picture=as_picture)
        return FileInput(Remote(url), name=file.orig_name, mime_type=file.mime_type)

    return known


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
