"""`gradwire map` against a real Gradio app, which keeps a journal of the calls that it gets."""

from __future__ import annotations

import csv
import json
import random
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from servers.launch import Server, StartServer, running

from cli.terminal import COMMAND, Terminal, environment, run
from gradwire import Client
from gradwire.batch.checkpoint import Checkpoint, Counts
from gradwire.errors import InvalidArgumentError

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def rows_server() -> Iterator[Server]:
    """Serve the app for many rows."""
    with running("6.31.0", "rows") as started:
        yield started


@pytest.fixture
def journal(rows_server: Server) -> Iterator[Callable[[], list[str]]]:
    """Return a function that tells which rows the app was called with in this test."""
    with Client.connect(rows_server.url) as client:
        before = len(client.predict("/journal").value)
        yield lambda: client.predict("/journal").value[before:]


def write_csv(path: Path, columns: str, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns.split(","))
        writer.writerows(rows)


def names(path: Path, number: int, prefix: str = "row") -> list[str]:
    """Write a table of so many names."""
    found = [f"{prefix}{place}" for place in range(number)]
    write_csv(path, "id,name", list(enumerate(found)))
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def started(*words: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the command beside; it is killed at the end of the block."""
    process = subprocess.Popen(
        [COMMAND, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=cwd,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def counted(folder: Path) -> Counts:
    """Look into the checkpoint of `out.jsonl`, which may not be there yet."""
    try:
        with Checkpoint.look(folder / "out.jsonl.gradwire" / "rows.sqlite") as checkpoint:
            return checkpoint.counts()
    except InvalidArgumentError:
        return Counts()


def wait_for(process: subprocess.Popen[str], folder: Path, done: int) -> None:
    """Wait until so many rows are done; it goes on at least once in a minute."""
    last, end = -1, time.monotonic() + 60
    while (now := counted(folder).done) < done:
        if now != last:
            last, end = now, time.monotonic() + 60
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < end, f"{now} rows are done, and no more"
        time.sleep(0.02)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


# -- tables ----------------------------------------------------------------------------------------


def test_csv_to_jsonl(server: Server, tmp_path: Path) -> None:
    write_csv(tmp_path / "in.csv", "id,text,n,flag", [(1, "a", "2.5", "no"), (2, "b", "", "")])
    done = run("map", server.url, "multi", "in.csv", "-o", "out.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert {**summary, "seconds": 0} == {
        "rows": 2, "done": 2, "failed": 0, "called": 2, "unsent": 0, "seconds": 0,
        "output": "out.jsonl",
    }  # fmt: skip
    columns = ("id", "text", "n", "flag", "joined", "double", "error")
    assert [tuple(row.items()) for row in lines(tmp_path / "out.jsonl")] == [
        tuple(zip(columns, ("1", "a", "2.5", "no", "a|2.5|False|a", 5.0, None), strict=True)),
        tuple(zip(columns, ("2", "b", "", "", "b|3|True|a", 6.0, None), strict=True)),
    ]
    assert done.stderr.startswith("/multi  text: column text; n: column n; flag: column flag; ")
    # All is done: nothing is called, and the output is not written again.
    before = (tmp_path / "out.jsonl").stat()
    done = run("map", server.url, "multi", "in.csv", "-o", "out.jsonl", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["called"]) == (0, 0)
    assert (tmp_path / "out.jsonl").stat().st_mtime_ns == before.st_mtime_ns
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.csv", "out.jsonl", "out.jsonl.gradwire",
    ]  # fmt: skip


def test_mapped_columns_constants_and_names_that_clash(server: Server, tmp_path: Path) -> None:
    rows = [{"joined": "mine", "say": "x", "error": 1}, {"joined": None, "say": "y"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["--map", "say=text", "--set", "n=2", "--set", "choice=b"]
    done = run("map", server.url, "/multi", "in.jsonl", "-o", "out.csv", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "joined,say,error,output_joined,double,output_error",
        "mine,x,1,x|2|True|b,4.0,",
        ",y,,y|2|True|b,4.0,",
    ]


@pytest.mark.slow
def test_parquet_to_parquet(server: Server, tmp_path: Path) -> None:
    """What the input has stays what it is; outputs get types of their own."""
    when = pa.array([1, 2**60 + 1, None], pa.timestamp("ns", "Europe/Paris"))
    table = pa.table(
        {"text": ["a", "b", None], "when": when, "deep": [[{"x": 1}], [], None], "n": [1, 2, 3]},
        metadata={"made": "by hand"},
    )
    pq.write_table(table, tmp_path / "in.parquet")
    words = ("map", server.url, "/multi", "in.parquet", "-o", "out.parquet")
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.select(table.column_names).equals(table)
    assert out.schema.metadata == {b"made": b"by hand"}
    assert [str(out.schema.field(name).type) for name in ("joined", "double", "error")] == [
        "string", "double", "string",
    ]  # fmt: skip
    assert out["double"].to_pylist() == [2.0, 4.0, 6.0]
    done = run(*words[:3], "in.parquet", "-o", "out.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert lines(tmp_path / "out.jsonl")[0]["when"] == "1970-01-01T01:00:00+01:00"


def test_jsonl_to_parquet(server: Server, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "a", "x": [1]}\n{"text": "b", "n": 2}\n')
    done = run("map", server.url, "/multi", "in.jsonl", "-o", "out.parquet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == [
        {"text": "a", "x": "[1]", "n": None, "joined": "a|3|True|a", "double": 6.0, "error": None},
        {"text": "b", "x": None, "n": 2, "joined": "b|2|True|a", "double": 4.0, "error": None},
    ]


@pytest.mark.slow
def test_a_table_without_rows(server: Server, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,n\n")
    for output in ("out.csv", "out.jsonl", "out.parquet"):
        done = run("map", server.url, "/multi", "in.csv", "-o", output, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.csv").read_text() == "text,n,joined,double,error\n"
    assert (tmp_path / "out.jsonl").read_text() == ""
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


def test_files_in_and_out(server: Server, tmp_path: Path) -> None:
    """Paths are relative to the tables they stand in; outputs' files lie beside the output."""
    folder = tmp_path / "tables"
    (folder / "in").mkdir(parents=True)
    for name in ("a.txt", "b.txt"):
        (folder / "in" / name).write_text(name)
    write_csv(folder / "in.csv", "file", [("in/a.txt",), ("in/b.txt",)])
    words = ("map", server.url, "/file_io", "tables/in.csv")
    done = run(*words, "-o", "tables/out.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    paths = [row["out_file"] for row in lines(folder / "out.jsonl")]
    assert paths == ["out.jsonl_files/1-1-got-a.txt", "out.jsonl_files/2-1-got-b.txt"]
    assert [(folder / path).read_text() for path in paths] == ["GOT:a.txt", "GOT:b.txt"]
    assert sorted(path.name for path in (folder / "out.jsonl_files").iterdir()) == [
        ".gradwire-output", "1-1-got-a.txt", "2-1-got-b.txt",
    ]  # fmt: skip
    done = run(*words, "-o", "o2.jsonl", "--files-to", "tables/kept", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert lines(tmp_path / "o2.jsonl")[1]["out_file"] == "tables/kept/2-1-got-b.txt"
    done = run(*words, "-o", "o3.jsonl", "--no-files", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert lines(tmp_path / "o3.jsonl")[0]["out_file"].startswith(server.url)


@pytest.mark.slow
def test_many_files_of_a_row(server: Server, picture: Path) -> None:
    write_csv(picture.parent / "in.csv", "picture", [("photo.png",)])
    words = ["--map", "picture=path", "-o", "out.jsonl"]
    done = run("map", server.url, "/gallery_out", "in.csv", *words, cwd=picture.parent)
    assert done.returncode == 0, done.stderr
    (row,) = lines(picture.parent / "out.jsonl")
    paths = [item["image"] for item in row["pictures"]]
    assert row["pictures"][1]["caption"] == "caption"
    assert all((picture.parent / path).stat().st_size for path in paths)


def test_stdin_and_stdout(server: Server, tmp_path: Path) -> None:
    rows = '{"name": "Ada"}\n{"name": "Bob"}\n'
    done = run("map", server.url, "/hello", "-", "-o", "-", stdin=rows, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^2 rows in stdout, [\d.]+ m?s$", done.stderr, re.MULTILINE), done.stderr
    assert [json.loads(line)["greeting"] for line in done.stdout.splitlines()] == [
        "Hello Ada", "Hello Bob",
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []
    words = ["-o", "-", "--format", "csv", "--output-format", "tsv", "-q"]
    done = run("map", server.url, "/hello", "-", *words, stdin="name\nEve\n", cwd=tmp_path)
    assert done.stdout == "name\tgreeting\terror\nEve\tHello Eve\t\n"
    assert done.stderr == ""
    done = run("map", server.url, "/hello", "-", "-o", "-", stdin="name\nEve\n", cwd=tmp_path)
    assert done.returncode == 2
    assert "stdin, row 1 (line 1) is no JSON" in done.stderr
    assert "stdin is read as JSONL; --format csv" in done.stderr


# -- what is wrong is said before anything is sent -------------------------------------------------

WRONG: list[tuple[str, list[str], str]] = [
    ("name,seconds\na,x\nb,1\n", [], "row 1: seconds takes a number, not 'x'."),
    ("nom\na\n", [], "No column of the table is for 'name' of /work_16. The table has 'nom'"),
    ("name\na\n", ["--map", "name=nam"], "no parameter 'nam'. Did you mean 'name'?"),
    ("name\na\n", ["--map", "nam=name"], "no column 'nam'. Did you mean 'name'?"),
    ("name\na\n", ["--map", "name"], "--map takes COLUMN=PARAMETER"),
    ("name\na\n", ["--set", "seconds=x"], "seconds takes a number, not 'x'."),
    ("name\na\n", ["--concurrency", "0"], "--concurrency must be a number from 1 on"),
    ("name\na\n", ["--unknown", "perhaps"], "'perhaps' is not one of 'retry', 'fail'"),
    ("name\na,b\n", [], "row 1 (line 2) has 2 cells"),
    ("name\na\n", ["-o", "in.csv"], "would be written over the input"),
    ("name\na\n", ["-o", "none/out.csv"], "There is no folder none"),
    (
        "name\na\n",
        ["-o", "out.txt"],
        "'out.txt' does not say what table it is: a name that ends with",
    ),
]


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [*WRONG[:1], *(pytest.param(*case, marks=pytest.mark.slow) for case in WRONG[1:])],
)
def test_wrong_commands(
    text: str,
    words: list[str],
    says: str,
    rows_server: Server,
    journal: Callable[[], list[str]],
    tmp_path: Path,
) -> None:
    (tmp_path / "in.csv").write_text(text)
    done = run("map", rows_server.url, "/work_16", "in.csv", "-o", "o.csv", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert journal() == []
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.slow
def test_an_output_that_is_there(rows_server: Server, tmp_path: Path) -> None:
    names(tmp_path / "in.csv", 2)
    (tmp_path / "out.csv").write_text("precious")
    words = ("map", rows_server.url, "/work_16", "in.csv", "-o", "out.csv")
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "out.csv is there already" in done.stderr
    assert (tmp_path / "out.csv").read_text() == "precious"
    assert run(*words, "--restart", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out.csv").read_text() == "id,name,done,error\n0,row0,ROW0,\n1,row1,ROW1,\n"


@pytest.mark.slow
def test_other_work_in_the_checkpoint(rows_server: Server, tmp_path: Path) -> None:
    names(tmp_path / "in.csv", 2)
    words = ("map", rows_server.url, "/work_16", "in.csv", "-o", "out.csv")
    assert run(*words, cwd=tmp_path).returncode == 0
    done = run(*words, "--set", "seconds=0.01", cwd=tmp_path)
    assert done.returncode == 2
    assert "all rows have for 'seconds' is not what it was. Go on" in done.stderr
    assert "0.01" not in done.stderr
    # What goes where it goes anyway may be said or not.
    done = run(*words, "--map", "name=name", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["called"]) == (0, 0)
    names(tmp_path / "in.csv", 3)
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "belongs to other work: in.csv has changed since the run began" in done.stderr
    assert "--restart" in done.stderr
    assert run(*words, "--restart", cwd=tmp_path).returncode == 0
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 4


# -- rows that fail --------------------------------------------------------------------------------


def test_rows_that_fail(
    rows_server: Server, journal: Callable[[], list[str]], tmp_path: Path
) -> None:
    write_csv(tmp_path / "in.csv", "name", [("one",), ("bad two",), ("three",), ("bad four",)])
    words = ("map", rows_server.url, "/work_16", "in.csv", "-o", "out.jsonl")
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["failed"]) == (1, 2)
    assert [(row["done"], row["error"]) for row in lines(tmp_path / "out.jsonl")] == [
        ("ONE", None),
        (None, "AppError: bad two is bad"),
        ("THREE", None),
        (None, "AppError: bad four is bad"),
    ]
    listed = run(*words, "--list-failed", cwd=tmp_path)
    failed = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(row["row"], row["tries"]) for row in failed] == [(2, 1), (4, 1)]
    assert failed[0]["error"] == "AppError: bad two is bad"
    # The same again calls nothing; the failed ones are called if that is wanted.
    assert run(*words, cwd=tmp_path).returncode == 1
    assert run(*words, "--retry-failed", cwd=tmp_path).returncode == 1
    assert Counter(journal()) == {"one": 1, "bad two": 2, "three": 1, "bad four": 2}
    listed = run(*words, "--list-failed", cwd=tmp_path)
    assert [json.loads(line)["tries"] for line in listed.stdout.splitlines()] == [2, 2]


@pytest.mark.slow
def test_rows_that_cannot_be_sent_fail_and_succeed_later(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    write_csv(tmp_path / "in.csv", "file", [("a.txt",), ("b.txt",)])
    words = ("map", server.url, "/file_size", "in.csv", "-o", "out.jsonl")
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "1 of 2 rows cannot be sent; nothing was." in done.stderr
    done = run(*words, "--bad-rows", "fail", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert [row["bytes"] for row in lines(tmp_path / "out.jsonl")] == [1, None]
    assert "b.txt" in lines(tmp_path / "out.jsonl")[1]["error"]
    (tmp_path / "b.txt").write_text("bb")
    assert run(*words, "--retry-failed", cwd=tmp_path).returncode == 0
    assert [row["bytes"] for row in lines(tmp_path / "out.jsonl")] == [1, 2]


def test_too_many_that_fail(
    rows_server: Server, journal: Callable[[], list[str]], tmp_path: Path
) -> None:
    names(tmp_path / "in.csv", 300, "bad")
    words = ("map", rows_server.url, "/work_16", "in.csv", "-o", "out.jsonl")
    done = run(*words, "--max-failed", "3", "--concurrency", "2", cwd=tmp_path)
    assert done.returncode == 1
    assert "3 rows have failed, the last one with: AppError: bad" in done.stderr
    assert "of 300 rows are finished. The same command goes on" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()
    assert len(journal()) < 20


# -- interruptions ---------------------------------------------------------------------------------


def check_output(folder: Path, expected: list[str]) -> None:
    """One right row for each row of the input, in its order."""
    assert lines(folder / "out.jsonl") == [
        {"id": str(place), "name": name, "done": name.upper(), "error": None}
        for place, name in enumerate(expected)
    ]


def killed_and_finished(
    server: Server, folder: Path, journal: Callable[[], list[str]], rows: int, kills: int
) -> None:
    """Kill a run at random moments, and run it to its end."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    expected = names(folder / "in.csv", rows, f"{folder.name}-")
    words = ("map", server.url, "/work_16", "in.csv", "-o", "out.jsonl", "--set", "seconds=0.002")
    # The last one when all rows are done: the output is being written then.
    moments = [*sorted(chance.randrange(rows) for _ in range(kills - 1)), rows]
    known: list[tuple[int, set[str]]] = []
    for moment in moments:
        with started(*words, cwd=folder) as process:
            wait_for(process, folder, moment)
            time.sleep(chance.random() / 100)  # anywhere within the steps of a row
        with Checkpoint.look(folder / "out.jsonl.gradwire" / "rows.sqlite") as checkpoint:
            known.append((len(journal()), {expected[int(r.key)] for r in checkpoint.rows("done")}))
    done = run(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    check_output(folder, expected)
    calls = journal()
    for before, finished in known:
        assert finished.isdisjoint(calls[before:]), "a finished row was called again"
    assert set(calls) == set(expected)
    print(f"{rows} rows, {len(calls)} calls, {kills} kills at {moments}")
    # What is called twice was with the app at a kill.
    assert len(calls) - rows <= kills * 64


def test_kill_9_at_three_moments(
    rows_server: Server, journal: Callable[[], list[str]], tmp_path: Path
) -> None:
    killed_and_finished(rows_server, tmp_path, journal, 600, 3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_20_000_rows_and_kill_9_at_ten_moments(
    rows_server: Server, journal: Callable[[], list[str]], tmp_path: Path
) -> None:
    killed_and_finished(rows_server, tmp_path, journal, 20_000, 10)


def test_two_runs_refuse_each_other(rows_server: Server, tmp_path: Path) -> None:
    """Until one of them is gone, however that ends."""
    expected = names(tmp_path / "in.csv", 5)
    words = ("map", rows_server.url, "/work_4", "in.csv", "-o", "out.jsonl", "--set")
    with started(*words, "seconds=30", cwd=tmp_path) as first:
        while not counted(tmp_path).accepted:
            assert first.poll() is None
        for more in ([], ["--checkpoint", "elsewhere"], ["--restart"]):
            second = run(*words, "seconds=30", *more, cwd=tmp_path)
            assert second.returncode == 2
            assert "out.jsonl is being worked on by another process" in second.stderr
    # The app is busy with the killed run's rows.
    words = ("map", rows_server.url, "/work_16", *words[3:])
    done = run(*words, "seconds=0", "--restart", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_output(tmp_path, expected)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow),
    ],
)
def test_a_signal_keeps_what_is_done(
    number: signal.Signals,
    code: int,
    rows_server: Server,
    journal: Callable[[], list[str]],
    tmp_path: Path,
) -> None:
    expected = names(tmp_path / "in.csv", 300)
    words = ("map", rows_server.url, "/work_16", "in.csv", "-o", "out.jsonl")
    with started(*words, cwd=tmp_path) as process:
        wait_for(process, tmp_path, 20)
        process.send_signal(number)
        ended, _, said = finish(process)
    assert ended == code, said
    assert "of 300 rows are finished. The same command goes on from there." in said
    assert not (tmp_path / "out.jsonl").exists()
    finished, before = counted(tmp_path).done, len(journal())
    done = run(*words, cwd=tmp_path)
    assert json.loads(done.stdout)["called"] == 300 - finished
    check_output(tmp_path, expected)
    assert len(journal()) - before == 300 - finished


@pytest.mark.slow
def test_unknown_rows_can_be_left_to_fail(
    rows_server: Server, journal: Callable[[], list[str]], tmp_path: Path
) -> None:
    names(tmp_path / "in.csv", 20)
    words = ("map", rows_server.url, "/work_4", "in.csv", "-o", "out.jsonl", "--set", "seconds=0.5")
    with started(*words, cwd=tmp_path) as process:
        wait_for(process, tmp_path, 2)
    with Checkpoint.look(tmp_path / "out.jsonl.gradwire" / "rows.sqlite") as checkpoint:
        counts = checkpoint.counts()
        assert all(row.event_id for row in checkpoint.rows("accepted"))
    assert counts.accepted > 0
    done = run(*words, "--unknown", "fail", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    failed = [row for row in lines(tmp_path / "out.jsonl") if row["error"]]
    assert len(failed) == counts.unknown
    assert all("may have been run" in row["error"] for row in failed)
    assert max(Counter(journal()).values()) == 1
    assert run(*words, "--retry-failed", cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_an_app_that_dies_and_comes_back(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(mode="rows")
    expected = names(tmp_path / "in.csv", 500)
    words = ("map", server.url, "/work_16", "in.csv", "-o", "out.jsonl", "--retries", "0")
    with started(*words, cwd=tmp_path) as process:
        wait_for(process, tmp_path, 10)
        server.kill()
        code, _, said = finish(process)
    assert code == 3, said
    assert "The same command goes on from there." in said
    assert "Error: Could not connect" in said
    server.restart()
    done = run(*words, "--retry-failed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_output(tmp_path, expected)


def test_a_queue_of_four_that_keeps_saying_503(start_server: StartServer, tmp_path: Path) -> None:
    """No row fails because there is no room for it."""
    server = start_server(mode="four")
    expected = names(tmp_path / "in.csv", 100)
    words = ("map", server.url, "/work_4", "in.csv", "-o", "out.jsonl", "--concurrency", "64")
    with Client.connect(server.url) as client:
        # Somebody else fills the queue as well.
        others = [client.submit("/work_1", [f"other{n}", 1]) for n in range(4)]
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        check_output(tmp_path, expected)
        calls = Counter(client.predict("/journal").value)
        assert all(calls[name] == 1 for name in expected)
        assert any(job.done() for job in others)


def test_a_replica_that_is_not_there_is_named(rows_server: Server, tmp_path: Path) -> None:
    """Before the rows are called, and at the end again."""
    expected = names(tmp_path / "in.csv", 3)
    words = ("map", rows_server.url, "/work_16", "in.csv", "-o", "out.jsonl", "-q")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        done = run(*words, "--replica", address, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check_output(tmp_path, expected)
    said = done.stderr.splitlines()
    assert len(said) == 2, said
    assert all(line.startswith(f"The replica {address} gets no rows: ") for line in said)


@pytest.mark.slow
def test_two_replicas_of_which_one_dies(
    rows_server: Server, journal: Callable[[], list[str]], start_server: StartServer, tmp_path: Path
) -> None:
    other = start_server(mode="rows")
    expected = names(tmp_path / "in.csv", 300)
    words = ("map", rows_server.url, "/work_4", "in.csv", "-o", "out.jsonl")
    with started(*words, "--replica", other.url, cwd=tmp_path) as process:
        wait_for(process, tmp_path, 60)
        with Client.connect(other.url) as client:
            assert client.predict("/journal").value
        other.kill()
        code, _, said = finish(process)
    assert code == 0, said
    check_output(tmp_path, expected)
    assert len(journal()) > 150


@pytest.mark.slow
def test_progress_on_a_terminal(rows_server: Server, tmp_path: Path) -> None:
    """A bar that is gone at the end; Ctrl-C says how to go on."""
    names(tmp_path / "in.csv", 60)
    words = ("map", rows_server.url, "/work_4", "in.csv", "-o", "out.jsonl", "--set", "seconds=0.2")
    with Terminal(*words, columns=100, cwd=tmp_path) as terminal:
        terminal.wait_for(r"━+ +\d+ of 60 .*rows/s .* left .*\d+ in flight")
        terminal.type("\x03")
        assert terminal.finish() == 130
        assert re.fullmatch(
            r"/work_4  name: column name; seconds: the same for all rows\n(\^C)?"
            r"\d+ of 60 rows are finished\. The same command goes on from there\.\n"
            r"\n?Interrupted\.\n",
            terminal.text(),
        ), terminal.text()
    with Terminal(*words, columns=100, cwd=tmp_path) as terminal:
        assert terminal.finish() == 0
        assert re.search(r"60 rows in out\.jsonl, \d+ were finished before", terminal.text())


@pytest.mark.slow
def test_progress_for_a_log(rows_server: Server, tmp_path: Path) -> None:
    names(tmp_path / "in.csv", 10)
    words = ("map", rows_server.url, "/work_16", "in.csv", "-o", "out.jsonl")
    done = run(*words, cwd=tmp_path)
    assert done.stderr == "/work_16  name: column name; seconds: left out: its default\n"
    assert run(*words, "-q", cwd=tmp_path).stderr == ""
