"""Histograms and snapshots: what is counted, read, added and sent elsewhere."""

from __future__ import annotations

import json
import pickle
import threading
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire import Histogram, InvalidArgumentError, Metrics, MetricsSnapshot, ObservedJob
from gradwire.client import metrics as module
from gradwire.errors import AppError, JobCancelledError

seconds = st.floats(0, 1e6, allow_nan=False)


def ended(metrics: Metrics, duration: float = 1.0, **facts: Any) -> None:
    """Let a job pass by."""
    job = ObservedJob("http://h/", facts.pop("endpoint", "/f"), True, 0.0)
    metrics.on_submit(job)
    job.duration, job.outcome = duration, "ok"
    for name, value in facts.items():
        setattr(job, name, value)
    metrics.on_end(job)


def histogram(values: list[float]) -> Histogram:
    metrics = Metrics()
    for value in values:
        ended(metrics, value)
    return metrics.snapshot().total.duration


# -- histograms ------------------------------------------------------------------------------------


def test_nothing_yet() -> None:
    nothing = Histogram()
    assert (nothing.count, nothing.mean, nothing.percentile(50)) == (0, None, None)
    assert nothing + nothing == nothing


def test_the_bounds_grow_by_the_same_factor() -> None:
    bounds = Histogram.BOUNDS
    assert bounds[0] == 0.001
    assert bounds[-1] == pytest.approx(0.001 * 2**24)
    assert len(Histogram().buckets) == len(bounds) + 1
    assert all(high / low == pytest.approx(2**0.25) for low, high in pairwise(bounds))


