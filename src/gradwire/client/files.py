"""Files in outputs, `File` and `AsyncFile`: `FileData` that knows the client it came from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from gradwire.data import pictures, sounds
from gradwire.data.fetched import show_with_files
from gradwire.data.files import FileData, ProgressCallback
from gradwire.data.media import SMALL, may_be_small
from gradwire.errors import GradwireError
from gradwire.transport.base import Limits

if TYPE_CHECKING:
    from gradwire.client.async_client import AsyncClient
    from gradwire.client.sync import Client

_PATIENCE = 5.0
"""Seconds after which a notebook shows a file as a link."""


class BoundFile(FileData):
    """A file that knows its client; its `url` is the client's own work, not a server's word."""

    __slots__ = ("_client", "_small")
    _client: Any
    _small: bytes | None

    @classmethod
    def bound(cls, client: Any, obj: Mapping[str, Any]) -> Self:
        """Make one from a file object whose `url` is right."""
        file = cls.from_dict(obj)
        object.__setattr__(file, "_client", client)
        object.__setattr__(file, "_small", None)
        return file

    def _reader(self) -> AsyncClient:
        """Return the client that reads it, in its own event loop."""
        raise NotImplementedError

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

    # -- in notebooks ------------------------------------------------------------------------------

    def _shown_content(self) -> bytes | None:
        return self._small or super()._shown_content()

    def _is_away(self) -> bool:
        # Nobody else's server is asked for something that was not asked for.
        own = (self.url or "").startswith(self._reader()._requests.base_url)
        return own and self._small is None and may_be_small(self)

    def _fetch_beside(self, done: Callable[[], object]) -> None:
        async def work() -> None:
            await self._fetch_small()
            done()

        self._reader()._engine.spawn(work())

    async def _fetch_small(self) -> None:
        """Fetch the content to be shown, once; nothing where that takes too long or is too much."""
        content = b""
        with suppress(GradwireError, OSError, TimeoutError):
            limits = Limits(download=SMALL)
            reader = self._reader().with_options(limits=limits, timeout=_PATIENCE, max_retries=0)
            async with asyncio.timeout(_PATIENCE):
                content = await reader._read_file(self)
        object.__setattr__(self, "_small", content)


class AsyncFile(BoundFile):
    """A file in an output of an `AsyncClient`. Nothing is fetched until asked for."""

    __slots__ = ()
    _client: AsyncClient

    def _reader(self) -> AsyncClient:
        return self._client

    def _ipython_display_(self) -> None:
        show_with_files(self, [self])

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

    def _reader(self) -> AsyncClient:
        return self._client._inner

    def _shown_content(self) -> bytes | None:
        # The loop's own thread, in which a running job is drawn, cannot wait for it.
        if self._is_away() and not self._client._inner._thread.is_current:
            try:
                self._client._run(self._fetch_small())
            except GradwireError:
                object.__setattr__(self, "_small", b"")
        return super()._shown_content()

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
