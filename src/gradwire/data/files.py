"""Files in a call's data and in its outputs.

In: `collect_files` finds what has to be uploaded and puts a `FileInput` in its place, the client
uploads those, and `replace_files` puts the server's answers there. Out: `parse_outputs` makes a
`FileData` of each file object. Neither changes what it was given: both copy only along the path to
a change and return the same object if there is none.

A file object of Gradio 4 and later is `{"path", "url", "orig_name", "size", "mime_type",
"is_stream", "meta": {"_type": "gradio.FileData"}}`; `path` is a path on the server, or an http(s)
URL.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import posixpath
import re
import stat
from collections.abc import Callable, Generator, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any, BinaryIO, Self, TypeGuard
from urllib.parse import quote, unquote, urlsplit

from gradwire.data.filenames import guess_mime_type
from gradwire.errors import InvalidArgumentError, LocalFileNotFoundError, UploadError

CHUNK_SIZE = 256 * 1024
"""Bytes that are read from a file and sent at once."""

MAX_DEPTH = 100
"""Levels of lists and dicts in which files are looked for."""

FILE_TYPE = "gradio.FileData"
_MAX_NAME_BYTES = 1024  # a header line of a multipart body has 4 KiB, and a byte can become three
_MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+(\s*;[\x20-\x7e]*)?", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_HOST = re.compile(r"https?://[^/?#\s\"<>\\^`{|}]+(?=[/?#]|$)", re.IGNORECASE)
_DOTS = re.compile(r"/\.\.?(/|$)")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ACCEPTED = (
    "a path (str or pathlib.Path), an http(s) URL, bytes, a buffer such as io.BytesIO, "
    "a file opened in binary mode, or a FileData"
)


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far an upload or a download is.

    Attributes:
        name: The file's name.
        done: Bytes sent or received so far.
        total: Bytes of the whole file; None: unknown.
    """

    name: str
    done: int
    total: int | None

    @property
    def fraction(self) -> float | None:
        """Part that is done, 0.0 to 1.0; None: unknown."""
        if self.total is None:
            return None
        return min(self.done / self.total, 1.0) if self.total else 1.0


ProgressCallback = Callable[[TransferProgress], object]


# --- FileData ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class FileData:
    """A file of an app, or one to be uploaded by `client.upload`.

    Equal to another if all attributes are, whatever the subclass; hashable.

    A subclass that holds more, such as a client, is either a `@dataclass(frozen=True, slots=True,
    eq=False)` with further fields, or a plain class with `__slots__ = ("_client",)` that sets its
    own with `object.__setattr__(self, "_client", client)`. Neither changes `to_dict` or equality.

    Attributes:
        path: Path on the server, an http(s) URL, or a local path before the upload.
        url: Where the server says that the file can be fetched.
        orig_name: The name that people gave it.
        size: Bytes.
        mime_type: Such as `"image/png"`.
        is_stream: Whether it is a playlist (HLS) that grows while the app works.
        alt_text: What a picture shows, in words.
        meta: Gradio's mark; servers take a file object for one by it.

    Raises:
        InvalidArgumentError: An attribute is of a wrong type.
    """

    path: str
    _: KW_ONLY
    url: str | None = None
    orig_name: str | None = None
    size: int | None = None
    mime_type: str | None = None
    is_stream: bool = False
    alt_text: str | None = None
    meta: Mapping[str, Any] = field(default_factory=lambda: {"_type": FILE_TYPE}, repr=False)

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if not isinstance(value, kind) and (value is not None or name in _NEEDED):
                hint = "; use handle_file for pathlib paths, bytes and open files"
                raise InvalidArgumentError(
                    f"FileData({name}=…) takes a {kind.__name__}, not {type(value).__name__}"
                    + (hint if name == "path" else "")
                )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FileData):
            return NotImplemented
        return _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash((self.path, self.url, self.orig_name, self.size))

    def to_dict(self) -> dict[str, Any]:
        """Return the object that servers take: all attributes, `alt_text` only if there is one."""
        result = _values(self)
        if self.alt_text is None:
            del result["alt_text"]
        return result

    @classmethod
    def from_dict(cls, obj: Mapping[str, Any], **more: Any) -> Self:
        """Read a file object of a server; what is missing or of a wrong type becomes its default.

        Args:
            obj: The file object; unknown keys are dropped.
            **more: Further fields of a subclass.
        """
        known = {
            name: obj[name] for name, kind in _KINDS.items() if isinstance(obj.get(name), kind)
        }
        return cls(**{"path": "", **known}, **more)


