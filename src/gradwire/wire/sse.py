"""Bytes to server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, section "Interpreting an
event stream". Lines end with CR, LF or CRLF and with nothing else, so bytes are split, not text:
U+2028 and
U+0085 are ordinary characters here. Gradio names no events, so only each event's data is handed on.
"""

from __future__ import annotations

import sys

from gradwire.errors import ProtocolError

LARGE = 16 * 1024
"""Bytes from which on what has come of an event is not copied again."""


class EventStreamParser:
    """Split a byte stream into the data of its events; feed it pieces of any size.

    An event that the stream ends in the middle of is dropped, as the standard says.

    Args:
        limit: Bytes that one event may have.
    """

    __slots__ = ("_data", "_first", "_held", "_limit", "_skip_lf", "_tail")

    def __init__(self, limit: int = sys.maxsize) -> None:
        # Pieces of a line that has not ended yet, joined once when it does: joining at every piece
        # would make a line of 16 MB quadratic.
        self._tail: list[bytes] = []
        self._data: list[bytes] = []
        self._skip_lf = False
        self._first = True
        self._limit = limit
        self._held = 0  # bytes in `_tail` and `_data`

    def feed(self, piece: bytes) -> list[bytes]:
        """Take the next bytes; return the data of the events that they complete.

        Raises:
            ProtocolError: An event has more bytes than the limit allows.
        """
        if self._skip_lf and piece:
            # The CR that ended the last piece has already ended its line.
            self._skip_lf = False
            if piece.startswith(b"\n"):
                piece = piece[1:]
        if b"\n" not in piece and b"\r" not in piece:
            if piece:
                self._keep(piece)
            return []
        if self._tail:
            if self._held > LARGE:
                event, end = self._large(piece)
                if event is not None:
                    return [event, *self.feed(piece[end:])]
            before = len(piece)
            self._tail.append(piece)
            piece = b"".join(self._tail)
            self._tail.clear()
            self._held -= len(piece) - before
        if self._first:
            self._first = False
            piece = piece.removeprefix(b"\xef\xbb\xbf")
        events = self._plain(piece)
        if events is None:
            events = self._lines(piece)
        # A piece is small, and so is what it completes, unless much was kept before.
        if len(piece) > self._limit and any(len(event) > self._limit for event in events):
            raise self._too_large()
        return events

    def _large(self, last: bytes) -> tuple[bytes | None, int]:
        """Put one event together that came in pieces, the last of them now.

        The usual way copies and searches all of it twice more, which counts with 50 MB.

        Returns:
            The event, and where in `last` it ends; None if it is not plainly one.
        """
        first, *others = self._tail
        at = last.find(b"\n")
        end = at + 2
        if first[:6] != b"data: " or b"\n" in first or self._data:  # there are other lines
            return None, 0
        if at < 0 or last[at:end] != b"\n\n" or b"\r" in last[:at]:
            return None, 0
        self._tail.clear()
        self._first = False
        size, self._held = self._held + at - 6, 0
        if size > self._limit:
            raise self._too_large()
        return b"".join((first[6:], *others, last[:at])), end

    def _keep(self, piece: bytes) -> None:
        self._tail.append(piece)
        self._held += len(piece)
        if self._held > self._limit:
            raise self._too_large()

    def _too_large(self) -> ProtocolError:
        return ProtocolError(
            f"A message of the server has more than {self._limit:,} bytes (Limits.event). "
            "To take it, connect with limits=Limits(event=...)."
        )

    def _plain(self, text: bytes) -> list[bytes] | None:
        """Split events of one line each, which is all that Gradio sends; None if it is not that.

        What follows the last whole event is kept for the next piece.
        """
        end = text.rfind(b"\n\n") + 2
        if text[:6] != b"data: " or end < 8 or self._data or b"\r" in text:
            return None
        if text.find(b"\n") == end - 2:  # one event, perhaps a large one
            if end < len(text):
                self._keep(text[end:])
            return [text[6 : end - 2]]
        events = text[6 : end - 2].split(b"\n\ndata: ")
        if text.count(b"\n", 0, end) != 2 * len(events):  # there are other lines
            return None
        if end < len(text):
            self._keep(text[end:])
        return events

    def _lines(self, text: bytes) -> list[bytes]:
        # bytes.splitlines knows exactly the three line ends of the standard (str.splitlines more).
        lines = text.splitlines()
        if text.endswith(b"\r"):
            self._skip_lf = True
        elif not text.endswith(b"\n"):
            self._keep(lines.pop())
        events = []
        data = self._data
        for line in lines:
            if line:
                if line.startswith(b"data: "):
                    self._add(line[6:])
                elif line.startswith(b"data:"):
                    self._add(line[5:])
                elif line == b"data":
                    self._add(b"")
            elif data:
                events.append(data[0] if len(data) == 1 else b"\n".join(data))
                self._held -= sum(map(len, data)) + len(data)
                data.clear()
        return events

    def _add(self, line: bytes) -> None:
        self._data.append(line)
        self._held += len(line) + 1  # empty lines need their place too
        if self._held > self._limit:
            raise self._too_large()
