"""What a `Client` does with files: that of `async_files.py`, without `await`."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, overload

from gradwire.client.async_files import AsyncFiles
from gradwire.client.uploading import UploadResponse
from gradwire.data.files import FileData, ProgressCallback

T = TypeVar("T")


class SyncFiles:
    """The methods of a `Client` for files."""

    _inner: AsyncFiles

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        raise NotImplementedError

    def upload_files(
        self, root_url: str | None, files: Sequence[Any], upload_id: str | None = None
    ) -> UploadResponse:
        """Upload files and return their paths on the server; see `AsyncClient.upload_files`."""
        return self._run(self._inner.upload_files(root_url, files, upload_id))

    @overload
    def upload(
        self,
        file_data: FileData,
        root_url: str | None = None,
        upload_id: str | None = None,
        max_file_size: int | None = None,
    ) -> FileData: ...

    @overload
    def upload(
        self,
        file_data: Sequence[FileData],
        root_url: str | None = None,
        upload_id: str | None = None,
        max_file_size: int | None = None,
    ) -> list[FileData]: ...

    def upload(
        self,
        file_data: FileData | Sequence[FileData],
        root_url: str | None = None,
        upload_id: str | None = None,
        max_file_size: int | None = None,
    ) -> FileData | list[FileData]:
        """Upload local files named by `FileData(path=…)`; see `AsyncClient.upload`."""
        if isinstance(file_data, FileData):
            return self._run(self._inner.upload(file_data, root_url, upload_id, max_file_size))
        return self._run(self._inner.upload(file_data, root_url, upload_id, max_file_size))

    def download(
        self,
        file: FileData | str,
        to: str | Path | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Path:
        """Stream a file of the app into a folder; see `AsyncClient.download`."""
        return self._run(self._inner.download(file, to, on_progress))

    def _read_file(self, file: FileData) -> bytes:
        return self._run(self._inner._read_file(file))

    def _open_file(self, file: FileData) -> BinaryIO:
        return self._run(self._inner._open_file(file))