_KINDS: dict[str, type] = {
    "path": str,
    "url": str,
    "orig_name": str,
    "size": int,
    "mime_type": str,
    "is_stream": bool,
    "alt_text": str,
    "meta": Mapping,
}
_NEEDED = ("path", "is_stream", "meta")
_FIELDS = tuple(item.name for item in fields(FileData))
# What 4.0 to 4.19 send, before file objects had `meta`: exactly these keys, always all.
_OLD_KEYS = {"path", "url", "size", "orig_name", "mime_type"}


def _values(file: FileData) -> dict[str, Any]:
    values = {name: getattr(file, name) for name in _FIELDS}
    return {**values, "meta": dict(file.meta)}


def is_file_object(obj: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a value is a file object of a server.

    Those of Gradio 4.0 to 4.19 have no mark. Only a dict with exactly their keys and a server's
    path is taken for one, so that an app's own JSON with a `path` in it stays what it is.
    """
    if not isinstance(obj, dict) or "path" not in obj:
        return False
    meta = obj.get("meta")
    if isinstance(meta, dict):
        return meta.get("_type") == FILE_TYPE
    return obj.keys() - {"is_stream"} == _OLD_KEYS and isinstance(obj["path"], str)


# --- What is uploaded ----------------------------------------------------------------------------


class FileInput:
    """Something to upload, as `handle_file` makes it; two are equal only if they are the same.

    Attributes:
        source: A path, a bytes-like object, or an open binary file. It is looked at when it is
            sent: a `bytearray` or a file that changes before is sent as it is then.
        name: File name that the app is told.
        mime_type: As given, or as the name's extension says; None: unknown.
        on_progress: Called with a `TransferProgress` while the file is sent.
    """

    __slots__ = ("_reader", "mime_type", "name", "on_progress", "source")

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO,
        *,
        name: str | None = None,
        mime_type: str | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        self._reader = _reader_for(source)
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


class _PathReader:
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


class _BufferReader:
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


class _OpenFileReader:
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


def _reader_for(source: object) -> _PathReader | _BufferReader | _OpenFileReader:
    if isinstance(source, (str, os.PathLike)):
        return _PathReader(os.fsdecode(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _BufferReader(source)
    if _is_open_file(source):
        return _OpenFileReader(source)  # type: ignore[arg-type]
    raise InvalidArgumentError(f"handle_file takes {_ACCEPTED}; not {type(source).__name__}")


def _is_open_file(value: object) -> bool:
    return callable(getattr(value, "read", None)) and not isinstance(value, type)


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
    if isinstance(x, str) and _HTTP.match(x):
        _check_options(name, mime_type, on_progress)
        return FileData(path=x, url=x, orig_name=name or _url_name(x), mime_type=mime_type)
    return FileInput(x, name=name, mime_type=mime_type, on_progress=on_progress)


def _url_name(url: str) -> str | None:
    try:
        path = urlsplit(url).path
    except ValueError as error:
        raise InvalidArgumentError(f"{url!r} is not a URL: {error}") from None
    return unquote(path.rsplit("/", 1)[-1]) or None


# --- Files in the data of a call -----------------------------------------------------------------

_PLAIN = frozenset({str, int, float, bool, type(None)})
_TEXT = frozenset({str})
_Key = str | int
_Where = tuple[_Key, ...]
_Container = list[Any] | dict[Any, Any]
# By the id of what the user gave; that is kept too, for an id is only good as long as its object
# lives.
_Found = dict[int, tuple[object, FileInput]]


def collect_files(data: Any) -> tuple[Any, tuple[FileInput, ...]]:
    """Find what has to be uploaded, at any depth.

    Files are: `FileInput`, `pathlib.Path` (any `os.PathLike`), `bytes`, `bytearray`, `memoryview`,
    and files opened in binary mode; never a `str`. The same object is uploaded once, however often
    it stands there. A `FileData` becomes the object that servers take, tuples become lists.

    Args:
        data: The values of a call; not changed.

    Returns:
        The data with a `FileInput` for each file (`data` itself if nothing had to change), and
        these inputs, each once, in the order in which they were found. Without inputs the data can
        be sent.

    Raises:
        InvalidArgumentError: A file is in text mode, a key is not a `str`, or the data is nested
            too deep, as it is if it contains itself. The message says where.
    """
    found: _Found = {}
    result = _outgoing(data, (), found)
    return result, tuple(file for _, file in found.values())


def replace_files(data: Any, uploaded: Mapping[FileInput, FileData]) -> Any:
    """Put what was uploaded into the data that `collect_files` returned.

    Args:
        data: First result of `collect_files`; not changed.
        uploaded: What the server made of each of the inputs.

    Raises:
        KeyError: An input is not in `uploaded`.
    """
    if isinstance(data, FileInput):
        return uploaded[data].to_dict()
    if isinstance(data, (list, dict)):
        return _change(data, lambda item, _: replace_files(item, uploaded))
    return data


def _outgoing(value: Any, where: _Where, found: _Found) -> Any:
    kind = type(value)
    if kind in _PLAIN or (kind is list and _PLAIN.issuperset(map(type, value))):
        return value
    if isinstance(value, (dict, list, tuple, Mapping)):
        return _outgoing_container(value, where, found)
    if isinstance(value, FileData):
        return value.to_dict()
    if id(value) in found or _is_file(value):
        return _input(value, where, found)
    return value


def _outgoing_container(
    value: list[Any] | tuple[Any, ...] | Mapping[Any, Any], where: _Where, found: _Found
) -> Any:
    if len(where) >= MAX_DEPTH:
        raise InvalidArgumentError(
            f"The data is nested more than {MAX_DEPTH} levels deep, or it contains itself, "
            f"at {_place(where[:8])}…"
        )
    if isinstance(value, tuple):
        value = list(value)
    elif isinstance(value, Mapping):
        value = value if isinstance(value, dict) else dict(value)
        _check_keys(value, where)
    return _change(value, lambda item, key: _outgoing(item, (*where, key), found))


def _check_keys(value: dict[Any, Any], where: _Where) -> None:
    if _TEXT.issuperset(map(type, value)):
        return
    for key in value:
        if not isinstance(key, str):
            raise InvalidArgumentError(
                f"The keys of a dict must be str; {_place(where)} has {key!r:.80}, "
                f"of type {type(key).__name__}"
            )


def _is_file(value: object) -> bool:
    known = (FileInput, os.PathLike, bytes, bytearray, memoryview)
    return isinstance(value, known) or _is_open_file(value)


def _input(value: Any, where: _Where, found: _Found) -> FileInput:
    if id(value) not in found:
        try:
            file = value if isinstance(value, FileInput) else FileInput(value)
        except InvalidArgumentError as error:
            raise InvalidArgumentError(f"{error} (in {_place(where)})") from None
        found[id(value)] = value, file
    return found[id(value)][1]


def _place(where: _Where) -> str:
    return "data" + "".join(f"[{key!r}]" for key in where)


def _change(container: _Container, change: Callable[[Any, Any], Any]) -> _Container:
    """Return a copy with `change(item, key)` for each item, or the container itself if all stay."""
    values = container.values() if isinstance(container, dict) else container
    if _PLAIN.issuperset(map(type, values)):
        return container
    items = container.items() if isinstance(container, dict) else enumerate(container)
    changed = {}
    for key, item in items:
        if type(item) not in _PLAIN and (new := change(item, key)) is not item:
            changed[key] = new
    if not changed:
        return container
    copy = container.copy()
    for key, new in changed.items():
        copy[key] = new
    return copy


# --- Files in the outputs of a call --------------------------------------------------------------


def parse_outputs(value: Any, make: Callable[[dict[str, Any]], Any]) -> Any:
    """Replace every file object, at any depth, by what `make` makes of it.

    Args:
        value: What a server sent; not changed. Below `MAX_DEPTH` levels it stays as it is.
        make: Such as `FileData.from_dict`.

    Returns:
        A copy along the paths to the files, or `value` itself if it holds none.
    """
    return _parse(value, make, MAX_DEPTH)


def _parse(value: Any, make: Callable[[dict[str, Any]], Any], depth: int) -> Any:
    if not isinstance(value, (list, dict)) or depth == 0:
        return value
    if is_file_object(value):
        return make(value)
    return _change(value, lambda item, _: _parse(item, make, depth - 1))


# --- Where an output can be fetched --------------------------------------------------------------


def file_url(
    file_obj: Mapping[str, Any], base_url: str, api_prefix: str, root: str = ""
) -> str | None:
    """Return the address of a server's file.

    A server behind a proxy can be wrong about its own address. So it is never asked: what lies on
    the server is addressed below the base address that the user gave. Only where an app refers to
    another place by an http(s) URL in `path`, that URL is kept; do not send it tokens.

    Args:
        file_obj: The file object, with `path`, `url` and `is_stream`.
        base_url: The app's address as the user gave it, with its sub-path.
        api_prefix: `"/gradio_api"`, or `""` before Gradio 5.
        root: What the config says of the app's address: a URL, a path, or nothing.

    Returns:
        An absolute URL, percent-encoded, which must not be quoted again; None if the object says
        nothing that can be fetched.
    """
    base, prefix = base_url.rstrip("/"), _prefix(api_prefix)
    path, url = _text(file_obj.get("path")), _text(file_obj.get("url"))
    route = _route(_below(url, base, root) or url, prefix)
    streams = file_obj.get("is_stream") is True
    if route.startswith(f"{prefix}/proxy="):  # a file of another app that this one has loaded
        return _join(base, route)
    if _HTTP.match(path):
        return _foreign_or_own(path, base, root)
    if route.startswith(f"{prefix}/stream/") and (streams or not _is_absolute(path)):
        return _join(base, route)
    if path.startswith(f"{prefix}/file="):
        return _join(base, path)
    if path:
        return f"{base}{prefix}{'/stream/' if streams else '/file='}{_quote_path(path)}"
    return _foreign_or_own(url, base, root)


def _prefix(api_prefix: str) -> str:
    stripped = api_prefix.strip("/")
    return f"/{stripped}" if stripped else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _below(url: str, base: str, root: str) -> str | None:
    """Return what comes after the app's address (the user's or the server's); None: elsewhere."""
    for start in (base, root.rstrip("/")):
        if start and url.startswith(f"{start}/"):
            return url[len(start) :]
    return None


def _route(url: str, prefix: str) -> str:
    """Return a file's URL from the server's route on, or `""`; the first route in it counts."""
    host = _HOST.match(url)
    rest = url[host.end() :] if host else url
    found = re.search(rf"{re.escape(prefix)}/(file=|proxy=|stream/)", rest)
    return rest[found.start() :] if found else ""


def _foreign_or_own(url: str, base: str, root: str) -> str | None:
    own = _below(url, base, root)
    if own is not None:
        return _join(base, own)
    host = _HOST.match(url)
    if host:
        return host[0] + _requote(url[host.end() :], "#")
    return _join(base, url) if url.startswith("/") else None


def _join(base: str, rest: str) -> str | None:
    """Append what a server named to the base; None if it would lead out of there."""
    return None if _DOTS.search(unquote(rest)) else base + _requote(rest)


def _requote(rest: str, also_safe: str = "") -> str:
    """Quote what cannot stand in a URL, and leave what is quoted already."""
    quoted = quote(rest, safe=f"/:?=&%+,;@!$'()*[]{also_safe}", errors="replace")
    return _STRAY_PERCENT.sub("%25", quoted)


def _quote_path(path: str) -> str:
    # Dot segments would be resolved on the way and could swallow the route's own name.
    plain = posixpath.normpath(path) if _DOTS.search(path) else path
    return quote(plain, safe="/", errors="replace")


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or path[1:2] == ":"
