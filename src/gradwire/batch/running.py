"""Calls the rows of a table that are not finished, and tells the checkpoint what becomes of them.

A row is claimed before it is sent, and its id is noted when the app has taken it. So after a crash
it is known which rows may have been run although nobody has their results.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any

from gradwire.app.endpoint import Endpoint
from gradwire.batch.checkpoint import Checkpoint
from gradwire.batch.columns import Columns, WrongRowError, check_files
from gradwire.batch.progress import Meter
from gradwire.batch.results import Files, error_text, files_in, with_paths
from gradwire.batch.table_job import TableJob
from gradwire.batch.tables import Reader
from gradwire.client.mapping import Outcome, Outcomes, RowJob, outcomes
from gradwire.client.mapping_async import Source
from gradwire.errors import (
    AccessError,
    ClientClosedError,
    ConnectError,
    GradwireError,
    QuotaExceededError,
)

NOT_THE_ROWS_FAULT = (ConnectError, AccessError, QuotaExceededError, ClientClosedError)
"""Errors that every other row would have too: the run ends, and the row stays unfinished."""
UNKNOWN_ERROR = "Unknown: the run ended while the row was with the app; it may have been run."
_WINDOW = 1000
"""Rows of which the checkpoint is asked at once."""
_SAVING = 8
"""Rows whose files are fetched at the same time."""


class TooManyFailedError(GradwireError):
    """More rows have failed than were allowed; the others are not called."""


class Inputs(dict[str, Any]):
    """The inputs of a row, with its number, from 0 on."""

    __slots__ = ("number",)

    def __init__(self, number: int, inputs: dict[str, Any]) -> None:
        super().__init__(inputs)
        self.number = number


class Runner:
    """One run over the rows of a table that are not finished."""

    def __init__(
        self,
        source: Source,
        endpoint: Endpoint,
        job: TableJob,
        columns: Columns,
        checkpoint: Checkpoint,
        meter: Meter,
        files: Files | None,
    ) -> None:
        self._submits = source.submits
        self._spawn_beside = source.spawn or asyncio.create_task
        self._endpoint = endpoint
        self._job = job
        self._columns = columns
        self._checkpoint = checkpoint
        self._meter = meter
        self._files = files
        self._failed = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._problem: Exception | None = None

    def submit(self, endpoint: str | int, data: Any, /) -> RowJob:
        """Claim a row and send it; what the engine calls in the place of the client's."""
        self._checkpoint.claim(data.number)
        job: RowJob = self._submits.submit(endpoint, data)
        self._spawn(self._note_id(data.number, job))
        return job

    async def _note_id(self, number: int, job: Any) -> None:
        """Note that the app has taken a row."""
        event_id = await job.wait_for_id()
        if event_id is not None:
            self._checkpoint.accepted(number, event_id)

    async def run(self, table: Reader) -> None:
        """Call all rows that are not finished.

        Raises:
            GradwireError: The run cannot go on; all that is done is in the checkpoint.
        """
        job = self._job
        rows = self._unfinished(table)
        found = outcomes(
            self,
            self._endpoint.address,
            rows,
            concurrency=job.concurrency,
            ordered=False,
            retry=job.retry,
            resubmit=job.unknown == "retry",
            spawn=self._spawn_beside,
        )
        try:
            async with aclosing(rows), aclosing(found):
                try:
                    await self._take_all(found)
                finally:
                    while (outcome := found.take_ready()) is not None:
                        self._take(outcome)  # is here already: it need not be called again
        finally:
            await self._end_tasks()
            self._meter.in_flight = 0
            self._meter.tell()

    async def _take_all(self, found: Outcomes) -> None:
        saving: set[asyncio.Task[None]] = set()
        async for outcome in found:
            self._meter.in_flight = found.in_flight
            task = self._take(outcome)
            if task is not None:
                saving.add(task)
                task.add_done_callback(saving.discard)
            if len(saving) >= _SAVING:
                await asyncio.wait(saving, return_when=asyncio.FIRST_COMPLETED)
            if self._problem is not None:
                raise self._problem
        while saving:
            await asyncio.wait(saving)
        if self._problem is not None:
            raise self._problem

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._watched(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            self._problem = self._problem or error

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- rows that go out --------------------------------------------------------------------------

    async def _unfinished(self, table: Reader) -> AsyncGenerator[Inputs, None]:
        finished: set[int] = set()
        for number, row in enumerate(table.rows(list(self._columns.used.values()))):
            if number % _WINDOW == 0:
                finished = self._checkpoint.finished_between(number, number + _WINDOW)
                await asyncio.sleep(0)  # there may be a million before the first that is not
            if number in finished:
                continue
            try:
                inputs = Inputs(number, self._columns.inputs(row))
                check_files(inputs)  # one may have gone since the table was looked through
            except WrongRowError as error:
                self._fail(number, f"InvalidArgumentError: {error}", None, sent=False)
            else:
                yield inputs

    # -- rows that come back -----------------------------------------------------------------------

    def _take(self, outcome: Outcome) -> asyncio.Task[None] | None:
        """Keep what came of a row; return what still fetches its files."""
        number, prediction = outcome.item.number, outcome.prediction
        if prediction is None:
            self._refuse_or_fail(number, outcome.error)
            return None
        try:
            data = prediction.data
        except GradwireError as error:
            self._refuse_or_fail(number, error)
            return None
        if self._files is None or not files_in(data):
            self._finish(number, [with_paths(value, {}) for value in data])
            return None
        return self._spawn(self._save(number, data))

    async def _save(self, number: int, data: list[Any]) -> None:
        assert self._files is not None
        try:
            result = await self._files.save(number + 1, data)
        except GradwireError as error:
            self._refuse_or_fail(number, error)
        else:
            self._finish(number, result)

    def _finish(self, number: int, result: list[Any]) -> None:
        self._checkpoint.done(number, result)
        self._meter.count(done=True, in_flight=self._meter.in_flight)

    def _refuse_or_fail(self, number: int, error: GradwireError | None) -> None:
        if isinstance(error, NOT_THE_ROWS_FAULT):
            self._checkpoint.release(number)
            self._problem = self._problem or error
        else:
            assert error is not None
            self._fail(number, error_text(error), error.event_id)

    def _fail(self, number: int, text: str, event_id: str | None, *, sent: bool = True) -> None:
        self._checkpoint.failed(number, text, event_id)
        self._meter.count(done=False, in_flight=self._meter.in_flight, sent=sent)
        self._failed += 1
        most = self._job.max_failed
        if most is not None and self._failed >= most:
            self._problem = self._problem or TooManyFailedError(
                f"{self._failed:,} rows have failed, the last one with: {text}"
            )
