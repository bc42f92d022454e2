"""Several Gradio apps that serve the same endpoints, each in a process that can be killed.

with Fleet() as fleet:
    first, second = fleet.start("quick", "slow")
    first.kill()
    first.start()
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from pathlib import Path
from types import TracebackType

from servers.forks import Fork, fork
from servers.launch import START_SECONDS, answers, free_port

NEWEST = "6.31.0"


class Fleet:
    """Starts apps, and ends them."""

    def __init__(self, version: str = NEWEST) -> None:
        self.version = version
        self.home = Path(tempfile.mkdtemp(prefix="gradio-fleet-"))
        self.log = self.home / "output.txt"
        self.apps: list[App] = []

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

    @property
    def output(self) -> str:
        """Everything that the apps have printed to stderr."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def close(self) -> None:
        """End all of them."""
        for each in self.apps:
            each.kill()
        shutil.rmtree(self.home, ignore_errors=True)


class App:
    """One app, at the same address for as long as its fleet lives."""

    def __init__(self, fleet: Fleet, mode: str, port: int) -> None:
        self._fleet = fleet
        self.mode = mode
        self.port = port
        self._process: Fork | None = None

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
        if self._process is None:
            fleet = self._fleet
            self._process = fork(
                fleet.version, "replica", self.port, self.mode, fleet.home, fleet.log
            )

    def wait(self) -> None:
        """Return once it answers."""
        deadline = time.monotonic() + START_SECONDS
        process = self._process
        assert process is not None
        while not (process.ready.exists() and answers(self.port, "/config")):
            assert time.monotonic() < deadline, f"no answer of {self.mode}: {self._fleet.output}"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def freeze(self) -> None:
        """Let it hold its connections and say nothing."""
        assert self._process is not None
        self._process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.signal(signal.SIGCONT)
