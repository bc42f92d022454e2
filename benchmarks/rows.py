"""Many rows through one endpoint: `client.map` beside a pool of threads with `gradio_client`.

    python benchmarks/rows.py                 # speed; memory for 1,000 to 100,000 rows
    python benchmarks/rows.py --million       # and for a million
    python benchmarks/rows.py --rows 1000     # quicker

All call `/echo` of `server.py`, which takes no time of its own: what is measured is the clients'
work. Memory is the peak of the process that runs the rows, above what it held before.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from environments import interpreter, prepare, variables

HERE = Path(__file__).resolve().parent
THREADS = (4, 16)
"""Of the pool."""
ROUNDS = 3

Facts = dict[str, Any]


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """Run the benchmark's server; give its addresses."""
    command = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def measure(contender: str, urls: dict[str, str], rows: int, threads: int = 0) -> Facts:
    """Run one contender in a process of its own."""
    # Where the server ends a stream, as Gradio does, a call of gradio_client now and then is lost.
    url = urls["keep_open_url" if contender == "threads" else "url"]
    # What is measured of gradwire is what is in this folder, not what is installed.
    python = interpreter("gradio_client") if contender == "threads" else sys.executable
    words = [python, str(HERE / "clients" / "rows.py"), contender, url, str(rows), str(threads)]
    paths = {"PYTHONPATH": str(HERE.parent / "src")} if contender != "threads" else {}
    run = subprocess.run(
        words, check=True, stdout=subprocess.PIPE, text=True, env={**variables(), **paths}
    )
    facts: Facts = json.loads(run.stdout.splitlines()[-1])
    return facts


def speed(urls: dict[str, str], rows: int) -> None:
    """Print rows per second and the cost of one, the middle of some rounds taken in turns."""
    contenders = [("async", 0), ("sync", 0), *(("threads", count) for count in THREADS)]
    found: dict[tuple[str, int], list[Facts]] = {each: [] for each in contenders}
    for _ in range(ROUNDS):
        for contender, threads in contenders:
            found[contender, threads].append(measure(contender, urls, rows, threads))
    print(
        "| | rows | rows/s | CPU for a row, µs | in flight |\n| --- | ---: | ---: | ---: | ---: |"
    )
    names = {"async": "`AsyncClient.map`", "sync": "`Client.map`"}
    for (contender, threads), facts in found.items():
        name = names.get(contender, f"`gradio_client`, {threads} threads")
        rate = statistics.median(rows / each["wall"] for each in facts)
        cost = statistics.median(each["cpu"] / rows * 1e6 for each in facts)
        in_flight = statistics.median(each["concurrency"] for each in facts)
        print(f"| {name} | {rows:,} | {rate:,.0f} | {cost:,.0f} | {in_flight:.0f} |", flush=True)


def memory(urls: dict[str, str], counts: list[int]) -> bool:
    """Print the peaks; return whether they are the same, but for a megabyte or two."""
    print("\n| | rows | seconds | peak above start, MB |\n| --- | ---: | ---: | ---: |")
    flat = True
    for contender, name in (("async", "`AsyncClient.map`"), ("sync", "`Client.map`")):
        grown = []
        for rows in counts:
            facts = measure(contender, urls, rows)
            grown.append((facts["rss_peak"] - facts["rss_idle"]) / 1e6)
            print(f"| {name} | {rows:,} | {facts['wall']:.1f} | {grown[-1]:.1f} |", flush=True)
        flat = flat and max(grown[1:]) - grown[1] < MAY_GROW
    return flat


MAY_GROW = 4.0
"""Megabytes from the second peak on: the client remembers the ids of 10,000 jobs that have ended,
which are there by then, and memory comes in blocks."""


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--million", action="store_true")
    arguments = parser.parse_args()
    failures = prepare({"gradio_client"}, update=False)
    if failures:
        raise SystemExit(f"gradio_client cannot be installed: {failures['gradio_client']}")
    with server() as urls:
        speed(urls, arguments.rows)
        counts = [1_000, 20_000, 100_000] + [1_000_000] * arguments.million
        if not memory(urls, counts):
            raise SystemExit("memory grows with the number of rows")


if __name__ == "__main__":
    main()
