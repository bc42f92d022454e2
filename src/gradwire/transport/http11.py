"""Answers of HTTP/1.1, read from bytes as they come (RFC 9112). Pure: it knows no socket.

An answer is a head and a body. How the body ends is said by the head, in this order:

| the head says | the body |
|---|---|
| status 204 or 304 | has none |
| `Transfer-Encoding: …, chunked` | comes in chunks; the one of size 0 is the last |
| another `Transfer-Encoding` | ends with the connection |
| `Content-Length: n` | has n bytes |
| nothing of this | ends with the connection |

Heads with a status of 1xx only announce another one, and are passed over. What can be read in two
ways is refused, since somebody in between may have read it in the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

LONGEST_HEAD = 64 * 1024
LONGEST_LINE = 4 * 1024
"""Bytes of a chunk's size with its extensions, or of a line after the last chunk."""

SHORT_LINE = 200
"""Bytes of a header's line that is worth remembering."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\n]*)?\r?(?:\n|$)")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r")
_DIGITS = re.compile(r"\d{1,24}", re.ASCII)


class NotHttpError(Exception):
    """What came is no HTTP, or breaks off; the message says where."""


class Headers(Mapping[str, str]):
    """Headers by name, whatever its case; the values of one that came twice stand side by side.

    Attributes:
        values_by_name: The same, by lower-case name, for who knows that.
        cookies: The values of `Set-Cookie`, which cannot be joined.
    """

    __slots__ = ("cookies", "values_by_name")

    def __init__(self, values: dict[str, str], cookies: list[str]) -> None:
        self.values_by_name = values
        self.cookies = cookies

    def __getitem__(self, name: str) -> str:
        return self.values_by_name[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


class AnswerReader:
    """Reads one answer.

    Attributes:
        status: The status; 0 before the head is there.
        headers: The head's headers; without any before it is there.
        pieces: What has come of the body and was not taken yet.
        size: Bytes in `pieces`.
        begun: Whether anything has come.
        complete: Whether the whole answer is there.
        reusable: Whether another request may go over the same connection after this answer.
    """

    __slots__ = (
        "_held",
        "_left",
        "_read",
        "_spent",
        "begun",
        "complete",
        "headers",
        "pieces",
        "reusable",
        "size",
        "status",
    )

    def __init__(self) -> None:
        self.status = 0
        self.headers = _NONE
        self.pieces: list[bytes] = []
        self.size = 0
        self.begun = False
        self.complete = False
        self.reusable = False
        self._held = b""
        self._left = 0
        self._spent = 0
        # What reads the next bytes; it returns those that are for the next one. A function and no
        # bound method, or each answer would be garbage for the collector.
        self._read: Callable[[AnswerReader, bytes], bytes] = AnswerReader._read_head

    def receive(self, data: bytes) -> None:
        """Read the next bytes.

        Raises:
            NotHttpError: They do not fit.
        """
        self.begun = True
        if self._held:
            data, self._held = self._held + data, b""
        while data and not self.complete:
            data = self._read(self, data)
        if data:
            self.reusable = False  # more than was asked for

    def receive_eof(self) -> None:
        """Read the end of the connection.

        Raises:
            NotHttpError: It comes too early.
        """
        self.reusable = False
        if self._read is AnswerReader._read_until_eof:
            self.complete = True
        elif not self.complete:
            raise NotHttpError("the answer ended early" if self.status else "the server closed it")

    def take(self) -> bytes:
        """Return what has come of the body since this was asked last."""
        pieces = self.pieces
        if not pieces:
            return b""
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.size = 0
        return taken

    # -- the head ----------------------------------------------------------------------------------

    def _read_head(self, data: bytes) -> bytes:
        end = _HEAD_END.search(data)
        if (end.start() if end else len(data)) > LONGEST_HEAD or not _may_begin(data):
            raise NotHttpError("the answer is not HTTP")
        if end is None:
            self._held = data
            return b""
        head = data[: end.start()]
        status = _STATUS.match(head)
        if status is None:
            raise NotHttpError("the answer is not HTTP")
        code = int(status[2])
        if code == 101:
            raise NotHttpError("the answer changes the protocol, for which nobody has asked")
        if code >= 200:
            self.status, self.headers = code, _headers(head)
            self._find_body(new=status[1] == b"1")
        else:
            self._spend(end.end())
        return data[end.end() :]

    def _spend(self, size: int) -> None:
        """Count what may come any number of times, and would never end."""
        self._spent += size
        if self._spent > LONGEST_HEAD:
            raise NotHttpError("the answer cannot be read: its head does not end")

    def _find_body(self, new: bool) -> None:
        """Tell from the head how the body ends."""
        get = self.headers.values_by_name.get
        said = get("connection", "").lower()
        self.reusable = "close" not in said if new else "keep-alive" in said
        coding, length = get("transfer-encoding"), get("content-length")
        if self.status in (204, 304):
            self.complete = True
        elif coding is not None:
            self.reusable &= length is None  # somebody may have believed the length
            last = coding.rpartition(",")[2].strip().lower()
            self._read = (
                AnswerReader._read_chunks if last == "chunked" else AnswerReader._read_until_eof
            )
        elif length is not None:
            self._left = _length(length)
            self._read = AnswerReader._read_length
            self.complete = not self._left
        else:
            self._read = AnswerReader._read_until_eof

    # -- the body ----------------------------------------------------------------------------------

    def _keep(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)

    def _read_until_eof(self, data: bytes) -> bytes:
        self._keep(data)
        return b""

    def _read_length(self, data: bytes) -> bytes:
        left = self._left - len(data)
        if left > 0:
            self._keep(data)
            self._left = left
            return b""
        self.complete = True
        if left == 0:
            self._keep(data)
            return b""
        self._keep(data[:left])
        return data[left:]

    def _read_chunks(self, data: bytes) -> bytes:
        """Read all chunks that are there; Gradio sends each message as one."""
        start, keep = 0, self.pieces.append
        while (end := data.find(b"\n", start)) >= 0:
            size = _chunk_size(data[start:end])
            if not size:
                self._read = AnswerReader._read_trailer
                return data[end + 1 :]
            begin, stop = end + 1, end + 1 + size
            if data[stop : stop + 2] != b"\r\n":  # it is not there to its end, or has none
                self._left = size
                self._read = AnswerReader._read_chunk
                return data[begin:]
            keep(data[begin:stop])
            self.size += size
            start = stop + 2
        return self._hold_line(data[start:])

    def _read_chunk(self, data: bytes) -> bytes:
        piece = data[: self._left]
        self._keep(piece)
        self._left -= len(piece)
        if not self._left:
            self._read = AnswerReader._read_chunk_end
        return data[len(piece) :]

    def _read_chunk_end(self, data: bytes) -> bytes:
        if len(data) < 2 and data == b"\r":
            self._held = data
            return b""
        if data[:2] != b"\r\n":
            raise NotHttpError("the answer cannot be read: a chunk is longer than it says")
        self._read = AnswerReader._read_chunks
        return data[2:]

    def _read_trailer(self, data: bytes) -> bytes:
        """Read what comes after the last chunk, up to an empty line."""
        end = data.find(b"\n")
        if end < 0:
            return self._hold_line(data)
        self._spend(end)
        self.complete = data[:end] in (b"", b"\r")
        return data[end + 1 :]

    def _hold_line(self, data: bytes) -> bytes:
        if len(data) > LONGEST_LINE:
            raise NotHttpError("the answer cannot be read: a line is too long")
        self._held = data
        return b""


_NONE = Headers({}, [])


def _may_begin(data: bytes) -> bool:
    """Tell whether an answer may begin like this; garbage is not waited out."""
    return data[:5] == b"HTTP/"[: len(data)]


def _headers(head: bytes) -> Headers:
    """Read the lines behind the first one."""
    lines = head.split(b"\n")[1:]
    if b"\n " in head or b"\n\t" in head:
        lines = _unfolded(lines)
    values: dict[str, str] = {}
    cookies: list[str] = []
    for line in lines:
        name, value = (_header if len(line) <= SHORT_LINE else _long_header)(line)
        if name == "set-cookie":
            cookies.append(value)
        values[name] = f"{values[name]}, {value}" if name in values else value
    return Headers(values, cookies)


def _long_header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
    if not colon or not _NAME.fullmatch(name):
        raise NotHttpError("the answer is not HTTP: it has a header without a name")
    return name.lower(), value.strip(" \t\r")


# Most lines of a server's heads are always the same.
_header = lru_cache(maxsize=1024)(_long_header)


def _unfolded(lines: list[bytes]) -> list[bytes]:
    """Join lines that are continued by the next one, as RFC 9112 (5.2) allows to."""
    joined: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and joined:
            joined[-1] = joined[-1].rstrip() + b" " + line.strip()
        else:
            joined.append(line)
    return joined


def _length(said: str) -> int:
    """Read a length; it may be said several times, if it is always the same."""
    first, *others = [each.strip() for each in said.split(",")]
    if not _DIGITS.fullmatch(first) or any(other != first for other in others):
        raise NotHttpError("the answer is not HTTP: its Content-Length is no number")
    return int(first)


@lru_cache(maxsize=1024)
def _chunk_size(line: bytes) -> int:
    size = _SIZE.fullmatch(line) if len(line) <= LONGEST_LINE else None
    if size is None:
        raise NotHttpError("the answer cannot be read: a chunk has no size")
    return int(size[1], 16)
