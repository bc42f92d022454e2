"""`Client`: threads, loops, forks, signals, and ends of all kinds."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers import (
    asynchronous,
    connections,
    eventually,
    eventually_so,
    finished,
    run,
    script,
    unique,
)
from servers.launch import Server

from gradwire import AsyncClient, Client, ClientClosedError, ConnectError, InvalidArgumentError

# -- ways to connect -------------------------------------------------------------------------------


def test_all_ways_to_connect(any_server: Server) -> None:
    with Client.connect(any_server.url) as one:
        assert one.predict("hello", ["x"]).value == "Hello x"
    other = Client(any_server.url)
    assert other.predict("hello", ["x"]).value == "Hello x"
    other.close()
    other.close()
    assert one.closed
    assert other.closed


@asynchronous
async def test_all_ways_to_connect_in_a_loop(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as one:
        assert (await one.predict("hello", ["x"])).value == "Hello x"
    other = await AsyncClient.connect(any_server.url)
    assert (await other.predict("hello", ["x"])).value == "Hello x"
    await other.close()
    await other.close()
    async with await AsyncClient.connect(any_server.url) as third:
        assert not third.closed
    assert one.closed
    assert other.closed
    assert third.closed


def test_connecting_needs_to_wait() -> None:
    with pytest.raises(InvalidArgumentError, match=r"await AsyncClient.connect"):
        AsyncClient("http://127.0.0.1:1")


def test_a_closed_client_says_so(server: Server) -> None:
    client = Client(server.url)
    view = client.with_options(events="log")
    client.close()
    assert view.closed
    calls = [
        lambda: client.predict("hello", ["x"]),
        lambda: view.submit("hello", ["x"]),
        lambda: client.refresh(),
        lambda: client.reconnect(),
        lambda: client.with_options(timeout=1),
        lambda: client.set_cookies("a=b"),
        lambda: client.__enter__(),
    ]
    for call in calls:
        with pytest.raises(ClientClosedError, match="closed"):
            call()
    assert client.view_api().named_endpoints  # what is known stays known
    assert "closed" in repr(client)


def test_a_failed_connection_leaves_nothing() -> None:
    with pytest.raises(ConnectError):
        Client("http://127.0.0.1:1", max_retries=0)
    eventually_so(lambda: "gradwire" not in thread_names())


# -- where a loop runs already ---------------------------------------------------------------------


def test_a_running_loop_is_not_blocked(server: Server) -> None:
    with Client(server.url) as client:
        job = client.submit("hello", ["x"])
        pending = client.submit("slow_gen", [30, unique()])
        job.result()

        async def main() -> None:
            calls: list[Any] = [
                lambda: Client(server.url),
                lambda: Client.connect(server.url),
                lambda: client.predict("hello", ["x"]),
                lambda: client.submit("hello", ["x"]),
                lambda: client.refresh(),
                lambda: pending.result(),
                lambda: next(iter(pending)),
                lambda: pending.cancel(),
            ]
            for call in calls:
                with pytest.raises(InvalidArgumentError, match="AsyncClient"):
                    call()
            assert job.result().value == "Hello x"  # needs no waiting
            assert [event.data for event in job] == [["Hello x"]]

        run(main())
        assert pending.cancel()


def test_in_a_thread_beside_a_loop(server: Server) -> None:
    def call() -> object:
        with Client(server.url) as client:
            return client.predict("hello", ["x"]).value

    async def main() -> object:
        return await asyncio.to_thread(call)

    assert asyncio.run(main()) == "Hello x"


# -- threads and sockets ---------------------------------------------------------------------------


def thread_names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_many_threads_share_a_client(server: Server) -> None:
    with Client(server.url) as client, ThreadPoolExecutor(32) as pool:

        def call(number: int) -> list[object]:
            job = client.submit("stream", [f"{number}", 0])
            return [
                client.predict("hello", [str(number)]).value,
                client.predict("noqueue", [str(number)]).value,
                job.result().value,
                [event.data for event in job][-1],
            ]

        numbers = range(32 * 4)
        expected = [[f"Hello {n}", f"nq {n}", str(n), [str(n)]] for n in numbers]
        assert list(pool.map(call, numbers)) == expected


def test_clients_share_one_thread_and_leave_none(server: Server) -> None:
    before = threading.active_count()
    with Client(server.url) as one, Client(server.url) as other:
        assert one.predict("hello", ["x"]).value == other.predict("hello", ["x"]).value
        assert thread_names().count("gradwire") == 1
    assert "gradwire" not in thread_names()
    assert threading.active_count() == before
    with Client(server.url) as again:
        assert again.predict("hello", ["x"]).value == "Hello x"


def test_closing_leaves_no_connection(server: Server) -> None:
    eventually_so(lambda: connections(server.port) == 0)
    with Client(server.url) as client:
        client.predict("hello", ["x"])
        client.submit("slow_gen", [1, unique()])
        client.submit("noqueue", ["x"])
        assert connections(server.port) > 0
    assert connections(server.port) == 0


@asynchronous
async def test_closing_in_a_loop_leaves_neither_task_nor_connection(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        await client.predict("hello", ["x"])
        client.submit("slow_gen", [1, unique()])
        client.submit("noqueue", ["x"])
    assert len(asyncio.all_tasks()) == 1
    assert connections(server.port) == 0


def test_closing_while_threads_call(server: Server) -> None:
    client = Client(server.url)
    with ThreadPoolExecutor(8) as pool:

        def call() -> None:
            while True:
                client.predict("hello", ["x"])

        calls = [pool.submit(call) for _ in range(8)]
        time.sleep(0.1)
        client.close()
        assert all(isinstance(each.exception(10), ClientClosedError) for each in calls)
    assert "gradwire" not in thread_names()


# -- clients that nobody closes --------------------------------------------------------------------


def test_a_dropped_client_closes_itself(server: Server) -> None:
    client = Client(server.url)
    client.predict("hello", ["x"])
    del client
    gc.collect()
    eventually_so(lambda: "gradwire" not in thread_names())
    eventually_so(lambda: connections(server.port) == 0)


def test_a_dropped_client_closes_itself_after_its_job(server: Server) -> None:
    job = Client(server.url).submit("stream", ["abc"])
    gc.collect()
    assert job.result().value == "abc"
    assert "gradwire" in thread_names()
    del job
    gc.collect()
    eventually_so(lambda: "gradwire" not in thread_names())


def test_a_view_keeps_the_client_open(server: Server) -> None:
    view = Client(server.url).with_options(timeout=20)
    gc.collect()
    assert view.predict("hello", ["x"]).value == "Hello x"
    view.close()


@asynchronous
async def test_a_dropped_client_closes_itself_in_a_loop(server: Server) -> None:
    client = await AsyncClient.connect(server.url)
    await client.predict("hello", ["x"])
    del client
    await eventually(lambda: connections(server.port) == 0)
    await eventually(lambda: len(asyncio.all_tasks()) == 1)


def test_a_client_whose_loop_is_gone(server: Server) -> None:
    async def main() -> AsyncClient:
        client = await AsyncClient.connect(server.url)
        await client.predict("hello", ["x"])
        client.submit("slow_gen", [30, unique()])
        return client

    client = asyncio.run(main())
    assert client.closed
    assert connections(server.port) == 0


# -- processes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    ["", "del client", "client.close()", "sys.exit(0)", "del client, job; gc.collect()"],
    ids=["open", "client-dropped", "closed", "exit", "all-dropped"],
)
def test_the_interpreter_ends_though_a_job_is_pending(server: Server, ending: str) -> None:
    code = f"""
        import gc, sys
        from gradwire import Client
        client = Client(sys.argv[1])
        assert client.predict("hello", ["x"]).value == "Hello x"
        job = client.submit("slow_gen", [60, sys.argv[2]])
        assert next(iter(job)).data
        print("pending", flush=True)
        {ending}
    """
    process = script(code, server.url, unique())
    assert process.stdout is not None
    assert process.stdout.readline() == "pending\n"
    began = time.monotonic()
    assert finished(process) == (0, "", "")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("waiting", [True, False], ids=["waiting-thread", "no-thread"])
def test_the_interpreter_ends_though_a_loop_left_a_client_open(
    server: Server, waiting: bool
) -> None:
    code = """
        import asyncio, sys
        from gradwire import AsyncClient
        async def main():
            global client
            client = await AsyncClient.connect(sys.argv[1])
            await client.predict("hello", ["x"])
            if sys.argv[3] == "True":
                client.submit("slow_gen", [60, sys.argv[2]])
                await asyncio.sleep(0.2)
        asyncio.run(main())
        print("over")
    """
    assert finished(script(code, server.url, unique(), str(waiting))) == (0, "over", "")


def journal(server: Server) -> list[str]:
    with Client(server.url) as client:
        lines: list[str] = client.predict("journal").value
        return lines


def ticks(server: Server, name: str) -> int:
    return sum(line.startswith(f"tick {name} ") for line in journal(server))


def stopped(server: Server, name: str) -> bool:
    before = ticks(server, name)
    time.sleep(0.5)
    return ticks(server, name) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("call", ["client.predict(*call)", "client.submit(*call).result()"])
def test_ctrl_c(server: Server, call: str) -> None:
    code = f"""
        import sys
        from gradwire import Client
        call = "slow_gen", [60, sys.argv[2]]
        client = Client(sys.argv[1])
        try:
            {call}
        except KeyboardInterrupt:
            print("interrupted")
    """
    name = unique()
    process = script(code, server.url, name)
    eventually_so(lambda: ticks(server, name), within=15)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert finished(process) == (0, "interrupted", "")
    assert time.monotonic() - began < 5
    eventually_so(lambda: stopped(server, name))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_in_a_program_that_goes_on(server: Server) -> None:
    code = """
        import sys
        from gradwire import Client
        with Client(sys.argv[1]) as client:
            try:
                client.predict("slow_gen", [60, sys.argv[2]])
            except KeyboardInterrupt:
                print(client.predict("slow_gen", [0.1, "next"]).value, flush=True)
            sys.stdin.read(0)
            client.predict("slow_gen", [60, sys.argv[2] + "-second"])
    """
    name = unique()
    process = script(code, server.url, name)
    eventually_so(lambda: ticks(server, name), within=15)
    process.send_signal(signal.SIGINT)
    eventually_so(lambda: ticks(server, name + "-second"), within=15)
    process.send_signal(signal.SIGINT)
    code_, out, err = finished(process)
    assert (code_, out) == (-signal.SIGINT, "next 0")
    assert err.strip().endswith("KeyboardInterrupt")
    assert stopped(server, name)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork(server: Server) -> None:
    code = """
        import os, sys, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork, from 3.12 on
        from gradwire import Client, ClientClosedError
        client = Client(sys.argv[1])
        client.predict("hello", ["parent"])
        child = os.fork()
        if child == 0:
            for call in (
                lambda: client.predict("hello", ["x"]),
                lambda: client.submit("hello", ["x"]),
            ):
                try:
                    call()
                except ClientClosedError as error:
                    assert "fork" in str(error), error
                else:
                    sys.exit("no error")
            client.close()  # that is the parent's business
            with Client(sys.argv[1]) as own:
                print(own.predict("hello", ["child"]).value, flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(client.predict("hello", ["parent again"]).value)
        client.close()
    """
    assert finished(script(code, server.url)) == (0, "Hello child\nHello parent again", "")
