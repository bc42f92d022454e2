"""Events are frozen, typed, and read only what is asked of them."""

from __future__ import annotations

import pickle
from datetime import UTC
from typing import Any, get_args

import msgspec
import pytest

from gradwire.data.outputs import OutputSteps
from gradwire.wire.events import (
    EVENT_TYPES,
    DataEvent,
    Event,
    EventType,
    LogEvent,
    Origin,
    ProgressData,
    RenderEvent,
    StatusEvent,
    as_they_are,
)
from gradwire.wire.prediction import Prediction


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def data_event(value: Any = ("a",), finish: Any = as_they_are, final: bool = False) -> DataEvent:
    return DataEvent(Origin("/fn", 1, finish), OutputSteps(raw(value)), 0, final)


EVENTS: list[Event] = [
    data_event(),
    StatusEvent(stage="pending", queue=True, endpoint="/fn", fn_index=1),
    LogEvent(log="x", level="info", endpoint="/fn", fn_index=1),
    RenderEvent(data={}, endpoint="/fn", fn_index=1),
]


def test_every_type_has_its_event() -> None:
    assert tuple(event.type for event in EVENTS) == EVENT_TYPES == get_args(EventType)
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=EVENT_TYPES)
def test_events_are_frozen(event: Any) -> None:
    for name in ("endpoint", "fn_index", "type", "data", "stage", "brand_new"):
        with pytest.raises(AttributeError):
            setattr(event, name, "x")


def test_events_can_be_told_apart_by_match() -> None:
    seen = []
    for event in EVENTS:
        match event:
            case DataEvent(data=[text]):
                seen.append(text)
            case StatusEvent(stage=stage):
                seen.append(stage)
            case LogEvent(log=log):
                seen.append(log)
            case RenderEvent():
                seen.append("render")
    assert seen == ["a", "pending", "x", "render"]


def test_data_is_shaped_once() -> None:
    calls = []

    def finish(values: list[Any], may_hold_files: object) -> list[Any]:
        calls.append(values)
        return [*values, "more"]

    event = data_event(("a",), finish)
    assert calls == []
    assert event.data == ["a", "more"]
    assert event.data is event.data
    assert len(calls) == 1
    assert event.delta == ["a", "more"]
    assert len(calls) == 2


def test_the_look_of_a_data_event() -> None:
    assert repr(data_event()) == "DataEvent(endpoint='/fn', data=['a'])"
    assert repr(data_event(final=True)).endswith(", final=True)")


def test_times_have_a_zone() -> None:
    status = EVENTS[1]
    assert isinstance(status, StatusEvent)
    assert status.time.tzinfo is UTC


def test_status_events_can_be_stored() -> None:
    for event in EVENTS[1:]:
        assert pickle.loads(pickle.dumps(event)) == event
    assert ProgressData(1, 2) == ProgressData(index=1, length=2)


@pytest.mark.parametrize(
    ("data", "value"), [([7], 7), ([], None), ([1, 2], (1, 2)), ([None], None)]
)
def test_the_value_of_a_prediction(data: list[Any], value: Any) -> None:
    prediction = Prediction(data_event(data, final=True), duration=1, average_duration=2)
    assert prediction.value == value
    assert prediction.data == data
    assert (prediction.endpoint, prediction.fn_index) == ("/fn", 1)
    assert prediction.time.tzinfo is UTC
    assert repr(prediction) == f"Prediction(data={data!r}, endpoint='/fn', duration=1)"
