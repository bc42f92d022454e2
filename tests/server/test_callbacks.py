"""What a done-callback of a `Client` may do: everything that does not wait."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from typing import Any

import pytest
from servers.launch import Server

from gradwire import Client, InvalidArgumentError, Job


def in_callback(client: Client, work: Callable[[Job[Any]], Any]) -> Any:
    """Do something in a callback; return what it gave or raised."""
    outcome: queue.Queue[Any] = queue.Queue()

    def callback(job: Job[Any]) -> None:
        try:
            outcome.put(work(job))
        except Exception as error:
            outcome.put(error)

    client.submit("/slow", [0.2]).add_done_callback(callback)
    return outcome.get(timeout=20)


def test_a_callback_may_submit(server: Server) -> None:
    with Client(server.url) as client:
        by_name = in_callback(client, lambda _: client.submit("/hello", ["again"]))
        assert by_name.result(20).value == "Hello again"
        by_function = in_callback(client, lambda _: client.api.hello.submit("again"))
        assert by_function.result(20).value == "Hello again"
        assert in_callback(client, lambda job: job.result().value).endswith("done")


WAITING: dict[str, Callable[[Client], Any]] = {
    "predict": lambda client: client.predict("/hello", ["x"]),
    "function": lambda client: client.api.hello("x"),
    "result": lambda client: client.submit("/slow", [0.1]).result(),
    "iterate": lambda client: next(iter(client.submit("/slow", [0.1]))),
    "cancel": lambda client: client.submit("/slow", [0.1]).cancel(),
    "refresh": lambda client: client.refresh(),
    "connect": lambda client: Client(client.config.root or "http://127.0.0.1:1"),
}


@pytest.mark.parametrize("call", WAITING.values(), ids=WAITING.keys())
def test_what_waits_is_refused_in_a_callback(server: Server, call: Callable[..., Any]) -> None:
    with Client(server.url) as client:
        error = in_callback(client, lambda _: call(client))
        assert isinstance(error, InvalidArgumentError)
        assert "This is a callback" in str(error)
        assert client.predict("/hello", ["x"]).value == "Hello x"


def test_a_loop_of_the_users_own_is_refused_as_ever(server: Server) -> None:
    with Client(server.url) as client:

        async def call(method: Callable[..., Any]) -> None:
            with pytest.raises(InvalidArgumentError, match="Use AsyncClient here"):
                method("/hello", ["x"])

        asyncio.run(call(client.submit))
        asyncio.run(call(client.predict))
