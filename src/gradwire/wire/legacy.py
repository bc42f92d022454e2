"""One submission to a server that has no shared stream: the dialogues of 3.x and of 4.0 to 4.8.

Before `sse_v1` each job has a connection of its own, on which server and client take turns:

| | `ws`, Gradio 3.x | `sse`, Gradio 4.0 to 4.8 |
|---|---|---|
| connection | WebSocket `/queue/join` | `GET /queue/join?fn_index=…&session_hash=…` |
| first | server: `send_hash`; client: function and session | |
| waiting | server: `estimation`, again and again | the same |
| its turn | server: `send_data`; client: inputs | `send_data` with an id; `POST /queue/data` |
| running | `process_starts`, `progress`, `log`, `process_generating` | the same |
| the end | `process_completed`, and the server hangs up | the same |
| no room | `queue_full`, and the server hangs up | the same |

No message has an event id but the `send_data` of `sse`: whatever comes is for the job whose
connection it is. Steps of generators are full values, never diffs. A `sse` server that was told to
stop a generator hangs up without a word, and so does one that waited five seconds for the inputs.

Calls outside of the queue are one HTTP request, but in 3.x a generator's answer is one step of it,
and the same request has to be made again for the next one: see `Steps`.

Up to 3.50 the server keeps the steps of a generator by session and function, not by job: two jobs
of one function in one session get each other's steps, and so does one that comes after a job that
was left in the middle. Such jobs need sessions of their own: see `client/dialogues.py`.

Source: `gradio/queueing.py` and `gradio/routes.py` of 3.9.1, 3.16.2, 3.36.1, 3.50.2 and 4.0.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from gradwire.data.json import JSONDecodeFailure, check_nesting
from gradwire.errors import (
    ConnectionLostError,
    JobCancelledError,
    ProtocolError,
    QueueFullError,
    endpoint_text,
)
from gradwire.wire.events import Event
from gradwire.wire.failures import OUTCOME_UNKNOWN, TRY_LATER
from gradwire.wire.messages import (
    Output,
    ProcessCompleted,
    ProcessGenerating,
    QueueFull,
    SendData,
    SendHash,
    decode_message,
)
from gradwire.wire.run import Run

PROTOCOLS = frozenset({"ws", "sse"})
"""The protocols that are spoken here."""


class Turn(NamedTuple):
    """What a message of the server means.

    Attributes:
        events: What the job's caller is told.
        reply: What the client has to say now; None: nothing.
    """

    events: list[Event]
    reply: dict[str, Any] | None = None


class Dialogue:
    """The conversation about one job, as a state machine.

    Args:
        run: The job.
        payload: Its inputs: `data`, `fn_index`, `session_hash` and what else belongs to a call.

    Attributes:
        stopping: Whether the server was told to stop the job, so that it may hang up at any time.
        committed: Whether the server has the inputs, and so will run the function.
        stepped: Whether it has yielded.
        completed: Whether the server has said how the job ended.
    """

    def __init__(self, run: Run, payload: Mapping[str, Any]) -> None:
        self.run = run
        self.stopping = False
        self.committed = False
        self.stepped = False
        self.completed = False
        self._payload = payload
        self._accepted = False

    def hear(self, data: bytes) -> Turn:
        """Take a message."""
        message = decode_message(data)
        if isinstance(message, SendHash):
            return Turn([], {key: self._payload[key] for key in ("fn_index", "session_hash")})
        if isinstance(message, QueueFull):
            full = QueueFullError(
                f"The app has its queue full: it takes no more jobs now. {TRY_LATER}",
                title="Queue full",
                endpoint=str(self.run.endpoint),
            )
            return Turn(self.run.fail(full))
        if isinstance(message, SendData):
            events = self._accept(message.event_id)
            if self.committed:
                return Turn(events)  # a job is never handed in twice
            self.committed = True
            named = {} if message.event_id is None else {"event_id": message.event_id}
            return Turn(events, {**self._payload, **named})
        self.stepped = self.stepped or isinstance(message, ProcessGenerating)
        self.completed = self.completed or isinstance(message, ProcessCompleted)
        events = [] if self._accepted else self._accept(None)
        return Turn(events + self.run.receive(message))

    def _accept(self, event_id: str | None) -> list[Event]:
        if self._accepted:
            self.run.event_id = event_id or self.run.event_id
            return []
        self._accepted = True
        return self.run.accepted(event_id)

    def hang_up(self, reason: str | None) -> list[Event]:
        """The connection is over; end the job if the server has not.

        Args:
            reason: What broke it; None: the server has closed it.
        """
        facts: dict[str, Any] = {
            "endpoint": str(self.run.endpoint),
            "event_id": self.run.event_id,
        }
        if self.stopping and reason is None:
            return self.run.fail(JobCancelledError("The job was cancelled.", **facts))
        what = (reason or "the server ended it before the job was done").rstrip(".")
        error = ConnectionLostError(
            f"The connection of {endpoint_text(self.run.endpoint)} broke while it was pending: "
            f"{what}. {OUTCOME_UNKNOWN}",
            reason=what,
            event_ids=(self.run.event_id,) if self.run.event_id else (),
            session_hash=str(self._payload.get("session_hash")),
            **facts,
        )
        return self.run.fail(error)


class Steps:
    """A call outside of the queue of 3.x, whose answers may be the steps of a generator.

    The last step comes twice: the answer that ends the generator has no value of its own.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.completed = False
        self._last: Output | None = None

    def answered(self, body: bytes) -> list[Event]:
        """Take an answer; as long as the run has not ended after that, ask again."""
        try:
            check_nesting(body)
            output = msgspec.json.decode(body, type=Output)
        except JSONDecodeFailure as error:
            return self.run.fail(
                ProtocolError(
                    f"The result is no answer of a Gradio app: {error}. Is a proxy in between?",
                    endpoint=str(self.run.endpoint),
                )
            )
        if output.is_generating:
            self._last = output
            return self.run.receive(ProcessGenerating(output=output))
        self.completed = True
        return self.run.receive(ProcessCompleted(output=self._last or output))
