"""What `map_table` costs beside the app: time, memory and disk for each row, with no app at all.

    .venv/bin/python benchmarks/tables.py [ROWS …]

Each number of rows is measured in a process of its own. The calls are answered in the process, at
once; everything else is as it is: the table is read, each row goes through the engine and the
checkpoint, and the output is written.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gradwire.app.endpoint import Endpoint, Parameter, Return, Slot
from gradwire.batch.table_job import table_job
from gradwire.batch.table_run import TableRun
from gradwire.client.mapping_async import Source

SHOUT = Endpoint(
    name="/shout",
    fn_index=0,
    parameters=(
        Parameter("text", "text", "text", "str", {}, "Textbox", False, None, "", None, ()),
    ),
    returns=(Return("loud", "str", {}, "Textbox", ""),),
    description="",
    is_generator=False,
    is_batch=False,
    queued=True,
    streaming_input=False,
    visibility="public",
    oauth_token=None,
    slots=(Slot("parameter", 0),),
    state_outputs=(False,),
)


class Answer:
    """A prediction, as far as a table looks at it."""

    duration = 0.001

    def __init__(self, text: str) -> None:
        self.data = [text.upper()]


class Job:
    """A job that is accepted and done after a turn of the loop each."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.event_id = None

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        yield from asyncio.sleep(0).__await__()
        return Answer(self._text)

    async def wait_for_id(self) -> str:
        await asyncio.sleep(0)
        return "0123456789abcdef0123456789abcdef"

    async def cancel(self) -> bool:
        return False


class NoApp:
    """What a client is to a table."""

    def submit(self, endpoint: str | int, data: Any, /) -> Job:
        return Job(data["text"])

    def _map_source(self, endpoint: str | int) -> Source:
        return Source(self)  # type: ignore[arg-type]

    async def view_api(self) -> NoApp:
        return self

    def find(self, endpoint: str | int) -> Endpoint:
        return SHOUT


def measure(rows: int) -> None:
    """Run a table of so many rows, and print a line of the table."""
    with tempfile.TemporaryDirectory() as name:
        source, output = Path(name, "in.jsonl"), Path(name, "out.jsonl")
        with source.open("w") as file:
            for number in range(rows):
                file.write(f'{{"id": {number}, "text": "{"prompt " * 20}{number}"}}\n')
        job = table_job(source, output, {})
        began, cpu = time.perf_counter(), time.process_time()
        summary = asyncio.run(TableRun(NoApp(), "/shout", job, None).go())
        took, used = time.perf_counter() - began, time.process_time() - cpu
        assert summary.done == rows
        kept = sum(path.stat().st_size for path in Path(f"{output}.gradwire").iterdir())
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {rows:,} | {rows / took:,.0f} | {used / rows * 1e6:.0f} µs | {memory:.0f} MB | "
            f"{source.stat().st_size / 1e6:.1f} MB | {kept / 1e6:.1f} MB |",
            flush=True,
        )


def main() -> None:
    """Measure each number of rows."""
    if sys.argv[1:2] == ["--one"]:
        return measure(int(sys.argv[2]))
    print("| rows | rows/s | CPU for each | memory | input | checkpoint |", flush=True)
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for rows in map(int, sys.argv[1:] or ("1000", "10000", "100000", "1000000")):
        subprocess.run([sys.executable, __file__, "--one", str(rows)], check=True)


if __name__ == "__main__":
    main()
