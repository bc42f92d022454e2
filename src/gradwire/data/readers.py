"""How a file that is to be uploaded is read: from a path, a buffer, or an open file.

Each reader tells the file's name and its size, says whether reading may wait for others, and yields
the content piece by piece. What cannot be read is an `UploadError` that says why.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import stat
from collections.abc import Callable, Generator
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from gradwire.errors import InvalidArgumentError, LocalFileNotFoundError, UploadError

_ACCEPTED = (
    "a path (str or pathlib.Path), an http(s) URL, bytes, a buffer such as io.BytesIO, "
    "a file opened in binary mode, or a FileData"
)


class Remote:
    """A file elsewhere, which is fetched before it is sent.

    Attributes:
        url: Where it is.
        content: What was fetched; None before.
    """

    __slots__ = ("content", "url")

    def __init__(self, url: str) -> None:
        self.url = url
        self.content: BinaryIO | None = None


class Rendering:
    """Content that is made of a value, such as a picture, when it is first wanted.

    Attributes:
        name: File name that says what it is.
    """

    __slots__ = ("_content", "_make", "name")

    def __init__(self, name: str, make: Callable[[], bytes]) -> None:
        self.name = name
        self._make: Callable[[], bytes] | None = make
        self._content = b""

    @property
    def made(self) -> bool:
        """Whether the content is there already."""
        return self._make is None

    def content(self) -> bytes:
        """Return the content, and keep it for the next time.

        Raises:
            UploadError: It cannot be made.
        """
        if self._make is not None:
            try:
                self._content = self._make()
            except UploadError:
                raise
            except Exception as error:  # another library's, such as of an image whose file is gone
                raise _unreadable(self.name, error) from error
            self._make = None
        return self._content


def reader_for(
    source: object,
) -> PathReader | BufferReader | OpenFileReader | RemoteReader | RenderingReader:
    """Return what reads `source`.

    Raises:
        InvalidArgumentError: It is nothing that can be read, or a file in text mode.
    """
    if isinstance(source, (str, os.PathLike)):
        return PathReader(os.fsdecode(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return BufferReader(source)
    if isinstance(source, Remote):
        return RemoteReader(source)
    if isinstance(source, Rendering):
        return RenderingReader(source)
    if is_open_file(source):
        return OpenFileReader(source)  # type: ignore[arg-type]
    raise InvalidArgumentError(f"handle_file takes {_ACCEPTED}; not {type(source).__name__}")


def is_open_file(value: object) -> bool:
    """Tell whether a value is something that can be read, whatever its class."""
    return callable(getattr(value, "read", None)) and not isinstance(value, type)


class PathReader:
    """Reads a file by its path, which is opened when the first piece is wanted."""

    def __init__(self, path: str) -> None:
        if not path or "\0" in path:
            raise InvalidArgumentError(f"{path!r} is not a path of a file")
        self.path = path

    def name(self) -> str:
        return os.path.basename(self.path.rstrip("/" + os.sep))

    def blocking(self) -> bool:
        return not os.path.isfile(self.path)

    def size(self) -> int | None:
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            raise LocalFileNotFoundError(_not_found(self.path)) from None
        except OSError as error:
            raise _unreadable(self.path, error) from error
        if stat.S_ISDIR(found.st_mode):
            raise UploadError(f"{self.path!r} is a directory; upload its files one by one")
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for its writer
            return None
        with self._open() as file:
            # Files of the system, such as those in /proc, have content but no size.
            if not found.st_size and _read(file, 1, self.path):
                return None
        return found.st_size

    def chunks(self, size: int) -> Generator[bytes, None, None]:
        with self._open() as file:
            yield from _read_all(file, size, self.path)

    def _open(self) -> BinaryIO:
        try:
            return open(self.path, "rb", buffering=0)
        except FileNotFoundError:
            raise LocalFileNotFoundError(_not_found(self.path)) from None
        except OSError as error:
            raise _unreadable(self.path, error) from error


class BufferReader:
    """Reads bytes and what can be looked at as bytes."""

    def __init__(self, buffer: bytes | bytearray | memoryview) -> None:
        self.buffer = buffer

    def name(self) -> str:
        return ""

    def blocking(self) -> bool:
        return False

    def size(self) -> int:
        with self._view() as view:
            return view.nbytes

    def chunks(self, size: int) -> Generator[bytes, None, None]:
        with self._view() as view:
            for start in range(0, view.nbytes, size):
                yield bytes(view[start : start + size])

    def _view(self) -> memoryview:
        try:
            view = memoryview(self.buffer)
        except ValueError as error:  # released
            raise UploadError(f"A buffer to upload cannot be read: {error}") from error
        flat = view.c_contiguous and 0 not in (view.shape or ())
        return view.cast("B") if flat else memoryview(view.tobytes())


class OpenFileReader:
    """Reads a file that the caller has opened, from where it stands, and sets it back there."""

    def __init__(self, file: BinaryIO) -> None:
        if hasattr(file, "encoding"):
            raise InvalidArgumentError("A file to upload is in text mode; open it with mode 'rb'")
        if inspect.iscoroutinefunction(file.read):
            raise InvalidArgumentError(
                f"{type(file).__name__}.read is asynchronous; pass its path or its bytes"
            )
        self.file = file
        self.spent = False

    def name(self) -> str:
        name = getattr(self.file, "name", None)
        return os.path.basename(name) if isinstance(name, str) else ""

    def blocking(self) -> bool:
        return not isinstance(self.file, io.BytesIO)

    def size(self) -> int | None:
        self._check()
        start = self._tell()
        if start is None:
            return None
        try:
            end = self.file.seek(0, io.SEEK_END)
            self.file.seek(start)
        except (OSError, ValueError) as error:
            raise _unreadable(self.name() or "an open file", error) from error
        return max(0, end - start)

    def chunks(self, size: int) -> Generator[bytes, None, None]:
        self._check()
        start = self._tell()
        self.spent = True
        try:
            yield from _read_all(self.file, size, self.name() or "an open file")
        finally:
            if start is not None:
                with contextlib.suppress(OSError, ValueError):  # closed by its owner meanwhile
                    self.file.seek(start)

    def _check(self) -> None:
        label = self.name() or "an open file"
        if getattr(self.file, "closed", False):
            raise UploadError(
                f"Cannot upload {label!r}: the file was closed; keep it open or pass its path"
            )
        if not getattr(self.file, "readable", lambda: True)():
            raise UploadError(
                f"Cannot upload {label!r}: it is open for writing only; open it with 'rb'"
            )
        if self.spent and self._tell() is None:
            raise UploadError(
                f"Cannot upload {label!r} again: it was read and cannot go back; pass a path"
            )

    def _tell(self) -> int | None:
        """Return where the file stands, or None if it cannot go back there."""
        try:
            return self.file.tell() if self.file.seekable() else None
        except (OSError, ValueError, AttributeError):
            return None


class RemoteReader:
    """Reads what was fetched from elsewhere."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote

    def name(self) -> str:
        return unquote(urlsplit(self.remote.url).path.rsplit("/", 1)[-1])

    def blocking(self) -> bool:
        return False

    def size(self) -> int | None:
        content = self.remote.content
        return None if content is None else content.seek(0, io.SEEK_END)

    def chunks(self, size: int) -> Generator[bytes, None, None]:
        content = self.remote.content
        assert content is not None, "fetched before it is sent"
        content.seek(0)
        yield from _read_all(content, size, self.remote.url)


