"""An event stream that breaks: who is told, what, when, and what comes after."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from helpers import asynchronous, eventually, unique
from proxy import Cut, Proxy
from servers.launch import Server, StartServer

from gradwire import (
    AsyncClient,
    AsyncJob,
    ConnectError,
    ConnectionLostError,
    GradwireError,
    Timeout,
)
from gradwire.client.reading import HEARTBEAT_SILENCE
from gradwire.transport import aiohttp_connector, direct_pool

from .plan import Fault, Place
from .proxy import Faulty

STREAM = "*/queue/data"
LONG = 60


async def lost(job: AsyncJob) -> ConnectionLostError:
    """Return the error of a job that must be lost."""
    with pytest.raises(ConnectionLostError) as caught:
        await job.result(HEARTBEAT_SILENCE + 5)
    return caught.value


@pytest.mark.parametrize("kind", ["cut", "reset", "truncate"])
@asynchronous
async def test_every_pending_job_is_lost_within_a_second(server: Server, kind: str) -> None:
    fault = Fault(kind, STREAM, Place("process_generating 30", "middle"))
    with Faulty(server.url, fault) as proxy:
        async with AsyncClient.connect(proxy.url) as client:
            jobs = [client.submit("/par_gen", [LONG, unique()]) for _ in range(12)]
            errors = [await lost(job) for job in jobs]
            assert time.monotonic() - fault.at < 1
            ids = {job.event_id for job in jobs}
            assert len(ids) == 12
            for job, error in zip(jobs, errors, strict=True):
                assert set(error.event_ids) == ids
                assert error.event_id == job.event_id
                assert error.session_hash == client.session_hash
                assert job.status.code == "connection_lost"
            assert (await client.predict("/hello", ["again"])).value == "Hello again"


@asynchronous
async def test_the_next_call_may_come_at_once(server: Server) -> None:
    """However soon after the loss it is made, the server must not drop it with the old stream."""
    for _ in range(15):
        fault = Fault("reset", STREAM, Place("process_generating", "after"))
        with Faulty(server.url, fault) as proxy:
            async with AsyncClient.connect(proxy.url) as client:
                await lost(client.submit("/par_gen", [LONG, unique()]))
                assert (await client.predict("/hello", ["again"])).value == "Hello again"


@pytest.mark.faults
@pytest.mark.parametrize("message", ["process_starts", "process_generating 3"])
@asynchronous
async def test_after_a_silent_stream_no_message_goes_astray(server: Server, message: str) -> None:
    """The server goes on serving the stream that the client has given up.

    Two streams of a session split its messages; so the old one has to be ended first.
    """
    fault = Fault("stall", STREAM, Place(message, "before"))
    with Faulty(server.url, fault) as proxy:
        async with AsyncClient.connect(proxy.url, timeout=Timeout(read=1)) as client:
            error = await lost(client.submit("/par_gen", [LONG, unique()]))
            assert HEARTBEAT_SILENCE - 1 < time.monotonic() - fault.at < HEARTBEAT_SILENCE + 2
            assert "silent" in str(error)
            patient = client.with_options(timeout=Timeout(total=5))
            for number in range(20):
                assert (await patient.predict("/hello", [str(number)])).value == f"Hello {number}"


def is_said(error: ConnectionLostError, address: str) -> bool:
    """Tell whether an error says once, and without the words of a library, what broke."""
    text = str(error)
    assert text.count("broke") == 1
    assert error.session_hash not in text
    assert not any(word in text for word in ("aiohttp", "payload", "Payload", "<", "?", "Error"))
    return text.startswith(f"The event stream of {address}/ broke while /par_gen was pending: ")


# -- what has happened -----------------------------------------------------------------------------


async def long_job(client: AsyncClient) -> AsyncJob:
    """Start a job that would run for long, and wait until it runs."""
    job = client.submit("/par_gen", [LONG, unique()])
    await eventually(lambda: job.outputs())
    return job


@asynchronous
async def test_the_calls_after_it_name_the_app_and_what_broke(start_server: StartServer) -> None:
    """And not the cancellations of jobs that went with the stream, which nobody has asked for."""
    server = start_server()
    async with AsyncClient.connect(server.url) as client:
        job = await long_job(client)
        server.kill()
        assert is_said(await lost(job), server.url)
        for _ in range(2):
            with pytest.raises(ConnectError) as caught:
                await client.predict("/hello", ["again"])
            text = str(caught.value)
            assert text.startswith(f"Could not connect to {server.url}/: ")
            assert "Is the app running there? The event stream broke before" in text
            assert "cancel" not in text
            assert caught.value.status is None


@asynchronous
async def test_an_end_of_the_stream_that_gets_lost_itself(server: Server) -> None:
    """Whether that arrived is unknown; of the call nothing was sent, so it may be tried again."""
    with Proxy(server.url) as proxy:
        proxy.rules |= {STREAM: Cut(2000), "*/cancel": Cut(0)}
        async with AsyncClient.connect(proxy.url, max_retries=0) as client:
            await lost(client.submit("/par_gen", [LONG, unique()]))
            with pytest.raises(ConnectError, match="the call was not sent") as caught:
                await client.predict("/hello", ["again"])
            assert "unknown" not in str(caught.value)
            assert "cancel" not in str(caught.value)
            proxy.rules.clear()
            assert (await client.predict("/hello", ["again"])).value == "Hello again"


@pytest.mark.faults
@pytest.mark.parametrize("end", [Server.stop, Server.kill], ids=["stopped", "killed"])
@asynchronous
async def test_a_server_that_is_gone(
    start_server: StartServer, end: Callable[[Server], None]
) -> None:
    server = start_server()
    async with AsyncClient.connect(server.url) as client:
        job = await long_job(client)
        end(server)
        assert is_said(await lost(job), server.url)
        with pytest.raises(ConnectError, match="Is the app running there"):
            await client.predict("/hello", ["again"])
        server.start()
        assert (await client.predict("/hello", ["again"])).value == "Hello again"


@asynchronous
async def test_a_network_that_is_gone(server: Server) -> None:
    """The same words as for a killed server, but the next call tells the two apart."""
    with Faulty(server.url, Fault("reset", STREAM, Place("process_generating", "after"))) as proxy:
        async with AsyncClient.connect(proxy.url) as client:
            error = await lost(client.submit("/par_gen", [LONG, unique()]))
            assert is_said(error, proxy.url)
            assert await client.reconnect() == "connected"
            assert (await client.predict("/hello", ["again"])).value == "Hello again"


@asynchronous
async def test_a_job_is_never_sent_twice(server: Server) -> None:
    """Not even where HTTP libraries like to repeat a request: on a connection that was kept."""
    for where in ("request head", "answer head"):
        fault = Fault("cut", STREAM, Place(where, "before"))
        with Faulty(server.url, fault) as proxy:
            async with AsyncClient.connect(proxy.url) as client:
                with pytest.raises(GradwireError):
                    await client.predict("/hello", ["Ada"])
                asked = [path for path, _ in proxy.exchanges if "/queue/" in path]
                assert [path.rpartition("/")[2] for path in asked] == ["join", "data"]


@pytest.mark.parametrize("by_aiohttp", [False, True])
@asynchronous
async def test_a_connection_that_the_server_has_closed_is_not_used(
    server: Server, by_aiohttp: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its goodbye is there, but the event loop was busy, and has not looked."""
    monkeypatch.setattr(aiohttp_connector if by_aiohttp else direct_pool, "RESTED", 0)
    with Faulty(server.url) as proxy:
        async with AsyncClient.connect(proxy.url, max_retries=0, trust_env=by_aiohttp) as client:
            for name in ("Ada", "Bob", "Cleo"):
                # Neither the loop nor the client does anything in between.
                proxy.hang_up()
                assert (await client.predict("/hello", [name])).value == f"Hello {name}"
            joins = [path for path, _ in proxy.exchanges if path.endswith("/join")]
            assert len(joins) == 3
