"""How users write their code, for the type checker: `test_typing.py` runs mypy over this file.

Nothing here is executed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, Unpack, assert_type

from gradwire import (
    ApiInfo,
    AppError,
    AsyncClient,
    AsyncFile,
    AsyncJob,
    AsyncMap,
    AsyncPool,
    Checkpoint,
    Client,
    Component,
    Config,
    ConnectionLostError,
    ConnectOptions,
    DataEvent,
    Dependency,
    Endpoint,
    Event,
    File,
    FileData,
    FileInput,
    GradwireError,
    Job,
    Limits,
    LogEvent,
    Metrics,
    MetricsSnapshot,
    ObservedJob,
    Observer,
    Pool,
    Prediction,
    ProgressData,
    QuotaExceededError,
    RenderEvent,
    Replica,
    StatusEvent,
    SyncMap,
    TableProgress,
    TableSummary,
    Timeout,
    UploadResponse,
    ValidationError,
    failed_rows,
    handle_file,
    map_table,
    map_table_async,
)


def connecting() -> None:
    assert_type(Client("http://h"), Client)
    assert_type(Client.connect("http://h", timeout=Timeout(connect=1)), Client)
    with Client("http://h", auth=("ada", "pw"), events=["data", "status"]) as client:
        assert_type(client, Client)
        assert_type(client.closed, bool)
        assert_type(client.session_hash, str)
        assert_type(client.with_options(timeout=5), Client)
        assert_type(client.reconnect(), Literal["connected", "broken", "changed"])
        assert_type(client.with_options(limits=Limits(download=1)), Client)
        assert_type(Limits().answer, int | None)
        assert_type(client.submit("/x").dropped, int)
        client.set_cookies("a=b")
        client.close()


async def connecting_async() -> None:
    assert_type(await AsyncClient.connect("http://h"), AsyncClient)
    async with AsyncClient.connect("http://h", headers={"A": "b"}) as client:
        assert_type(client, AsyncClient)
        assert_type(client.with_options(timeout=5), AsyncClient)
        assert_type(await client.reconnect(), Literal["connected", "broken", "changed"])
        assert_type(await client.refresh(), Config)
        await client.close()


def connecting_with_options(given: dict[str, Any], **more: Unpack[ConnectOptions]) -> None:
    Client("http://h", **given)
    Client.connect("http://h", **more)
    Client.connect("http://h", events="log", cookies="a=b", timeout=5, verify="ca.pem")
    Client("http://h", auth=("a", "b"), token=False, download_dir=Path("x"), headers={"A": "b"})
    Client("o/s", status_callback=print, wake_timeout=None, hf_token="hf_x", limits=Limits())
    AsyncClient.duplicate("o/s", timeout=30, hardware="t4-small", token="hf_x", proxy="http://p")
    client = Client.duplicate("o/s", secrets={"A": "b"}, query_params={"a": "b"})
    client.with_options(events=("data", "status"), oauth_token="hf_x", retry_queue_full=True)
    client.with_options(observer=Metrics()).with_options(observer=[Metrics(), OnlyEnds()])
    assert_type(Metrics().snapshot() + MetricsSnapshot(), MetricsSnapshot)
    assert_type(Metrics().snapshot().total.duration.percentile(50), float | None)


class OnlyEnds(Observer):
    """An observer writes the methods that it needs."""

    def on_end(self, job: ObservedJob) -> None:
        assert_type(job.outcome, Literal["ok", "error", "cancelled"] | None)


def wrong_options(client: Client) -> None:
    """Each of these has to be an error."""
    Client("http://h", tokn="x")  # type: ignore[call-arg]
    Client.connect("http://h", tiemout=5)  # type: ignore[call-arg]
    AsyncClient.connect("http://h", event="data")  # type: ignore[call-arg]
    Client.connect("http://h", events=["dota"])  # type: ignore[list-item]
    Client.connect("http://h", max_retries="2")  # type: ignore[arg-type]
    client.with_options(token="hf_x")  # type: ignore[call-arg]
    client.with_options(observer=print)  # type: ignore[arg-type]
    AsyncClient.duplicate("o/s", tokn="hf_x")  # type: ignore[call-arg]


class MyClient(AsyncClient):
    """A subclass connects to itself."""


class MySyncClient(Client):
    """So does one of `Client`."""


async def subclasses() -> None:
    assert_type(await MyClient.connect("http://h"), MyClient)
    async with MyClient.connect("http://h") as client:
        assert_type(client, MyClient)
    assert_type(MySyncClient.connect("http://h"), MySyncClient)
    with MySyncClient("http://h") as other:
        assert_type(other, MySyncClient)


def calling(client: Client) -> None:
    prediction = client.predict("/fn", ["x", 1])
    assert_type(prediction, Prediction)
    assert_type(client.predict(0, {"text": "x"}, text="y"), Prediction)
    assert_type(prediction.data, list[Any])
    assert_type(prediction.duration, float | None)
    assert_type(prediction.logs, tuple[LogEvent, ...])
    assert_type(prediction.endpoint, str | int)
    with client.submit("/fn") as entered:
        assert_type(entered, Job[DataEvent])
    text: str = prediction.value
    del text
    job = client.submit("/fn", ["x"], all_events=True)
    assert_type(job, Job[Event])
    assert_type(iter(job), Iterator[Event])
    assert_type(job.result(timeout=1), Prediction)
    assert_type(job.cancel(), bool)
    assert_type(job.done(), bool)
    assert_type(job.status, StatusEvent)
    assert_type(job.event_id, str | None)
    assert_type(job.wait_for_id(), str | None)
    assert_type(job.outputs(), list[list[Any]])
    job.add_done_callback(lambda done: print(done.status.stage))
    assert_type(client.endpoints["/fn"]("x"), Prediction)
    assert_type(client.endpoints["/fn"].submit("x"), Job[DataEvent])
    assert_type(client.api.fn("x"), Prediction)


async def calling_async(client: AsyncClient) -> None:
    assert_type(await client.predict("/fn", ["x", 1]), Prediction)
    job = client.submit("/fn", text="x")
    assert_type(job, AsyncJob[DataEvent])
    assert_type(await job, Prediction)
    assert_type(await job.result(timeout=1), Prediction)
    assert_type(await job.cancel(), bool)
    assert_type(job.__aiter__(), AsyncIterator[DataEvent])
    assert_type(await job.wait_for_id(), str | None)
    assert_type(await client.endpoints["/fn"]("x"), Prediction)
    assert_type(client.endpoints["/fn"].submit("x"), AsyncJob[DataEvent])
    assert_type(await client.api.fn("x"), Prediction)
    async with client.submit("/fn", all_events=True) as entered:
        assert_type(entered, AsyncJob[Event])
    async for event in job:
        assert_type(event, DataEvent)
    async for each in client.submit("/fn", all_events=True):
        assert_type(each, Event)


def events(job: Job[Event]) -> None:
    for event in job:
        if event.type == "data":
            assert_type(event, DataEvent)
            assert_type(event.data, list[Any])
            assert_type(event.delta, list[Any])
            assert_type(event.final, bool)
        elif event.type == "status":
            assert_type(event, StatusEvent)
            assert_type(event.progress_data, tuple[ProgressData, ...] | None)
            assert_type(
                event.stage, Literal["pending", "generating", "streaming", "complete", "error"]
            )
        elif event.type == "log":
            assert_type(event, LogEvent)
            assert_type(event.log, str)
        else:
            assert_type(event, RenderEvent)
            assert_type(event.data, dict[str, Any])


def matching(event: Event) -> str:
    match event:
        case DataEvent():
            return str(event.delta[0])
        case StatusEvent():
            return event.stage
        case LogEvent():
            return event.level
        case RenderEvent():
            return "render"


def describing(client: Client) -> None:
    api = client.view_api()
    assert_type(api, ApiInfo)
    assert_type(api.named_endpoints["/fn"], Endpoint)
    assert_type(client.config, Config)
    assert_type(client.get_page_config("about"), Config)
    components: Mapping[int, Component] = client.config.components
    assert_type(components[1], Component)
    dependencies: Mapping[int, Dependency] = client.config.dependencies
    assert_type(dependencies[0], Dependency)


def exchanging_files(client: Client, path: Path) -> None:
    assert_type(handle_file("x.png"), FileInput | FileData)
    client.predict("/fn", [path, b"bytes", handle_file(path)])
    file: File = client.predict("/fn").value
    assert_type(file.read(), bytes)
    assert_type(file.download(path), Path)
    with file.open() as opened:
        assert_type(opened, BinaryIO)
    known: FileData = file
    del known
    assert_type(client.upload_files(None, [path]), UploadResponse)
    assert_type(client.upload(FileData(path="x")), FileData)
    assert_type(client.upload([FileData(path="x")]), list[FileData])
    assert_type(client.download(FileData(path="x"), to=path), Path)
    assert_type(client.download("http://h/file=x"), Path)


def path_of(file: FileData) -> Path:
    return Path(file.orig_name or "x")


async def exchanging_files_async(client: AsyncClient) -> None:
    assert_type(await client.upload_files(None, [b"x"]), UploadResponse)
    file: AsyncFile = (await client.predict("/fn")).value
    assert_type(await file.read(), bytes)
    assert_type(await file.open(), BinaryIO)
    assert_type(await file.download(path_of(file)), Path)
    assert_type(await client.upload(FileData(path="x")), FileData)
    assert_type(await client.upload([FileData(path="x")]), list[FileData])
    assert_type(await client.download(FileData(path="x")), Path)


def tables(client: Client, progress: TableProgress) -> None:
    summary = map_table(client, "/fn", "in.csv", Path("out.parquet"), concurrency=4, retry=0)
    assert_type(summary, TableSummary)
    assert_type(summary.rows, int)
    assert_type([row.error for row in failed_rows("out.parquet")], list[str])
    assert_type(progress.eta, float | None)
    map_table(client, "/fn", "in.csv", "out.csv", unknown="perhaps")  # type: ignore[arg-type]
    map_table(client, "/fn", "in.csv", "out.csv", concurency=4)  # type: ignore[call-arg]
    with Checkpoint.open("rows.sqlite", {"endpoint": "/fn"}) as checkpoint:
        assert_type(checkpoint.claim("row"), bool)


async def tables_async(client: AsyncClient) -> None:
    assert_type(await map_table_async(client, "/fn", "in.csv", "out.csv"), TableSummary)


def failing(client: Client) -> None:
    try:
        client.predict("/fn")
    except QuotaExceededError as error:
        assert_type(error.retry_after, float | None)
    except ValidationError as error:
        assert_type(error.problems, tuple[tuple[str, str], ...])
    except AppError as error:
        assert_type(error.title, str | None)
    except ConnectionLostError as error:
        assert_type(error.event_ids, tuple[str, ...])
    except GradwireError as error:
        assert_type(error.url, str | None)
        assert_type(error.status, int | None)


def mistakes(client: Client, event: Event) -> None:
    """Each of these has to be an error; strict mypy complains of an ignore that is not needed."""
    client.predict()  # type: ignore[call-arg]
    client.predict(1.5)  # type: ignore[arg-type]
    client.predict("/fn", "text")
    client.submit("/fn", trigger_id="x")  # type: ignore[call-overload]
    _first, _second = client.predict("/fn")  # type: ignore[misc]
    client.predict("/fn")[0]  # type: ignore[index]
    print(event.data)  # type: ignore[union-attr]
    Client()  # type: ignore[call-arg]
    Timeout(conect=1)  # type: ignore[call-arg]


def many_rows(client: Client) -> None:
    results = client.map("/x", ["a", "b"])
    assert_type(results, SyncMap[Prediction])
    for result in results:
        assert_type(result, Prediction)
    assert_type(
        client.map(
            "/x",
            ({"a": n} for n in range(3)),
            on_error="skip",
            concurrency=4,
            retry=0,
            ordered=False,
        ),
        SyncMap[Prediction],
    )
    for either in client.map("/x", [], on_error="return"):
        assert_type(either, Prediction | GradwireError)
    with results as same:
        assert_type(same, SyncMap[Prediction])
    assert_type(results.done + results.failed + results.concurrency, int)
    client.map("/x", 5)  # type: ignore[call-overload]
    client.map("/x", [], on_error="ignore")  # type: ignore[call-overload]


async def many_rows_async(client: AsyncClient, rows: AsyncIterator[str]) -> None:
    results = client.map("/x", rows)
    assert_type(results, AsyncMap[Prediction])
    async for result in results:
        assert_type(result, Prediction)
    async for either in client.map("/x", [["a"]], on_error="return"):
        assert_type(either, Prediction | GradwireError)
    async with results as same:
        assert_type(same, AsyncMap[Prediction])
    await results.aclose()


async def several_apps(apps: list[str]) -> None:
    async with AsyncPool.connect(apps, endpoints=["/fn"], patience=None, timeout=3) as pool:
        assert_type(pool, AsyncPool)
        assert_type(await pool.predict("/fn", ["x"]), Prediction)
        assert_type(pool.submit("/fn", ["x"]), AsyncJob[DataEvent])
        assert_type(pool.submit("/fn", ["x"], all_events=True), AsyncJob[Event])
        assert_type(pool.with_options(resubmit=True), AsyncPool)
        assert_type(pool.replicas, tuple[Replica, ...])
        async with pool.session() as session:
            assert_type(session, AsyncPool)
    AsyncPool.connect(apps, patients=1)  # type: ignore[call-arg]
    with Pool(apps, sticky=False) as threads:
        assert_type(threads.predict("/fn", ["x"]), Prediction)
        assert_type(threads.submit("/fn", ["x"]), Job[DataEvent])
        assert_type(threads.session(), Pool)
        assert_type([each.value for each in threads.map("/fn", ["x"])], list[Any])
