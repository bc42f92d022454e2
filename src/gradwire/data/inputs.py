"""What a caller gives to be uploaded: `FileInput`, and `handle_file`, which makes it.

Nothing is read here before it is sent; `readers.py` knows how to read paths, buffers and open
files. After the upload a `FileInput` becomes the `FileData` that the server can find.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Generator
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from gradwire.data.filenames import guess_mime_type
from gradwire.data.files import FileData, ProgressCallback
from gradwire.data.readers import Remote, Rendering, reader_for
from gradwire.data.urls import is_http_url
from gradwire.errors import InvalidArgumentError, UploadError

CHUNK_SIZE = 256 * 1024
"""Bytes that are read from a file and sent at once."""

_MAX_NAME_BYTES = 1024  # a header line of a multipart body has 4 KiB, and a byte can become three
_MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+(\s*;[\x20-\x7e]*)?", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


class FileInput:
    """Something to upload, as `handle_file` makes it; two are equal only if they are the same.

    Attributes:
        source: A path, a bytes-like object, an open binary file, or what has to be fetched first.
            It is looked at when it is sent: a `bytearray` or a file that changes before is sent as
            it is then.
        name: File name that the app is told.
        mime_type: As given, or as the name's extension says; None: unknown.
        on_progress: Called with a `TransferProgress` while the file is sent.
    """

    __slots__ = ("_reader", "mime_type", "name", "on_progress", "source")

    def __init__(
        self,
        source: str
        | os.PathLike[str]
        | bytes
        | bytearray
        | memoryview
        | BinaryIO
        | Remote
        | Rendering,
        *,
        name: str | None = None,
        mime_type: str | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        self._reader = reader_for(source)
        _check_options(name, mime_type, on_progress)
        self.source = source
        self.name = _encodable(name or self._reader.name() or "file")
        self.mime_type = mime_type or guess_mime_type(self.name)
        self.on_progress = on_progress

    def __repr__(self) -> str:
        return f"<FileInput {self.name!r} from {type(self.source).__name__}>"

    @property
    def blocking(self) -> bool:
        """Whether reading may wait for others: the user's own file objects, pipes and devices."""
        return self._reader.blocking()

    def check(self) -> int | None:
        """Make sure that the file can be read, and tell its size.

        Returns:
            Bytes; None where only reading to the end will tell, as for a pipe.

        Raises:
            LocalFileNotFoundError: There is no such file.
            UploadError: It is a directory, or cannot be read.
        """
        return self._reader.size()

    def chunks(
        self, size: int = CHUNK_SIZE, *, expected: int | None = None
    ) -> Generator[bytes, None, None]:
        """Yield the content piece by piece; a path is opened at the first one.

        An open file is read from where it stands and set back there afterwards, if it can. Close
        the generator if you do not exhaust it: `with contextlib.closing(file.chunks()) as pieces`.

        Args:
            size: Bytes of a piece at most.
            expected: Bytes that were announced. Of a file that has grown only these are sent.

        Raises:
            UploadError: It cannot be read, or it has become shorter than `expected`.
        """
        left = expected
        with contextlib.closing(self._reader.chunks(size)) as pieces:
            for piece in pieces:
                sent = piece if left is None else piece[:left]
                if not sent:
                    return
                left = None if left is None else left - len(sent)
                yield sent
        if left:
            raise UploadError(f"{self.name!r} became {left} bytes shorter while it was uploaded")

    def uploaded(self, path: str, *, url: str | None = None, size: int | None = None) -> FileData:
        """Return the `FileData` of this file after the server put it at `path`."""
        return FileData(
            path=path, url=url, orig_name=self.name, size=size, mime_type=self.mime_type
        )


def handle_file(
    x: str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | FileData | FileInput,
    *,
    name: str | None = None,
    mime_type: str | None = None,
    on_progress: ProgressCallback | None = None,
) -> FileInput | FileData:
    """Make of a file what can stand anywhere in a call's data.

    Nothing is read, sent or looked for before the call; a path is relative to the working directory
    then. A URL is not fetched here: the app does that.

    Args:
        x: A path, an http(s) URL, bytes, a buffer, or a file opened in binary mode. A `FileData` or
            the result of `handle_file` is returned as it is.
        name: File name that the app is told, if not the one that `x` has.
        mime_type: Its MIME type, if not the one that the name says.
        on_progress: Called with a `TransferProgress` during the upload; not for a URL.

    Returns:
        A `FileInput`, to be uploaded at the call; for a URL a `FileData`.

    Raises:
        InvalidArgumentError: `x` is nothing of these, or a file in text mode.
    """
    if isinstance(x, (FileData, FileInput)):
        if name or mime_type or on_progress:
            raise InvalidArgumentError(
                f"{type(x).__name__} has its own name and mime_type; give them when you make it"
            )
        return x
    if isinstance(x, str) and is_http_url(x):
        _check_options(name, mime_type, on_progress)
        return FileData(path=x, url=x, orig_name=name or _url_name(x), mime_type=mime_type)
    return FileInput(x, name=name, mime_type=mime_type, on_progress=on_progress)


def _url_name(url: str) -> str | None:
    try:
        path = urlsplit(url).path
    except ValueError as error:
        raise InvalidArgumentError(f"{url!r} is not a URL: {error}") from None
    return unquote(path.rsplit("/", 1)[-1]) or None


def _check_options(name: object, mime_type: object, on_progress: object) -> None:
    if name is not None and not _is_name(name):
        raise InvalidArgumentError(f"name must be a file name such as 'cat.png', not {name!r:.80}")
    if mime_type is not None and not (
        isinstance(mime_type, str) and _MIME_TYPE.fullmatch(mime_type)
    ):
        raise InvalidArgumentError(
            f"mime_type must be a MIME type such as 'image/png', not {mime_type!r:.80}"
        )
    if on_progress is not None and not callable(on_progress):
        raise InvalidArgumentError("on_progress must be a function that takes a TransferProgress")


def _is_name(name: object) -> bool:
    return (
        isinstance(name, str)
        and 0 < len(name.encode(errors="replace")) <= _MAX_NAME_BYTES
        and "\0" not in name
    )


def _encodable(name: str) -> str:
    """Make a name sayable in JSON: on Linux a file's name can be any bytes, shown as surrogates."""
    return _SURROGATE.sub("_", name)
