"""Spans and metrics of OpenTelemetry, as its SDK gets them, of jobs on real servers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import asynchronous, unique
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id
from proxy import Proxy
from servers.launch import Server

from gradwire import AppError, AsyncClient, Client, handle_file
from gradwire.otel import OpenTelemetryObserver


class Recorder:
    """An SDK of its own, which keeps in memory what it gets."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.observer = OpenTelemetryObserver(self.tracers, self.meters)
        self.tracer = self.tracers.get_tracer("test")

    def spans(self) -> list[ReadableSpan]:
        """Return the ended spans that gradwire made."""
        found = self.exporter.get_finished_spans()
        return [span for span in found if span.kind is SpanKind.CLIENT]

    def points(self) -> dict[str, dict[tuple[Any, ...], Any]]:
        """Return the data points by the metric's name and by endpoint, outcome, error."""
        data = self.reader.get_metrics_data()
        keys = ("gradio.endpoint", "gradio.outcome", "error.type")
        return {
            metric.name: {
                tuple((point.attributes or {}).get(key) for key in keys): point
                for point in metric.data.data_points
            }
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()


def named(span: ReadableSpan) -> str:
    """Return the `traceparent` that names a span."""
    context = span.context
    assert context is not None
    trace_id, span_id = format_trace_id(context.trace_id), format_span_id(context.span_id)
    return f"00-{trace_id}-{span_id}-{context.trace_flags:02x}"


def test_a_span_for_a_queued_job(server: Server, recorder: Recorder) -> None:
    with Client.connect(server.url, observer=recorder.observer) as client:
        job = client.submit("/slow", [0.3])
        job.result()
        event_id = job.event_id
    [span] = recorder.spans()
    assert span.name == "gradio /slow"
    assert dict(span.attributes or {}) == {
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "gradio.endpoint": "/slow",
        "gradio.event_id": event_id,
        "gradio.outcome": "ok",
        "gradio.attempts": 1,
        "gradio.events": 1,
    }
    assert [event.name for event in span.events] == ["gradio.job.accepted", "gradio.job.started"]
    assert span.status.status_code is StatusCode.UNSET
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.end_time - span.start_time > 0.25e9
    assert span.start_time <= span.events[0].timestamp <= span.events[1].timestamp <= span.end_time


@pytest.mark.ends
def test_the_app_of_a_queued_call_sees_the_span(any_server: Server, recorder: Recorder) -> None:
    with Client.connect(any_server.url, observer=recorder.observer) as client:
        seen = client.predict("/whoami").value["traceparent"]
    [span] = recorder.spans()
    assert seen == named(span)


def test_so_does_that_of_a_websocket(ws_server: Server, recorder: Recorder) -> None:
    with Client.connect(ws_server.url, observer=recorder.observer) as client:
        seen = client.predict("/whoami").value["traceparent"]
    assert seen == named(recorder.spans()[0])


def test_the_parent_is_the_span_of_the_callers_thread(server: Server, recorder: Recorder) -> None:
    parents: dict[str, int] = {}

    def call(name: str) -> None:
        with recorder.tracer.start_as_current_span(name) as span:
            seen = client.predict("/whoami").value["traceparent"]
            parents[seen] = span.get_span_context().span_id

    with Client.connect(server.url, observer=recorder.observer) as client:
        threads = [threading.Thread(target=call, args=(f"thread {n}",)) for n in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(parents) == 5
    found = {named(span): span.parent.span_id for span in recorder.spans() if span.parent}
    assert found == parents


@asynchronous
async def test_the_parent_is_the_span_of_the_callers_task(
    server: Server, recorder: Recorder
) -> None:
    async def call(name: str) -> tuple[str, int]:
        with recorder.tracer.start_as_current_span(name) as span:
            seen = (await client.predict("/whoami")).value["traceparent"]
            return seen, span.get_span_context().span_id

    async with AsyncClient.connect(server.url, observer=recorder.observer) as client:
        parents = dict(await asyncio.gather(*(call(f"task {n}") for n in range(5))))
    found = {named(span): span.parent.span_id for span in recorder.spans() if span.parent}
    assert found == parents
    assert len(found) == 5


def test_uploads_carry_the_context(server: Server, recorder: Recorder) -> None:
    with Proxy(server.url) as proxy:
        with Client.connect(proxy.url, observer=recorder.observer) as client:
            client.predict("/file_io", [handle_file(b"x", name="a.txt")])
        carried = {seen.path: seen.headers.get("traceparent") for seen in proxy.requests}
    [span] = recorder.spans()
    assert carried["/gradio_api/upload"] == carried["/gradio_api/queue/join"] == named(span)
    assert carried["/gradio_api/queue/data"] is None


def test_errors_and_cancelled_jobs(server: Server, recorder: Recorder) -> None:
    with Client.connect(server.url, observer=recorder.observer) as client:
        with pytest.raises(AppError):
            client.predict("/fail", ["gr"])
        job = client.submit("/slow_gen", [60, unique()])
        next(iter(job))
        job.cancel()
    failed, cancelled = recorder.spans()
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.status.description == "gr boom"
    assert failed.attributes is not None
    assert failed.attributes["error.type"] == "AppError"
    assert cancelled.status.status_code is StatusCode.UNSET
    assert cancelled.attributes is not None
    assert cancelled.attributes["gradio.outcome"] == "cancelled"
    assert "error.type" not in cancelled.attributes


def test_metrics(server: Server, recorder: Recorder) -> None:
    with Client.connect(server.url, observer=recorder.observer) as client:
        slow = client.submit("/slow", [0.5])
        slow.wait_for_id()
        assert recorder.points()["gradio.client.active_jobs"]["/slow", None, None].value == 1
        for _ in range(3):
            client.predict("/hello", ["x"])
        client.predict("/noqueue", ["x"])
        with pytest.raises(AppError):
            client.predict("/fail", ["gr"])
        slow.result()
    points = recorder.points()
    jobs = {key: point.value for key, point in points["gradio.client.jobs"].items()}
    assert jobs == {
        ("/slow", "ok", None): 1,
        ("/hello", "ok", None): 3,
        ("/noqueue", "ok", None): 1,
        ("/fail", "error", "AppError"): 1,
    }
    durations = points["gradio.client.job.duration"]
    assert {key: point.count for key, point in durations.items()} == jobs
    assert durations["/slow", "ok", None].sum > 0.45
    waits = points["gradio.client.job.wait_time"]
    assert {key[0]: point.count for key, point in waits.items()} == {
        "/slow": 1,
        "/hello": 3,
        "/fail": 1,
    }
    active = points["gradio.client.active_jobs"].values()
    assert {point.value for point in active} == {0}


def test_nothing_is_sent_and_recorded_without_it(server: Server, recorder: Recorder) -> None:
    with Client.connect(server.url) as client, recorder.tracer.start_as_current_span("mine"):
        assert client.predict("/whoami").value["traceparent"] is None
    assert recorder.spans() == []


def test_the_api_alone_records_nothing_and_passes_the_callers_context_on(server: Server) -> None:
    """As a library must: it is the program that brings an SDK."""
    tracers = TracerProvider()
    with Client.connect(server.url, observer=OpenTelemetryObserver()) as client:
        assert client.predict("/whoami").value["traceparent"] is None
        with trace.use_span(tracers.get_tracer("mine").start_span("mine")) as span:
            seen = client.predict("/whoami").value["traceparent"]
    assert format_trace_id(span.get_span_context().trace_id) in seen


def test_without_opentelemetry_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['opentelemetry'] = None\nimport gradwire.otel"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingLibraryError" in done.stderr
    assert "pip install 'gradwire[otel]'" in done.stderr
