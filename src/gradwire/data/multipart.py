"""Bodies of `multipart/form-data`: how files are sent to `/upload` and `/component_server`.

Pure: a `MultipartBody` holds the bytes around the files and says where each file belongs; a
transport reads the files and sends everything in turn.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradwire.data.filenames import fit_name
from gradwire.data.inputs import FileInput
from gradwire.errors import InvalidArgumentError

SERVER_NAME_BYTES = 200
"""Bytes of a file's name that servers keep; up to 5.x they cut off the extension of longer ones."""

_NEWLINE = re.compile(r"\r\n|\r|\n")
_CONTENT_TYPE = re.compile(r"[\x20-\x7e]+")
# What a form percent-encodes in a quoted name, and nothing else (WHATWG HTML, form submission).
_ESCAPES = {'"': "%22", "\r": "%0D", "\n": "%0A"}
# Gradio's parser (python_multipart) reads `\\` as one backslash, so one is written as two.
_TABLE = str.maketrans({**_ESCAPES, "\\": "\\\\"})


@dataclass(frozen=True, slots=True)
class FieldPart:
    """A field of a form: a name and its value, sent as it is."""

    name: str
    value: str | bytes


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a form.

    Attributes:
        name: Name of the form's field; `"files"` for uploads.
        file: What is sent.
        size: Its bytes, as `FileInput.check()` said; None: unknown.
    """

    name: str
    file: FileInput
    size: int | None


class MultipartBody:
    """A form's body: its headers' values, and what to send in which order.

    Attributes:
        content_type: Value of the request's `Content-Type`, with the boundary.
        content_length: Bytes of the whole body; None if the size of a file is unknown.
        segments: What to send: `bytes` as they are, and for a `FilePart` what
            `part.file.chunks(expected=part.size)` yields.
    """

    __slots__ = ("content_length", "content_type", "segments")

    def __init__(
        self, parts: Iterable[FieldPart | FilePart], *, boundary: str | None = None
    ) -> None:
        boundary = boundary or f"gradwire-{secrets.token_hex(16)}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.segments: Sequence[bytes | FilePart] = _segments(parts, boundary.encode("ascii"))
        self.content_length = _total(self.segments)


def _segments(
    parts: Iterable[FieldPart | FilePart], boundary: bytes
) -> tuple[bytes | FilePart, ...]:
    """Lay out the body; bytes that follow each other are one segment."""
    segments: list[bytes | FilePart] = []
    pending = b""
    for part in parts:
        pending += b"--" + boundary + b"\r\n" + _part_header(part)
        if isinstance(part, FilePart):
            segments += [pending, part]
            pending = b"\r\n"
        else:
            value = part.value.encode() if isinstance(part.value, str) else part.value
            pending += value + b"\r\n"
    segments.append(pending + b"--" + boundary + b"--\r\n")
    return tuple(segments)


def _part_header(part: FieldPart | FilePart) -> bytes:
    if isinstance(part, FieldPart):
        return encode_header(part.name)
    mime_type = part.file.mime_type or "application/octet-stream"
    return encode_header(part.name, fit_name(part.file.name, SERVER_NAME_BYTES), mime_type)


def encode_header(
    field: str, filename: str | None = None, content_type: str | None = None
) -> bytes:
    r"""Write the header of one part, up to and with the empty line; the boundary is not in it.

    Names are UTF-8, with `"`, CR and LF percent-encoded as browsers do. A backslash is doubled,
    which browsers do not do: Gradio's parser would otherwise read `a\\b` as `a\b`.

    Raises:
        InvalidArgumentError: `content_type` cannot stand in a header.
    """
    # A line break in a field's name counts as CRLF (WHATWG HTML); in a file's name it is kept.
    name = _escape(_NEWLINE.sub("\r\n", field))
    line = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        line += f'; filename="{_escape(filename)}"'
    if content_type is not None:
        if not _CONTENT_TYPE.fullmatch(content_type):
            raise InvalidArgumentError(f"{content_type!r} is not a MIME type such as 'image/png'")
        line += f"\r\nContent-Type: {content_type}"
    return f"{line}\r\n\r\n".encode(errors="replace")


def _escape(name: str) -> str:
    return name.translate(_TABLE)


def _total(segments: Iterable[bytes | FilePart]) -> int | None:
    total = 0
    for segment in segments:
        size = segment.size if isinstance(segment, FilePart) else len(segment)
        if size is None:
            return None
        total += size
    return total
