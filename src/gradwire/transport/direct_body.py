"""Bodies: those of answers, unpacked where they were packed, and those of requests."""

from __future__ import annotations

from gradwire.transport import failures
from gradwire.transport.body import BodySource
from gradwire.transport.decoding import decoder_for
from gradwire.transport.direct_connection import Connection
from gradwire.transport.http11 import AnswerReader, NotHttpError

PIECE = 64 * 1024
"""Bytes of a request's body that are worth a system call of their own."""


class Body:
    """The body of an answer.

    Args:
        connection: What it comes over.
        reader: What reads it.
        silence: The longest silence of the server, in seconds; None: for ever.
    """

    __slots__ = ("_connection", "_decoder", "_reader", "_silence")

    def __init__(self, connection: Connection, reader: AnswerReader, silence: float | None) -> None:
        self._connection = connection
        self._reader = reader
        self._silence = silence
        coding = reader.headers.values_by_name.get("content-encoding")
        if reader.complete and not reader.size:
            coding = None  # nothing was packed
        try:
            self._decoder = decoder_for(coding) if coding else None
        except NotHttpError as error:
            raise failures.lost(connection.url, str(error)) from None

    @property
    def complete(self) -> bool:
        """Whether nothing more has to come."""
        return self._reader.complete

    async def piece(self) -> bytes:
        """Return the next piece, of any size; nothing at the end.

        Raises:
            ConnectionLostError: It breaks off.
        """
        reader = self._reader
        if self._decoder is not None:
            return await self._unpacked()
        while not reader.pieces and not reader.complete:
            await self._connection.received(0, self._silence)
        return reader.take()

    async def _unpacked(self) -> bytes:
        decoder, reader = self._decoder, self._reader
        assert decoder is not None
        try:
            while not (piece := decoder.piece()):
                if reader.pieces:
                    decoder.feed(reader.take())
                elif reader.complete:
                    decoder.finish()
                    break
                else:
                    await self._connection.received(0, self._silence)
            return piece
        except NotHttpError as error:
            raise failures.lost(self._connection.url, str(error)) from None

    async def rest(self, limit: int) -> bytes:
        """Return all that was not read yet.

        Raises:
            ProtocolError: It has more than `limit` bytes.
        """
        reader, pieces, size = self._reader, [], 0
        if reader.complete and self._decoder is None and reader.size <= limit:
            return reader.take()
        while piece := await self.piece():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise failures.too_long(self._connection.url, limit, reader.status)
        return b"".join(pieces)


async def send_body(
    connection: Connection, source: BodySource, silence: float | None, chunked: bool
) -> None:
    """Send the body of a request, until all is sent or the server has answered.

    Args:
        connection: What it is sent over; the head was sent.
        source: The body.
        silence: How long the server may take nothing of it, in seconds; None: for ever.
        chunked: Whether it has to say how long each piece is.
    """
    reader = connection.reader
    assert reader is not None
    held: list[bytes] = []
    size = 0
    async for piece in source.pieces():
        held.append(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked and piece else piece)
        size += len(piece)
        if size < PIECE:
            continue
        await connection.send_more(held[0] if len(held) == 1 else b"".join(held), silence)
        held, size = [], 0
        if reader.complete:
            # It does not want the rest, but would take what comes next for it.
            reader.reusable = False
            return
    await connection.send_more(b"".join([*held, b"0\r\n\r\n" if chunked else b""]), silence)
