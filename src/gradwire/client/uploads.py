"""Files on their way up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradwire.app.config import Config
from gradwire.client.connecting import App
from gradwire.client.downloads import Downloads
from gradwire.client.old_uploads import OldUpload
from gradwire.data.files import FileData, TransferProgress
from gradwire.data.inputs import FileInput
from gradwire.data.json import JSONDecodeFailure, beginning, decode
from gradwire.data.multipart import FilePart, MultipartBody
from gradwire.data.urls import file_url
from gradwire.data.walk import replace_files
from gradwire.errors import FileTooLargeError, GradwireError, InvalidArgumentError, UploadError
from gradwire.transport.base import Answer, Limits, Timeout, Transport
from gradwire.transport.hooks import fenced, raising
from gradwire.wire.failures import not_authenticated
from gradwire.wire.requests import Requests

MAX_UPLOADS = 8
"""Files of one client that are sent side by side."""
CHUNK_FILES = 500
"""Files in one request of `upload_files`; servers take 1,000 at most."""


class Uploads:
    """Sends the files of one client."""

    def __init__(self, transport: Transport, app: App, limits: Limits) -> None:
        self._transport = transport
        self._app = app
        self._downloads = Downloads(transport, limits)
        self._slots = asyncio.Semaphore(MAX_UPLOADS)

    @property
    def config(self) -> Config:
        """What the app takes."""
        return self._app.config

    async def put_in(
        self,
        values: list[Any],
        sizes: Mapping[FileInput, int | None],
        pictures: Sequence[bool],
        requests: Requests,
        timeout: Timeout,
    ) -> list[Any]:
        """Send the files of a call; return its inputs with what the server takes of them.

        Args:
            values: The inputs, with a `FileInput` in the place of each file.
            sizes: These files, as `check` has returned them.
            pictures: For each input: whether it is a `gr.Image` of 3.x.
            requests: Of the app.
            timeout: For each upload.
        """
        if self.config.is_old:
            old = OldUpload(self, self._downloads, sizes, pictures)
            return await old.put_in(values, requests, timeout)
        uploaded = await self.send_all(sizes, requests, timeout)
        return [replace_files(value, lambda file: uploaded[file].to_dict()) for value in values]

    def check(
        self, files: Iterable[FileInput], limit: int | None = None
    ) -> dict[FileInput, int | None]:
        """Make sure, before a byte is sent, that all files can be read and are not too large.

        Args:
            files: What is to be sent.
            limit: Bytes that one may have; None: what the app's config says.

        Returns:
            The size of each; None where only reading will tell.
        """
        limit = limit or self.config.max_file_size
        sizes = {file: _size(file) for file in files}
        for file, size in sizes.items():
            if limit is not None and size is not None and size > limit:
                raise FileTooLargeError(
                    f"{file.name!r} has {size:,} bytes; this app takes {limit:,} at most.",
                    size=size,
                    limit=limit,
                )
        return sizes

    async def send_all(
        self, sizes: Mapping[FileInput, int | None], requests: Requests, timeout: Timeout
    ) -> dict[FileInput, FileData]:
        """Send files side by side, one request each; the first failure stops the others."""
        tasks = {
            file: asyncio.ensure_future(self._send_one(file, size, requests, timeout))
            for file, size in sizes.items()
        }
        try:
            await asyncio.gather(*tasks.values())
        except BaseException:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
            raise
        return {file: task.result() for file, task in tasks.items()}

    async def _send_one(
        self, file: FileInput, size: int | None, requests: Requests, timeout: Timeout
    ) -> FileData:
        async with self._slots:
            [path] = await self.send({file: size}, requests, timeout)
        return described(file, path, size, requests)

    async def send(
        self,
        sizes: Mapping[FileInput, int | None],
        requests: Requests,
        timeout: Timeout,
        upload_id: str | None = None,
    ) -> list[str]:
        """Send files by one request; return the server's path of each.

        Raises:
            UploadError: The server did not take them.
        """
        if not self.config.takes_uploads:
            raise UploadError(
                f"Gradio {self.config.version} takes no uploads. Pass the file to the call itself."
            )
        url = requests.upload_url(upload_id)
        body = MultipartBody([FilePart("files", file, size) for file, size in sizes.items()])
        limit = self.config.max_file_size

        def report(part: FilePart, done: int) -> None:
            if limit is not None and done > limit:
                raise FileTooLargeError(
                    f"{part.file.name!r} has more than the {limit:,} bytes that this app takes.",
                    limit=limit,
                )
            if part.file.on_progress is not None:
                what = f"The upload of {part.file.name!r} was stopped: on_progress"
                with fenced(raising(UploadError, what)):
                    part.file.on_progress(TransferProgress(part.file.name, done, part.size))

        answer = await self._transport.upload(url, requests.headers, body, timeout, report)
        return _paths(answer, len(sizes))


def _size(file: FileInput) -> int | None:
    try:
        return file.check()
    except BaseException as error:  # of a file object that the caller has made
        raising(UploadError, f"Cannot upload {file.name!r}: asking for its size")(error)


def described(file: FileInput, path: str, size: int | None, requests: Requests) -> FileData:
    """Return the `FileData` of an uploaded file, with its address."""
    url = file_url({"path": path}, requests.base_url, requests.prefix)
    return file.uploaded(path, url=url, size=size)


def _paths(answer: Answer, expected: int) -> list[str]:
    if answer.status != 200:
        raise _refused(answer)
    try:
        paths = decode(answer.body)
    except JSONDecodeFailure:
        paths = None
    if (
        not isinstance(paths, list)
        or len(paths) != expected
        or not all(isinstance(path, str) for path in paths)
    ):
        raise UploadError(
            f"{answer.url} did not answer with the paths of {expected} files.", url=answer.url
        )
    return paths


def _refused(answer: Answer) -> GradwireError:
    text = beginning(answer.body, 200)
    facts: dict[str, Any] = {"url": answer.url, "status": answer.status}
    if answer.status == 401:
        return not_authenticated(None, answer.url)
    if answer.status == 413:
        return FileTooLargeError(f"The server refused the upload as too large: {text}", **facts)
    return UploadError(
        f"The server refused the upload ({answer.status}): {text or 'it gave no reason'}. "
        "The app's own log may say more.",
        **facts,
    )


def batches(files: Sequence[FileInput]) -> Iterable[Sequence[FileInput]]:
    """Split many files into requests that a server takes."""
    if not files:
        raise InvalidArgumentError("There is no file to upload.")
    for start in range(0, len(files), CHUNK_FILES):
        yield files[start : start + CHUNK_FILES]
