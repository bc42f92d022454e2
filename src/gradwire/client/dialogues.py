"""Drives the jobs that have a connection each: those of servers before Gradio 4.9.

`wire/legacy.py` knows what is said; here it is said. What stops such a job:

| Gradio | a running generator | a waiting job |
|---|---|---|
| 3.x | hanging up, which 3.9 does not notice | hanging up |
| 4.0 to 4.8 | `POST /reset` by its id, once it has yielded | hanging up |

Hanging up does not stop a generator of 4.0. One that is cancelled before its first step is listened
to until then, though its job has ended here.

A plain function that runs cannot be stopped on any of them.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradwire.app.endpoint import Endpoint
from gradwire.client.cancelling import CANCEL_GRACE
from gradwire.data.json import encode
from gradwire.errors import ConnectError, ConnectionLostError, GradwireError
from gradwire.transport.base import bound
from gradwire.transport.retrying import refused, refused_by
from gradwire.wire.events import Event
from gradwire.wire.failures import broken_by, not_authenticated
from gradwire.wire.legacy import Dialogue, Steps
from gradwire.wire.run import Run
from gradwire.wire.sse import EventStreamParser

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob
    from gradwire.client.engine import Engine

_log = logging.getLogger("gradwire")


class Dialogues:
    """The jobs of one client that have a connection each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = Sessions(engine)
        self._talks: dict[Run, Dialogue] = {}
        self._to_stop: set[Run] = set()

    async def talk(self, job: AsyncJob[Event]) -> None:
        """Bring a job from its inputs to its end."""
        session = await self._sessions.enter(job.endpoint)
        run = job.run  # if this one is lost, the job may begin anew with another
        dialogue = Dialogue(run, {**job.payload(), "session_hash": session})
        self._talks[run] = dialogue
        try:
            if self._engine.app.config.protocol == "ws":
                await self._over_socket(job, dialogue)
            else:
                await self._over_stream(job, dialogue)
        finally:
            self._talks.pop(run, None)
            self._to_stop.discard(run)
            self._sessions.leave(job.endpoint, session, dialogue.completed)

    async def _over_socket(self, job: AsyncJob[Event], dialogue: Dialogue) -> None:
        run, request, options = job.run, job.requests.socket(), job.options
        reason, is_open = None, False
        try:
            async with self._engine.transport.websocket(
                request, options.timeout, options.limits
            ) as socket:
                is_open = True
                while not run.ended and (message := await socket.receive()) is not None:
                    reply = self._hear(job, dialogue, message)
                    if reply is not None:
                        await socket.send(encode(reply))
        except ConnectError as error:
            if error.status in (401, 403):
                raise not_authenticated(None, request.url) from error
            raise
        except ConnectionLostError as error:
            # Not before the transport has seen it: that of a Space adds why nobody answers there.
            if not is_open:
                raise
            reason = broken_by(error)
        self._engine.publish(run, dialogue.hang_up(reason))

    async def _over_stream(self, job: AsyncJob[Event], dialogue: Dialogue) -> None:
        run, engine = job.run, self._engine
        request = job.requests.old_join(run.fn_index, engine.session.session_hash)
        parser = EventStreamParser(bound(job.options.limits.event))
        reason, reads = None, False
        try:
            async with engine.transport.stream(request, job.options.timeout) as answer:
                if answer.status != 200:
                    raise refused_by(answer, await answer.read(), run.endpoint)
                while not dialogue.completed and (not run.ended or run in self._to_stop):
                    reads = True
                    chunk = await answer.chunk()
                    reads = False
                    if not chunk or await self._heard_enough(job, dialogue, parser.feed(chunk)):
                        break
        except GradwireError as error:
            # As above; and what others say than the stream is no loss of it.
            if not reads:
                raise
            reason = broken_by(error)
        engine.publish(run, dialogue.hang_up(reason))

    async def _heard_enough(
        self, job: AsyncJob[Event], dialogue: Dialogue, messages: Iterable[bytes]
    ) -> bool:
        """Take in what came over a stream; tell whether nobody wants more of it."""
        for data in messages:
            reply = self._hear(job, dialogue, data)
            if reply is not None:
                await self._hand_over(job, reply)
        if job.run in self._to_stop and dialogue.stepped:
            await self._stop_quietly(job, dialogue)
            return True
        return False

    def _hear(self, job: AsyncJob[Event], dialogue: Dialogue, data: bytes) -> dict[str, Any] | None:
        dialogue.run.held += len(data)
        turn = dialogue.hear(data)
        self._engine.publish(dialogue.run, turn.events)
        if turn.reply is not None and "data" in turn.reply:
            job.on_accepted()
        return turn.reply

    async def _hand_over(self, job: AsyncJob[Event], payload: dict[str, Any]) -> None:
        request = job.requests.old_data(payload)
        answer = await self._engine.transport.request(request, job.options.timeout)
        if answer.status != 200:
            raise refused(answer, job.run.endpoint)

    # -- stopping ----------------------------------------------------------------------------------

    async def cancel(self, job: AsyncJob[Event]) -> None:
        """End a job, after the server was told to stop it if it has to be told."""
        dialogue = self._talks.get(job.run)
        try:
            if dialogue is not None and dialogue.stepped and self._has_to_be_told(job):
                await asyncio.wait_for(self._stop(job, dialogue), CANCEL_GRACE)
        except (GradwireError, TimeoutError) as error:
            _log.debug("a job could not be cancelled on the server: %s", error)
        finally:
            job.drop()

    def abandon(self, job: AsyncJob[Event]) -> None:
        """Stop a job that has ended here."""
        dialogue = self._talks.get(job.run)
        if dialogue is None or not dialogue.committed or not self._has_to_be_told(job):
            job.hang_up()
        elif not dialogue.stepped:
            self._to_stop.add(job.run)  # the reader does it
        else:
            job.hang_up()
            if not dialogue.stopping:
                self._engine.spawn(self._stop_quietly(job, dialogue))

    def _has_to_be_told(self, job: AsyncJob[Event]) -> bool:
        return job.endpoint.is_generator and self._engine.app.config.protocol != "ws"

    async def _stop(self, job: AsyncJob[Event], dialogue: Dialogue) -> None:
        event_id = job.run.event_id
        if event_id is not None:
            dialogue.stopping = True
            request = job.requests.reset(event_id)
            try:
                await self._engine.transport.request(request, job.options.timeout)
            except asyncio.CancelledError:
                dialogue.stopping = False  # nobody knows whether the server has heard
                raise

    async def _stop_quietly(self, job: AsyncJob[Event], dialogue: Dialogue) -> None:
        try:
            await self._stop(job, dialogue)
        except GradwireError as error:
            _log.debug("a job could not be cancelled on the server: %s", error)

    # -- calls outside of the queue ----------------------------------------------------------------

    async def step_through(self, job: AsyncJob[Event]) -> None:
        """Call an unqueued endpoint of 3.x, whose generators want one request for each step."""
        run, steps = job.run, Steps(job.run)
        session = await self._sessions.enter(job.endpoint)
        request = job.requests.run({**job.payload(), "session_hash": session})
        self._engine.publish(run, run.accepted(None))
        try:
            while not run.ended:
                options = job.options
                answer = await self._engine.transport.request(
                    request, options.timeout, options.limits
                )
                if answer.status != 200:
                    raise refused(answer, run.endpoint)
                run.held += len(answer.body)
                self._engine.publish(run, steps.answered(answer.body))
        finally:
            self._sessions.leave(job.endpoint, session, steps.completed)


