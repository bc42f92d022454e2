"""Processes that a `forker.py` has made of itself; see there.

There is one forker for each Gradio release, started when first needed. All processes that share the
tests use the same, by a folder that FOLDER names in their environment.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

from servers.environments import HERE, ServerError, environment, interpreter

FOLDER = "GRADWIRE_TEST_FORKERS"
IMPORT_SECONDS = 90.0
"""What it takes on a busy machine to import Gradio for the first time."""

# Kept: Python complains of a process that is forgotten while it runs.
_started: list[subprocess.Popen[bytes]] = []


@cache
def folder() -> Path:
    """Return the folder of the forkers' sockets; who makes it ends them, too."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="forkers-")
        (Path(os.environ[FOLDER]) / "owner").write_text(str(os.getpid()), encoding="ascii")
        atexit.register(_end_all, Path(os.environ[FOLDER]), os.getpid())
    return Path(os.environ[FOLDER])


def _end_all(made: Path, owner: int) -> None:
    if os.getpid() != owner:  # a copy of it by fork
        return
    for noted in made.glob("*.pid"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(noted.read_text(encoding="ascii")), signal.SIGKILL)
    shutil.rmtree(made, ignore_errors=True)


def fork(version: str, module: str, port: int, mode: str, home: Path, output: Path) -> Fork:
    """Start an app; it does not answer yet.

    Args:
        version: A Gradio release.
        module: `app` or `replica`.
        port: Where it will listen.
        mode: One that the module knows.
        home: The folder of its files.
        output: A file, to which is added what it prints.

    Raises:
        ServerError: The release is not installed, or cannot be imported.
    """
    ready = home / f"{port}.ready"
    ready.unlink(missing_ok=True)
    order = {
        "port": port,
        "mode": mode,
        "folder": str(home),
        "environment": environment(version, home),
        "output": str(output),
        "ready": str(ready),
    }
    with socket.socket(socket.AF_UNIX) as call:
        call.connect(str(_forker(version, module)))
        call.sendall(json.dumps(order).encode() + b"\n")
        pid = call.recv(100)
    if not pid:
        raise ServerError(f"what starts the apps of gradio {version} has ended")
    return Fork(int(pid), ready)


def _forker(version: str, module: str) -> Path:
    """Return the socket of a forker that listens, be it one that starts now."""
    path = folder() / f"{version}-{module}.socket"
    if not path.exists():
        import fcntl  # not on Windows, where the tests without servers can run

        with path.with_suffix(".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                _start(version, module, path)
    return path


def _start(version: str, module: str, path: Path) -> None:
    home = path.with_suffix("")
    home.mkdir(exist_ok=True)
    log = home / "output.txt"
    owner = (folder() / "owner").read_text(encoding="ascii")
    words = [str(interpreter(version)), str(HERE / "forker.py"), module, str(path), owner]
    with log.open("wb") as output:
        process = subprocess.Popen(
            words,
            cwd=home,
            env=environment(version, home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
        )
    _started.append(process)
    path.with_suffix(".pid").write_text(str(process.pid), encoding="ascii")
    deadline = time.monotonic() + IMPORT_SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            printed = log.read_text(encoding="utf-8", errors="replace")
            raise ServerError(f"gradio {version} cannot be imported; it printed:\n{printed}")
        time.sleep(0.02)


class Fork:
    """A process that is no child of this one, and the group that it leads.

    Attributes:
        pid: The process.
        ready: A file that is there once it has done all that it does to begin with.
    """

    def __init__(self, pid: int, ready: Path) -> None:
        self.pid = pid
        self.ready = ready

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def signal(self, number: int) -> None:
        """Send a signal to it and to all it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; tell whether it came."""
        deadline = time.monotonic() + seconds
        while self.runs:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def end(self, seconds: float) -> None:
        """Ask all of it to end, then make it end."""
        self.signal(signal.SIGTERM)
        self.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End all of it at once, as a crash would."""
        self.signal(signal.SIGKILL)
        self.wait(10)
