"""The result of a call."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from gradwire.data.files import FileData
from gradwire.data.frames import Library, to_frame
from gradwire.errors import GradwireError
from gradwire.wire.events import DataEvent, LogEvent, now

_NO_SEQUENCE = (
    "A Prediction is no sequence. Its outputs are in .value (one output itself, several as a "
    "tuple, as in `a, b = prediction.value`) and in .data (always a list)."
)


class Prediction:
    """What an endpoint returned.

    Attributes:
        duration: Seconds that the function ran on the server, if the server says; of a generator,
            only what came after its last `yield` (3.x: its last step).
        average_duration: Seconds that the function, or a step of it, takes on average.
        time: When the result arrived.
        logs: What the app told the caller meanwhile (`gr.Info`, `gr.Warning` …).
    """

    __slots__ = ("_event", "average_duration", "duration", "logs", "time")

    def __init__(
        self,
        event: DataEvent,
        *,
        duration: float | None,
        average_duration: float | None,
        logs: tuple[LogEvent, ...] = (),
    ) -> None:
        self._event = event
        self.duration = duration
        self.average_duration = average_duration
        self.logs = logs
        self.time: datetime = now()

    @property
    def data(self) -> list[Any]:
        """One value for each output; files are `File` or `AsyncFile`; without State."""
        return self._event.data

    @property
    def value(self) -> Any:
        """The output itself where there is one, a tuple of several, None where there is none."""
        data = self._event.data
        if not data:
            return None
        return data[0] if len(data) == 1 else tuple(data)

    def to_frame(self, library: Library | None = None) -> Any:
        """Return the one table in the result as a frame; see `gradwire.to_frame`."""
        return to_frame(self, library)

    @property
    def endpoint(self) -> str | int:
        """What was called, as the caller named it."""
        return self._event.endpoint

    @property
    def fn_index(self) -> int:
        """The server's number of the function."""
        return self._event.fn_index

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON has it: files as their dicts, the time as text (ISO 8601).

        Nothing of it is shared with the prediction.
        """
        return {
            "data": _plain(self._event.data),
            "endpoint": self.endpoint,
            "fn_index": self.fn_index,
            "duration": self.duration,
            "average_duration": self.average_duration,
            "time": self.time.isoformat(),
            "logs": [asdict(log) for log in self.logs],
        }

    if not TYPE_CHECKING:  # to type checkers it is no sequence

        def __iter__(self):
            raise TypeError(_NO_SEQUENCE)

        def __getitem__(self, index):
            raise TypeError(_NO_SEQUENCE)

    def __repr__(self) -> str:
        facts = f"endpoint={self.endpoint!r}, duration={self.duration!r}"
        return f"Prediction(data={self._event._shown()}, {facts})"

    def _repr_html_(self) -> str:
        from gradwire.wire.prediction_page import prediction_html

        return prediction_html(self)

    def _ipython_display_(self) -> None:
        from gradwire.data.fetched import show_with_files

        try:
            data = self.data
        except GradwireError:
            raise NotImplementedError from None  # the page then says what is wrong with it
        show_with_files(self, data)


def _plain(value: Any) -> Any:
    if isinstance(value, FileData):
        return value.to_dict()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
