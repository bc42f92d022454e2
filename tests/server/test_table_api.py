"""`map_table` and `map_table_async`, as a program calls them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from servers.launch import Server

from gradwire import (
    AsyncClient,
    Checkpoint,
    Client,
    GradwireError,
    InvalidArgumentError,
    TableProgress,
    failed_rows,
    map_table,
    map_table_async,
)
from gradwire.batch.identity import Fingerprint
from gradwire.batch.ownership import Ownership


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"name": "n{number}"}}\n' for number in range(20)))
    return path


def greetings(path: Path) -> list[Any]:
    return [json.loads(line)["greeting"] for line in path.read_text().splitlines()]


EXPECTED = [f"Hello n{number}" for number in range(20)]


def test_progress_and_summary(server: Server, source: Path) -> None:
    told: list[TableProgress] = []
    output = source.with_name("out.jsonl")
    with Client.connect(server.url) as client:
        summary = map_table(client, "hello", source, output, on_progress=told.append)
    assert (summary.rows, summary.done, summary.failed, summary.called) == (20, 20, 0, 20)
    assert summary.output == output
    assert (told[0].done, told[0].total) == (0, 20)
    assert (told[-1].done, told[-1].in_flight, told[-1].failed) == (20, 0, 0)
    assert greetings(output) == EXPECTED
    assert list(failed_rows(output)) == []


@pytest.mark.complains
def test_a_callback_that_fails_stops_nothing(server: Server, source: Path) -> None:
    def fail(progress: TableProgress) -> None:
        raise ValueError("mine")

    with Client.connect(server.url) as client:
        output = source.with_name("out.jsonl")
        assert map_table(client, "hello", source, output, on_progress=fail).done == 20


async def cancelled_and_resumed(url: str, source: Path, output: Path) -> list[int]:
    begun = asyncio.Event()

    def look(progress: TableProgress) -> None:
        if progress.done:
            begun.set()

    async with AsyncClient.connect(url) as client:
        # One at a time, so that some are left when the first is done.
        work = map_table_async(
            client, "/slow", source, output, constants={"seconds": 0.1}, on_progress=look
        )
        task = asyncio.create_task(work)
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not output.exists()
        with Checkpoint.look(f"{output}.gradwire/rows.sqlite") as checkpoint:
            done = checkpoint.counts().done
        summary = await map_table_async(client, "/slow", source, output, constants={"seconds": 0.1})
    return [done, summary.called, summary.rows]


def test_a_cancelled_run_is_gone_on_with(server: Server, source: Path) -> None:
    output = source.with_name("out.jsonl")
    done, called, rows = asyncio.run(cancelled_and_resumed(server.url, source, output))
    assert done >= 1
    assert done + called == rows == 20
    rows_found = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["slow_out"] for row in rows_found] == [f"n{number} done" for number in range(20)]


def test_wrong_arguments(server: Server, source: Path) -> None:
    output: Any = source.with_name("out.jsonl")
    with Client.connect(server.url) as client:
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"mappping": {}}, "no option 'mappping'. Did you mean 'mapping'"),
            ({"concurrency": 0}, "concurrency must be a number from 1 on"),
            ({"retry": -1}, "retry must be a number from 0 on"),
            ({"unknown": "x"}, "unknown must be one of retry, fail"),
            ({"mapping": ["a"]}, "mapping must be a mapping"),
            ({"form": "xml"}, "form cannot be 'xml'"),
        ]
        for options, says in wrong:
            with pytest.raises(InvalidArgumentError, match=says):
                map_table(client, "/hello", source, output, **options)
        anything: Any = client
        with pytest.raises(InvalidArgumentError, match="takes an AsyncClient or an AsyncPool"):
            asyncio.run(map_table_async(anything, "/hello", source, output))
        anything = object()
        with pytest.raises(InvalidArgumentError, match="takes a Client or a Pool, not object"):
            map_table(anything, "/hello", source, output)
        with pytest.raises(InvalidArgumentError, match="takes its input in chunks"):
            map_table(client, "/stream_in", source, output)
    assert [path.name for path in source.parent.iterdir()] == ["in.jsonl"]


def test_places_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("file\nin.csv\n")
    (tmp_path / "taken").write_text("a file")
    with Client.connect(server.url) as client:
        for option in ("files_to", "checkpoint"):
            place: Any = {option: tmp_path / "taken" / "x"}
            with pytest.raises(GradwireError, match=r"taken"):
                map_table(
                    client, "/file_io", tmp_path / "in.csv", tmp_path / f"{option}.csv", **place
                )
            assert not (tmp_path / f"{option}.csv").exists()


def test_an_output_with_a_very_long_name(server: Server, tmp_path: Path) -> None:
    name = "x" * 240 + ".txt"
    (tmp_path / name).write_text("long")
    (tmp_path / "in.csv").write_text(f"file\n{name}\n")
    output = tmp_path / "out.jsonl"
    with Client.connect(server.url) as client:
        assert map_table(client, "/file_io", tmp_path / "in.csv", output).failed == 0
    path = json.loads(output.read_text())["out_file"]
    assert (tmp_path / path).read_text() == "GOT:long"
    assert len(Path(path).name) <= 255


def files_of(output: Path) -> list[str]:
    """Read the files that an output names."""
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    return [(output.parent / row["out_file"]).read_text() for row in rows]


def file_table(folder: Path, name: str) -> Path:
    (folder / f"{name}.txt").write_text(name)
    table = folder / f"{name}.csv"
    table.write_text(f"file\n{name}.txt\n")
    return table


def test_each_output_has_its_files_in_a_folder_of_its_own(server: Server, tmp_path: Path) -> None:
    tables = [file_table(tmp_path, name) for name in ("a", "b")]
    with Client.connect(server.url) as client:
        for table, name in zip(tables, ("out.jsonl", "out.ndjson"), strict=True):
            map_table(client, "/file_io", table, tmp_path / name)
        assert files_of(tmp_path / "out.jsonl") == ["GOT:a"]
        assert files_of(tmp_path / "out.ndjson") == ["GOT:b"]
        # One that is named is refused to all others, and nothing is begun.
        shared = tmp_path / "out.jsonl_files"
        with pytest.raises(InvalidArgumentError, match=r"files of another output, \.\./out\.jsonl"):
            map_table(client, "/file_io", tables[1], tmp_path / "c.jsonl", files_to=shared)
        assert not (tmp_path / "c.jsonl.gradwire").exists()
        assert files_of(tmp_path / "out.jsonl") == ["GOT:a"]
        # The output that it belongs to has it again.
        map_table(client, "/file_io", tables[1], tmp_path / "out.jsonl", restart=True)
        assert files_of(tmp_path / "out.jsonl") == ["GOT:b"]
    assert [path.name for path in shared.iterdir() if "lock" in path.name] == []


def test_the_halves_of_files_of_another_run_are_left_alone(server: Server, tmp_path: Path) -> None:
    table = file_table(tmp_path, "a")
    half = tmp_path / "shared" / ".gradwire-partial" / "half"
    half.parent.mkdir(parents=True)
    half.write_text("half")
    other = Ownership(tmp_path / "shared", tmp_path / "other.jsonl")
    other.take()
    with Client.connect(server.url) as client:
        for _ in range(2):
            with pytest.raises(InvalidArgumentError):
                map_table(
                    client, "/file_io", table, tmp_path / "o.jsonl", files_to=tmp_path / "shared"
                )
            other.release()
    assert half.read_text() == "half"


def test_a_link_as_output_stays_one(server: Server, source: Path) -> None:
    (source.parent / "real").mkdir()
    target, link = source.parent / "real" / "out.jsonl", source.with_name("link.jsonl")
    link.symlink_to(target)
    with Client.connect(server.url) as client:
        assert map_table(client, "/hello", source, link).output.samefile(target)
        assert map_table(client, "/hello", source, target).called == 0
    assert link.is_symlink()
    assert greetings(target) == EXPECTED
    assert list(failed_rows(link)) == []


def test_the_input_is_not_written_over(server: Server, source: Path) -> None:
    partial = source.with_name("out.jsonl.gradwire-partial")
    source.rename(partial)
    before = partial.read_text()
    with (
        Client.connect(server.url) as client,
        pytest.raises(InvalidArgumentError, match="would be written over the input"),
    ):
        map_table(client, "/hello", partial, source.with_name("out.jsonl"), form="jsonl")
    assert partial.read_text() == before


def test_rows_that_cannot_be_sent_are_not_called(server: Server, tmp_path: Path) -> None:
    """Those that failed can be called once more, as far as they can be sent by then."""
    table, output = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text("file\nin.csv\na.txt\nb.txt\n")
    with Client.connect(server.url) as client:
        with pytest.raises(InvalidArgumentError, match=r"2 of 3 rows .*\(bad_rows='fail'\)"):
            map_table(client, "/file_size", table, output, retry_failed=True)
        summary = map_table(client, "/file_size", table, output, bad_rows="fail")
        assert (summary.done, summary.failed, summary.called, summary.unsent) == (1, 2, 1, 2)
        assert [row.tries for row in failed_rows(output)] == [0, 0]
        (tmp_path / "b.txt").write_text("b")
        summary = map_table(client, "/file_size", table, output, retry_failed=True)
    assert (summary.done, summary.failed, summary.called, summary.unsent) == (2, 1, 1, 1)
    assert [row.row for row in failed_rows(output)] == [2]
    assert output.read_text().splitlines()[3] == "b.txt,1,"


def test_values_for_all_rows_are_not_kept(server: Server, source: Path) -> None:
    secret, output = "a-very-secret-key", source.with_name("out.jsonl")
    with Client.connect(server.url) as client:
        map_table(client, "/multi", source, output, mapping={"name": "text"}, constants={"n": 7})
        for value in (8, 9):
            with pytest.raises(InvalidArgumentError, match="for 'n' is not what it was") as caught:
                map_table(
                    client, "/multi", source, output, mapping={"name": "text"},
                    constants={"n": value},
                )  # fmt: skip
            assert "--" not in str(caught.value)
        output = source.with_name("secret.jsonl")
        source.write_text('{"n": 1}\n')
        map_table(client, "/multi", source, output, constants={"text": secret})
    folder = source.with_name("secret.jsonl.gradwire")
    with Checkpoint.look(folder / "rows.sqlite") as checkpoint:
        assert secret not in str(checkpoint.job)
    assert folder.stat().st_mode & 0o077 == 0


def test_a_table_that_loses_rows_while_the_output_is_written(
    server: Server, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = source.with_name("out.csv")

    def shorten(self: Any, path: Path) -> None:
        path.write_text('{"name": "n0"}\n')

    monkeypatch.setattr(Fingerprint, "check", shorten)
    with (
        Client.connect(server.url) as client,
        pytest.raises(GradwireError, match="has not as many rows as when they were called"),
    ):
        map_table(client, "/hello", source, output)
    assert not output.exists()
