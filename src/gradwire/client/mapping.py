"""Calling an endpoint with many inputs: rows go in, one outcome for each comes out.

The engine of `map`. It knows no client, only something that can `submit`. All of it happens in one
event loop, and what changes its state does not await: whenever something has changed, `_dispatch`
looks what can be done now.

- One task reads the inputs, one row ahead of what can be sent. An iterable that is not
  asynchronous is read in the loop, and blocks it for as long as it takes to give its next item.
- A row that has been read and not been handed out yet is in one of four places: just read, to be
  sent again, in flight, or ended. There are never more of them than `_window` says, so neither a
  slow reader of the results nor, in order, a slow row has the others pile up.
- `pace.py` says how many are in flight, and when to wait.

A row is sent again only if the server has not taken it; `resubmit` says that it may run twice. A
row that a full queue or "too many requests" turned away has lost nothing, and tries as long as it
takes. What turned away the others counts, up to `retry`. What an app's function raises is its
answer, and not asked for again. When nobody has been there for `NOBODY` seconds, the next row that
has used up its tries ends it all: no row can be blamed for that, and there may be a million left.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self

from gradwire.client.mapping_rows import Outcome, Plan, RowJob, Spawn, Submits
from gradwire.client.mapping_work import Work

__all__ = ["Outcome", "Outcomes", "RowJob", "Submits", "outcomes"]


def outcomes(
    source: Submits,
    endpoint: str | int,
    inputs: Iterator[Any] | AsyncIterator[Any],
    *,
    concurrency: int | None = None,
    ordered: bool = True,
    retry: int = 2,
    resubmit: bool = False,
    patience: float | None = None,
    spawn: Spawn | None = None,
    on_submit: Callable[[int, Any, RowJob], object] | None = None,
) -> Outcomes:
    """Call an endpoint with each of the inputs; nothing happens before the first is asked for.

    Args:
        source: Makes the jobs.
        endpoint: What is called.
        inputs: Each a mapping by name, a list or tuple in order, or the one input itself.
        concurrency: Calls in flight at most; None: as many as are found to be of use.
        ordered: Whether outcomes come in the order of the inputs, or as they are there.
        retry: How often a row is sent again that was not taken.
        resubmit: Whether a row may be sent again that the server may have run.
        patience: Seconds after which a row that is not taken fails, however often it was tried.
        spawn: Starts a task; its owner may cancel it to end everything. Default: the loop's.
        on_submit: Called with each job that was started, its index and its input.
    """
    return Outcomes(
        Work(
            Plan(
                source,
                endpoint,
                inputs,
                concurrency,
                ordered,
                retry,
                resubmit,
                patience,
                spawn or asyncio.create_task,
                on_submit,
            )
        )
    )


class Outcomes:
    """The outcomes of many rows, one at a time; made by `outcomes`.

    Does not raise for a row. Raises what the inputs raise, after all rows before that; a
    `ConnectError` after the rows that were read, when nobody is there any more; and
    `ClientClosedError`. One that is dropped, or closed, calls off what is in flight.
    """

    def __init__(self, work: Work) -> None:
        self._work = work

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome:
        work = self._work
        if not work.begun:
            # What works does not know this object, so it goes when nobody holds it.
            weakref.finalize(self, work.abandon, asyncio.get_running_loop()).atexit = False
            work.begin()
        while (outcome := work.take()) is None:
            work.check_end()
            await work.news.wait()
        return outcome

    def take_ready(self) -> Outcome | None:
        """Return the next outcome if it is there already."""
        return self._work.take()

    @property
    def concurrency(self) -> int:
        """Calls that may be in flight now."""
        return self._work.pace.allowed

    @property
    def in_flight(self) -> int:
        """Calls that are in flight."""
        return self._work.in_flight

    async def aclose(self) -> None:
        """Call off what is in flight, on the server too, and wait until all is quiet."""
        await self._work.close()
