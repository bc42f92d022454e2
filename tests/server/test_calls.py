"""Calling endpoints of real servers: what goes in, what comes out, what goes wrong."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from datetime import datetime
from typing import Any

import pytest
from helpers import asynchronous, eventually, unique
from proxy import Proxy, Reply
from servers.launch import Server

from gradwire import (
    AppError,
    AsyncClient,
    Client,
    Config,
    EndpointNotFoundError,
    GradwireError,
    InvalidArgumentError,
    Prediction,
    QueueFullError,
    QuotaExceededError,
    ValidationError,
)

NO: dict[str, Any] = {}

# -- what goes in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "inputs", "joined"),
    [
        (["x", 1, False, "b"], NO, "x|1|False|b"),
        (("x", 1), NO, "x|1|True|a"),
        ({"text": "x", "n": 1, "flag": False}, NO, "x|1|False|a"),
        (None, {"choice": "b", "text": "x"}, "x|3|True|b"),
        (["x"], {"flag": False}, "x|3|False|a"),
        (None, NO, "dflt|3|True|a"),
        ([], NO, "dflt|3|True|a"),
    ],
)
@asynchronous
async def test_inputs_by_place_and_by_name_with_defaults(
    any_server: Server, data: Any, inputs: dict[str, Any], joined: str
) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        result = await client.predict("/multi", data, **inputs)
    text, double = result.data
    assert text.replace(".0|", "|") == joined
    assert double == 2 * int(joined.split("|")[1])


@asynchronous
async def test_an_endpoint_goes_by_name_and_by_index(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        index = (await client.predict("/hello", ["x"])).fn_index
        for endpoint in ("/hello", "hello", index):
            job = client.submit(endpoint, ["x"])
            assert (await job).data == ["Hello x"]
            assert (await job).fn_index == index


@asynchronous
async def test_names_that_are_not_ascii(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        assert (await client.predict("/begrüße", ["名前"])).value == "Grüße, 名前 👋"


@asynchronous
async def test_what_a_prediction_says(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        one = await client.predict("hello", ["x"])
        two = await client.predict("multi")
        none = await client.predict("nothing", ["x"])
        null = await client.predict("none_out", ["x"])
    assert isinstance(one, Prediction)
    assert (one.endpoint, one.value, two.value) == ("/hello", "Hello x", ("dflt|3|True|a", 6))
    assert (none.data, null.data, null.value) == ([], [None], None)
    assert isinstance(one.duration, float)
    assert isinstance(one.average_duration, float)
    assert isinstance(one.time, datetime)
    assert one.logs == ()


@asynchronous
async def test_an_event_carries_data_and_its_component(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit("event_data", event_data={"a": [1]}, trigger_id=3)
        assert (await job).value == {"data": {"a": [1]}, "target": 3}
        selected = {"index": [0, 2], "value": "so", "selected": True}
        result = await client.predict("select_data", ["some"], event_data=selected)
        assert result.value == {"text": "some", **selected}


@asynchronous
async def test_batches(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        jobs = [client.submit("batched", [word]) for word in ("a", "b", "c", "d", "e")]
        assert [(await job).value for job in jobs] == ["A", "B", "C", "D", "E"]
        for endpoint in ("batched_pair", "noqueue_batch"):
            assert (await client.predict(endpoint, ["one", "two"])).value == ("one two", 3)


# -- sessions --------------------------------------------------------------------------------------


@asynchronous
async def test_a_session_keeps_its_state(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        assert [(await client.predict("count")).data for _ in range(3)] == [[1], [2], [3]]
        assert (await client.predict("remember", ["a"])).value == "a"
        assert (await client.predict("remember", ["b"])).value == "a, b"


@asynchronous
async def test_each_client_has_a_session_of_its_own(any_server: Server) -> None:
    async with (
        AsyncClient.connect(any_server.url) as one,
        AsyncClient.connect(any_server.url) as other,
    ):
        assert one.session_hash != other.session_hash
        assert (await one.predict("count")).data == (await other.predict("count")).data == [1]


@asynchronous
async def test_joining_a_session(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as one:
        await one.predict("count")
        joined = AsyncClient.connect(any_server.url, session_hash=one.session_hash)
        async with joined as other:
            assert (await other.predict("count")).data == [2]


@asynchronous
async def test_state_outputs_can_be_kept(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url, with_null_state=True) as client:
        assert (await client.predict("count")).data == [1, None]
        left_out = client.with_options(with_null_state=False)
        assert (await left_out.predict("count")).data == [2]


@asynchronous
async def test_a_list_may_hold_the_state_slots_too(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        assert (await client.predict("remember", ["a", None])).value == "a"


# -- endpoints without a queue ---------------------------------------------------------------------


@asynchronous
async def test_an_unqueued_call(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit("noqueue", ["x"], all_events=True)
        events = [event async for event in job]
        assert (await job).value == "nq x"
    assert [event.type for event in events] == ["status", "data", "status"]
    assert (events[-1].stage, events[-1].queue, job.event_id) == ("complete", False, None)


@asynchronous
async def test_an_unqueued_call_that_fails(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        with pytest.raises(AppError, match=r"^gr boom$"):
            await client.predict("noqueue_fail", ["gr"])
        with pytest.raises(AppError, match="does not show it"):
            await client.predict("noqueue_fail", ["plain"])


@asynchronous
async def test_many_unqueued_calls_at_once(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        jobs = [client.submit("noqueue", [str(n)]) for n in range(150)]
        assert [(await job).value for job in jobs] == [f"nq {n}" for n in range(150)]


# -- what goes wrong -------------------------------------------------------------------------------


@asynchronous
async def test_an_error_of_the_app(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit("fail", ["gr"], all_events=True)
        with pytest.raises(AppError, match=r"^gr boom$") as caught:
            await job
        assert caught.value.endpoint == "/fail"
        assert caught.value.event_id == job.event_id
        assert (job.status.stage, job.status.message) == ("error", "gr boom")


@asynchronous
async def test_how_the_app_would_show_its_error(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        with pytest.raises(AppError, match=r"^titled boom$") as caught:
            await client.predict("fail", ["titled"])
    error = caught.value
    assert (error.title, error.duration, error.visible) == ("Custom title", 3, False)


@asynchronous
async def test_an_exception_that_the_app_does_not_show(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        with pytest.raises(AppError, match="show_error=True"):
            await client.predict("fail", ["plain"])
        assert (await client.predict("hello", ["still there"])).value == "Hello still there"


@asynchronous
async def test_no_quota_left(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        with pytest.raises(QuotaExceededError) as caught:
            await client.predict("fail", ["quota"])
    error = caught.value
    assert (error.requested, error.left, error.retry_after) == (60, 10, 3723)


@asynchronous
async def test_an_error_late_in_a_generator(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        job = client.submit("fail_gen", ["step"])
        seen = []
        with pytest.raises(AppError, match="late boom"):
            async for event in job:
                seen += [event.data]
        assert seen == [["step one"], ["step two"]]


@asynchronous
async def test_a_validator_refuses(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        job = client.submit("valid", ["bad"], all_events=True)
        with pytest.raises(ValidationError, match="must not be bad") as caught:
            await job
        assert caught.value.problems[0][1] == "value must not be bad"
        assert isinstance(caught.value, ValueError)
        assert job.status.code == "validation_error"
        assert (await client.predict("valid", ["good"])).value == "Hello good"


@asynchronous
async def test_a_full_queue(full_server: Server) -> None:
    async with AsyncClient.connect(full_server.url) as client:
        name = unique()
        running = client.submit("slow_gen", [1, name])
        await eventually(lambda: running.status.stage == "generating")
        jobs = [client.submit("slow_gen", [0.1, name]) for _ in range(3)]
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, QueueFullError)]
        assert len(refused) == 2
        assert "queue full" in str(refused[0])
        assert refused[0].status == 503
        assert (await running).value == f"{name} 9"


@pytest.mark.parametrize(
    ("endpoint", "error", "words"),
    [
        ("/nowhere", EndpointNotFoundError, "/hello"),
        (99, EndpointNotFoundError, "99"),
        (None, InvalidArgumentError, "endpoint"),
        (True, InvalidArgumentError, "endpoint"),
    ],
)
@asynchronous
async def test_no_such_endpoint(
    server: Server, endpoint: Any, error: type[GradwireError], words: str
) -> None:
    async with AsyncClient.connect(server.url) as client:
        for call in (client.submit, client.with_options(events="log").submit):
            with pytest.raises(error, match=words):
                call(endpoint, ["x"])
        with pytest.raises(error, match=words):
            await client.predict(endpoint, ["x"])


@pytest.mark.parametrize(
    ("endpoint", "data", "inputs", "words"),
    [
        ("hello", None, NO, "name"),
        ("hello", [], NO, "name"),
        ("hello", ["x", "y"], NO, "1 value"),
        ("count", [1, 2, 3], NO, "value"),
        ("hello", {"nam": "x"}, NO, "name"),
        ("hello", None, {"name": "x", "other": 1}, "other"),
        ("hello", ["x"], {"name": "y"}, "two values"),
        ("hello", "x", NO, "list"),
        ("hello", 7, NO, "list"),
        ("hello", [object()], NO, "object"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(
    proxy: Proxy, endpoint: str, data: Any, inputs: dict[str, Any], words: str
) -> None:
    with Client(proxy.url) as client:
        with pytest.raises(InvalidArgumentError, match=words) as caught:
            client.submit(endpoint, data, **inputs)
        assert isinstance(caught.value, TypeError)
        assert isinstance(caught.value, ValueError)
    assert "POST" not in {each.method for each in proxy.requests}


@pytest.mark.parametrize("trigger", ["3", 1.5, True])
def test_a_trigger_is_a_number(server: Server, trigger: Any) -> None:
    with Client(server.url) as client, pytest.raises(InvalidArgumentError, match="trigger_id"):
        client.submit("hello", ["x"], trigger_id=trigger)


# -- a token for the app's own code ----------------------------------------------------------------


def declare_token(server: Server, proxy: Proxy, kind: str) -> None:
    """Let the app say that /hello takes a token; no other endpoint does."""
    with urllib.request.urlopen(f"{server.url}/gradio_api/info") as answer:
        info = json.load(answer)
    info["named_endpoints"]["/hello"]["oauth_token"] = kind
    proxy.rules["/gradio_api/info"] = Reply(body=json.dumps(info).encode())


def test_an_oauth_token_goes_only_where_it_is_declared(server: Server, proxy: Proxy) -> None:
    declare_token(server, proxy, "optional")
    with Client(proxy.url, oauth_token="hf_mine") as client:
        for endpoint in ("hello", "multi", "noqueue"):
            client.predict(endpoint, ["x"])
        client.with_options(oauth_token=None).predict("hello", ["x"])
    sent = [json.loads(each.body) for each in proxy.requests if each.method == "POST"]
    assert [body.get("oauth_token") for body in sent] == ["hf_mine", None, None, None]
    assert not any("hf_mine" in f"{each.target} {each.headers}" for each in proxy.requests)


def test_an_endpoint_can_require_an_oauth_token(server: Server, proxy: Proxy) -> None:
    declare_token(server, proxy, "required")
    with Client(proxy.url) as client:
        with pytest.raises(InvalidArgumentError, match="oauth_token="):
            client.submit("hello", ["x"])
        assert client.predict("multi").data
        allowed = client.with_options(oauth_token="hf_mine")
        assert allowed.predict("hello", ["x"]).value == "Hello x"


# -- gr.render -------------------------------------------------------------------------------------


def find_render(config: Config) -> tuple[int, int]:
    """Return the ids of the text box that triggers the gr.render, and of its function."""
    boxes = (c.id for c in config.components.values() if c.props.get("elem_id") == "render-names")
    names = next(boxes)
    targets = {each: index for index, d in config.dependencies.items() for each in d.targets}
    return names, targets[names, "submit"]


@asynchronous
async def test_a_render_changes_config_and_endpoints(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        before = client.config
        names, render = find_render(before)
        with pytest.raises(EndpointNotFoundError):
            client.submit("row_ann", ["x"])
        job = client.submit(render, ["ann bob"], trigger_id=names, all_events=True)
        events = [event async for event in job if event.type == "render"]
        assert len(events) == 1
        assert {d["api_name"] for d in events[0].data["dependencies"]} == {"row_ann", "row_bob"}
        assert len(client.config.dependencies) == len(before.dependencies) + 2
        assert (await client.predict("row_ann", ["x"])).value == "ann got x"
        assert (await client.endpoints["/row_bob"]("y")).value == "bob got y"
        assert (await client.api.row_bob("z")).value == "bob got z"


@asynchronous
async def test_a_second_render_replaces_the_first(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        _, render = find_render(client.config)
        await client.predict(render, ["ann bob"])
        known = len(client.config.dependencies)
        await client.predict(render, ["cid"])
        assert (await client.predict("row_cid", ["x"])).value == "cid got x"
        assert len(client.config.dependencies) == known - 1
        for gone in ("row_ann", "row_bob"):
            with pytest.raises(EndpointNotFoundError):
                client.submit(gone, ["x"])
