"""`AsyncClient.map`, and what it returns."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, cast, overload

from gradwire.client.checks import refuse_pickling
from gradwire.client.mapping import Outcome, Outcomes, Submits, outcomes
from gradwire.client.mapping_checks import (
    OnError,
    checked_inputs,
    checked_on_error,
    checked_settings,
)
from gradwire.client.mapping_rows import Spawn
from gradwire.errors import GradwireError, InvalidArgumentError
from gradwire.wire.prediction import Prediction

_log = logging.getLogger("gradwire")

R = TypeVar("R", covariant=True)
Rows = Iterable[Any] | AsyncIterable[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Who calls the rows of a `map`, and what it allows; see `outcomes`."""

    submits: Submits
    resubmit: bool = False
    patience: float | None = None
    spawn: Spawn | None = None


class Results:
    """What `AsyncMap` and `SyncMap` share: they count, and know what becomes of a row that fails.

    Attributes:
        done: Rows that have been handed out, or skipped.
        failed: Those of them that failed.
    """

    __reduce__ = refuse_pickling

    def __init__(self, rows: Outcomes, on_error: OnError) -> None:
        self._rows = rows
        self._on_error = on_error
        self.done = 0
        self.failed = 0

    def _count(self, outcome: Outcome) -> bool:
        """Count a row; return whether there is something to hand out for it."""
        self.done += 1
        if outcome.error is None:
            return True
        self.failed += 1
        if self._on_error == "skip":
            _log.warning("row %d is skipped: %s", outcome.index, outcome.error)
        return self._on_error == "return"

    @property
    def concurrency(self) -> int:
        """Calls that may be in flight at present."""
        return self._rows.concurrency

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.done} done, {self.failed} of them failed>"


class AsyncMap(Results, Generic[R]):
    """The results of many calls, as they come; made by `map`.

    `async for result in client.map(…)`. Nothing is sent before the first result is asked for. When
    the loop is left early, what is in flight is called off; with `async with client.map(…) as
    results` that is done when the block ends.
    """

    if not TYPE_CHECKING:  # a checker refuses the loop by itself

        def __iter__(self):
            """Say how it is iterated."""
            raise InvalidArgumentError(
                "This map is asynchronous: use `async for result in client.map(...)`, or a Client "
                "in place of the AsyncClient."
            )

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> R:
        while True:
            outcome = await anext(self._rows)
            if self._count(outcome):
                return cast(R, handed_out(outcome))
            if outcome.error is not None and self._on_error == "raise":
                await self.aclose()
                raise outcome.error

    async def aclose(self) -> None:
        """Call off what is in flight, on the server too; there are no more results then."""
        await self._rows.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def handed_out(outcome: Outcome) -> Prediction | GradwireError | None:
    """Return what a caller gets of an outcome."""
    return outcome.error if outcome.prediction is None else outcome.prediction


def make_rows(
    source: Source, endpoint: str | int, inputs: Any, settings: Mapping[str, Any]
) -> Outcomes:
    """Put what `map` was given together, after all of it was checked."""
    return outcomes(
        source.submits,
        endpoint,
        inputs,
        resubmit=source.resubmit,
        patience=source.patience,
        spawn=source.spawn,
        **settings,
    )


class AsyncMaps:
    """The method `map` of those who can call an endpoint."""

    def _map_source(self, endpoint: str | int) -> Source:
        """Return who calls the rows, now that an endpoint is known to be there."""
        raise NotImplementedError

    @overload
    def map(
        self,
        endpoint: str | int,
        inputs: Rows,
        *,
        concurrency: int | None = None,
        ordered: bool = True,
        on_error: Literal["raise", "skip"] = "raise",
        retry: int = 2,
    ) -> AsyncMap[Prediction]: ...

    @overload
    def map(
        self,
        endpoint: str | int,
        inputs: Rows,
        *,
        concurrency: int | None = None,
        ordered: bool = True,
        on_error: OnError,
        retry: int = 2,
    ) -> AsyncMap[Prediction | GradwireError]: ...

    def map(
        self,
        endpoint: str | int,
        inputs: Rows,
        *,
        concurrency: int | None = None,
        ordered: bool = True,
        on_error: OnError = "raise",
        retry: int = 2,
    ) -> AsyncMap[Any]:
        """Call an endpoint with each of many inputs; iterate over the results.

        Args:
            endpoint: As for `predict`.
            inputs: Any iterable: a list, a generator that may be without end, an asynchronous one.
                Each item is one row: a mapping by name, a list or tuple in order, or the one input
                itself. It is read only a little ahead of the results that are taken. An
                `AsyncClient` reads one that is not asynchronous in the event loop.
            concurrency: Calls in flight at most. Default: as many as are found to be of use.
            ordered: Whether results come in the order of the inputs, or as soon as they are there.
            on_error: What becomes of a row that fails. `"raise"`: its error is raised, with the
                row's number in `error.row`, and the others are called off. `"return"`: the error
                comes in the place of the result. `"skip"`: it is left out, logged and counted.
                Whatever it says: when nobody is there any more, a `ConnectError` ends it.
            retry: How often a row is sent again that the server has not taken, because nobody was
                there. A full queue does not count: there each row waits for its turn, within
                `Timeout.total`. What the server has taken is not called again, unless the client
                has the option `resubmit`.

        Raises:
            InvalidArgumentError, EndpointNotFoundError: The call is wrong; nothing was sent.
        """
        chosen = checked_on_error(on_error)
        settings = checked_settings(concurrency, ordered, retry)
        source = self._map_source(endpoint)
        return AsyncMap(make_rows(source, endpoint, checked_inputs(inputs), settings), chosen)
