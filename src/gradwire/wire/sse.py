"""Bytes to server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, section "Interpreting an
event stream". Lines end with CR, LF or CRLF and with nothing else, so bytes are split, not text:
U+2028 and
U+0085 are ordinary characters here. Gradio names no events, so only each event's data is handed on.
"""

from __future__ import annotations


class EventStreamParser:
    """Split a byte stream into the data of its events; feed it pieces of any size.

    An event that the stream ends in the middle of is dropped, as the standard says.
    """

    __slots__ = ("_data", "_first", "_skip_lf", "_tail")

    def __init__(self) -> None:
        # Pieces of a line that has not ended yet, joined once when it does: joining at every piece
        # would make a line of 16 MB quadratic.
        self._tail: list[bytes] = []
        self._data: list[bytes] = []
        self._skip_lf = False
        self._first = True

    def feed(self, piece: bytes) -> list[bytes]:
        """Take the next bytes; return the data of the events that they complete."""
        if self._skip_lf and piece:
            # The CR that ended the last piece has already ended its line.
            self._skip_lf = False
            if piece.startswith(b"\n"):
                piece = piece[1:]
        if b"\n" not in piece and b"\r" not in piece:
            if piece:
                self._tail.append(piece)
            return []
        if self._tail:
            self._tail.append(piece)
            piece = b"".join(self._tail)
            self._tail.clear()
        if self._first:
            self._first = False
            piece = piece.removeprefix(b"\xef\xbb\xbf")
        events = self._plain(piece)
        return self._lines(piece) if events is None else events

    def _plain(self, text: bytes) -> list[bytes] | None:
        """Split events of one line each, which is all that Gradio sends; None if it is not that.

        What follows the last whole event is kept for the next piece.
        """
        end = text.rfind(b"\n\n") + 2
        if text[:6] != b"data: " or end < 8 or self._data or b"\r" in text:
            return None
        events = text[6 : end - 2].split(b"\n\ndata: ")
        if text.count(b"\n", 0, end) != 2 * len(events):  # there are other lines
            return None
        if end < len(text):
            self._tail.append(text[end:])
        return events

    def _lines(self, text: bytes) -> list[bytes]:
        # bytes.splitlines knows exactly the three line ends of the standard (str.splitlines more).
        lines = text.splitlines()
        if text.endswith(b"\r"):
            self._skip_lf = True
        elif not text.endswith(b"\n"):
            self._tail.append(lines.pop())
        events = []
        data = self._data
        for line in lines:
            if line:
                if line.startswith(b"data: "):
                    data.append(line[6:])
                elif line.startswith(b"data:"):
                    data.append(line[5:])
                elif line == b"data":
                    data.append(b"")
            elif data:
                events.append(data[0] if len(data) == 1 else b"\n".join(data))
                data.clear()
        return events
