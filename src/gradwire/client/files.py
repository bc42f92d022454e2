"""Files in outputs: `FileData` that knows the client it came from."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from gradwire.data import pictures, sounds
from gradwire.data.files import FileData, ProgressCallback

if TYPE_CHECKING:
    from gradwire.client.async_client import AsyncClient
    from gradwire.client.sync import Client


class BoundFile(FileData):
    """A file that knows its client; its `url` is the client's own work, not a server's word."""

    __slots__ = ("_client",)
    _client: Any

    @classmethod
    def bound(cls, client: Any, obj: Mapping[str, Any]) -> Self:
        """Make one from a file object whose `url` is right."""
        file = cls.from_dict(obj)
        object.__setattr__(file, "_client", client)
        return file

    @property
    def _label(self) -> str:
        return self.orig_name or self.path

    def __reduce__(self) -> tuple[Any, ...]:
        # In another process there is no client: only what is known of the file goes there.
        return FileData.from_dict, (self.to_dict(),)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class AsyncFile(BoundFile):
    """A file in an output of an `AsyncClient`. Nothing is fetched until asked for."""

    __slots__ = ()
    _client: AsyncClient

    async def read(self) -> bytes:
        """Fetch the content into memory."""
        return await self._client._read_file(self)

    async def open(self) -> BinaryIO:
        """Fetch the content into a temporary file, opened for reading at its start; close it."""
        return await self._client._open_file(self)

    async def download(
        self, to: str | Path | None = None, on_progress: ProgressCallback | None = None
    ) -> Path:
        """Stream the content into a folder; see `AsyncClient.download`."""
        return await self._client.download(self, to, on_progress)

    async def to_image(self) -> Any:
        """Fetch a picture as a `PIL.Image`; needs Pillow."""
        return await asyncio.to_thread(pictures.to_image, await self.read(), self._label)

    async def to_array(self) -> Any:
        """Fetch a picture as a numpy array, height × width (× channels); needs Pillow and numpy."""
        return await asyncio.to_thread(pictures.to_array, await self.read(), self._label)

    async def to_audio(self) -> tuple[int, Any]:
        """Fetch a sound as `(rate, array)`; needs numpy and, for what is not WAV, soundfile."""
        return await asyncio.to_thread(sounds.to_pair, await self.read(), self._label)


class File(BoundFile):
    """A file in an output of a `Client`. Nothing is fetched until asked for."""

    __slots__ = ()
    _client: Client

    def read(self) -> bytes:
        """Fetch the content into memory."""
        return self._client._read_file(self)

    def open(self) -> BinaryIO:
        """Fetch the content into a temporary file, opened for reading at its start; close it."""
        return self._client._open_file(self)

    def download(
        self, to: str | Path | None = None, on_progress: ProgressCallback | None = None
    ) -> Path:
        """Stream the content into a folder; see `Client.download`."""
        return self._client.download(self, to, on_progress)

    def to_image(self) -> Any:
        """Fetch a picture as a `PIL.Image`; needs Pillow."""
        return pictures.to_image(self.read(), self._label)

    def to_array(self) -> Any:
        """Fetch a picture as a numpy array, height × width (× channels); needs Pillow and numpy."""
        return pictures.to_array(self.read(), self._label)

    def to_audio(self) -> tuple[int, Any]:
        """Fetch a sound as `(rate, array)`; needs numpy and, for what is not WAV, soundfile."""
        return sounds.to_pair(self.read(), self._label)