class RenderingReader:
    """Reads what is made of a value."""

    def __init__(self, rendering: Rendering) -> None:
        self.rendering = rendering

    def name(self) -> str:
        return self.rendering.name

    def blocking(self) -> bool:
        return not self.rendering.made  # a large picture takes a second

    def size(self) -> int | None:
        return len(self.rendering.content()) if self.rendering.made else None

    def chunks(self, size: int) -> Generator[bytes, None, None]:
        content = self.rendering.content()
        for start in range(0, len(content), size):
            yield content[start : start + size]


def _read_all(file: BinaryIO, size: int, label: str) -> Generator[bytes, None, None]:
    while piece := _read(file, size, label):
        yield piece


def _read(file: BinaryIO, size: int, label: str) -> bytes:
    try:
        piece = file.read(size)
    except (OSError, ValueError) as error:  # ValueError: closed meanwhile
        raise _unreadable(label, error) from error
    if not isinstance(piece, (bytes, bytearray, memoryview)):
        raise UploadError(f"Cannot upload {label!r}: read() gave {type(piece).__name__}, not bytes")
    return bytes(piece)


def _unreadable(label: str, error: Exception) -> UploadError:
    reason = getattr(error, "strerror", None) or error
    return UploadError(f"Cannot upload {label!r}: {reason}")


def _not_found(path: str) -> str:
    message = f"There is no file {path!r} to upload (looked at {os.path.abspath(path)!r})"
    if path.startswith("~"):
        return f"{message}; '~' is not expanded, use os.path.expanduser"
    if "://" in path[:12] or path.startswith("data:"):
        return f"{message}; of URLs only http and https ones are taken"
    return message
