"""Multipart bodies as a stream of bytes: files are read while they are sent."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from gradwire.data.multipart import FilePart, MultipartBody
from gradwire.errors import UploadError
from gradwire.transport.hooks import fenced, raising

_log = logging.getLogger("gradwire")


class BodySource:
    """The bytes of a multipart body, and what went wrong while they were read.

    An HTTP library takes an unreadable file for a broken connection; `error` keeps the true reason.
    """

    def __init__(
        self, body: MultipartBody, on_progress: Callable[[FilePart, int], None] | None
    ) -> None:
        self.error: Exception | None = None
        self._body = body
        self._on_progress = on_progress

    async def pieces(
        self,
        offered: Callable[[], object] = lambda: None,
        taken: Callable[[], object] = lambda: None,
    ) -> AsyncIterator[bytes]:
        """Yield the body piece by piece.

        Args:
            offered: Called when a piece is there to be sent, and after the last one.
            taken: Called when the piece has been taken, and the next one is read.
        """
        try:
            for segment in self._body.segments:
                if isinstance(segment, bytes):
                    offered()
                    yield segment
                    taken()
                    continue
                done = 0
                async for chunk in file_chunks(segment):
                    offered()
                    yield chunk
                    taken()
                    done += len(chunk)
                    if self._on_progress is not None:
                        self._on_progress(segment, done)
            offered()
        except Exception as error:
            self.error = error
            raise


async def file_chunks(part: FilePart) -> AsyncIterator[bytes]:
    """Read a file: files on disk here, since that is quick; what may block, in a thread."""
    chunks = part.file.chunks(expected=part.size)

    failed = raising(UploadError, f"Cannot upload {part.file.name!r}: its read()")

    def read() -> bytes:
        try:
            return next(chunks, b"")
        except BaseException as error:  # of a file object that the caller has made
            failed(error)

    try:
        blocking = part.file.blocking
        while piece := await _in_daemon_thread(read) if blocking else read():
            yield piece
    finally:
        # It may be being read at this moment, and stays so; and what a caller's file says to being
        # set back is of no interest any more.
        with fenced(lambda error: _log.debug("%r was not set back: %r", part.file.name, error)):
            chunks.close()


async def _in_daemon_thread(read: Callable[[], bytes]) -> bytes:
    """Call `read` in a thread that nobody waits for.

    Not in the loop's executor: a pipe that never answers would keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bytes] = loop.create_future()

    def settle(piece: bytes, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(piece)
        else:
            done.set_exception(error)

    def work() -> None:
        piece, failure = b"", None
        try:
            piece = read()
        except BaseException as error:
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, piece, failure)

    threading.Thread(target=work, name="gradwire-read", daemon=True).start()
    return await done
