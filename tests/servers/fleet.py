"""Several Gradio apps that serve the same endpoints, each in a process that can be killed.

with Fleet() as fleet:
    first, second = fleet.start("quick", "slow")
    first.kill()
    first.start()
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from servers.launch import HERE, START_SECONDS, answers, environment, free_port, interpreter

NEWEST = "6.31.0"


class Fleet:
    """Starts apps; Gradio is imported once for all of them."""

    def __init__(self, version: str = NEWEST) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="gradio-fleet-"))
        self.apps: list[App] = []
        self.log = (self.home / "output.txt").open("wb")
        self._process = subprocess.Popen(
            [str(interpreter(version)), str(HERE / "replica.py")],
            cwd=self.home,
            env=environment(version, self.home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            bufsize=0,
            process_group=0,
        )

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def app(self, mode: str, port: int | None = None) -> App:
        """Return an app that does not run yet; its address is known already."""
        made = App(self, mode, port or free_port())
        self.apps.append(made)
        return made

    def start(self, *modes: str) -> list[App]:
        """Start an app for each mode and return once they answer."""
        made = [self.app(mode) for mode in modes]
        for each in made:
            each.launch()
        for each in made:
            each.wait()
        return made

    def run(self, port: int, mode: str) -> int:
        """Start a process; return its id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{port} {mode}\n".encode())
        return int(self._process.stdout.readline())

    @property
    def output(self) -> str:
        """Everything that the apps have printed to stderr."""
        return (self.home / "output.txt").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """End all of them."""
        for each in self.apps:
            each.kill()
        process = self._process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, self.log):
            if stream is not None:
                stream.close()
        shutil.rmtree(self.home, ignore_errors=True)


class App:
    """One app, at the same address for as long as its fleet lives."""

    def __init__(self, fleet: Fleet, mode: str, port: int) -> None:
        self._fleet = fleet
        self.mode = mode
        self.port = port
        self.pid = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, mode: str | None = None) -> App:
        """Start it, as another mode if one is given, and return once it answers."""
        self.mode = mode or self.mode
        self.launch()
        self.wait()
        return self

    def launch(self) -> None:
        """Start it; return before it answers."""
        if not self.pid:
            self.pid = self._fleet.run(self.port, self.mode)

    def wait(self) -> None:
        """Return once it answers."""
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.port, "/config"):
            assert time.monotonic() < deadline, f"no answer of {self.mode}: {self._fleet.output}"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            while _exists(self.pid):
                time.sleep(0.005)
            self.pid = 0

    def freeze(self) -> None:
        """Let it hold its connections and say nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
