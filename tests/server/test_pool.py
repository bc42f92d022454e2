"""A pool of real Gradio apps: shares, failures, sessions, files."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous, eventually, eventually_so, finished, script, unique
from hub_server import Hub
from proxy import Cut, Proxy, Reply
from servers.fleet import App, Fleet
from servers.launch import Server, free_port

from gradwire import (
    AppError,
    AsyncClient,
    AsyncPool,
    AuthenticationError,
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    DeadlineExceededError,
    EndpointNotFoundError,
    InvalidArgumentError,
    JobCancelledError,
    Pool,
    QueueFullError,
    SessionNotFoundError,
)
from gradwire.batch import health

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with Fleet() as started:
        yield started


@pytest.fixture(scope="module")
def three(fleet: Fleet) -> list[App]:
    """Two quick apps and a slow one; a test that kills one starts it again."""
    return fleet.start("quick", "quick", "slow")


@pytest.fixture
def apps(three: list[App]) -> list[App]:
    for app, mode in zip(three, ("quick", "quick", "slow"), strict=True):
        if app.mode != mode:
            app.kill()
        app.start(mode)
    return three


def urls(apps: list[App]) -> list[str]:
    return [app.url for app in apps]


def by(outcome: Any) -> int | str:
    """Return the port of the app that gave a result, or what came in its place."""
    if isinstance(outcome, BaseException):
        return type(outcome).__name__
    return int(str(outcome.value).rpartition(" by ")[2])


async def called(apps: list[App], word: str) -> Counter[str]:
    """Return how often each job whose name begins with a word was run, by all apps."""
    names: Counter[str] = Counter()
    for app in apps:
        async with AsyncClient.connect(app.url) as client:
            names.update((await client.predict("/journal")).value)
    return Counter({name: times for name, times in names.items() if name.startswith(word)})


def there(pool: AsyncPool | Pool) -> list[bool]:
    return [replica.healthy for replica in pool.replicas]


# -- shares ----------------------------------------------------------------------------------------


@asynchronous
async def test_a_slow_replica_gets_a_small_share(apps: list[App]) -> None:
    word = unique()
    async with AsyncPool.connect(urls(apps)) as pool:
        jobs = [pool.submit("/work", name=f"{word}-{n}") for n in range(120)]
        results = await asyncio.gather(*jobs)
        assert [r.value.split(" by ")[0] for r in results] == [f"{word}-{n}" for n in range(120)]
        shares = Counter(map(by, results))
        assert 1 <= shares[apps[2].port] <= 24
        assert min(shares[apps[0].port], shares[apps[1].port]) >= 36
        assert [replica.done for replica in pool.replicas] == [shares[app.port] for app in apps]
        assert [replica.in_flight for replica in pool.replicas] == [0, 0, 0]
        assert {replica.error for replica in pool.replicas} == {None}
    assert set((await called(apps, word)).values()) == {1}


@asynchronous
async def test_a_pool_is_called_like_a_client(apps: list[App]) -> None:
    async with AsyncPool.connect(urls(apps)) as pool:
        assert "/work" in (await pool.view_api()).named_endpoints
        assert pool.config.version == "6.31.0"
        assert (await pool.predict("work", ["a"])).value.startswith("a by ")
        assert (await pool.predict("/now", {"name": "b"})).value.startswith("b by ")
        assert (await pool.api.work("c")).value.startswith("c by ")
        assert (await pool.endpoints["/work"](name="d")).value.startswith("d by ")
        steps = pool.submit("/count", seconds=0.3, name="steps")
        assert [event.data[0].split()[0] async for event in steps][:3] == ["0", "1", "2"]
        told = pool.with_options(events=["status"]).submit("/work", name="e")
        assert [event.type async for event in told][-1:] == ["status"]
        assert (await told.wait_for_id()) == told.event_id is not None
        assert repr(pool) == "<AsyncPool 3 of 3 replicas>"
        assert repr(told).startswith("<AsyncJob '/work': complete")
    assert repr(pool) == "<AsyncPool 3 of 3 replicas (closed)>"
    with pytest.raises(ClientClosedError):
        await pool.predict("/work", name="late")


@asynchronous
async def test_an_error_of_the_app_is_its_answer(apps: list[App]) -> None:
    async with AsyncPool.connect(urls(apps)) as pool:
        with pytest.raises(AppError, match="no luck") as caught:
            await pool.predict("/fail", kind="luck")
        assert caught.value.replica in urls(apps)
        assert sum(replica.done for replica in pool.replicas) == 1
        assert sum(replica.failed for replica in pool.replicas) == 0
        with pytest.raises(InvalidArgumentError, match="/work"):
            pool.submit("/work", nmae="x")
        with pytest.raises(EndpointNotFoundError, match="no endpoint"):
            pool.submit("/wrok", name="x")
        assert there(pool) == [True, True, True]


# -- failures --------------------------------------------------------------------------------------


@asynchronous
async def test_one_dies_in_mid_run_and_comes_back(apps: list[App]) -> None:
    word = unique()
    async with AsyncPool.connect(urls(apps)) as pool:
        jobs = [pool.submit("/work", name=f"{word}-{n}") for n in range(120)]
        await eventually(lambda: sum(job.done() for job in jobs) > 20)
        apps[0].kill()
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        lost = [each for each in outcomes if isinstance(each, BaseException)]
        # Only what it had taken; half a second of work and what it ran, or was about to be sent.
        assert len(lost) <= 64
        for error in lost:
            assert isinstance(error, ConnectionLostError)
            assert error.replica == apps[0].url
            assert apps[0].url in str(error)
            assert error.event_id is None or error.event_id in str(error)
        assert there(pool) == [False, True, True]
        assert pool.replicas[0].failed >= len(lost)  # with those that others then got
        assert pool.replicas[0].error
        runs = await called(apps[1:], word)
        assert set(runs.values()) == {1}
        assert not {f"{word}-{n}" for n, each in enumerate(outcomes) if each in lost} & set(runs)

        await asyncio.to_thread(apps[0].start)
        await eventually(lambda: pool.replicas[0].healthy)
        share = 0
        while share < 6:  # soon, if not in the first round: one that has just started may be slow
            results = await asyncio.gather(*(pool.predict("/work", name="x") for _ in range(40)))
            share = Counter(map(by, results))[apps[0].port]


@pytest.mark.slow
@asynchronous
async def test_what_may_run_twice_is_sent_again(apps: list[App]) -> None:
    word = unique()
    async with AsyncPool.connect(urls(apps), resubmit=True) as pool:
        jobs = [pool.submit("/work", name=f"{word}-{n}") for n in range(80)]
        await eventually(lambda: sum(job.done() for job in jobs) > 20)
        apps[1].kill()
        results = await asyncio.gather(*jobs)
        assert [r.value.split(" by ")[0] for r in results] == [f"{word}-{n}" for n in range(80)]


@asynchronous
async def test_it_opens_without_one_that_is_down(
    apps: list[App], caplog: pytest.LogCaptureFixture
) -> None:
    apps[2].kill()
    with caplog.at_level(logging.INFO, "gradwire"):
        async with AsyncPool.connect(urls(apps)) as pool:
            assert there(pool) == [True, True, False]
            assert repr(pool) == "<AsyncPool 2 of 3 replicas>"
            assert f"the pool opens without {apps[2].url}: Could not connect" in caplog.text
            assert by(await pool.predict("/work", name="x")) != apps[2].port
            await asyncio.to_thread(apps[2].start)
            await eventually(lambda: pool.replicas[2].healthy)
            assert f"the replica {apps[2].url} is back" in caplog.text


@asynchronous
async def test_nobody_is_there() -> None:
    nowhere = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    with pytest.raises(ConnectError) as caught:
        await AsyncPool.connect(nowhere, max_retries=0)
    assert str(caught.value).startswith("Could not connect to any of the 2 replicas")
    assert all(f"{address}: " in str(caught.value) for address in nowhere)
    assert str(caught.value).count("Connect call failed") == 2


@asynchronous
async def test_all_are_down(apps: list[App]) -> None:
    two = apps[:2]
    async with AsyncPool.connect(urls(two), patience=0.2) as pool:
        for app in two:
            app.kill()
        with pytest.raises((ConnectError, ConnectionLostError)):
            await pool.predict("/work", name="x")
        while there(pool) != [False, False]:  # each is noticed when it gets a job
            with suppress(ConnectError, ConnectionLostError):
                await pool.predict("/now", name="x")
        begun = time.monotonic()
        with pytest.raises(ConnectError, match=r"any of the 2 replicas within 0\.2") as caught:
            await pool.predict("/work", name="x")
        assert 0.15 <= time.monotonic() - begun < 2
        assert all(address in str(caught.value) for address in urls(two))
        assert caught.value.endpoint == "/work"
        hurried = pool.with_options(timeout=0.05)
        with pytest.raises(DeadlineExceededError, match=r"Timeout\.total"):
            await hurried.predict("/work", name="x")


@asynchronous
async def test_jobs_wait_until_one_is_back(apps: list[App]) -> None:
    two, word = apps[:2], unique()
    async with AsyncPool.connect(urls(two)) as pool:
        for app in two:
            app.kill()
        jobs = [pool.submit("/work", name=f"{word}-{n}") for n in range(20)]
        await eventually(lambda: there(pool) == [False, False])
        dropped = jobs.pop()
        assert await dropped.cancel()
        with pytest.raises(JobCancelledError):
            await dropped
        await asyncio.to_thread(two[1].start)
        results = await asyncio.gather(*jobs)
        assert set(map(by, results)) == {two[1].port}
        assert set((await called(two[1:], word)).values()) == {1}


@asynchronous
async def test_closing_while_jobs_wait_and_replicas_are_asked(apps: list[App]) -> None:
    pool = await AsyncPool.connect(urls(apps[:1]))
    apps[0].kill()
    jobs = [pool.submit("/work", name="x") for _ in range(5)]
    await eventually(lambda: there(pool) == [False])
    await asyncio.gather(pool.close(), pool.close())
    for job in jobs:
        with pytest.raises(ClientClosedError):
            await job
    assert pool.closed
    with pytest.raises(ClientClosedError):
        pool.submit("/work", name="x")


@asynchronous
async def test_one_that_was_restarted_between_two_jobs(apps: list[App]) -> None:
    async with AsyncPool.connect(urls(apps[:1])) as pool:
        assert (await pool.predict("/remember", item="a")).value.startswith("a by ")
        apps[0].kill()
        await asyncio.to_thread(apps[0].start)
        await eventually(lambda: pool.replicas[0].error and there(pool) == [True])
        with pytest.raises(SessionNotFoundError, match="its State is lost"):
            await pool.predict("/remember", item="b")
        assert (await pool.predict("/remember", item="c")).value.startswith("c by ")


@asynchronous
async def test_one_that_falls_silent(apps: list[App], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SILENCE", 0.5)
    monkeypatch.setattr(health, "LOOK", 0.2)
    two = apps[:2]
    async with AsyncPool.connect(urls(two)) as pool:
        try:
            jobs = [pool.submit("/nap", seconds=0.3, name="x") for _ in range(8)]
            await eventually(lambda: all(replica.in_flight for replica in pool.replicas))
            two[0].freeze()
            await eventually(lambda: there(pool) == [False, True])
            more = await asyncio.gather(*(pool.predict("/work", name="x") for _ in range(10)))
            assert set(map(by, more)) == {two[1].port}
        finally:
            two[0].thaw()
        # Nothing was lost: it goes on where it was.
        assert set(map(by, await asyncio.gather(*jobs))) == {two[0].port, two[1].port}
        await eventually(lambda: there(pool) == [True, True])


# -- queues that are full --------------------------------------------------------------------------


@asynchronous
async def test_full_queues(fleet: Fleet) -> None:
    two = await asyncio.to_thread(fleet.start, "full", "full")
    async with AsyncPool.connect(urls(two)) as pool:
        patient = pool.with_options(retry_queue_full=True)
        results = await asyncio.gather(*(patient.predict("/work", name="x") for _ in range(8)))
        assert Counter(map(by, results)).keys() == {app.port for app in two}
        assert there(pool) == [True, True]
        # Somebody else has filled both: four naps run side by side, and a fifth waits.
        options = {"retry_queue_full": True}
        async with (
            AsyncClient.connect(two[0].url, **options) as a,
            AsyncClient.connect(two[1].url, **options) as b,
        ):
            others = [each.submit("/nap", seconds=1.5, name="x") for each in [a, b] * 5]
            await eventually(lambda: all(job.event_id for job in others))
            with pytest.raises(QueueFullError) as caught:
                await pool.predict("/work", name="x")
            assert caught.value.replica in urls(two)
    for app in two:
        app.kill()


# -- what stands in front of an app ----------------------------------------------------------------

JOIN = "*/queue/join"


@pytest.mark.parametrize(
    "rule",
    [
        Reply(503, b"<html>"),
        pytest.param(Reply(429), marks=pytest.mark.slow),
        Reply(401, b'{"detail": "Not authenticated"}'),
    ],
)
@asynchronous
async def test_a_job_that_was_refused_goes_elsewhere(
    apps: list[App], open_proxy: Callable[..., Proxy], rule: Reply
) -> None:
    proxy = open_proxy(apps[0].url)
    async with AsyncPool.connect([proxy.url, apps[1].url]) as pool:
        proxy.rules[JOIN] = rule
        results = await asyncio.gather(*(pool.predict("/work", name="x") for _ in range(12)))
        assert set(map(by, results)) == {apps[1].port}
        assert proxy.paths("/gradio_api/queue/join")
        assert pool.replicas[0].error
        # It is asked again and again, and trusted with one job at a time, ever less often.
        assert len(proxy.paths("/gradio_api/queue/join")) <= 6
        del proxy.rules[JOIN]
        await eventually(lambda: there(pool) == [True, True])
        done = pool.replicas[0].done
        while pool.replicas[0].done == done:
            await asyncio.gather(*(pool.predict("/work", name="x") for _ in range(4)))


@asynchronous
async def test_who_has_refused_a_job_gets_it_when_the_other_one_dies(
    apps: list[App], open_proxy: Callable[..., Proxy]
) -> None:
    a, b = (open_proxy(app.url) for app in apps[:2])
    full = [Reply(503, b'{"detail": "Queue is full. Max size is 1 and size is 1."}')]

    def die(_: object) -> Cut:
        b.rules["*"] = Cut(0)
        return Cut(0)

    a.rules[JOIN] = lambda _: full.pop() if full else None
    b.rules[JOIN] = die
    async with AsyncPool.connect([a.url, b.url], patience=4.0, resubmit=True) as pool:
        jobs = [pool.submit("/work", name="x") for _ in range(3)]
        assert set(map(by, await asyncio.gather(*jobs))) == {apps[0].port}
        assert not full
        assert there(pool) == [True, False]


@asynchronous
async def test_an_error_says_what_the_caller_of_a_pool_can_do(
    apps: list[App], open_proxy: Callable[..., Proxy]
) -> None:
    proxy = open_proxy(apps[0].url)
    async with AsyncPool.connect([proxy.url]) as pool:
        job = pool.submit("/nap", seconds=3.0, name="x")
        await eventually(lambda: job.event_id)
        proxy.rules["*"] = Cut(0)
        proxy.hang_up()
        with pytest.raises(ConnectionLostError) as caught:
            await job
        assert "reconnect()" not in str(caught.value)
        assert "`replicas` of the pool" in str(caught.value)
        assert "reconnect()" not in str(pool.replicas[0].error)
        assert f"It was at the replica {proxy.url}, as job {job.event_id}." in str(caught.value)


@pytest.mark.parametrize(
    "rule",
    [
        Reply(502, b"<html>"),
        pytest.param(Reply(500, b"oops"), marks=pytest.mark.slow),
        Cut(0),
    ],
)
@asynchronous
async def test_a_job_that_may_have_been_taken_is_not_sent_twice(
    apps: list[App], open_proxy: Callable[..., Proxy], rule: Reply | Cut
) -> None:
    proxy, word = open_proxy(apps[0].url), unique()
    rules = [rule]
    async with AsyncPool.connect([proxy.url, apps[1].url]) as pool:
        proxy.rules[JOIN] = lambda seen: rules.pop() if rules else None
        calls = (pool.predict("/work", name=f"{word}-{n}") for n in range(4))
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        [error] = [each for each in outcomes if isinstance(each, BaseException)]
        assert isinstance(error, AppError | ConnectError | ConnectionLostError)
        assert error.replica == proxy.url
        await eventually(lambda: there(pool) == [True, True])
        assert pool.replicas[0].failed == 1
        assert set((await called(apps, word)).values()) == {1}
        rules.append(rule)
        again = pool.with_options(resubmit=True)
        results = await asyncio.gather(*(again.predict("/work", name="x") for _ in range(4)))
        assert len(results) == 4
        assert not rules


@asynchronous
async def test_spaces(hub: Hub, apps: list[App]) -> None:
    with hub.serve("ada/one", apps[0].url), hub.serve("ada/two", apps[1].url) as two:
        async with AsyncPool.connect(["ada/one", "ada/two"]) as pool:
            results = await asyncio.gather(*(pool.predict("/work", name="x") for _ in range(8)))
            assert set(map(by, results)) == {app.port for app in apps[:2]}
            assert [replica.address for replica in pool.replicas] == ["ada/one", "ada/two"]
            two.stages = ["SLEEPING"]
            calls = (pool.predict("/work", name="x") for _ in range(8))
            await asyncio.gather(*calls, return_exceptions=True)
            await eventually(lambda: two.wakes)  # the probes wake it
            await eventually(lambda: there(pool) == [True, True])


# -- agreement -------------------------------------------------------------------------------------


@pytest.mark.slow
@asynchronous
async def test_apps_that_serve_something_else(apps: list[App], fleet: Fleet) -> None:
    [altered] = await asyncio.to_thread(fleet.start, "altered")
    both = [apps[0].url, altered.url]
    with pytest.raises(InvalidArgumentError) as caught:
        await AsyncPool.connect(both)
    assert altered.url in str(caught.value)
    assert "'/work' takes name: float, where the first takes str" in str(caught.value)
    async with AsyncPool.connect(both, endpoints=["now", "/nap"]) as pool:
        assert (await pool.predict("/now", name="x")).value.startswith("x by ")
        with pytest.raises(EndpointNotFoundError, match="connected for /now, /nap"):
            pool.submit("/work", name="x")
    # One that comes back as something else stays out.
    async with AsyncPool.connect(urls(apps[:2])) as pool:
        apps[1].kill()
        await asyncio.to_thread(apps[1].start, "altered")
        await asyncio.gather(
            *(pool.predict("/work", name="x") for _ in range(8)), return_exceptions=True
        )
        await eventually(lambda: "takes name: float" in str(pool.replicas[1].error))
        assert there(pool) == [True, False]
        assert by(await pool.predict("/work", name="x")) == apps[0].port
        apps[1].kill()
        await asyncio.to_thread(apps[1].start, "quick")
        await eventually(lambda: there(pool) == [True, True])
    altered.kill()


@pytest.mark.slow
@asynchronous
async def test_an_old_release_beside_a_new_one(server: Server, ws_server: Server) -> None:
    async with AsyncPool.connect([server.url, ws_server.url], endpoints="/hello") as pool:
        results = await asyncio.gather(*(pool.predict("/hello", ["Ada"]) for _ in range(12)))
        assert {result.value for result in results} == {"Hello Ada"}
        assert all(replica.done for replica in pool.replicas)


@pytest.mark.slow
@asynchronous
async def test_a_login_that_a_restart_has_ended(fleet: Fleet) -> None:
    [app] = await asyncio.to_thread(fleet.start, "login")
    with pytest.raises(AuthenticationError):
        await AsyncPool.connect([app.url], auth=("ada", "wrong"))
    async with AsyncPool.connect([app.url], auth=("ada", "pw")) as pool:
        assert by(await pool.predict("/work", name="x")) == app.port
        app.kill()
        first = pool.submit("/work", name="x")
        await eventually(lambda: there(pool) == [False])
        jobs = [pool.submit("/work", name="x") for _ in range(3)]
        await asyncio.to_thread(app.start)
        assert set(map(by, await asyncio.gather(*jobs))) == {app.port}
        await asyncio.gather(first, return_exceptions=True)  # lost, or had to wait as well
    app.kill()


# -- sessions --------------------------------------------------------------------------------------


@asynchronous
async def test_state_stays_where_it_is(apps: list[App]) -> None:
    async with AsyncPool.connect(urls(apps)) as pool:
        for item in ("a", "b", "c"):
            last = await pool.predict("/remember", item=item)
        assert last.value.startswith("a, b, c by ")
        home = next(app for app in apps if app.port == by(last))
        # Everything else goes anywhere.
        others = await asyncio.gather(*(pool.predict("/work", name="x") for _ in range(30)))
        assert len(set(map(by, others))) > 1
        async with pool.session() as one, pool.session() as other:
            assert (await one.predict("/remember", item="1")).value.startswith("1 by ")
            assert (await other.predict("/remember", item="2")).value.startswith("2 by ")
            both = await one.predict("/remember", item="3")
            assert both.value.startswith("1, 3 by ")
            assert {by(await one.predict("/work", name="x")) for _ in range(4)} == {by(both)}
            assert "session at" in repr(one)
        assert not pool.closed
        assert one.closed
        home.kill()
        with pytest.raises((SessionNotFoundError, ConnectError, ConnectionLostError)):
            await pool.predict("/remember", item="d")
        await eventually(lambda: there(pool).count(False) == 1)
        with pytest.raises(SessionNotFoundError, match=f"was at the replica {home.url}"):
            await pool.predict("/remember", item="e")
        again = await pool.predict("/remember", item="f")
        assert again.value.startswith("f by ")
        assert by(again) != home.port


@asynchronous
async def test_a_session_of_its_own_dies_with_its_replica(apps: list[App]) -> None:
    async with AsyncPool.connect(urls(apps[:2])) as pool:
        async with pool.session() as chat:
            port = by(await chat.predict("/remember", item="a"))
            next(app for app in apps if app.port == port).kill()
            await asyncio.gather(
                *(pool.predict("/work", name="x") for _ in range(8)), return_exceptions=True
            )
            await eventually(lambda: there(pool).count(False) == 1)
            for _ in range(2):
                with pytest.raises(SessionNotFoundError, match=r"pool\.session\(\)"):
                    await chat.predict("/remember", item="b")
        async with pool.session() as chat:
            assert (await chat.predict("/remember", item="c")).value.startswith("c by ")


@asynchronous
async def test_state_that_does_not_matter(apps: list[App]) -> None:
    async with AsyncPool.connect(urls(apps[:2]), sticky=False) as pool:
        calls = (pool.predict("/remember", item="x") for _ in range(10))
        results = await asyncio.gather(*calls)
        assert {int(each.value.rpartition(" by ")[2]) for each in results} == {
            app.port for app in apps[:2]
        }


# -- files -----------------------------------------------------------------------------------------


@asynchronous
async def test_files(apps: list[App], tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_text("hello")
    async with AsyncPool.connect(urls(apps)) as pool:
        results = await asyncio.gather(*(pool.predict("/length", file=path) for _ in range(12)))
        assert len(set(map(by, results))) > 1
        assert {result.value.split()[0] for result in results} == {"5"}
        made = [(await pool.predict("/make_file", words=f"{n}" * n)).value for n in range(1, 4)]
        assert [await file.read() for file in made] == [b"1", b"22", b"333"]
        for n, file in enumerate(made, start=1):
            for _ in range(3):  # where the file is, and nowhere else
                result = await pool.predict("/length", file=file)
                assert result.value == f"{n} by {file.url.split(':')[2].split('/')[0]}"


@asynchronous
async def test_files_go_to_another_replica_with_their_job(apps: list[App], tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_text("hello")
    async with AsyncPool.connect(urls(apps[:2])) as pool:
        apps[0].kill()
        results = await asyncio.gather(*(pool.predict("/length", file=path) for _ in range(6)))
        assert {result.value for result in results} == {f"5 by {apps[1].port}"}


# -- many rows -------------------------------------------------------------------------------------


@pytest.mark.slow
@asynchronous
async def test_map_while_one_dies(apps: list[App]) -> None:
    word = unique()
    async with AsyncPool.connect(urls(apps)) as pool:
        rows = ([f"{word}-{n}"] for n in range(90))
        outcomes = []
        async for outcome in pool.map("/work", rows, on_error="return"):
            outcomes.append(outcome)
            if len(outcomes) == 30:
                apps[0].kill()
        assert len(outcomes) == 90
        lost = [each for each in outcomes if isinstance(each, BaseException)]
        assert len(lost) <= 64
        assert {error.replica for error in lost} <= {apps[0].url}
        names = [None if each in lost else each.value.split(" by ")[0] for each in outcomes]
        assert all(name in (None, f"{word}-{n}") for n, name in enumerate(names))
    assert set((await called(apps[1:], word)).values()) == {1}


@pytest.mark.slow
def test_map_in_threads(apps: list[App]) -> None:
    with Pool(urls(apps), resubmit=True) as pool:
        results = list(pool.map("/work", [{"name": f"{n}"} for n in range(60)]))
        assert [result.value.split(" by ")[0] for result in results] == [str(n) for n in range(60)]
        assert len(set(map(by, results))) >= 2


# -- threads ---------------------------------------------------------------------------------------


def test_threads(apps: list[App], tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_text("hello")
    word = unique()
    with Pool(urls(apps)) as pool, ThreadPoolExecutor(8) as threads:
        values = list(threads.map(lambda n: pool.predict("/work", name=f"{word}-{n}"), range(60)))
        assert len(set(map(by, values))) >= 2
        jobs = [pool.submit("/work", [f"{word}-job-{n}"]) for n in range(20)]
        assert {job.result().value.split(" by ")[0] for job in jobs} == {
            f"{word}-job-{n}" for n in range(20)
        }
        assert pool.predict("/length", file=path).value.startswith("5 by ")
        assert pool.predict("/make_file", words="abc").value.read() == b"abc"
        assert pool.api.now("x").value.startswith("x by ")
        assert "/work" in pool.view_api().named_endpoints
        assert pool.with_options(timeout=60).predict("/now", ["y"]).value.startswith("y by ")
        with pool.session() as chat:
            chat.predict("/remember", item="a")
            assert chat.predict("/remember", item="b").value.startswith("a, b by ")
        assert sum(replica.done for replica in pool.replicas) == 60 + 20 + 3 + 1 + 2
        assert repr(pool) == "<Pool 3 of 3 replicas>"
    assert not [each for each in threading.enumerate() if each.name == "gradwire"]
    names = asyncio.run(called(apps, word))
    assert len(names) == 80
    assert set(names.values()) == {1}


def test_a_pool_that_is_dropped_closes_itself(apps: list[App]) -> None:
    pool = Pool.connect(urls(apps[:2]))
    assert pool.predict("/now", name="x").value.startswith("x by ")
    del pool
    eventually_so(lambda: not [t for t in threading.enumerate() if t.name == "gradwire"])


def test_a_script_that_closes_nothing_ends(apps: list[App]) -> None:
    apps[0].kill()
    code = """
        import sys
        from gradwire import Pool
        pool = Pool(sys.argv[1:], max_retries=0)
        job = pool.submit("/nap", seconds=30, name="x")
        print(job.wait_for_id() is not None, pool)
    """
    status, out, err = finished(script(code, *urls(apps[:2])))
    assert (status, out) == (0, "True <Pool 1 of 2 replicas>")
    assert err.count("\n") <= 1  # the warning that one is missing


@pytest.mark.slow
@asynchronous
async def test_an_asynchronous_one_too(apps: list[App]) -> None:
    pool = await AsyncPool.connect(urls(apps[:2]))
    job = pool.submit("/work", name="x")
    del pool
    assert (await job).value.startswith("x by ")
    del job
    gc.collect()
    await eventually(lambda: len(asyncio.all_tasks()) == 1)


@asynchronous
async def test_a_cancelled_connect_leaves_nothing(apps: list[App]) -> None:
    task = asyncio.ensure_future(AsyncPool.connect(urls(apps))._work())
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
