"""What a process has cost: CPU time, memory, threads, and how long its answers took.

Cost is CPU time of this process, user and system. Memory is read from /proc where there is one.
"""

import json
import re
import resource
import time
from contextlib import suppress
from pathlib import Path

_first: list[float] = []


def first_event() -> None:
    """Note that the first event of a stream is there."""
    _first.append(time.perf_counter())


class Meter:
    """Measures what happens between its making and `report`."""

    def __init__(self, work: str, count: int) -> None:
        self.facts: dict[str, object] = {"work": work, "count": count}
        self.start()

    def start(self) -> None:
        """Forget all that was before."""
        _first.clear()
        _reset_peak()
        self.facts["rss_idle"] = _status("VmRSS") * 1024
        self._wall, self._cpu = time.perf_counter(), _cpu()

    def look(self) -> None:
        """Count the threads now, in the thick of it."""
        self.facts["threads"] = _status("Threads")

    def took(self, seconds: list[float]) -> None:
        """Note how long each answer took."""
        ordered = sorted(seconds)
        self.facts["p50"] = ordered[len(ordered) // 2]
        self.facts["p99"] = ordered[len(ordered) * 99 // 100]

    def stop(self) -> None:
        """Read all meters, unless that was done before."""
        if "cpu" not in self.facts:
            self.facts["cpu"] = _cpu() - self._cpu
            self.facts["wall"] = time.perf_counter() - self._wall
            if _first:
                self.facts["first"] = _first[0] - self._wall
            self.facts["rss_peak"] = _status("VmHWM") * 1024
            self.facts.setdefault("threads", _status("Threads"))

    def report(self) -> None:
        """Print the facts."""
        self.stop()
        print(json.dumps(self.facts), flush=True)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _status(key: str) -> int:
    """One figure of /proc/self/status; 0 where there is none."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{key}:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _reset_peak() -> None:
    """Let the peak resident size begin anew, where the kernel allows it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