class Sessions:
    """Which session a call to 3.x is made in, so that no two jobs share the steps of a generator.

    The client's own, if it is free. Else a call without State gets a new one, and one with State,
    which is kept in the session, waits.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns: dict[int, asyncio.Lock] = {}
        self._spoilt: set[int] = set()
        """Functions of which a job was left in the middle."""

    async def enter(self, endpoint: Endpoint) -> str:
        """Return the session for a call."""
        own, function = self._engine.session.session_hash, endpoint.fn_index
        if not endpoint.steps_in_session:
            return own
        turn = self._turns.setdefault(function, asyncio.Lock())
        if not endpoint.keeps_state and (turn.locked() or function in self._spoilt):
            return secrets.token_hex(10)
        await turn.acquire()
        try:
            if function in self._spoilt:
                await self._begin_anew(own, function)
        except BaseException:
            turn.release()
            raise
        return own

    def leave(self, endpoint: Endpoint, session: str, completed: bool) -> None:
        """The call is over; `completed`: because the server said so."""
        function = endpoint.fn_index
        if endpoint.steps_in_session and session == self._engine.session.session_hash:
            if not completed:
                self._spoilt.add(function)
            self._turns[function].release()

    async def _begin_anew(self, session: str, function: int) -> None:
        requests, timeout = self._engine.app.requests, self._engine.options.timeout
        try:
            await self._engine.transport.request(requests.reset_steps(session, function), timeout)
        except GradwireError as error:
            _log.debug("a generator could not be reset: %s", error)
        else:
            self._spoilt.discard(function)
