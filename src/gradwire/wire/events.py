"""The events that a job yields.

All are frozen and have a `type`, so that `match` and `if event.type == "data"` both work. An event
never changes when a later one arrives. Treat what `data` holds as read-only: steps share the parts
that they have in common.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

import msgspec
from msgspec.structs import force_setattr

from gradwire.data.outputs import OutputSteps
from gradwire.errors import GradwireError

EventType = Literal["data", "status", "log", "render"]
Stage = Literal["pending", "generating", "streaming", "complete", "error"]
EVENT_TYPES: tuple[EventType, ...] = ("data", "status", "log", "render")


def now() -> datetime:
    """Return the present moment, with its time zone."""
    return datetime.now(UTC)


class ProgressData(msgspec.Struct, frozen=True):
    """One progress bar of `gr.Progress`."""

    index: int | float | None = None
    """Steps done."""
    length: int | float | None = None
    """Steps in all."""
    unit: str | None = None
    """What is counted, such as `"steps"`."""
    progress: float | None = None
    """The share done, from 0 to 1, where the app gives that instead of steps."""
    desc: str | None = None
    """The app's words beside the bar."""


Finish = Callable[[list[Any], Callable[[], bool]], list[Any]]
"""Makes of the values on the wire those that the caller sees. The second argument tells, when it is
called, whether there may be files among them."""


class Origin(msgspec.Struct, frozen=True):
    """What all data events of one job have in common.

    Attributes:
        finish: See `Finish`.
    """

    endpoint: str | int
    fn_index: int
    finish: Finish


class DataEvent(msgspec.Struct, frozen=True, eq=False):
    """The endpoint's outputs, complete or as far as they have grown.

    Decoding and applying diffs happens when `data` or `delta` is read. Reading the events of a job
    in their order, each is worked out from the one before it.
    """

    type: ClassVar[Literal["data"]] = "data"

    _origin: Origin
    _steps: OutputSteps | _Kept
    _step: int
    final: bool = False
    """Whether this is the job's result, sent once more in full when the function ended."""
    _values: list[Any] | None = None

    @property
    def data(self) -> list[Any]:
        """One value for each output; files are `FileData`, State outputs are left out."""
        values = self._values
        if values is None:
            values = self._origin.finish(self._steps.values(self._step), self._may_hold_files)
            if self._step == 0:
                # Not those of diffs: a text of n steps, kept at each of them, has n squared words.
                force_setattr(self, "_values", values)
        return values

    @property
    def delta(self) -> list[Any]:
        """What this step added, one value for each output; worked out each time it is read.

        The new part of a text that grew (also inside a chat history), the whole value where it is
        new or was replaced, an empty text or None where nothing changed. `print(event.delta[0],
        end="")` prints a token stream without looking at the whole text again.
        """
        return self._origin.finish(self._steps.delta(self._step), self._may_hold_files)

    @property
    def endpoint(self) -> str | int:
        """What was called, as the caller named it."""
        return self._origin.endpoint

    @property
    def fn_index(self) -> int:
        """The server's number of the function."""
        return self._origin.fn_index

    def _may_hold_files(self) -> bool:
        return self._steps.may_hold_files(self._step)

    def __reduce__(self) -> tuple[Any, ...]:
        # What a pickle or a copy needs are the values; the steps belong to the connection.
        return _restored, (self.data, self.delta, self.endpoint, self.fn_index, self.final)

    def __repr__(self) -> str:
        final = ", final=True" if self.final else ""
        return f"DataEvent(endpoint={self.endpoint!r}, data={self._shown()}{final})"

    def _shown(self) -> str:
        """Return the data for people; what is shown in a log must not raise there."""
        try:
            return repr(self.data)
        except GradwireError as error:
            return f"<{error}>"


class _Kept(msgspec.Struct, frozen=True):
    """The values of an event that was pickled or copied, in the place of its steps."""

    data: list[Any]
    added: list[Any]

    def values(self, step: int) -> list[Any]:
        return self.data

    def delta(self, step: int) -> list[Any]:
        return self.added

    def may_hold_files(self, step: int) -> bool:
        return True


def _restored(
    data: list[Any], delta: list[Any], endpoint: str | int, fn_index: int, final: bool
) -> DataEvent:
    return DataEvent(Origin(endpoint, fn_index, as_they_are), _Kept(data, delta), 0, final)


def as_they_are(values: list[Any], may_hold_files: Callable[[], bool]) -> list[Any]:
    """Finish values that need nothing."""
    return values


class StatusEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A change in what becomes of the job. The last event of a job has stage complete or error."""

    type: ClassVar[Literal["status"]] = "status"

    stage: Stage
    queue: bool
    """Whether the call goes through the app's queue."""
    endpoint: str | int
    fn_index: int
    position: int | None = None
    """Jobs before this one in the queue."""
    size: int | None = None
    """Jobs in the queue."""
    eta: float | None = None
    """Seconds until the result is expected."""
    code: str | None = None
    """A word for the kind of error, such as `"queue_full"`, `"validation_error"`, `"cancelled"`."""
    success: bool | None = None
    message: str | None = None
    title: str | None = None
    progress_data: tuple[ProgressData, ...] | None = None
    time: datetime = msgspec.field(default_factory=now)
    """When the message arrived here."""
    time_limit: float | None = None
    """Seconds that a streaming input has left."""
    duration: float | None = None
    """Seconds that the function, or this step of a generator, ran on the server."""
    used_cache: str | None = None
    """`"full"` or `"partial"` where the app answered from its cache."""
    cache_duration: float | None = None
    avg_time: float | None = None
    changed_state_ids: tuple[int, ...] = ()
    """State components that the function changed."""


class LogEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the app for the caller: `gr.Info`, `gr.Warning` and the like."""

    type: ClassVar[Literal["log"]] = "log"

    log: str
    level: str
    """`"info"`, `"warning"`, `"success"` or `"error"`."""
    endpoint: str | int
    fn_index: int
    title: str | None = None
    duration: float | None = None
    """Seconds for which the app would show it; None: until closed."""
    visible: bool = True


class RenderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A `gr.render` has changed components and endpoints; the client's config follows it."""

    type: ClassVar[Literal["render"]] = "render"

    data: dict[str, Any]
    """The new `components`, `dependencies`, `layout` and the `render_id`."""
    endpoint: str | int
    fn_index: int


Event = DataEvent | StatusEvent | LogEvent | RenderEvent
