"""What people do on their first day, and what they bring along from other clients."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import pickle
import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest
from servers.launch import Server

from gradwire import (
    AppError,
    AsyncClient,
    Client,
    DeadlineExceededError,
    EndpointNotFoundError,
    GradwireError,
    InvalidArgumentError,
    QueueFullError,
    handle_file,
)


def test_another_loop_is_refused(server: Server) -> None:
    async def main() -> None:
        client = await AsyncClient.connect(server.url)

        def elsewhere() -> None:
            async def call() -> Any:
                return await client.predict("/hello", ["x"])

            with pytest.raises(InvalidArgumentError, match="event loop in which it was connected"):
                asyncio.run(call())
            with pytest.raises(InvalidArgumentError, match="event loop in which it was connected"):
                client.submit("/hello", ["x"])

        await asyncio.to_thread(elsewhere)
        await client.close()

    asyncio.run(main())


def test_a_client_whose_loop_is_gone_says_so(server: Server) -> None:
    async def connect() -> AsyncClient:
        return await AsyncClient.connect(server.url)

    client = asyncio.run(connect())
    with pytest.raises(GradwireError, match="Connect"):
        asyncio.run(client.predict("/hello", ["x"]))


@pytest.mark.parametrize("end", ["1/0", "raise SystemExit", "client.submit('/slow', [5])"])
def test_a_script_that_forgets_to_close_ends_without_noise(server: Server, end: str) -> None:
    script = (
        "from gradwire import Client\n"
        f"client = Client({server.url!r}); client.predict('/hello', ['x'])\n{end}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert "nclosed" not in done.stderr
    assert done.stderr == "" or "ZeroDivisionError" in done.stderr


def test_results_and_events_can_be_pickled_and_copied(server: Server) -> None:
    with Client(server.url) as client:
        prediction = client.predict("/multi", text="x")
        events = list(client.submit("/stream", ["ab"]))
        for twin in (pickle.loads(pickle.dumps(prediction)), copy.deepcopy(prediction)):
            assert twin.data == prediction.data
            assert twin.duration == prediction.duration
        twins = pickle.loads(pickle.dumps(events))
        assert [(t.data, t.delta, t.final) for t in twins] == [
            (e.data, e.delta, e.final) for e in events
        ]


def test_an_unknown_endpoint_is_what_each_way_of_asking_expects(server: Server) -> None:
    with Client(server.url) as client:
        with pytest.raises(EndpointNotFoundError) as by_key:
            client.endpoints["/helo"]
        assert isinstance(by_key.value, KeyError)
        assert str(by_key.value).startswith("The app has no endpoint")
        with pytest.raises(EndpointNotFoundError) as by_name:
            _ = client.api.helo
        assert isinstance(by_name.value, AttributeError)
        assert not hasattr(client.api, "helo")
        assert client.endpoints.get("/helo") is None


def test_a_signature_shows_types_without_quotes(server: Server) -> None:
    with Client(server.url) as client:
        signature = str(inspect.signature(client.api.multi))
        assert signature.startswith("(text: str = 'dflt', n: float = 3, flag: bool = True")


def test_an_endpoint_function_takes_any_parameter_name(server: Server) -> None:
    # Its keywords are the endpoint's, not those of predict().
    with (
        Client(server.url) as client,
        pytest.raises(InvalidArgumentError, match="has no parameter 'event_data'"),
    ):
        client.api.hello(event_data=1)


@pytest.mark.parametrize("habit", [{"api_name": "/hello"}, {"fn_index": 0}])
def test_naming_the_endpoint_by_keyword_is_explained(server: Server, habit: Any) -> None:
    with (
        Client(server.url) as client,
        pytest.raises(InvalidArgumentError, match=r"first argument here: client\.predict\("),
    ):
        client.predict("Ada", **habit)
    with (
        Client(server.url) as client,
        pytest.raises(InvalidArgumentError, match=r"first argument here: client\.predict\("),
    ):
        client.predict(**habit)
    assert inspect.signature(Client.predict).parameters["endpoint"].default is inspect._empty


@pytest.mark.parametrize("call", [Client.predict, Client.submit])
def test_a_call_of_nothing_is_a_type_error(server: Server, call: Any) -> None:
    with Client(server.url) as client, pytest.raises(TypeError, match="An endpoint is a name"):
        call(client)


def test_a_prediction_says_where_its_outputs_are(server: Server) -> None:
    with Client(server.url) as client:
        prediction = client.predict("/multi", ["x"])
        with pytest.raises(TypeError, match=r"\.value .*\.data"):
            _first, _second = prediction
        with pytest.raises(TypeError, match=r"\.value .*\.data"):
            prediction[0]


def test_a_prediction_as_json(server: Server) -> None:
    with Client(server.url) as client:
        prediction = client.predict("/file_io", [handle_file(b"x", name="x.txt")])
        shown = json.loads(json.dumps(prediction.to_dict()))
        assert shown["data"] == [prediction.value.to_dict()]
        assert shown["data"][0]["meta"] == {"_type": "gradio.FileData"}
        assert (shown["endpoint"], shown["duration"]) == ("/file_io", prediction.duration)
        assert datetime.fromisoformat(shown["time"]) == prediction.time
        logs = client.predict("/logs", ["x"]).to_dict()["logs"]
        assert (logs[0]["log"], logs[0]["level"]) == ("info x", "info")


def test_what_belongs_to_this_process_cannot_be_pickled(server: Server) -> None:
    with Client(server.url) as client:
        job = client.submit("/hello", ["x"])
        for thing in (client, job, client._inner, job._job):
            with pytest.raises(TypeError, match="connect in the child"):
                pickle.dumps(thing)
        job.result()


def test_a_name_that_is_unknown_is_no_private_error(server: Server) -> None:
    with Client(server.url) as client, pytest.raises(EndpointNotFoundError) as caught:
        _ = client.api.helo
    assert not caught.type.__name__.startswith("_")


def test_messages_name_the_endpoint_and_what_to_do(server: Server, full_server: Server) -> None:
    with Client(server.url) as client:
        job = client.submit("/slow", [2])
        with pytest.raises(DeadlineExceededError, match=r"^/slow gave no result within 1 second;"):
            job.result(1)
        with pytest.raises(DeadlineExceededError, match=r"/slow was not done within 0\.5 seconds"):
            client.with_options(timeout=0.5).predict("/slow", [2])
    with Client(full_server.url) as client, pytest.raises(QueueFullError) as caught:
        jobs = [client.submit("/slow", [0.3]) for _ in range(6)]
        for job in jobs:
            job.result()
    assert str(caught.value).startswith("/slow: ")
    assert "retry_queue_full" in str(caught.value)


@pytest.mark.parametrize("call", ["predict", "submit"])
@pytest.mark.parametrize("stray", [True, 0, "", [3], object()])
def test_inputs_beside_the_list_are_explained(server: Server, call: str, stray: Any) -> None:
    with (
        Client(server.url) as client,
        pytest.raises(InvalidArgumentError, match="All inputs go into one list") as caught,
    ):
        getattr(client, call)("/multi", ["x"], stray)
    assert caught.value.endpoint == "/multi"
    assert "n=..." in str(caught.value)


def test_a_deadline_among_the_inputs_is_explained(server: Server) -> None:
    with Client(server.url) as client, pytest.raises(InvalidArgumentError, match="with_options"):
        client.predict("/hello", name="x", timeout=3)


def test_a_path_as_text_is_explained(server: Server) -> None:
    with Client(server.url) as client, pytest.raises(InvalidArgumentError, match="handle_file"):
        client.predict("/image_io", ["photo.png"])


def test_an_endpoint_without_outputs_has_no_value(server: Server) -> None:
    with Client(server.url) as client:
        assert client.predict("/nothing", ["x"]).value is None


def test_the_seconds_of_an_errors_toast_are_no_duration(server: Server) -> None:
    with Client(server.url) as client:
        job = client.submit("/fail", ["gr"])
        with pytest.raises(AppError):
            job.result()
        assert job.status.duration is None
        assert job.status.cache_duration is None


def test_what_is_not_connected_yet_says_how_to_connect() -> None:
    with pytest.raises(AttributeError, match="await"):
        _ = AsyncClient.connect("http://127.0.0.1:1").predict


def test_help_of_a_client_says_it_all() -> None:
    for name in ("connect", "predict", "submit", "download"):
        assert "Args:" in (inspect.getdoc(getattr(Client, name)) or "")
