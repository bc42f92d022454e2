"""Ray on this machine, with two workers, over a folder of Parquet files, against a real app.

It takes a minute to start. Only `make test-ray` runs this.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import unique
from servers.launch import Server

import gradwire
from gradwire import Client
from gradwire.batch.checkpoint import Checkpoint

pytestmark = [pytest.mark.ray, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
ROWS, FILES, BATCH = 600, 6, 50
CALLS = 6


@pytest.fixture(scope="module")
def rows_server() -> Iterator[Server]:
    made = Server("6.31.0", "rows")
    try:
        yield made.start()
    finally:
        made.close()


class Journal:
    """Which rows of a test the app has run, and how often."""

    def __init__(self, client: Client, word: str) -> None:
        self.word = word
        self._client = client

    def counts(self) -> Counter[str]:
        lines = self._client.predict("/journal").value
        return Counter(line for line in lines if line.startswith(self.word))


@pytest.fixture
def journal(rows_server: Server) -> Iterator[Journal]:
    with Client.connect(rows_server.url) as client:
        yield Journal(client, unique("row"))


@pytest.fixture
def ray_folder() -> Iterator[str]:
    """Give Ray a folder whose name is short enough for the names of its sockets."""
    folder = tempfile.mkdtemp(prefix="gw-ray-", dir="/tmp")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def write_table(folder: Path, word: str, seconds: float = 0.05) -> list[str]:
    folder.mkdir()
    names = [f"{word}-{number}" for number in range(ROWS)]
    for number in range(FILES):
        part = names[number::FILES]
        table = {"id": [f"id {name}" for name in part], "name": part}
        table["seconds"] = [seconds] * len(part)  # type: ignore[list-item]
        pq.write_table(pa.table(table), folder / f"{number}.parquet")
    return names


class Driver:
    """A script, that of the example, in a process of its own, with all that Ray starts for it."""

    def __init__(
        self,
        ray_folder: str,
        *arguments: str,
        script: Path = ROOT / "examples" / "ray_parquet.py",
        folder: Path | None = None,
    ) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(gradwire.__file__).parents[1]),
            "RAY_AUTH_MODE": "disabled",
            "RAY_TMPDIR": ray_folder,
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        if folder is None:
            arguments += ("--cpus", "2")
        self._command = [sys.executable, str(script), *arguments]
        self._options = {"env": environment, "cwd": folder or ray_folder}
        self._seen: set[psutil.Process] = set()
        for _ in range(4):
            self._start()
            if not self._gave_up():
                break
            self.close()

    def _start(self) -> None:
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            self._command, stdout=self.log, stderr=subprocess.STDOUT, **self._options
        )

    def _gave_up(self) -> bool:
        """Tell whether Ray was too slow to start for its own patience, 30 s, which is fixed."""
        while self.process.poll() is None:
            self.family()
            if "Started a local Ray instance" in self.output():
                return False
            time.sleep(0.2)
        return "timed out during startup" in self.output()

    def output(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def family(self) -> set[psutil.Process]:
        """Return all processes below this one that were ever seen, living or not."""
        with suppress(psutil.NoSuchProcess):
            self._seen |= set(psutil.Process(self.process.pid).children(recursive=True))
        return self._seen

    def workers(self) -> list[psutil.Process]:
        """Return the actors in which `AppBatches` is."""
        return [each for each in self.family() if "MapWorker(MapBatches(AppB" in title(each)]

    def finish(self, within: float = 400) -> str:
        """Wait for its end; return what it printed."""
        deadline = time.monotonic() + within
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.output()
            self.family()
            time.sleep(0.2)
        return self.output()

    def close(self) -> None:
        """End all of it."""
        family = self.family()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.log.close()

    def left(self) -> list[psutil.Process]:
        """Return what still runs, after some time to end."""
        return list(psutil.wait_procs(self._seen, timeout=20)[1])


def title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return sorted(pq.read_table(folder).to_pylist(), key=lambda row: row["id"])


def done_in(path: Path) -> set[str]:
    """Return the keys of the rows that a checkpoint knows as done."""
    if not path.is_file():
        return set()
    try:
        with Checkpoint.look(path) as found, closing(found.rows("done")) as rows:
            return {str(row.key) for row in rows}
    except gradwire.InvalidArgumentError:  # it is just being made
        return set()


def test_a_worker_is_killed(
    rows_server: Server, journal: Journal, tmp_path: Path, ray_folder: str
) -> None:
    names = write_table(tmp_path / "in", journal.word, 0.3)
    out, checkpoint = tmp_path / "out", tmp_path / "out.sqlite"
    arguments = [rows_server.url, "/work_16", str(tmp_path / "in"), str(out), "--key", "id"]
    options = ["--calls", str(CALLS), "--batch", str(BATCH), "--lease", "3"]
    with closing(Driver(ray_folder, *arguments, *options)) as driver:
        while len(done_in(checkpoint)) < ROWS // 4 or len(driver.workers()) < 2:
            assert driver.process.poll() is None, driver.output()
            time.sleep(0.05)
        max(driver.workers(), key=lambda each: each.create_time()).send_signal(signal.SIGKILL)
        known = done_in(checkpoint)
        called = journal.counts()
        printed = driver.finish()
        assert driver.process.returncode == 0, printed
        assert driver.left() == []
    assert f"{ROWS} rows done, 0 failed; 0 calls in flight" in printed

    rows = rows_of(out)
    assert [row["name"] for row in rows] == sorted(names)
    assert all(row["done"] == row["name"].upper() and row["error"] is None for row in rows)

    after = journal.counts()
    assert set(after) == set(names)
    done = {key.removeprefix("id ") for key in known}
    assert len(done) >= ROWS // 4
    assert {name: after[name] for name in done} == dict.fromkeys(done, 1)
    twice = {name for name, times in after.items() if times > 1}
    assert not twice & done
    assert max(after.values()) <= 2
    # Of the lost worker those whose results were not kept yet: at most what was in flight.
    print(f"{len(done)} done at the kill, {sum(called.values())} called, {len(twice)} called twice")
    assert len(twice) <= 2 * CALLS


def test_going_on_and_rows_that_fail(
    rows_server: Server, journal: Journal, tmp_path: Path, ray_folder: str
) -> None:
    write_table(tmp_path / "in", journal.word, 0.02)
    bad = pq.read_table(tmp_path / "in" / "0.parquet").to_pydict()
    bad["name"][0] = f"bad-{journal.word}"
    pq.write_table(pa.table(bad), tmp_path / "in" / "0.parquet")
    out, checkpoint = tmp_path / "out", tmp_path / "out.sqlite"
    arguments = [rows_server.url, "/work_16", str(tmp_path / "in"), str(out), "--batch", "20"]
    with closing(Driver(ray_folder, *arguments)) as driver:
        while len(done_in(checkpoint)) < ROWS // 3:
            assert driver.process.poll() is None, driver.output()
            time.sleep(0.05)
        workers = driver.workers()
        driver.process.kill()  # the driver itself; Ray ends what it has started for it, in time
        driver.process.wait()
        assert psutil.wait_procs(workers, timeout=60)[1] == []
    done, called = done_in(checkpoint), journal.counts()
    with closing(Driver(ray_folder, *arguments)) as driver:
        printed = driver.finish()
        assert driver.process.returncode == 0, printed
        assert driver.left() == []
    assert f"{ROWS - 1} rows done, 1 failed" in printed
    assert re.search(r"AppError: bad-\S+ is bad", printed)
    rows = rows_of(out)
    assert len(rows) == ROWS
    [failed] = [row for row in rows if row["error"] is not None]
    assert failed["done"] is None
    after = journal.counts()
    assert len(after) == ROWS - 1
    again = [name for name, times in after.items() if times > called[name] and called[name]]
    print(f"{len(done)} done at the kill, {len(called)} called, {len(again)} called again")
    assert len(done) + len(again) >= len(called) - 1
    assert len(again) <= len(called) - len(done) + 1


def test_what_is_wrong_is_said_in_the_driver(
    rows_server: Server, journal: Journal, tmp_path: Path, ray_folder: str
) -> None:
    write_table(tmp_path / "in", journal.word)
    arguments = [rows_server.url, "/work_16", str(tmp_path / "in"), str(tmp_path / "out")]
    with closing(Driver(ray_folder, *arguments, "--key", "nonsense")) as driver:
        printed = driver.finish()
        assert driver.process.returncode == 1
        assert driver.left() == []
    assert "There is no column 'nonsense' for the key; there are id, name, seconds" in printed
    assert journal.counts() == Counter()


def test_what_the_documentation_shows(demo_url: str, tmp_path: Path, ray_folder: str) -> None:
    page = (ROOT / "docs" / "ray.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    script = tmp_path / "block.py"
    for block in blocks:
        script.write_text(block.replace("http://127.0.0.1:7860", demo_url), encoding="utf-8")
        with closing(Driver(ray_folder, script=script, folder=tmp_path)) as driver:
            printed = driver.finish()
            assert driver.process.returncode == 0, printed
            assert driver.left() == []
        assert "done=100" in printed
        assert "Hello, visitor" in printed
    assert len(blocks) == 1
    assert pq.read_table(tmp_path / "greetings").num_rows == 100


def test_a_limit_that_is_shared_and_what_is_refused(
    rows_server: Server, tmp_path: Path, ray_folder: str
) -> None:
    script = Path(__file__).with_name("shared_limit.py")
    arguments = [rows_server.url, str(tmp_path)]
    with closing(Driver(ray_folder, *arguments, script=script, folder=tmp_path)) as driver:
        printed = driver.finish()
        assert driver.process.returncode == 0, printed
        assert driver.left() == []
    assert "all as it should be" in printed
