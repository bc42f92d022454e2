"""`Metrics`: an observer that counts jobs, and how long they took and waited."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import msgspec

from gradwire.client.observing import ObservedJob, Observer
from gradwire.errors import InvalidArgumentError, escaped

_FIRST, _PER_DOUBLING, _DOUBLINGS = 0.001, 4, 24
_BOUNDS = tuple(
    _FIRST * 2 ** (step / _PER_DOUBLING) for step in range(_PER_DOUBLING * _DOUBLINGS + 1)
)
MOST_ENDPOINTS = 1000
"""Endpoints that are counted by their names. More come only from apps that make names on the go."""
OVERFLOW = "(other)"
SHOWN_ENDPOINTS = 50
"""Endpoints that the `repr` of a snapshot names."""


class Histogram(msgspec.Struct, frozen=True):
    """How often which number of seconds was seen.

    Attributes:
        count: How many there were.
        sum: All of them together.
        min: The smallest; None if there was none.
        max: The largest.
        buckets: How many were in each bucket: the last are those above all `BOUNDS`.
    """

    BOUNDS: ClassVar[tuple[float, ...]] = _BOUNDS
    """The upper bounds of the buckets: from 1 ms to 4.7 hours, four to each doubling."""

    count: int = 0
    sum: float = 0.0
    min: float | None = None
    max: float | None = None
    buckets: tuple[int, ...] = (0,) * (len(_BOUNDS) + 1)

    @property
    def mean(self) -> float | None:
        """The mean; None if there was nothing."""
        return self.sum / self.count if self.count else None

    def percentile(self, percent: float) -> float | None:
        """Return what so many percent were not above, interpolated in its bucket.

        Args:
            percent: 0 to 100; 50 is the median.

        Returns:
            Seconds, wrong by less than a fifth; None if there was nothing.
        """
        if not 0 <= percent <= 100:
            raise InvalidArgumentError(f"percent must be from 0 to 100, not {percent!r:.80}.")
        if self.min is None or self.max is None:
            return None
        rank, before = percent / 100 * self.count, 0
        for index, inside in enumerate(self.buckets):
            if inside and before + inside >= rank:
                low = max(_BOUNDS[index - 1] if index else 0.0, self.min)
                high = min(_BOUNDS[index] if index < len(_BOUNDS) else self.max, self.max)
                part = (rank - before) / inside
                return high if part == 1 else min(low + (high - low) * part, high)
            before += inside
        return self.max

    def __repr__(self) -> str:
        return f"<Histogram: {self.count}{_percentiles(self)}>"

    def __add__(self, other: Histogram) -> Histogram:
        if not isinstance(other, Histogram):
            return NotImplemented
        lows = [low for low in (self.min, other.min) if low is not None]
        highs = [high for high in (self.max, other.max) if high is not None]
        return Histogram(
            self.count + other.count,
            self.sum + other.sum,
            min(lows, default=None),
            max(highs, default=None),
            tuple(map(sum, zip(self.buckets, other.buckets, strict=True))),
        )


class EndpointMetrics(msgspec.Struct, frozen=True):
    """What is known of the jobs of one endpoint that have ended.

    Attributes:
        durations: For each outcome (`"ok"`, `"cancelled"`, or the name of an error's class), the
            seconds from `submit` to the end.
        queue_wait: Seconds from acceptance to start, of those jobs that were seen to start.
        retries: How often a job was handed in again.
        events: Events that the jobs gave to those who asked for them: none for `predict`.
        received_bytes: Bytes of the messages that the server sent for them.
    """

    durations: dict[str, Histogram] = {}
    queue_wait: Histogram = Histogram()
    retries: int = 0
    events: int = 0
    received_bytes: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many jobs had which outcome."""
        return {outcome: histogram.count for outcome, histogram in self.durations.items()}

    @property
    def duration(self) -> Histogram:
        """The durations of all, whatever their outcome."""
        return sum(self.durations.values(), Histogram())

    def __repr__(self) -> str:
        return f"<EndpointMetrics: {_line(self)}>"

    def __add__(self, other: EndpointMetrics) -> EndpointMetrics:
        if not isinstance(other, EndpointMetrics):
            return NotImplemented
        return EndpointMetrics(
            _merged(self.durations, other.durations, Histogram()),
            self.queue_wait + other.queue_wait,
            self.retries + other.retries,
            self.events + other.events,
            self.received_bytes + other.received_bytes,
        )


class MetricsSnapshot(msgspec.Struct, frozen=True):
    """What a `Metrics` knew at one moment. Those of several processes can be added: `one + other`.

    Attributes:
        submitted: Jobs so far.
        in_flight: Those of them that have not ended.
        endpoints: What is known of those that have, by endpoint.
    """

    submitted: int = 0
    in_flight: int = 0
    endpoints: dict[str, EndpointMetrics] = {}

    @property
    def total(self) -> EndpointMetrics:
        """All endpoints together."""
        return sum(self.endpoints.values(), EndpointMetrics())

    def __repr__(self) -> str:
        """Show one line for each endpoint: the whole would be kilobytes."""
        lines = [f"<MetricsSnapshot: {self.submitted} submitted, {self.in_flight} in flight"]
        shown = list(self.endpoints.items())[:SHOWN_ENDPOINTS]
        lines += [f"  {escaped(name)}: {_line(endpoint)}" for name, endpoint in shown]
        if more := len(self.endpoints) - len(shown):
            lines.append(f"  and {more} more endpoints")
        return "\n".join(lines) + ">"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dict(msgspec.to_builtins(self))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Make it again from what `to_dict` gave.

        Raises:
            InvalidArgumentError: It is something else.
        """
        try:
            return msgspec.convert(given, cls)
        except msgspec.ValidationError as error:
            raise InvalidArgumentError(f"This is no snapshot of Metrics: {error}.") from error

    def __add__(self, other: MetricsSnapshot) -> MetricsSnapshot:
        if not isinstance(other, MetricsSnapshot):
            return NotImplemented
        return MetricsSnapshot(
            self.submitted + other.submitted,
            self.in_flight + other.in_flight,
            _merged(self.endpoints, other.endpoints, EndpointMetrics()),
        )


def _line(endpoint: EndpointMetrics) -> str:
    """Return the counts and the percentiles of the durations."""
    counts = ", ".join(f"{outcome} {count}" for outcome, count in endpoint.counts.items())
    return (counts or "none has ended") + _percentiles(endpoint.duration)


def _percentiles(histogram: Histogram) -> str:
    half, most = histogram.percentile(50), histogram.percentile(95)
    return "" if half is None else f"; p50 {half:.3g} s, p95 {most:.3g} s"


def _merged(one: Mapping[str, Any], other: Mapping[str, Any], nothing: Any) -> dict[str, Any]:
    names = dict.fromkeys([*one, *other])
    return {name: one.get(name, nothing) + other.get(name, nothing) for name in names}


class _Tally:
    """A histogram that is being made."""

    __slots__ = ("_buckets", "_count", "_max", "_min", "_sum")

    def __init__(self) -> None:
        self._count, self._sum = 0, 0.0
        self._min: float | None = None
        self._max: float | None = None
        self._buckets = [0] * (len(_BOUNDS) + 1)

    def add(self, seconds: float) -> None:
        self._count += 1
        self._sum += seconds
        self._buckets[bisect_left(_BOUNDS, seconds)] += 1
        if self._min is None or seconds < self._min:
            self._min = seconds
        if self._max is None or seconds > self._max:
            self._max = seconds

    def histogram(self) -> Histogram:
        return Histogram(self._count, self._sum, self._min, self._max, tuple(self._buckets))


class _Counted:
    """The jobs of one endpoint that have ended."""

    __slots__ = ("durations", "events", "received_bytes", "retries", "waits")

    def __init__(self) -> None:
        self.durations: dict[str, _Tally] = {}
        self.waits = _Tally()
        self.retries = self.events = self.received_bytes = 0

    def add(self, job: ObservedJob) -> None:
        outcome = job.error_type if job.outcome == "error" else job.outcome
        self.durations.setdefault(str(outcome), _Tally()).add(job.duration or 0.0)
        if job.queue_wait is not None:
            self.waits.add(job.queue_wait)
        self.retries += job.attempts - 1
        self.events += job.events
        self.received_bytes += job.received_bytes

    def frozen(self) -> EndpointMetrics:
        durations = {outcome: tally.histogram() for outcome, tally in self.durations.items()}
        return EndpointMetrics(
            durations, self.waits.histogram(), self.retries, self.events, self.received_bytes
        )


class Metrics(Observer):
    """Counts jobs by endpoint and outcome, with histograms of how long they took and waited.

    Give it as `observer` to one client or to several, and read `snapshot()` from any thread. What
    it holds does not grow with the number of jobs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._submitted = self._ended = 0
        self._endpoints: dict[str, _Counted] = {}

    def on_submit(self, job: ObservedJob) -> None:
        """Count a job as in flight."""
        with self._lock:
            self._submitted += 1

    def on_end(self, job: ObservedJob) -> None:
        """Count how a job ended, and what it took."""
        with self._lock:
            self._ended += 1
            self._counted(job.endpoint).add(job)

    def _counted(self, endpoint: str) -> _Counted:
        if endpoint not in self._endpoints and len(self._endpoints) >= MOST_ENDPOINTS:
            endpoint = OVERFLOW
        return self._endpoints.setdefault(endpoint, _Counted())

    def snapshot(self) -> MetricsSnapshot:
        """Return what is known now; it changes no more."""
        with self._lock:
            endpoints = {name: counted.frozen() for name, counted in self._endpoints.items()}
            return MetricsSnapshot(self._submitted, self._submitted - self._ended, endpoints)
