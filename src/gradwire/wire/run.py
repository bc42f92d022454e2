"""One submission as a state machine: server messages in, events out, exactly one end.

```
            estimation, progress, log             (every protocol)
            ┌────┐
  WAITING ──┴────┴──► STARTED ──────────────► ENDED
     │  process_starts   │ ▲ process_generating, process_streaming
     │                   └─┘                    ▲
     └──────────────────────────────────────────┘
       process_completed, unexpected_error, or the client's own end:
       cancelled, connection lost, deadline, client closed
```

Once ended, a run swallows whatever still arrives: servers do send messages after a job's end, such
as the real result of a cancelled plain function. `outcome` is set once, and together with it the
last status event is made, so every observer sees the same end.

What a step holds depends on the protocol. Up to `sse_v1` each one is full. From `sse_v2` on, the
first is full, the following are diffs, and the end is full again. Streaming inputs
(`process_streaming`) are full always.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any

import msgspec

from gradwire.data.json import JSONDecodeFailure, check_nesting, decode
from gradwire.data.outputs import OutputSteps
from gradwire.errors import GradwireError, JobCancelledError, ProtocolError
from gradwire.wire.events import (
    DataEvent,
    Event,
    EventType,
    Finish,
    LogEvent,
    Origin,
    RenderEvent,
    StatusEvent,
    as_they_are,
)
from gradwire.wire.failures import failed_output, unexpected_error
from gradwire.wire.messages import (
    Estimation,
    Log,
    Malformed,
    Output,
    ProcessCompleted,
    ProcessGenerating,
    ProcessStarts,
    ProcessStreaming,
    Progress,
    ServerMessage,
    UnexpectedError,
    Unknown,
)
from gradwire.wire.prediction import Prediction
from gradwire.wire.statuses import status_fields

MAX_LOGS = 10_000
"""Messages of `gr.Info` and the like that a result has; of more, the newest."""
_NULL = len(b"null")
_FULL_STEPS = frozenset({"ws", "sse", "sse_v1"})


class Run:
    """One submission, from the moment it is made.

    Attributes:
        endpoint: What the caller named: a name or an index.
        fn_index: The server's number of the function.
        event_id: The server's id of the job, once it has accepted it.
        started: Whether the server has begun to run the function.
        started_at: When it said so, by `time.monotonic()`; None: it did not.
        over: Whether the server has said that it ended.
        outcome: None while the job lives; then its `Prediction` or its error.
        heard_on: The number of the stream that last carried a message for it (see `session.py`).
        held: Bytes of the messages that have come for it since somebody set this to 0.
    """

    __slots__ = (
        "_full_steps",
        "_last",
        "_last_at",
        "_origin",
        "_queue",
        "_status",
        "_steps",
        "_wants_data",
        "_wants_log",
        "_wants_render",
        "_wants_status",
        "endpoint",
        "event_id",
        "fn_index",
        "heard_on",
        "held",
        "logs",
        "outcome",
        "over",
        "rendered",
        "started",
        "started_at",
    )

    def __init__(
        self,
        endpoint: str | int,
        fn_index: int,
        *,
        queue: bool = True,
        protocol: str = "sse_v3",
        wanted: frozenset[EventType] = frozenset({"data"}),
        finish: Finish = as_they_are,
    ) -> None:
        self.endpoint = endpoint
        self.fn_index = fn_index
        self.event_id: str | None = None
        self.started = False
        self.started_at: float | None = None
        self.over = False
        self.outcome: Prediction | GradwireError | None = None
        self.heard_on = 0
        self.held = 0
        self.logs: list[LogEvent] = []
        self._queue = queue
        self._full_steps = protocol in _FULL_STEPS
        self._wants_data = "data" in wanted
        self._wants_status = "status" in wanted
        self._wants_log = "log" in wanted
        self._wants_render = "render" in wanted
        self._origin = Origin(endpoint, fn_index, finish)
        self._steps: OutputSteps | None = None
        self._last: ServerMessage | None = None
        self._last_at = time()
        self._status: StatusEvent | None = None
        self.rendered: tuple[dict[str, Any], ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the run has its outcome."""
        return self.outcome is not None

    @property
    def status(self) -> StatusEvent:
        """The latest status; made when asked for, because few ask."""
        if self._status is None:
            self._status = self._status_of(self._last)
        return self._status

    # -- what the server says ------------------------------------------------------------------

    def receive(self, message: ServerMessage | Unknown | Malformed) -> list[Event]:
        """Take a message of this job; return the events that the caller asked for."""
        news: list[Event] = []
        self.take(message, news)
        return news

    def take(self, message: ServerMessage | Unknown | Malformed, news: list[Event]) -> None:
        """Take a message of this job; add the events that the caller asked for to `news`."""
        if self.outcome is None:
            handler = _HANDLERS.get(type(message))
            if handler is not None:
                handler(self, message, news)

    def accepted(self, event_id: str | None) -> list[Event]:
        """The server has taken the job."""
        self.event_id = event_id
        if self.ended or self._last is not None:
            return []
        return [self.status] if self._wants_status else []

    def answered(self, body: bytes) -> list[Event]:
        """Take the answer to an unqueued call, which is the `output` of the job itself."""
        if self.outcome is not None:
            return []
        try:
            check_nesting(body)
            output = msgspec.json.decode(body, type=Output)
        except JSONDecodeFailure as error:
            problem = f"The result is no answer of a Gradio app: {error}. Is a proxy in between?"
            return self.fail(ProtocolError(problem, **self._facts()))
        return self.receive(ProcessCompleted(output=output))

    def _note(self, message: ServerMessage, news: list[Event]) -> None:
        """Remember the latest news; make the status event only for those who want it."""
        self._last, self._last_at, self._status = message, time(), None
        if self._wants_status:
            news.append(self.status)

    def _starts(self, message: ProcessStarts, news: list[Event]) -> None:
        self.started, self.started_at = True, monotonic()
        self._note(message, news)

    def _logged(self, message: Log, news: list[Event]) -> None:
        event = LogEvent(
            log=message.log,
            level=message.level,
            title=message.title,
            duration=message.duration,
            visible=message.visible,
            endpoint=self.endpoint,
            fn_index=self.fn_index,
        )
        self.logs.append(event)
        if len(self.logs) > MAX_LOGS:
            del self.logs[: MAX_LOGS // 2]
        if self._wants_log:
            news.append(event)

    def _generating(self, message: ProcessGenerating, news: list[Event]) -> None:
        self.started = True
        output = message.output
        if not message.success:
            news += self.fail(failed_output(output, None, self.endpoint, self.event_id))
            return
        self._note(message, news)
        data = output.data
        if data:
            if self._wants_data:  # else only the end counts, which is always full
                steps = self._steps
                if steps is None or self._full_steps or type(message) is ProcessStreaming:
                    news.append(self._whole(data))
                else:
                    news.append(DataEvent(self._origin, steps, steps.add_diff(data)))
            if len(output.render_config) > _NULL:
                self._render(output, news)

    def _completed(self, message: ProcessCompleted, news: list[Event]) -> None:
        output = message.output
        if not message.success:
            error = failed_output(output, message.title, self.endpoint, self.event_id)
            news += self.fail(error, message)
            return
        if not output.data:
            # A job that was cancelled ends with success and without data.
            cancelled = JobCancelledError("The job was cancelled.", **self._facts())
            news += self.fail(cancelled, message)
            return
        data = self._whole(output.data, final=True)
        if self._wants_data:
            news.append(data)
        if len(output.render_config) > _NULL:
            self._render(output, news)
        self.outcome = Prediction(
            data,
            duration=output.duration,
            average_duration=output.average_duration,
            logs=tuple(self.logs),
        )
        self._note(message, news)

    def _broke(self, message: UnexpectedError, news: list[Event]) -> None:
        error = unexpected_error(message.message, message.session_not_found, **self._facts())
        news += self.fail(error, message)

    def _malformed(self, message: Malformed, news: list[Event]) -> None:
        error = ProtocolError(f"A message cannot be read: {message.reason}", **self._facts())
        news += self.fail(error)

    def _whole(self, data: msgspec.Raw, final: bool = False) -> DataEvent:
        """Begin new steps with outputs that were sent as a whole."""
        self._steps = OutputSteps(data, self._steps)
        return DataEvent(self._origin, self._steps, 0, final)

    def renew(self) -> None:
        """Let go of the steps so far: those to come build on what these have led to.

        Raises:
            ProtocolError: These cannot be decoded.
        """
        if self._steps is not None:
            self._steps = self._steps.renewed()

    def _render(self, output: Output, news: list[Event]) -> None:
        try:
            config = decode(output.render_config)
        except JSONDecodeFailure:
            return
        if not isinstance(config, dict):
            return
        # The client's config follows even when the caller did not ask for the event.
        self.rendered += (config,)
        if self._wants_render:
            event = RenderEvent(data=config, endpoint=self.endpoint, fn_index=self.fn_index)
            news.append(event)

    # -- ends that the client decides ------------------------------------------------------------

    def fail(self, error: GradwireError, message: ServerMessage | None = None) -> list[Event]:
        """End the run with an error, unless it has ended already."""
        if self.outcome is not None:
            return []
        self.outcome = error
        self._last_at, self._status = time(), None
        if message is not None:
            self._last = message
        return [self.status] if self._wants_status else []

    def _facts(self) -> dict[str, Any]:
        return {"endpoint": str(self.endpoint), "event_id": self.event_id}

    # -- status ----------------------------------------------------------------------------------

    def _status_of(self, message: ServerMessage | None) -> StatusEvent:
        error = self.outcome if isinstance(self.outcome, GradwireError) else None
        return StatusEvent(
            queue=self._queue,
            endpoint=self.endpoint,
            fn_index=self.fn_index,
            time=datetime.fromtimestamp(self._last_at, UTC),
            **status_fields(message, error),
        )


_HANDLERS: dict[type, Callable[[Run, Any, list[Event]], None]] = {
    Estimation: Run._note,
    ProcessStarts: Run._starts,
    Progress: Run._note,
    Log: Run._logged,
    ProcessGenerating: Run._generating,
    ProcessStreaming: Run._generating,
    ProcessCompleted: Run._completed,
    UnexpectedError: Run._broke,
    Malformed: Run._malformed,
}
