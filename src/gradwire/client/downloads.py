"""Files on their way down: to disk, to memory, to a temporary file."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from gradwire.client.checks import checked_callback
from gradwire.data.filenames import free_names, safe_filename
from gradwire.data.files import FileData, ProgressCallback, TransferProgress
from gradwire.errors import ConnectionLostError, DownloadError, GradwireError, shown_url
from gradwire.transport.base import AnswerStream, Limits, Timeout, Transport, bound
from gradwire.transport.hooks import fenced, raising
from gradwire.transport.retrying import opened
from gradwire.wire.requests import Request

Source = Request | bytes
"""Where a file's content is to be had, or the content itself."""
MEMORY_LIMIT = 1024 * 1024
"""Bytes up to which `open` keeps a file in memory."""


class Downloads:
    """Fetches files for one client; asks `max_retries` times more after a passing fault."""

    def __init__(self, transport: Transport, limits: Limits, max_retries: int = 0) -> None:
        self._transport = transport
        self._limit = bound(limits.download)
        self._max_retries = max_retries

    async def to_folder(
        self,
        source: Source,
        name: str,
        folder: Path,
        timeout: Timeout,
        on_progress: ProgressCallback | None = None,
    ) -> Path:
        """Stream a file into a folder; the file appears there whole or not at all.

        Never overwrites: where the name is taken, a number is added.

        Raises:
            DownloadError: It cannot be fetched or written.
        """
        if on_progress is not None:
            checked_callback("on_progress", on_progress)
        name = safe_filename(name)
        # Hidden and unguessable, in the same folder: a rename is atomic only inside a file system.
        partial = folder / f".{secrets.token_hex(8)}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with partial.open("xb") as file:
                await self._copy(source, file, name, timeout, on_progress, folder)
            return _publish(partial, folder, name)
        except OSError as error:
            if isinstance(error, DownloadError) or error.errno is None:
                raise
            raise DownloadError(f"{name!r} cannot be written to {folder}: {error}") from error
        finally:
            with contextlib.suppress(OSError):
                partial.unlink()

    async def read(self, source: Source, timeout: Timeout) -> bytes:
        """Fetch a file into memory."""
        if isinstance(source, bytes):
            return source
        memory = io.BytesIO()
        await self._copy(source, memory, "the file", timeout, None)
        return memory.getvalue()

    async def open(self, source: Source, name: str, timeout: Timeout) -> BinaryIO:
        """Fetch a file into a temporary one, which stands at its start; in memory if small."""
        file = tempfile.SpooledTemporaryFile(max_size=MEMORY_LIMIT)  # noqa: SIM115 - handed out
        folder = Path(tempfile.gettempdir())
        try:
            await self._copy(source, cast("IO[bytes]", file), name, timeout, None, folder)
            file.seek(0)
        except BaseException as error:
            file.close()
            if isinstance(error, OSError) and not isinstance(error, GradwireError):
                raise DownloadError(
                    f"{name!r} cannot be kept in a temporary file: {error}"
                ) from error
            raise
        return cast("BinaryIO", file)

    async def _copy(
        self,
        source: Source,
        file: IO[bytes],
        name: str,
        timeout: Timeout,
        on_progress: ProgressCallback | None,
        folder: Path | None = None,
    ) -> None:
        if isinstance(source, bytes):
            file.write(source)
            _reporter(name, len(source), on_progress)(len(source))
            return
        async with self._opened(source, timeout) as answer:
            total = _length(answer)
            if total is not None:
                self._check_size(total, name, source)
                _check_room(folder, total, name)
            report = _reporter(name, total, on_progress)
            done = 0
            while chunk := await answer.chunk():
                done += len(chunk)
                self._check_size(done, name, source)
                file.write(chunk)
                report(done)
            if total is not None and done != total:
                raise DownloadError(
                    f"{name!r} broke off after {done:,} of {total:,} bytes.", url=source.url
                )

    def _check_size(self, size: int, name: str, source: Request) -> None:
        if size > self._limit:
            raise DownloadError(
                f"{name!r} has more than {self._limit:,} bytes (Limits.download). To fetch it, use "
                "client.with_options(limits=Limits(download=...)).",
                url=source.url,
            )

    @asynccontextmanager
    async def _opened(self, request: Request, timeout: Timeout) -> AsyncIterator[AnswerStream]:
        async with (
            self._broken_as_download(request),
            opened(self._transport, request, timeout, self._max_retries) as answer,
        ):
            if answer.status != 200:
                raise DownloadError(
                    f"{shown_url(request.url)} answered {answer.status}. "
                    + _WHY.get(answer.status, "Try again later."),
                    url=request.url,
                    status=answer.status,
                )
            yield answer

    @asynccontextmanager
    async def _broken_as_download(self, request: Request) -> AsyncIterator[None]:
        try:
            yield
        except ConnectionLostError as error:
            raise DownloadError(f"The download broke off: {error}", url=request.url) from error


_WHY = {
    401: "This app asks for a login: connect with auth=(username, password).",
    403: "The app does not give out this file.",
    404: "The server no longer has this file; fetch outputs soon after the call.",
}


def remote_name(file: FileData, url: str) -> str:
    """Return the name that a file goes by: as people named it, else the last part of its path."""
    if file.orig_name:
        return file.orig_name
    try:
        path = unquote(urlsplit(file.path).path) if "://" in file.path else file.path
        return path or unquote(urlsplit(url).path)
    except ValueError:
        return ""  # no address that could be split, and none that could be fetched


def _length(answer: AnswerStream) -> int | None:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        return None  # the length is that of the packed bytes
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _reporter(
    name: str, total: int | None, on_progress: ProgressCallback | None
) -> Callable[[int], None]:
    if on_progress is None:
        return lambda done: None
    failed = raising(DownloadError, f"The download of {name!r} was stopped: on_progress")

    def report(done: int) -> None:
        with fenced(failed):
            on_progress(TransferProgress(name, done, total))

    return report


def _check_room(folder: Path | None, size: int, name: str) -> None:
    free = size if folder is None else shutil.disk_usage(folder).free
    if size > free:
        raise DownloadError(f"{name!r} has {size:,} bytes; there is room for {free:,} in {folder}.")


def _publish(partial: Path, folder: Path, name: str) -> Path:
    """Give a whole file its name, taking the name first so that nobody else gets it."""
    for target in free_names(folder, name):
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            continue
        os.replace(partial, target)
        return target
    raise AssertionError("names never run out")
