"""Drives the jobs of one client: where the session's state machine meets the network.

`wire/session.py` decides; this file sends, reads and hands on. State changes never await, so a
cancellation at any `await` leaves nothing half done.

An engine lives as long as somebody holds a client or a job of it (see `Owner`), or as a job of it
is pending. Its tasks hold the engine, never the client: a client that is dropped without being
closed can be collected, and then closes its engine.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gradwire.app.words import exact_seconds
from gradwire.client.cancelling import Cancels
from gradwire.client.connecting import App
from gradwire.client.dialogues import Dialogues
from gradwire.client.heartbeat import Heartbeat
from gradwire.client.joining import Joins
from gradwire.client.options import Options
from gradwire.client.reading import Reader
from gradwire.client.uploads import Uploads
from gradwire.errors import (
    ClientClosedError,
    DeadlineExceededError,
    GradwireError,
    JobCancelledError,
    ProtocolError,
    endpoint_text,
)
from gradwire.transport.base import Transport
from gradwire.transport.retrying import refused
from gradwire.wire.events import Event
from gradwire.wire.prediction import Prediction
from gradwire.wire.run import Run
from gradwire.wire.session import Session

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob

_log = logging.getLogger("gradwire")


class Engine:
    """Everything that the views of one client share."""

    def __init__(self, transport: Transport, app: App, options: Options, session: Session) -> None:
        self.transport = transport
        self.app = app
        self.options = options
        self.session = session
        session.address = app.requests.base_url
        session.announces_end = app.config.protocol == "sse_v3"
        self.loop = asyncio.get_running_loop()
        self.closed = False
        self._closing: asyncio.Task[None] | None = None
        self.on_closed: Callable[[], object] | None = None
        self.uploads = Uploads(transport, app, options.limits)
        self._jobs: dict[Run, AsyncJob[Event]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.stream = Reader(self)
        self.cancels = Cancels(self)
        self.joins = Joins(self)
        self.dialogues = Dialogues(self)
        self.heartbeat = Heartbeat(self)
        self.spawn(self._close_with_the_loop())
        self.heartbeat.keep()

    # -- a job's way -------------------------------------------------------------------------------

    def add(self, job: AsyncJob[Event]) -> None:
        """Take in a job that is about to be driven."""
        self._jobs[job.run] = job
        if self.closed:
            self.give_up(job.run, ClientClosedError("The client is closed. Connect again."))

    def release(self, job: AsyncJob[Event]) -> bool:
        """Let go of a job of which nothing was sent, as when another app gets it.

        Returns:
            Whether it waited here to be handed in.
        """
        self._jobs.pop(job.run, None)
        return self.joins.withdraw(job)

    def start(self, job: AsyncJob[Event]) -> asyncio.Task[None] | None:
        """Bring a job to the server; its end comes over the stream or with the answer.

        Returns:
            What can be cancelled to stop it on its way, where something can.
        """
        if job.way == "stream" and not job.files:
            self.joins.add(job)
            return None
        return self.spawn(self._start(job))

    async def _start(self, job: AsyncJob[Event]) -> None:
        await self.attend(job, self._bring(job))

    async def _bring(self, job: AsyncJob[Event]) -> None:
        if job.files:
            await job.upload_files(self.uploads)
        if job.way == "stream":
            self.joins.add(job)
        elif job.way == "dialogue":
            await self.dialogues.talk(job)
        elif job.way == "steps":
            await self.dialogues.step_through(job)
        else:
            await self._call(job)

    async def attend(self, job: AsyncJob[Event], work: Coroutine[Any, Any, None]) -> None:
        """Do a part of a job's work; what goes wrong in it ends the job."""
        try:
            await work
        except GradwireError as error:
            error.endpoint = error.endpoint or str(job.run.endpoint)
            self.give_up(job.run, error)
        except asyncio.CancelledError:
            self.give_up(job.run, JobCancelledError("The job was cancelled before it ran."))
            raise
        except Exception as error:
            # A fault of ours must not leave the caller waiting for ever.
            _log.exception("a job failed in the client")
            self.give_up(job.run, ProtocolError(f"The client failed: {error!r}"))

    async def _call(self, job: AsyncJob[Event]) -> None:
        """Call an unqueued endpoint: one request, whose answer is the result."""
        run, request, options = job.run, job.request(), job.options
        self.publish(run, run.accepted(None))
        answer = await self.transport.request(request, options.timeout, options.limits)
        if answer.status != 200:
            raise refused(answer, run.endpoint)
        self.publish(run, run.answered(answer.body))

    def give_up(self, run: Run, error: GradwireError) -> None:
        """End a job from this side."""
        self.publish(run, self.session.give_up(run, error))

    def expire(self, run: Run, seconds: float) -> None:
        """End a job whose total deadline has passed, and stop it on the server."""
        job = self._jobs.get(run)
        error = DeadlineExceededError(
            f"{endpoint_text(run.endpoint)} was not done within {exact_seconds(seconds)} "
            "(Timeout.total), and is cancelled. To wait longer: "
            "client.with_options(timeout=Timeout(total=...)).",
            endpoint=str(run.endpoint),
            event_id=run.event_id,
        )
        self.give_up(run, error)
        if job is not None:
            job.abandon()

    def publish(self, run: Run, events: list[Event]) -> None:
        """Hand events to the job; after its end, forget it."""
        if run.rendered:
            for rendered in run.rendered:
                self.app.apply_render(rendered)
            run.rendered = ()
            self.heartbeat.keep()
        size, run.held = run.held, 0
        job, outcome = self._jobs.get(run), run.outcome
        if job is not None and job.watch is not None:
            job.watch.follow(run, size)
        if job is not None and outcome is None:
            job.on_news()
            if events and job.log.add(events, size):
                self._renew(run)
            return
        if job is not None and outcome is not None and not self._begins_anew(job, outcome):
            job.log.add(events, size)
            _log.debug("%s has ended: %s", run.endpoint, type(outcome).__name__)
            del self._jobs[run]
            job.on_ended(outcome)
        if self.cancels.busy:
            self.cancels.heard(run)

    def _renew(self, run: Run) -> None:
        """Let go of what the dropped events were made from."""
        try:
            run.renew()
        except ProtocolError as error:
            self.give_up(run, error)

    def _begins_anew(self, job: AsyncJob[Event], outcome: Prediction | GradwireError) -> bool:
        """Hand a job in again that has failed, if it may be, after a pause; nothing is told."""
        if self.closed or not isinstance(outcome, GradwireError):
            return False
        seconds = job.pause_before_retry(outcome)
        if seconds is None:
            return False
        _log.info("%s is called again in %.1f s: %s", job.run.endpoint, seconds, outcome)
        del self._jobs[job.run]
        self._jobs[job.begin_anew()] = job
        self.loop.call_later(seconds, job.send)
        return True

    # -- tasks and closing -------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside; it is stopped when the engine is closed."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _close_with_the_loop(self) -> None:
        """Close when all tasks are cancelled: so loops end, and later nothing can be closed."""
        try:
            await self.loop.create_future()
        except asyncio.CancelledError:
            if not self.closed:
                await self.close()
            raise

    async def close(self) -> None:
        """End everything: pending jobs fail, tasks stop, connections close.

        All calls wait for the same end, which goes on if one of them is cancelled.
        """
        if self._closing is None:
            self.closed = True
            self._fail_pending(
                ClientClosedError("The client was closed while the job was pending.")
            )
            self._closing = self.loop.create_task(self._close())
        await asyncio.shield(self._closing)

    def abort(self) -> None:
        """Drop the connections of an engine whose loop is closed; nothing can be awaited there."""
        if not self.closed:
            self.closed = True
            self.transport.abort()

    async def _close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            try:
                await self.transport.close()
            finally:
                if self.on_closed is not None:
                    self.on_closed()

    def _fail_pending(self, error: GradwireError) -> None:
        for run in list(self._jobs):
            self.give_up(run, error)


class Owner:
    """Held by every view and job of a client; closes its engine when the last one is gone."""

    __slots__ = ("__weakref__", "engine")

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        weakref.finalize(self, _close_unowned, engine).atexit = False


def _close_unowned(engine: Engine) -> None:
    """Close an engine that nobody holds; garbage collection can call this in any thread."""
    if engine.closed:
        return
    if engine.loop.is_closed():
        engine.abort()
        return
    with suppress(RuntimeError):  # the loop closed just now: its sockets go with it
        engine.loop.call_soon_threadsafe(lambda: engine.loop.create_task(engine.close()))