@given(st.lists(seconds, min_size=1, max_size=60), st.integers(0, 100))
def test_a_percentile_is_in_the_bucket_of_the_true_one(values: list[float], percent: int) -> None:
    found = histogram(values).percentile(percent)
    rank = max(-(-percent * len(values) // 100), 1)
    true = sorted(values)[rank - 1]
    assert found is not None
    low = max(edge for edge in (0.0, *Histogram.BOUNDS) if edge < true or edge == 0)
    high = min(edge for edge in (*Histogram.BOUNDS, float("inf")) if edge >= true)
    assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)
    assert min(values) <= found <= max(values)


def test_the_ends_are_exact() -> None:
    found = histogram([0.0021, 0.5, 7.7, 7.7])
    assert (found.percentile(0), found.percentile(100)) == (0.0021, 7.7)
    assert (found.min, found.max, found.count) == (0.0021, 7.7, 4)
    assert found.mean == pytest.approx(sum([0.0021, 0.5, 7.7, 7.7]) / 4)


def test_what_is_longer_than_all_buckets() -> None:
    found = histogram([50_000.0, 60_000.0])
    assert found.buckets[-1] == 2
    assert found.percentile(100) == 60_000.0


@pytest.mark.parametrize("percent", [-1, 100.1, float("nan")])
def test_a_percentile_that_is_none(percent: float) -> None:
    with pytest.raises(InvalidArgumentError, match="percent must be from 0 to 100"):
        Histogram().percentile(percent)


@given(st.lists(seconds, max_size=30), st.lists(seconds, max_size=30))
def test_two_histograms_are_as_good_as_one(one: list[float], other: list[float]) -> None:
    added, whole = histogram(one) + histogram(other), histogram(one + other)
    assert (added.count, added.min, added.max) == (whole.count, whole.min, whole.max)
    assert added.buckets == whole.buckets
    assert added.sum == pytest.approx(whole.sum)


# -- snapshots -------------------------------------------------------------------------------------


def test_outcomes_by_endpoint() -> None:
    metrics = Metrics()
    ended(metrics, 1.0, queue_wait=0.5, attempts=3, events=4, received_bytes=100)
    ended(metrics, 2.0, outcome="error", error=AppError("no"), received_bytes=1)
    ended(metrics, 3.0, outcome="cancelled", error=JobCancelledError("no"), endpoint="/g")
    metrics.on_submit(ObservedJob("http://h/", "/f", True, 0.0))
    snapshot = metrics.snapshot()
    assert (snapshot.submitted, snapshot.in_flight) == (4, 1)
    first = snapshot.endpoints["/f"]
    assert first.counts == {"ok": 1, "AppError": 1}
    assert snapshot.endpoints["/g"].counts == {"cancelled": 1}
    assert (first.queue_wait.count, first.queue_wait.sum) == (1, 0.5)
    assert (first.retries, first.events, first.received_bytes) == (2, 4, 101)
    assert first.durations["AppError"].max == 2.0
    assert snapshot.total.duration.count == 3


def test_a_snapshot_changes_no_more() -> None:
    metrics = Metrics()
    ended(metrics)
    before = metrics.snapshot()
    text = str(before.to_dict())
    ended(metrics)
    assert str(before.to_dict()) == text
    with pytest.raises(AttributeError):
        before.submitted = 5  # type: ignore[misc]


def test_a_snapshot_goes_to_another_process_and_is_added_there() -> None:
    one, other = Metrics(), Metrics()
    ended(one, 0.5, queue_wait=0.1)
    ended(other, 1.5, endpoint="/g")
    ended(other, 2.5)
    here = one.snapshot()
    assert pickle.loads(pickle.dumps(here)) == here
    there = MetricsSnapshot.from_dict(json.loads(json.dumps(other.snapshot().to_dict())))
    assert there == other.snapshot()
    both = here + there
    assert both.submitted == 3
    assert {name: each.counts for name, each in both.endpoints.items()} == {
        "/f": {"ok": 2},
        "/g": {"ok": 1},
    }
    assert both + MetricsSnapshot() == both


@pytest.mark.parametrize("given", [{"submitted": "x"}, {"endpoints": {"/f": 5}}, 7])
def test_what_is_no_snapshot(given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="no snapshot"):
        MetricsSnapshot.from_dict(given)


def test_only_like_can_be_added() -> None:
    with pytest.raises(TypeError):
        MetricsSnapshot() + 5  # type: ignore[operator]
    with pytest.raises(TypeError):
        Histogram() + 5  # type: ignore[operator]
    with pytest.raises(TypeError):
        module.EndpointMetrics() + 5  # type: ignore[operator]


def test_endless_names_of_endpoints_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENDPOINTS", 3)
    metrics = Metrics()
    for number in range(10):
        ended(metrics, endpoint=f"/row_{number}")
    found = metrics.snapshot().endpoints
    assert len(found) == 4
    assert found[module.OVERFLOW].counts == {"ok": 7}


def test_reading_while_others_write() -> None:
    metrics, stop, torn = Metrics(), threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            seen = metrics.snapshot()
            whole = seen.total.duration
            if seen.submitted - seen.in_flight != whole.count or whole.count != sum(whole.buckets):
                torn.append(seen)

    def write() -> None:
        for number in range(2000):
            ended(metrics, number / 100)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write) for _ in range(3)]
    for thread in [reader, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert torn == []
    assert metrics.snapshot().total.counts == {"ok": 6000}


# -- as text ---------------------------------------------------------------------------------------


def test_a_snapshot_is_shown_in_a_line_for_each_endpoint() -> None:
    metrics = Metrics()
    assert repr(metrics.snapshot()) == "<MetricsSnapshot: 0 submitted, 0 in flight>"
    metrics.on_submit(ObservedJob("http://h/", "/f", True, 0.0))
    for duration in (0.5, 0.5, 0.5):
        ended(metrics, duration)
    ended(metrics, 0.5, outcome="error", error=AppError("no"))
    ended(metrics, 2.0, endpoint="/g\x1b[2J")
    assert repr(metrics.snapshot()) == (
        "<MetricsSnapshot: 6 submitted, 1 in flight\n"
        "  /f: ok 3, AppError 1; p50 0.5 s, p95 0.5 s\n"
        "  /g\\x1b[2J: ok 1; p50 2 s, p95 2 s>"
    )
    first = metrics.snapshot().endpoints["/f"]
    assert repr(first) == "<EndpointMetrics: ok 3, AppError 1; p50 0.5 s, p95 0.5 s>"
    assert repr(first.duration) == "<Histogram: 4; p50 0.5 s, p95 0.5 s>"
    assert repr(first.queue_wait) == "<Histogram: 0>"


def test_a_snapshot_of_many_endpoints_stays_short() -> None:
    metrics = Metrics()
    for number in range(200):
        ended(metrics, endpoint=f"/f{number}")
    lines = repr(metrics.snapshot()).splitlines()
    assert len(lines) == module.SHOWN_ENDPOINTS + 2
    assert lines[-1] == "  and 150 more endpoints>"
