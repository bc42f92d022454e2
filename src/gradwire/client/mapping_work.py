"""What goes on behind the outcomes of `mapping.py`, which says how."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from copy import copy
from time import monotonic
from typing import Any

from gradwire.client.cancelling import SETTLE
from gradwire.client.mapping_rows import Bell, Outcome, Plan, Row, as_data
from gradwire.client.pace import CEILING, Pace
from gradwire.errors import (
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    GradwireError,
    QueueFullError,
    QuotaExceededError,
)
from gradwire.transport.retrying import NOT_TAKEN
from gradwire.wire.prediction import Prediction

_log = logging.getLogger("gradwire")

AHEAD = 4
"""Rows between inputs and results, for each call that may be in flight."""
LONG_PAUSE = 60.0
"""Seconds from which on a pause is worth a warning."""
NOBODY = 15.0
"""Seconds without anybody there after which a row that fails for that ends everything."""
_END: Any = object()


class Work:
    """What goes on behind `Outcomes`."""

    def __init__(self, plan: Plan) -> None:
        self.pace = Pace(CEILING if plan.concurrency is None else plan.concurrency)
        self.news = Bell()
        self.begun = False
        self.in_flight = 0
        self._plan = plan
        self._patience = float("inf") if plan.patience is None else plan.patience
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._room = Bell()
        self._fresh: deque[Row] = deque()
        self._again: deque[Row] = deque()
        self._ended: dict[int, Outcome] = {}
        """By the number under which they are handed out."""
        self._read = self._landed = self._given = 0
        self._exhausted = self._stopped = False
        self._nobody_since: float | None = None
        self._problem: BaseException | None = None

    # -- for the reader of the outcomes ------------------------------------------------------------

    def begin(self) -> None:
        """Start to read the inputs."""
        self.begun = True
        if not self._stopped:
            self._run(self._read_all())

    def take(self) -> Outcome | None:
        """Return the next outcome, if it is there."""
        outcome = self._ended.pop(self._given, None)
        if outcome is not None:
            self._given += 1
            if self._may_read:
                self._room.ring()
        return outcome

    def check_end(self) -> None:
        """Tell that there is no next outcome, and will be none.

        Raises:
            StopAsyncIteration: All is done.
            Exception: What ended it before.
        """
        if self._stopped or (self._exhausted and self._given == self._read):
            problem, self._problem = self._problem, None
            self._stop()
            if problem is not None:
                raise problem
            raise StopAsyncIteration

    def abandon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop, because nobody wants the outcomes; from any thread."""
        if not self._stopped:
            with suppress(RuntimeError):  # the loop is closed, and everything with it
                loop.call_soon_threadsafe(self._stop)

    async def close(self) -> None:
        """Stop, and wait until all is quiet."""
        self._ended.clear()
        self._problem = None
        self._stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._fresh.clear()
        self._again.clear()
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        self.news.ring()

    def _break_off(self, problem: BaseException) -> None:
        """End everything because of something that is not one row's fault."""
        if not self._stopped:
            self._problem = problem
            self._stop()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._plan.spawn(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- reading -----------------------------------------------------------------------------------

    @property
    def _may_read(self) -> bool:
        window = AHEAD * self.pace.limit
        room = not self._fresh and self._read - self._given < window
        return room and not self._stopped and not self._exhausted

    async def _read_all(self) -> None:
        try:
            while True:
                while not self._may_read:
                    await self._room.wait()
                item = await self._next_item()
                if item is _END or self._exhausted:
                    break
                self._fresh.append(Row(self._read, item))
                self._read += 1
                self._dispatch()
        except asyncio.CancelledError:
            self._break_off(_closed())
            raise
        except Exception as error:
            self._problem = self._problem or error
        self._exhausted = True
        self.news.ring()

    async def _next_item(self) -> Any:
        if isinstance(self._plan.inputs, AsyncIterator):
            return await anext(self._plan.inputs, _END)
        return next(self._plan.inputs, _END)

    # -- sending -----------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Send what can be sent now, and have more read if there is room."""
        while not self._stopped and self.in_flight < self.pace.allowed:
            waiting = self._again or self._fresh
            if not waiting:
                break
            pause = self.pace.pause(monotonic())
            if pause:
                self._dispatch_later(pause)
                break
            self._send(waiting.popleft())
        if self._may_read:
            self._room.ring()

    def _dispatch_later(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if seconds >= LONG_PAUSE:
            _log.warning("%s: nothing is sent for %.0f s", self._plan.endpoint, seconds)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._dispatch)

    def _send(self, row: Row) -> None:
        row.sent = monotonic()
        if row.first is None:
            row.first = row.sent
        self.in_flight += 1
        self._run(self._call(row))

    async def _call(self, row: Row) -> None:
        row.job = None
        try:
            row.job = job = self._plan.source.submit(self._plan.endpoint, as_data(row.item))
            if self._plan.on_submit is not None:
                self._plan.on_submit(row.index, row.item, job)
            prediction = await job
        except GradwireError as error:
            self._failed(row, error)
        except asyncio.CancelledError:
            await self._call_off(row)
            self._break_off(_closed())
            raise
        except Exception as error:
            self._break_off(error)
        else:
            self._tell_pace(row, prediction)
            self._land(row, prediction, None)

    async def _call_off(self, row: Row) -> None:
        if row.job is None:
            return
        run = getattr(row.job, "run", None)
        try:
            if run is not None and not run.started:
                # A job that starts while its cancellation travels is not stopped by that.
                await asyncio.sleep(SETTLE)
            await row.job.cancel()
        except GradwireError as error:
            _log.debug("a row could not be cancelled: %s", error)
        except asyncio.CancelledError:
            # Nobody waits any more; a job that knows how goes on telling the server.
            getattr(row.job, "drop", lambda: None)()
            raise

    # -- ends --------------------------------------------------------------------------------------

    def _land(self, row: Row, prediction: Prediction | None, error: GradwireError | None) -> None:
        """A row has its outcome."""
        self.in_flight -= 1
        if self._stopped:
            return
        if error is not None:
            error.row = row.index
        number = row.index if self._plan.ordered else self._landed
        self._landed += 1
        self._ended[number] = Outcome(row.index, row.item, prediction, error)
        self.news.ring()
        self._dispatch()

    def _failed(self, row: Row, error: GradwireError) -> None:
        if isinstance(error, ClientClosedError):
            self._break_off(error)
        elif self._is_tried_again(row, error):
            _log.debug("row %d is sent again: %s", row.index, error)
            self.in_flight -= 1
            self._again.append(row)
            self._dispatch()
        else:
            self._land(row, None, error)
            if self._is_deserted(error):
                self._end_with(error)

    def _is_deserted(self, error: GradwireError) -> bool:
        """Tell whether a row failed because nobody is there, and has not been for long."""
        since = self._nobody_since
        return since is not None and _is_nobody(error) and monotonic() - since >= NOBODY

    def _end_with(self, error: GradwireError) -> None:
        """Have all that were read fail for the same reason, and read no more."""
        waiting = [*self._again, *self._fresh]
        if self._problem is None and (waiting or not self._exhausted):
            self._problem = ConnectError(
                f"{error} Nobody has been there for a while, so no more rows are called.",
                url=error.url,
                endpoint=error.endpoint,
            )
        self._exhausted = True
        self._again.clear()
        self._fresh.clear()
        for row in waiting:
            self.in_flight += 1  # as of one that ends
            self._land(row, None, copy(error))

    def _is_tried_again(self, row: Row, error: GradwireError) -> bool:
        """Tell the pace of a failure; return whether the row is sent again."""
        if not isinstance(error, _PASSING):
            self._tell_pace(row, None)
            return False
        now = monotonic()
        if not _is_nobody(error):
            self._nobody_since = None
        elif self._nobody_since is None:
            self._nobody_since = now
        self.pace.refused(now, row.sent, getattr(error, "retry_after", None))
        turned_away = isinstance(error, QueueFullError) or error.status == 429
        row.tries += not turned_away
        assert row.first is not None
        waits = now + self.pace.pause(now) - row.first
        safe = self._plan.resubmit or turned_away or _is_untouched(row, error)
        return safe and row.tries <= self._plan.retry and waits <= self._patience

    def _tell_pace(self, row: Row, prediction: Prediction | None) -> None:
        """Tell the pace of a call that the server had taken."""
        job, now = row.job, monotonic()
        if job is None:
            return
        self._nobody_since = None
        started = getattr(getattr(job, "run", None), "started_at", None)
        duration = None if prediction is None else prediction.duration
        if started is not None:
            waited = max(0.0, started - row.sent)
        elif duration is not None:
            waited = max(0.0, now - row.sent - duration)
        else:
            waited = 0.0
        self.pace.ended(now, row.sent, waited, self.in_flight)


_PASSING = (QueueFullError, QuotaExceededError, ConnectError, ConnectionLostError)


def _is_untouched(row: Row, error: GradwireError) -> bool:
    """Tell whether it is certain that the server has not taken a row that failed."""
    if row.job is not None and row.job.event_id is not None:
        return False
    return _is_nobody(error) or (isinstance(error, ConnectError) and error.status in NOT_TAKEN)


def _is_nobody(error: GradwireError) -> bool:
    """Tell whether an error says that there was no connection."""
    return isinstance(error, ConnectError) and error.status is None


def _closed() -> ClientClosedError:
    return ClientClosedError("The client was closed before all rows were called.")
