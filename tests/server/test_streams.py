"""What comes while a job runs: steps and what each added, logs, progress, places in the queue."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import asynchronous, eventually, unique
from servers.launch import Server

from gradwire import AsyncClient, Client, DataEvent, InvalidArgumentError, LogEvent, StatusEvent

# -- generators ------------------------------------------------------------------------------------


def list_steps(text: str) -> Iterator[Any]:
    for end in range(1, len(text) + 1):
        yield list(text[:end])
    yield list(text.upper())
    yield list(text.upper()[:1])


def dict_steps(text: str) -> Iterator[Any]:
    for end in range(1, len(text) + 1):
        yield {"text": text[:end], "size": end, "seen": dict.fromkeys(text[:end], True)}
    yield {"text": text.upper(), "done": [True]}


def chat_steps(text: str) -> Iterator[Any]:
    asked = {"role": "user", "content": text}
    yield [asked]
    for reply in ("He", "Hello"):
        yield [asked, {"role": "assistant", "content": reply}]
    noted = {"role": "assistant", "content": "Hello", "meta": {"t": 1}}
    yield [asked, noted, {"role": "x", "content": "1"}, {"role": "y", "content": "2"}]
    yield [asked, {"role": "assistant", "content": "Bye"}]
    yield []


STEPS: dict[str, tuple[str, list[Any]]] = {
    "/stream": ("héllo 👋", ["héllo 👋"[:end] for end in range(1, 8)]),
    "/stream_list": ("abcd", list(list_steps("abcd"))),
    "/stream_dict": ("abcd", list(dict_steps("abcd"))),
    "/chat": ("hi", list(chat_steps("hi"))),
    "/nested": ("x", [[[1, 2, 3], [1, 2, 3], ["x"]], [[1], [1]]]),
}


@pytest.mark.parametrize("endpoint", STEPS)
@asynchronous
async def test_every_step_is_right(any_server: Server, endpoint: str) -> None:
    text, steps = STEPS[endpoint]
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit(endpoint, [text])
        events = [event async for event in job]
        assert [event.data for event in events] == [[step] for step in [*steps, steps[-1]]]
        assert [event.final for event in events] == [False] * len(steps) + [True]
        assert (await job).value == steps[-1]
        assert job.outputs() == [event.data for event in events]


@pytest.mark.parametrize("endpoint", STEPS)
@asynchronous
async def test_an_earlier_event_never_changes(any_server: Server, endpoint: str) -> None:
    text, steps = STEPS[endpoint]
    async with AsyncClient.connect(any_server.url) as client:
        taken = [(each, copy.deepcopy(each.data)) async for each in client.submit(endpoint, [text])]
        unread = [each async for each in client.submit(endpoint, [text])]
    assert all(event.data == data for event, data in taken)
    # Read for the first time when all have come, and the last one first.
    late = [event.data for event in reversed(unread)][::-1]
    assert late == [[step] for step in [*steps, steps[-1]]]


@asynchronous
async def test_the_deltas_of_a_text_are_the_text(any_server: Server) -> None:
    text = "a longer text, with 👋 and ü"
    async with AsyncClient.connect(any_server.url) as client:
        events = [event async for event in client.submit("/stream", [text, 0.001])]
    assert "".join(event.delta[0] for event in events) == text
    assert [event.delta[0] for event in events] == [*text, ""]


@asynchronous
async def test_the_deltas_of_a_chat_are_its_new_words(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        events = [event async for event in client.submit("/chatbot", ["hi"])]
    assert [event.delta[0] for event in events][1:3] == ["el", "lo"]
    assert events[-1].data[0][-1]["content"] in ("Hello!", [{"text": "Hello!", "type": "text"}])


@asynchronous
async def test_many_tokens(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        events = [event async for event in client.submit("/tokens", [500])]
        assert len(events) == 501
        assert "".join(event.delta[0] for event in events) == events[-1].data[0]
        assert events[-1].data[0].split() == [str(number) for number in range(500)]


@asynchronous
async def test_streams_side_by_side(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        names = [unique() for _ in range(3)]
        jobs = [client.submit("/par_gen", [0.3, name]) for name in names]
        for name, job in zip(names, jobs, strict=True):
            seen = [event.data[0] async for event in job]
            assert seen == [f"{name} {number}" for number in (0, 1, 2, 2)]


# -- kinds of events -------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["data", "status", "log", ("data", "log"), ("status", "render")])
def test_only_the_events_that_were_asked_for(server: Server, wanted: Any) -> None:
    with Client(server.url, events=wanted) as client:
        job = client.submit("/logs", ["x"])
        seen = {event.type for event in job}
        assert seen == {wanted} if isinstance(wanted, str) else set(wanted) - {"render"} == seen
        assert job.result().value == "logged"


def test_no_events_at_all(server: Server) -> None:
    with Client(server.url, events=()) as client:
        job = client.submit("/logs", ["x"])
        assert list(job) == []
        assert job.result().value == "logged"
        assert [event.type for event in client.submit("/logs", ["x"], all_events=True)][-2:] == [
            "data",
            "status",
        ]


@asynchronous
async def test_the_stages_of_a_job(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        events = [event async for event in client.submit("/stream", ["ab"], all_events=True)]
    statuses = [event for event in events if isinstance(event, StatusEvent)]
    stages = [status.stage for status in statuses]
    assert stages == sorted(stages, key=["pending", "generating", "complete"].index)
    assert set(stages) == {"pending", "generating", "complete"}
    assert stages.count("complete") == 1
    assert events[-1] is statuses[-1]
    assert statuses[-1].success
    assert all(status.queue and status.endpoint == "/stream" for status in statuses)
    assert [status.time for status in statuses] == sorted(status.time for status in statuses)


@asynchronous
async def test_messages_of_the_app(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url, events=["data", "log"]) as client:
        job = client.submit("/logs", ["x"])
        *logs, data = [event async for event in job]
        result = await job
    assert isinstance(data, DataEvent)
    assert all(isinstance(log, LogEvent) for log in logs)
    said = [(log.level, log.log) for log in result.logs]
    assert said[:2] == [("info", "info x"), ("warning", "warn x")]
    assert list(result.logs) == logs


@asynchronous
async def test_how_the_app_would_show_its_messages(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        info, _, success = (await client.predict("/logs", ["x"])).logs
    assert (info.title, info.duration, info.visible) == ("Info", 10, True)
    assert (success.level, success.log) == ("success", "success x")


@asynchronous
async def test_progress(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url, events="status") as client:
        events = [event async for event in client.submit("/prog", [3])]
    bars = [event.progress_data[0] for event in events if event.progress_data]
    assert bars[-1].desc == "loop"
    assert (bars[-1].length, bars[-1].unit) == (3, "steps")
    steps = [bar.index for bar in bars if bar.index is not None]
    assert steps == sorted(steps)
    assert len(steps) >= 2


@asynchronous
async def test_places_in_the_queue(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url, events="status") as client:
        running = client.submit("/slow_gen", [0.5, unique()])
        await eventually(lambda: running.status.stage == "generating")
        waiting = []
        for _ in range(3):
            waiting.append(client.submit("/slow_gen", [0.1, unique()]))
            await waiting[-1].wait_for_id()
        places = [
            [event.position async for event in job if event.size is not None] for job in waiting
        ]
    assert [place[0] for place in places] == [0, 1, 2]
    assert all(place == sorted(place, reverse=True) for place in places)


@asynchronous
async def test_how_long_the_queue_may_take(server: Server) -> None:
    async with AsyncClient.connect(server.url, events="status") as client:
        await client.predict("/slow_gen", [0.2, unique()])
        running = client.submit("/slow_gen", [0.3, unique()])
        await eventually(lambda: running.status.stage == "generating")
        waiting = client.submit("/slow_gen", [0.1, unique()])
        places = [event async for event in waiting if event.size is not None]
    assert (places[0].position, places[0].size) == (0, 1)
    assert places[0].eta is not None
    assert places[0].eta > 0


def test_the_status_is_there_without_asking_for_its_events(server: Server) -> None:
    with Client(server.url) as client:
        job = client.submit("/stream", ["abc"])
        assert [event.type for event in job] == ["data"] * 4
        assert (job.status.stage, job.status.success, job.done()) == ("complete", True, True)


# -- streaming inputs ------------------------------------------------------------------------------


@asynchronous
async def test_chunks_of_a_streaming_input(server: Server) -> None:
    async with AsyncClient.connect(server.url, events=["data", "status"]) as client:
        job = client.submit("/stream_in", ["a"])
        await eventually(lambda: job.outputs() == [["1: a"]])
        await job.send_chunk(["b"])
        await eventually(lambda: ["2: b"] in job.outputs())
        assert job.status.stage == "streaming"
        assert 0 < (job.status.time_limit or 0) <= 20
        await job.send_chunk({"chunk": "c"})
        await eventually(lambda: ["3: c"] in job.outputs())
        await job.send_chunk({"data": ["d"]})
        await eventually(lambda: ["4: d"] in job.outputs())
        assert not job.done()
        await job.close_stream()
        assert (await job).value == "4: d"
        assert (await client.predict("/hello", ["x"])).value == "Hello x"


def test_chunks_from_a_thread(server: Server) -> None:
    with Client(server.url) as client:
        job = client.submit("/stream_in", ["a"])
        steps = iter(job)
        assert next(steps).data == ["1: a"]
        job.send_chunk(["b"])
        assert next(steps).data == ["2: b"]
        job.close_stream()
        assert job.result().value == "2: b"
        assert next(steps).final
        assert next(steps, None) is None


@asynchronous
async def test_chunks_that_no_job_takes(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        at_once = client.submit("/hello", ["x"])
        with pytest.raises(InvalidArgumentError, match="streaming"):
            await at_once.send_chunk(["b"])
        with pytest.raises(InvalidArgumentError, match="streaming"):
            await at_once.close_stream()
        job = client.submit("/stream_in", ["a"])
        await eventually(lambda: job.outputs())
        with pytest.raises(InvalidArgumentError, match="chunk"):
            await job.send_chunk({"nonsense": 1})
        await job.close_stream()
        await job
        with pytest.raises(InvalidArgumentError, match="ended"):
            await job.send_chunk(["b"])


@asynchronous
async def test_a_streaming_input_can_be_cancelled(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job = client.submit("/stream_in", ["a"])
        await eventually(lambda: job.outputs())
        assert await job.cancel()
        assert job.status.code == "cancelled"
