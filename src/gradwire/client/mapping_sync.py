"""`Client.map`, and what it returns.

The calls are made in the event loop of all clients. The caller's iterator is read in the caller's
thread, while that waits for a result: so it may block, use the client, or belong to the thread, as
a database's cursor does. What is in flight goes on while the caller does something else.

Both ways, several things cross at once where there are several, for each crossing is a switch
of threads.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, cast, overload

from gradwire.client.loop_thread import LoopThread, leave_daemon
from gradwire.client.mapping import Outcome, Outcomes
from gradwire.client.mapping_async import AsyncMaps, Results, handed_out, make_rows
from gradwire.client.mapping_checks import (
    OnError,
    checked_inputs,
    checked_on_error,
    checked_settings,
)
from gradwire.errors import ClientClosedError, GradwireError, InvalidArgumentError
from gradwire.wire.prediction import Prediction

R = TypeVar("R", covariant=True)

READ_SECONDS = 0.005
"""For which the caller's iterator is read before it is looked whether there are results."""
_END: Any = object()


class Handover:
    """A caller's iterator, as the event loop sees it: read in the caller's thread when asked."""

    def __init__(self, items: Iterator[Any], thread: LoopThread) -> None:
        self._items = items
        self._thread = thread
        self._arrived: deque[Any] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._asleep = False
        self._problem: BaseException | None = None
        self._wanted = 0
        self.how_many: Callable[[], int] = lambda: 1
        self.news = threading.Event()
        """Set when the caller's thread has something to look at."""

    # -- in the event loop -------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        while True:
            problem = self._problem  # before the look: what arrives, arrives before that
            if self._arrived:
                return self._arrived.popleft()
            if problem is not None:
                raise problem
            self._waiter = asyncio.get_running_loop().create_future()
            self._asleep = True
            if self._arrived or self._problem is not None:
                continue  # it came just now, and nobody was to be woken
            self._wanted = self.how_many()
            self.news.set()
            await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- in the caller's thread --------------------------------------------------------------------

    def serve(self) -> None:
        """Read some items, if they were asked for; each is on its way before the next is read."""
        wanted = self._wanted
        if not wanted or self._problem is not None:  # it may have asked before it saw the end
            return
        self._wanted = 0  # the loop does not ask again before it has got something
        until = monotonic() + READ_SECONDS
        for _ in range(wanted):
            try:
                item = next(self._items, _END)
            except Exception as error:
                self._problem = error
            else:
                if item is _END:
                    self._problem = StopAsyncIteration()
                else:
                    self._arrived.append(item)
            if self._asleep:
                self._asleep = False
                self._thread.call_soon(self._wake)
            if self._problem is not None or monotonic() >= until:
                break


class SyncMap(Results, Generic[R]):
    """The results of many calls, as they come; made by `map`.

    `for result in client.map(…)`. Nothing is sent before the first result is asked for. When the
    loop is left early, what is in flight is called off; with `with client.map(…) as results` that
    is done when the block ends. Several threads may share one; each result goes to one of them.
    """

    def __init__(
        self, rows: Outcomes, on_error: OnError, handover: Handover, thread: LoopThread
    ) -> None:
        super().__init__(rows, on_error)
        self._handover = handover
        self._thread = thread
        self._ready: deque[Outcome] = deque()
        self._turn = threading.RLock()
        self._waits = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> R:
        while True:
            with self._turn:
                outcome = self._next_outcome()
                wanted = self._count(outcome)
            if wanted:
                return cast(R, handed_out(outcome))
            if outcome.error is not None and self._on_error == "raise":
                self.close()
                raise outcome.error

    def _next_outcome(self) -> Outcome:
        if self._waits:  # and it is the same thread that asks again
            raise InvalidArgumentError("The inputs of a map cannot wait for its own results.")
        if not self._ready:
            self._waits = True
            try:
                self._ready.extend(self._wait())
            except BaseException:
                # Of the inputs, or an interrupt: nobody asks for more.
                self.close()
                raise
            finally:
                self._waits = False
        try:
            return self._ready.popleft()
        except IndexError:  # the end, or another thread has closed it just now
            raise StopIteration from None

    def _wait(self) -> list[Outcome]:
        """Wait for outcomes, and read inputs meanwhile; return none at the end."""
        news = self._handover.news
        found: Future[list[Outcome]] = self._thread.begin(_take_some(self._rows))
        found.add_done_callback(lambda _: news.set())
        try:
            while not found.done():
                self._handover.serve()
                news.wait()
                news.clear()
            return found.result()
        except CancelledError:
            leave_daemon()
            raise ClientClosedError("The client was closed before all rows were called.") from None
        except BaseException:
            found.cancel()
            raise

    def close(self) -> None:
        """Call off what is in flight, on the server too; there are no more results then."""
        self._ready.clear()
        with suppress(ClientClosedError):
            self._thread.run(self._rows.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def _take_some(rows: Outcomes) -> list[Outcome]:
    """Wait for an outcome; return it with those that are there as well."""
    found = []
    with suppress(StopAsyncIteration):
        found.append(await anext(rows))
        while len(found) < rows.concurrency and (more := rows.take_ready()) is not None:
            found.append(more)
    return found


class SyncMaps:
    """The method `map` of those who can call an endpoint, without `await`."""

    _inner: AsyncMaps

    @property
    def _thread(self) -> LoopThread:
        raise NotImplementedError

    @overload
    def map(
        self,
        endpoint: str | int,
        inputs: Iterable[Any],
        *,
        concurrency: int | None = None,
        ordered: bool = True,
        on_error: Literal["raise", "skip"] = "raise",
        retry: int = 2,
    ) -> SyncMap[Prediction]: ...

    @overload
    def map(
        self,
        endpoint: str | int,
        inputs: Iterable[Any],
        *,
        concurrency: int | None = None,
        ordered: bool = True,
        on_error: OnError,
        retry: int = 2,
    ) -> SyncMap[Prediction | GradwireError]: ...

    def map(
        self,
        endpoint: str | int,
        inputs: Iterable[Any],
        *,
        concurrency: int | None = None,
        ordered: bool = True,
        on_error: OnError = "raise",
        retry: int = 2,
    ) -> SyncMap[Any]:
        """Call an endpoint with each of many inputs; see `AsyncClient.map`."""
        chosen = checked_on_error(on_error)
        settings = checked_settings(concurrency, ordered, retry)
        source = self._inner._map_source(endpoint)
        items = checked_inputs(inputs)
        if not isinstance(items, Iterator):
            raise InvalidArgumentError(
                "inputs is asynchronous, which needs an event loop: use AsyncClient.map there."
            )
        handover = Handover(items, self._thread)
        rows = make_rows(source, endpoint, handover, settings)
        handover.how_many = _concurrency_of(rows)
        return SyncMap(rows, chosen, handover, self._thread)


def _concurrency_of(rows: Outcomes) -> Callable[[], int]:
    """Return what tells the concurrency of rows, and does not keep them alive."""
    pace = rows._work.pace
    return lambda: pace.allowed
