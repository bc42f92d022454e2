"""Answers that were packed for the way (`Content-Encoding`), unpacked in pieces of bounded size."""

from __future__ import annotations

import zlib

from gradwire.transport.http11 import NotHttpError

ACCEPTED = "gzip, deflate"
PIECE = 256 * 1024
"""Bytes that are unpacked at once; a thousand times as many may be packed in so many."""


class Decoder:
    """Unpacks a body.

    Args:
        coding: What the head says, `gzip` or `deflate`.
    """

    def __init__(self, coding: str) -> None:
        self._gzip = coding in ("gzip", "x-gzip")
        self._packed = b""
        self._full = self._fed = False
        self._zlib = zlib.decompressobj(31) if self._gzip else None

    def feed(self, data: bytes) -> None:
        """Take the next bytes that came."""
        self._packed = self._packed + data if self._packed else data
        self._fed = True

    def piece(self) -> bytes:
        """Return a piece of what was packed; nothing if more has to come first.

        Raises:
            NotHttpError: It was not packed as the head says.
        """
        while self._packed or self._full:
            unpacked = self._unpack()
            if unpacked:
                return unpacked
        return b""

    def _unpack(self) -> bytes:
        packed, self._packed = self._packed, b""
        if self._zlib is None or (self._zlib.eof and self._gzip and packed):
            self._zlib = zlib.decompressobj(31 if self._gzip else _window(packed))
        if self._zlib.eof:
            self._full = False
            return b""  # after its end nothing is expected, and so nothing is looked at
        try:
            unpacked = self._zlib.decompress(packed, PIECE)
        except zlib.error as error:
            raise NotHttpError("the answer cannot be unpacked") from error
        self._packed = self._zlib.unconsumed_tail or self._zlib.unused_data
        # There may be more of what was taken in, though nothing is left to be taken in.
        self._full = len(unpacked) == PIECE
        return unpacked

    def finish(self) -> None:
        """Check that the end was reached.

        Raises:
            NotHttpError: It was not.
        """
        if self._fed and not (self._zlib is not None and self._zlib.eof):
            raise NotHttpError("the answer ended early")


def _window(start: bytes) -> int:
    """Tell apart the two things that are called `deflate`: zlib's format, and the bare one."""
    return 15 if start[0] & 0x0F == 8 else -15


def decoder_for(coding: str) -> Decoder | None:
    """Return what unpacks an answer; None if it is not packed.

    Raises:
        NotHttpError: It is packed in a way that was not offered.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return None
    if coding in ("gzip", "x-gzip", "deflate"):
        return Decoder(coding)
    raise NotHttpError(f"the answer is packed in an unknown way, {coding[:40]!r}")
