"""What the modules that `gradwire codegen` writes are built on.

A generated class has one method for each endpoint; what they share is here. The types say what a
call takes: a picture may be a file, an array or an image, as `gradwire.data.values` has it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Any, BinaryIO, ClassVar, Final, Protocol, Self, TypeVar

from gradwire.client.async_client import AsyncClient
from gradwire.client.async_job import AsyncJob
from gradwire.client.job import Job
from gradwire.client.opening import Connecting
from gradwire.client.sync import Client
from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput
from gradwire.errors import ProtocolError
from gradwire.wire.events import DataEvent
from gradwire.wire.prediction import Prediction

T = TypeVar("T")
R = TypeVar("R", bound=tuple[Any, ...])


class _Default:
    """Stands for a value that the app has and Python source cannot say."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT: Final[Any] = _Default()
"""In the place of an argument: the app's own default."""


class ArrayLike(Protocol):
    """An array of numpy, or an image of Pillow."""

    @property
    def __array_interface__(self) -> Any: ...


class FrameLike(Protocol):
    """A frame of pandas or polars."""

    @property
    def shape(self) -> Any:
        """Rows and columns."""

    @property
    def columns(self) -> Any:
        """The names of the columns."""


FileLike = FileData | FileInput | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""What is uploaded; a `str` is never taken for a file."""
PictureLike = FileLike | ArrayLike
SoundLike = FileLike | tuple[int, ArrayLike]
MediaLike = FileLike | ArrayLike | tuple[int, ArrayLike]

Address = str | int
Inputs = Mapping[str, Any]


def _given(inputs: Inputs) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if value is not DEFAULT}


def _only(values: list[Any]) -> Any:
    return values[0] if values else None


def _record(kind: type[R], values: list[Any], endpoint: Address) -> R:
    """Return the values of a result as the `NamedTuple` that was written for them."""
    fields: tuple[str, ...] = getattr(kind, "_fields", ())
    if len(values) != len(fields):
        raise ProtocolError(
            f"The app gave {len(values)} values, and this module was made for {len(fields)}. It "
            "has changed: make the module anew with `gradwire codegen`.",
            endpoint=str(endpoint),
        )
    made: R = kind._make(values)  # type: ignore[attr-defined]
    return made


class TypedClient:
    """One app, with a method for each of its endpoints; made by `gradwire codegen`.

    Attributes:
        client: The `Client` behind it, which can do all the rest.
    """

    _address: ClassVar[str] = ""
    client: Client

    def __init__(self, client: Client) -> None:
        """Use a client that is connected already."""
        self.client = client

    @classmethod
    def connect(cls, app_reference: str | None = None, **options: Any) -> Self:
        """Connect to the app; see `Client.connect`.

        Args:
            app_reference: Its address. Default: the one that this module was made from.
            **options: Those of `Client.connect`.
        """
        return cls(Client.connect(app_reference or cls._address, **options))

    def close(self) -> None:
        """Close the client."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _predict(self, endpoint: Address, inputs: Inputs) -> Prediction:
        return self.client.predict(endpoint, _given(inputs))

    def _nothing(self, endpoint: Address, inputs: Inputs) -> None:
        self._predict(endpoint, inputs)

    # What it returns is what the method that calls it says it does.
    def _value(self, endpoint: Address, inputs: Inputs) -> T:  # type: ignore[type-var]
        value: T = self._predict(endpoint, inputs).value
        return value

    def _values(self, kind: type[R], endpoint: Address, inputs: Inputs) -> R:
        return _record(kind, self._predict(endpoint, inputs).data, endpoint)

    def _steps(self, endpoint: Address, inputs: Inputs) -> Iterator[T]:
        for data in self._data(endpoint, inputs):
            value: T = _only(data)
            yield value

    def _steps_of(self, kind: type[R], endpoint: Address, inputs: Inputs) -> Iterator[R]:
        for data in self._data(endpoint, inputs):
            yield _record(kind, data, endpoint)

    def _data(self, endpoint: Address, inputs: Inputs) -> Iterator[list[Any]]:
        job = self._job(endpoint, inputs)
        try:
            seen = False
            for event in job:
                if not (event.final and seen):  # which says the last step again
                    yield event.data
                seen = True
        finally:
            job.cancel()  # left early

    def _job(self, endpoint: Address, inputs: Inputs) -> Job[DataEvent]:
        only_data = self.client.with_options(events=["data"])
        return only_data.submit(endpoint, _given(inputs))


class TypedAsyncClient:
    """One app, with a method for each of its endpoints; made by `gradwire codegen`.

    Attributes:
        client: The `AsyncClient` behind it, which can do all the rest.
    """

    _address: ClassVar[str] = ""
    client: AsyncClient

    def __init__(self, client: AsyncClient) -> None:
        """Use a client that is connected already."""
        self.client = client

    @classmethod
    def connect(cls, app_reference: str | None = None, **options: Any) -> Connecting[Self]:
        """Connect to the app: `await` it, or use `async with`; see `AsyncClient.connect`.

        Args:
            app_reference: Its address. Default: the one that this module was made from.
            **options: Those of `AsyncClient.connect`.
        """
        return Connecting(
            lambda owner, chosen: cls(AsyncClient._of(owner, chosen)),
            app_reference or cls._address,
            options,
        )

    async def close(self) -> None:
        """Close the client."""
        await self.client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _predict(self, endpoint: Address, inputs: Inputs) -> Prediction:
        return await self.client.predict(endpoint, _given(inputs))

    async def _nothing(self, endpoint: Address, inputs: Inputs) -> None:
        await self._predict(endpoint, inputs)

    async def _value(self, endpoint: Address, inputs: Inputs) -> T:
        value: T = (await self._predict(endpoint, inputs)).value
        return value

    async def _values(self, kind: type[R], endpoint: Address, inputs: Inputs) -> R:
        return _record(kind, (await self._predict(endpoint, inputs)).data, endpoint)

    async def _steps(self, endpoint: Address, inputs: Inputs) -> AsyncIterator[T]:
        async for data in self._data(endpoint, inputs):
            value: T = _only(data)
            yield value

    async def _steps_of(self, kind: type[R], endpoint: Address, inputs: Inputs) -> AsyncIterator[R]:
        async for data in self._data(endpoint, inputs):
            yield _record(kind, data, endpoint)

    async def _data(self, endpoint: Address, inputs: Inputs) -> AsyncIterator[list[Any]]:
        job = self._job(endpoint, inputs)
        try:
            seen = False
            async for event in job:
                if not (event.final and seen):
                    yield event.data
                seen = True
        finally:
            await job.cancel()

    def _job(self, endpoint: Address, inputs: Inputs) -> AsyncJob[DataEvent]:
        only_data = self.client.with_options(events=["data"])
        return only_data.submit(endpoint, _given(inputs))
