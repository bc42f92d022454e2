"""Files on their way up to Gradio 3.x; see `data/old_files.py` for what these servers take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gradwire.client.downloads import Downloads
from gradwire.data.inputs import FileInput
from gradwire.data.multipart import FilePart
from gradwire.data.old_files import data_url, old_file
from gradwire.data.readers import Remote
from gradwire.data.walk import replace_files
from gradwire.errors import DownloadError, UploadError
from gradwire.transport.base import Timeout
from gradwire.transport.body import file_chunks
from gradwire.wire.requests import Requests

if TYPE_CHECKING:
    from gradwire.client.uploads import Uploads


class OldUpload:
    """The files of one call.

    Args:
        sizes: All of them, with their sizes where known.
        pictures: For each input of the call: whether it is a `gr.Image`.
    """

    def __init__(
        self,
        uploads: Uploads,
        downloads: Downloads,
        sizes: Mapping[FileInput, int | None],
        pictures: Sequence[bool],
    ) -> None:
        self._uploads = uploads
        self._downloads = downloads
        self._sizes = sizes
        self._pictures = pictures

    async def put_in(self, values: list[Any], requests: Requests, timeout: Timeout) -> list[Any]:
        """Return the inputs with what the server takes in the place of each file."""
        try:
            for file in self._sizes:
                await self._fetch(file, requests, timeout)
            return await self._send(values, requests, timeout)
        finally:
            self._forget()

    async def _fetch(self, file: FileInput, requests: Requests, timeout: Timeout) -> None:
        if isinstance(file.source, Remote):
            request = requests.get(file.source.url)
            try:
                file.source.content = await self._downloads.open(request, file.name, timeout)
            except DownloadError as error:
                raise UploadError(f"{file.name!r} cannot be fetched to be sent: {error}") from error

    async def _send(self, values: list[Any], requests: Requests, timeout: Timeout) -> list[Any]:
        if self._uploads.config.takes_uploads:
            sent = self._files_in(values, pictures=False)
            sizes = {file: file.check() for file in self._sizes if file in sent}
            uploaded = await self._uploads.send_all(sizes, requests, timeout)
        else:
            uploaded = {}
        shown = self._sizes.keys() - uploaded.keys() | self._files_in(values, pictures=True)
        contents = {file: await _content(file, self._sizes[file]) for file in shown}

        def at(as_picture: bool, file: FileInput) -> Any:
            if file in uploaded and not as_picture:
                return old_file(uploaded[file], as_picture=False)
            return contents[file] if as_picture else {"name": file.name, "data": contents[file]}

        return [
            replace_files(value, lambda file, flag=picture: at(flag, file))  # type: ignore[misc]
            for value, picture in zip(values, self._pictures, strict=True)
        ]

    def _files_in(self, values: list[Any], *, pictures: bool) -> set[FileInput]:
        found: set[FileInput] = set()
        for value, picture in zip(values, self._pictures, strict=True):
            if picture is pictures:
                replace_files(value, found.add)
        return found

    def _forget(self) -> None:
        for file in self._sizes:
            if isinstance(file.source, Remote) and file.source.content is not None:
                with suppress(OSError):
                    file.source.content.close()


async def _content(file: FileInput, size: int | None) -> str:
    """Read a file as a `data:` URL."""
    pieces = [piece async for piece in file_chunks(FilePart("", file, size))]
    return data_url(b"".join(pieces), file.mime_type)
