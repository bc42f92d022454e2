"""What an `AsyncClient` does with files: the part of it that sends and fetches them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, overload

from gradwire.app.reference import parse_reference
from gradwire.client.checks import checked_folder
from gradwire.client.downloads import Downloads, remote_name
from gradwire.client.engine import Engine, Owner
from gradwire.client.files import AsyncFile, BoundFile
from gradwire.client.options import Options
from gradwire.client.uploading import UploadResponse, upload_file_data, upload_raw
from gradwire.data.files import FileData, ProgressCallback
from gradwire.data.old_files import content_of, is_data_url
from gradwire.data.urls import file_url
from gradwire.errors import ClientClosedError, InvalidArgumentError
from gradwire.wire.requests import Request, Requests


class AsyncFiles:
    """What an `AsyncClient` stands on, and its methods for files."""

    _owner: Owner
    _options: Options
    _requests: Requests
    _downloads: Downloads

    @property
    def _engine(self) -> Engine:
        return self._owner.engine

    def _check_open(self) -> None:
        if self._engine.closed:
            raise ClientClosedError("The client is closed. Connect again.")
        self._check_loop()

    def _check_loop(self) -> None:
        """Refuse to work in another event loop, where calls would be lost."""
        try:
            right = asyncio.get_running_loop() is self._engine.loop
        except RuntimeError:
            right = False
        if not right:
            raise InvalidArgumentError(
                "An AsyncClient belongs to the event loop in which it was connected, and that "
                "one is not running here. Connect another client in this loop, or use Client, "
                "which any thread may use."
            )

    async def upload_files(
        self, root_url: str | None, files: Sequence[Any], upload_id: str | None = None
    ) -> UploadResponse:
        """Upload files and return their paths on the server.

        Args:
            root_url: Address of another app to upload to; None: this one.
            files: Anything that `handle_file` takes.
            upload_id: A name under which the server reports progress.
        """
        self._check_open()
        return await upload_raw(self._engine, self._at(root_url), self._options, files, upload_id)

    @overload
    async def upload(
        self,
        file_data: FileData,
        root_url: str | None = None,
        upload_id: str | None = None,
        max_file_size: int | None = None,
    ) -> FileData: ...

    @overload
    async def upload(
        self,
        file_data: Sequence[FileData],
        root_url: str | None = None,
        upload_id: str | None = None,
        max_file_size: int | None = None,
    ) -> list[FileData]: ...

    async def upload(
        self,
        file_data: FileData | Sequence[FileData],
        root_url: str | None = None,
        upload_id: str | None = None,
        max_file_size: int | None = None,
    ) -> FileData | list[FileData]:
        """Upload local files, named by `FileData(path=…)`; return them as the server has them.

        Args:
            file_data: One, or several.
            root_url: Address of another app to upload to; None: this one.
            upload_id: A name under which the server reports progress.
            max_file_size: Bytes that one file may have; None: what the app's config says.

        Raises:
            LocalFileNotFoundError, FileTooLargeError: Nothing was sent.
            UploadError: The server did not take them.
        """
        self._check_open()
        one = isinstance(file_data, FileData)
        sent = await upload_file_data(
            self._engine,
            self._at(root_url),
            self._options,
            [file_data] if isinstance(file_data, FileData) else file_data,
            upload_id,
            max_file_size,
        )
        files = [self._bound(file.to_dict()) for file in sent]
        return files[0] if one else files

    async def download(
        self,
        file: FileData | str,
        to: str | Path | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Path:
        """Stream a file of the app into a folder.

        The file appears whole or not at all, under its own name made safe, with a number added
        where that is taken; never outside the folder.

        Args:
            file: A `FileData` from an output, or an address.
            to: The folder, made if it does not exist; None: the option `download_dir`.
            on_progress: Called with a `TransferProgress`.

        Returns:
            Where it is now.
        """
        source, name = self._file_source(file)
        folder = checked_folder("to", to) or self._options.download_dir or Path()
        return await self._downloads.to_folder(
            source, name, folder, self._options.timeout, on_progress
        )

    async def _read_file(self, file: FileData) -> bytes:
        return await self._downloads.read(self._file_source(file)[0], self._options.timeout)

    async def _open_file(self, file: FileData) -> BinaryIO:
        source, name = self._file_source(file)
        return await self._downloads.open(source, name, self._options.timeout)

    def _file_source(self, file: FileData | str) -> tuple[Request | bytes, str]:
        """Return where a file's content is, or the content if that came along; and its name."""
        self._check_open()
        if isinstance(file, str):
            file = FileData(file, url=file)
        if not isinstance(file, FileData):
            raise InvalidArgumentError(
                f"A FileData from an output, or an address, is expected, not {type(file).__name__}."
            )
        if is_data_url(file.url):
            return content_of(file.url), file.orig_name or file.path
        url = file.url if isinstance(file, BoundFile) else self._url_of(file.to_dict())
        if url is None:
            raise InvalidArgumentError(f"{file!r} names nothing that can be fetched.")
        return self._requests.get(url), remote_name(file, url)

    def _url_of(self, obj: dict[str, Any]) -> str | None:
        url = obj.get("url")
        if is_data_url(url):
            return url
        app = self._engine.app
        return file_url(obj, app.requests.base_url, app.config.api_prefix, app.config.root)

    def _file(self, obj: dict[str, Any]) -> FileData:
        return self._bound({**obj, "url": self._url_of(obj)})

    def _bound(self, obj: dict[str, Any]) -> FileData:
        return AsyncFile.bound(self, obj)

    def _at(self, root_url: str | None) -> Requests:
        if root_url is None:
            return self._requests
        reference = parse_reference(root_url)
        if reference.space is not None:
            raise InvalidArgumentError(
                f"root_url must be an address, not the name of a Space, {root_url!r}."
            )
        return self._requests.with_base(reference.base_url)
