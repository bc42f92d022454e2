"""The words of `mapping.py`: rows, outcomes, and what is asked of those who call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gradwire.errors import GradwireError
from gradwire.wire.prediction import Prediction

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class RowJob(Protocol):
    """What the engine needs of a job."""

    @property
    def event_id(self) -> str | None:
        """The server's id of the job, once it has taken it."""

    def __await__(self) -> Generator[Any, None, Prediction]: ...

    async def cancel(self) -> bool:
        """Stop it, on the server too."""


class Submits(Protocol):
    """Whatever can start a job: a client, or several."""

    def submit(self, endpoint: str | int, data: Any, /) -> RowJob:
        """Call an endpoint and return at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row.

    Attributes:
        index: Its place among the inputs, counted from 0.
        item: The input.
        prediction: The result; None if there is an error.
        error: Why there is none.
    """

    index: int
    item: Any
    prediction: Prediction | None
    error: GradwireError | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; see `outcomes` for what each means."""

    source: Submits
    endpoint: str | int
    inputs: Iterator[Any] | AsyncIterator[Any]
    concurrency: int | None = None
    ordered: bool = True
    retry: int = 2
    resubmit: bool = False
    patience: float | None = None
    spawn: Spawn = asyncio.create_task
    on_submit: Callable[[int, Any, RowJob], object] | None = None


class Row:
    """A row on its way."""

    __slots__ = ("first", "index", "item", "job", "sent", "tries")

    def __init__(self, index: int, item: Any) -> None:
        self.index = index
        self.item = item
        self.tries = 0
        self.first: float | None = None
        self.sent = 0.0
        self.job: RowJob | None = None


class Bell:
    """Wakes all who wait for something to change."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Wait until it rings."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def ring(self) -> None:
        """Wake everybody."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)


def as_data(item: Any) -> Any:
    """Return an item of the inputs as `predict` takes it: a mapping, a list, or the one input."""
    return item if isinstance(item, Mapping | list | tuple) else [item]
