"""OpenTelemetry: a span for each job, metrics, and the caller's context in the app's requests.

```python
from gradwire import Client
from gradwire.otel import OpenTelemetryObserver

client = Client.connect("http://127.0.0.1:7860", observer=OpenTelemetryObserver())
```

Needs the extra `otel`, which is the API alone. Where spans and metrics go is for the SDK to say
that the program sets up; without one nothing is recorded.

| metric | kind | unit |
|---|---|---|
| `gradio.client.job.duration` | histogram | s |
| `gradio.client.job.wait_time` | histogram: from acceptance to start | s |
| `gradio.client.jobs` | counter, of jobs that have ended | {job} |
| `gradio.client.active_jobs` | up-down counter | {job} |

Spans and metrics have `server.address`, `server.port` and `gradio.endpoint`; at the end also
`gradio.outcome` (ok, error, cancelled) and, of an error, `error.type`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from gradwire.client.observing import ObservedJob, Observer
from gradwire.errors import MissingLibraryError
from gradwire.version import VERSION

try:
    from opentelemetry import metrics, propagate, trace
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.propagators.textmap import TextMapPropagator
    from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
except ImportError as missing:
    raise MissingLibraryError(
        "gradwire.otel needs OpenTelemetry. Install it: pip install 'gradwire[otel]'."
    ) from missing

_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
"""Seconds; the conventions' buckets for calls, and longer ones, as models take."""

Attributes = dict[str, str | int]


@lru_cache(maxsize=1024)
def _server(app: str) -> tuple[str, int]:
    parts = urlsplit(app)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _of_job(job: ObservedJob) -> Attributes:
    address, port = _server(job.app)
    return {"server.address": address, "server.port": port, "gradio.endpoint": job.endpoint}


def _of_end(job: ObservedJob) -> Attributes:
    found: Attributes = {"gradio.outcome": str(job.outcome)}
    if job.outcome == "error":
        found["error.type"] = str(job.error_type)
    return found


class OpenTelemetryObserver(Observer):
    """Makes spans and metrics of a client's jobs; give it as the option `observer`.

    A job's span is a child of the one that is current where it is submitted: with `Client` that is
    in the caller's thread. The context goes along as headers (`traceparent`) of the requests that
    hand the job in and upload its files; an app sees them in `gr.Request.headers`. The event stream
    is shared by all jobs, and carries none.

    Args:
        tracer_provider: Where spans come from. Default: the global one.
        meter_provider: Where metrics come from. Default: the global one.
        propagator: What makes headers of the context. Default: the global one.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        propagator: TextMapPropagator | None = None,
    ) -> None:
        self._tracer = trace.get_tracer("gradwire", VERSION, tracer_provider)
        self._propagator = propagator
        # A job whose event loop is gone never ends; its span is not kept for it.
        self._spans: WeakKeyDictionary[ObservedJob, tuple[Span, Attributes]] = WeakKeyDictionary()
        meter = metrics.get_meter("gradwire", VERSION, meter_provider)
        self._durations = meter.create_histogram(
            "gradio.client.job.duration",
            "s",
            "Time from the submission of a job to its end.",
            explicit_bucket_boundaries_advisory=_BOUNDS,
        )
        self._waits = meter.create_histogram(
            "gradio.client.job.wait_time",
            "s",
            "Time that a job waited in the app's queue.",
            explicit_bucket_boundaries_advisory=_BOUNDS,
        )
        self._jobs = meter.create_counter("gradio.client.jobs", "{job}", "Jobs that have ended.")
        self._active = meter.create_up_down_counter(
            "gradio.client.active_jobs", "{job}", "Jobs that have not ended."
        )

    def on_submit(self, job: ObservedJob) -> Mapping[str, str]:
        """Begin the job's span, and return the headers that name it."""
        attributes = _of_job(job)
        self._active.add(1, attributes)
        span = self._tracer.start_span(
            f"gradio {job.endpoint}",
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=int(job.submitted_at * 1e9),
        )
        self._spans[job] = span, attributes
        headers: dict[str, str] = {}
        inject = self._propagator.inject if self._propagator else propagate.inject
        inject(headers, trace.set_span_in_context(span))
        return headers

    def on_accept(self, job: ObservedJob) -> None:
        """Note that the app has taken the job."""
        span, _ = self._spans[job]
        if job.event_id is not None:
            span.set_attribute("gradio.event_id", job.event_id)
        span.add_event("gradio.job.accepted", {"gradio.attempt": job.attempts})

    def on_start(self, job: ObservedJob) -> None:
        """Note that the app runs the job."""
        wait = job.queue_wait or 0.0
        self._spans[job][0].add_event("gradio.job.started", {"gradio.wait_time": wait})
        self._waits.record(wait, _of_job(job))

    def on_end(self, job: ObservedJob) -> None:
        """End the job's span, and count it."""
        span, begun = self._spans.pop(job)
        self._active.add(-1, begun)
        # A job of a pool may have come to another replica than it was meant for at first.
        ended = _of_job(job) | _of_end(job)
        self._jobs.add(1, ended)
        self._durations.record(job.duration or 0.0, ended)
        span.set_attributes(ended)
        span.set_attribute("gradio.attempts", job.attempts)
        span.set_attribute("gradio.events", job.events)
        if job.outcome == "error":
            span.set_status(Status(StatusCode.ERROR, str(job.error)))
        span.end()
