"""Measure gradwire, its peers and the floors beneath them on one server, in one run.

    python benchmarks/run.py [--quick] [--only WORK …] [--rounds N] [--json FILE] [--write]
    python benchmarks/run.py --from FILE … [--write]
    python benchmarks/run.py --plots-from FILE …

Contenders take turns in an order that is drawn anew for each round; the first round is thrown
away. What counts is the CPU time of the client's process. With two cores or more the
server has one and the clients another.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import environments
import imports
import plots
import report
import saved
from results import Results, Run
from works import CONTENDERS, IMPORT, LARGE, WORKS, Contender, Work

HERE = Path(__file__).resolve().parent
LARGE_NAMES = {work.name for work in LARGE}
RUN_SECONDS = 300


class Server:
    """The running server, seen from outside."""

    def __init__(self, url: str, keep_open_url: str) -> None:
        self.url, self.keep_open_url = url, keep_open_url

    def stats(self, reset: bool = False) -> dict[str, Any]:
        """The server's counts; `reset` starts them anew."""
        path, method = ("/stats/reset", "POST") if reset else ("/stats", "GET")
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request) as answer:
            facts: dict[str, Any] = json.load(answer)
        return facts


@contextmanager
def serving(core: int | None) -> Iterator[Server]:
    """Run the server, on a core of its own if there is one."""
    words = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            assert process.stdout is not None
            yield Server(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def divide_cores() -> int | None:
    """Keep this process and its children off one core; return that core, for the server."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    os.sched_setaffinity(0, {cores[-1]})
    return cores[0]


def run_once(server: Server, work: Work, contender: Contender, quick: bool) -> Run | None:
    """One run of one contender; what it measured, or nothing if it failed."""
    url = (server.keep_open_url if work.keeps_open(contender) else server.url) + work.path
    words = environments.command(contender.environment, contender.script)
    numbers = (work.amount(contender, quick), work.in_flight, work.size)
    words += [url, work.kind, *map(str, numbers)]
    server.stats(reset=True)
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            env=environments.variables(),
        )
        run: Run = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        say(f"  {contender.name}: no end after {RUN_SECONDS} s")
        return None
    except (IndexError, ValueError):
        say(f"  {contender.name}: failed\n{done.stderr[-2000:]}")
        return None
    counts = server.stats()
    return run | {key: counts[key] for key in ("connections", "requests", "at_once")}


def measure(
    server: Server, work: Work, contenders: list[Contender], rounds: int, quick: bool
) -> tuple[dict[str, list[Run]], list[str]]:
    """All rounds of one work, and who failed; a contender that fails once is out."""
    able = [contender for contender in contenders if contender.name in work.able]
    runs: dict[str, list[Run]] = {contender.name: [] for contender in able}
    discarded = 0 if quick or work.large else 1
    counted = min(rounds, work.rounds or rounds) if not (quick and work.rounds) else 1
    for number in range(counted + discarded):
        say(f"{work.title}: round {number + 1}" + " (discarded)" * (number < discarded))
        for contender in random.sample(able, len(able)):
            run = run_once(server, work, contender, quick)
            if run is None:
                able.remove(contender)
                runs.pop(contender.name)
            elif number >= discarded:
                runs[contender.name].append(run)
    return runs, [each.name for each in contenders if each.name in work.able - runs.keys()]


def machine() -> str:
    """What this ran on, in a few words, when, and how busy it was with other things."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        model = next((x.split(": ", 1)[1] for x in lines if x.startswith("model name")), model)
    system = f"{os.cpu_count()} cores, {platform.system()}, load {os.getloadavg()[0]:.1f} before"
    return f"{time.strftime('%Y-%m-%d')}, {model}, {system}"


def say(text: str) -> None:
    """Tell how far it is, apart from the result."""
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    names = [work.name for work in WORKS] + [IMPORT]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two short rounds, to see it work")
    parser.add_argument("--only", metavar="WORK", action="append", choices=names, help=str(names))
    parser.add_argument("--rounds", type=int, help="rounds that count (default 5)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every run there")
    parser.add_argument("--write", action="store_true", help="put tables and pictures in README.md")
    files: dict[str, Any] = {"metavar": "FILE", "type": Path, "nargs": "+"}
    parser.add_argument(
        "--from", dest="saved", help="measure nothing: read files of --json", **files
    )
    parser.add_argument("--plots-from", dest="plots", help="draw such files, no more", **files)
    parser.add_argument("--update", action="store_true", help="make the environments anew")
    chosen = parser.parse_args()
    if chosen.write and not chosen.saved and (chosen.quick or chosen.only):
        parser.error("--write wants everything measured: leave out --quick and --only")
    chosen.only = chosen.only or [name for name in names if name not in LARGE_NAMES]
    chosen.rounds = chosen.rounds or (2 if chosen.quick else 5)
    return chosen


def measured(chosen: argparse.Namespace) -> Results:
    """Measure what is chosen."""
    results = Results(machine=machine())
    wanted = {contender.environment for contender in CONTENDERS}
    results.absent = environments.prepare(wanted, chosen.update)
    for name in sorted(wanted - set(results.absent)):
        results.versions |= environments.versions(name)
    contenders = [c for c in CONTENDERS if c.environment not in results.absent]
    with serving(divide_cores()) as server:
        for work in WORKS:
            if work.name in chosen.only:
                results.runs[work.name], results.failed[work.name] = measure(
                    server, work, contenders, chosen.rounds, chosen.quick
                )
                keep(results, chosen.json)
    if IMPORT in chosen.only:
        say("imports")
        measure_imports(results, 5 if chosen.quick else 25)
        keep(results, chosen.json)
    return results


def measure_imports(results: Results, rounds: int) -> None:
    """What it costs to begin."""
    absent = set(results.absent)
    results.imports = imports.measure(rounds, absent)
    results.modules = imports.modules(absent)
    if "gradwire" not in absent:
        results.loaded = imports.loaded()
        results.help_seconds = imports.help_seconds(rounds)


def keep(results: Results, path: Path | None) -> None:
    """Save what there is so far, so that a run that is broken off is not lost."""
    if path:
        saved.keep(results, path)


def main() -> None:
    """Prepare, measure, report."""
    chosen = arguments()
    if chosen.plots:
        plots.draw(saved.load(chosen.plots))
        return
    results = saved.load(chosen.saved) if chosen.saved else measured(chosen)
    if chosen.write:
        report.write(results, HERE / "README.md", plots.draw(results))
    print(report.render(results))


if __name__ == "__main__":
    main()
