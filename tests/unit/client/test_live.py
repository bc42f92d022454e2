"""How a job stands, as HTML; `tests/notebooks` has it in a page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gradwire.client.event_log import EventLog
from gradwire.client.live import job_html, show_job
from gradwire.data.outputs import OutputSteps
from gradwire.errors import AppError, JobCancelledError
from gradwire.wire.events import (
    DataEvent,
    LogEvent,
    Origin,
    ProgressData,
    StatusEvent,
    as_they_are,
)
from gradwire.wire.prediction import Prediction

NASTY = "<script>alert(1)</script>\x1b[31m\u202e$x$"


def job(**status: Any) -> Any:
    facts = {"stage": "pending", "queue": True, "endpoint": "/fn", "fn_index": 0, **status}
    logs: list[LogEvent] = []
    return SimpleNamespace(
        log=EventLog(),
        run=SimpleNamespace(endpoint="/fn", logs=logs),
        status=StatusEvent(**facts),
    )


def data_event(value: Any) -> DataEvent:
    steps = OutputSteps(msgspec.Raw(msgspec.json.encode([value])))
    return DataEvent(Origin("/fn", 0, as_they_are), steps, 0)


def test_its_place_in_the_queue() -> None:
    html = job_html(job(position=2, eta=8.0), 5.4)
    assert "<code>/fn</code> <i>2 before this one in the queue, about 8.0 s, 5 s</i>" in html
    assert "<i>waiting</i>" in job_html(job(), 0.5)
    assert "<i>waiting, 2 min 5 s</i>" in job_html(job(), 125.9)


def test_its_progress() -> None:
    bars = (ProgressData(index=1, length=4, unit="steps", desc="training"), ProgressData())
    html = job_html(job(progress_data=bars))
    assert 'training <progress max="1" value="0.2500"' in html
    assert "1/4 steps" in html
    assert 'progress <progress max="1" style' in html
    wild = job_html(job(progress_data=(ProgressData(progress=7.5),)))
    assert 'value="1.0000"' in wild


def test_what_it_has_given_so_far() -> None:
    running = job(stage="generating")
    running.log.add([data_event("one"), data_event("one two")])
    assert "one two</pre>" in job_html(running)


def test_its_end() -> None:
    done = job()
    done.log.end(Prediction(data_event("result"), duration=1.0, average_duration=None))
    assert "result</pre>" in job_html(done)
    for error, word in ((AppError("boom"), "AppError"), (JobCancelledError("x"), "cancelled")):
        failed = job()
        failed.log.end(error)
        assert word in job_html(failed)


def test_words_of_a_server_are_only_words() -> None:
    bars = (ProgressData(index=1, length=2, unit=NASTY, desc=NASTY),)
    running = job(progress_data=bars)
    running.run.endpoint = NASTY
    running.run.logs.append(
        LogEvent(log=NASTY, level=NASTY, title=NASTY, endpoint="/fn", fn_index=0)
    )
    running.log.add([data_event(NASTY)])
    failed = job()
    failed.log.end(AppError(NASTY))
    for html in (job_html(running), job_html(failed)):
        assert "&lt;script&gt;" in html
        assert "<script" not in html
        assert not {"\x1b", "\u202e", "$"} & set(html)


def test_outside_of_a_notebook() -> None:
    with pytest.raises(NotImplementedError):
        show_job(job(), str, lambda function: function())
