"""Files as Gradio describes them: `FileData`, and how its JSON is told from other JSON.

A file object of Gradio 4 and later is `{"path", "url", "orig_name", "size", "mime_type",
"is_stream", "meta": {"_type": "gradio.FileData"}}`; `path` is a path on the server, or an http(s)
URL. What is to be uploaded is in `inputs.py`, how files are found in data in `walk.py`, and where
they can be fetched in `urls.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any, Self, TypeGuard

import msgspec

from gradwire.errors import InvalidArgumentError

FILE_TYPE = "gradio.FileData"


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

    def __repr__(self) -> str:
        values = ((name, getattr(self, name)) for name in _FIELDS if name != "meta")
        shown = (f"{name}={_shortened(value)!r}" for name, value in values)
        return f"{type(self).__name__}({', '.join(shown)})"

    def _repr_html_(self) -> str:
        from gradwire.data.media import file_html

        return file_html(self, self._shown_content())

    def _shown_content(self) -> bytes | None:
        """Return what of it may stand in a notebook's page; None: it is shown as a link."""
        from gradwire.data.media import content_here

        return content_here(self)

    def _is_away(self) -> bool:
        """Tell whether its content could be fetched beside, to be shown; see `BoundFile`."""
        return False

    def _fetch_beside(self, done: Callable[[], object]) -> None:
        """Begin to fetch it, and call `done()` when it is here or cannot be had."""
        done()

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


def _shortened(value: Any) -> Any:
    # The address of a file that came along with an answer is its whole content.
    is_content = isinstance(value, str) and value.startswith("data:") and len(value) > 60
    return f"{value[:60]}…" if is_content else value


def _values(file: FileData) -> dict[str, Any]:
    values = {name: getattr(file, name) for name in _FIELDS}
    return {**values, "meta": dict(file.meta)}


_has_key = re.compile(rb'"path"').search
_has_escape = re.compile(rb"\\u00").search


def may_hold_files(text: bytes | msgspec.Raw) -> bool:
    """Tell whether JSON may have file objects in it, each of which has the key `path`.

    To look for it takes a tenth of a walk over the values.
    """
    return bool(_has_key(text) or _has_escape(text))  # an escape, too, can make a letter of it


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
