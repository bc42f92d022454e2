"""Start the test app on a chosen Gradio version, and end it again.

with running("6.31.0", "auth") as server:
    print(server.url)
"""

from __future__ import annotations

import contextlib
import http.client
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from servers.environments import ServerError
from servers.forks import Fork, fork

#: Far more than any release needs on a busy machine.
START_SECONDS = 90.0
STOP_SECONDS = 5.0


class Server:
    """One Gradio process, at the same address for as long as this object lives."""

    def __init__(self, version: str, mode: str = "plain", port: int | None = None) -> None:
        """Choose what to run; nothing starts yet.

        Args:
            version: A version that has an environment in `.servers`.
            mode: One of the modes of `app.py`.
            port: The port to listen on; by default one that is free now.
        """
        self.version = version
        self.mode = mode
        self.port = port or free_port()
        self.home = Path(tempfile.mkdtemp(prefix=f"gradio-{version}-{mode}-"))
        self.log = self.home / "output.txt"
        self._process: Fork | None = None
        self._rests = False

    def __repr__(self) -> str:
        return f"<gradio {self.version} {self.mode} at port {self.port}>"

    @property
    def path(self) -> str:
        """Where in the host the app lives, without a trailing slash."""
        return "/sub" if self.mode.startswith("mount") else ""

    @property
    def url(self) -> str:
        """The address a user would give; who asks for it wants to use the server."""
        self.wake()
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def output(self) -> str:
        """Everything the server has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def start(self, timeout: float = START_SECONDS) -> Server:
        """Start the process and return once it answers.

        Raises:
            ServerError: It ended, or did not answer in time, or was never installed.
        """
        self._process = fork(self.version, "app", self.port, self.mode, self.home, self.log)
        try:
            self._wait(time.monotonic() + timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def _wait(self, deadline: float) -> None:
        """Poll until the app answers; 401 is an answer too."""
        process = self._process
        assert process is not None
        while not answers(self.port, self.path + "/config") or not (
            self.path or process.ready.exists()
        ):
            if not process.runs:
                raise ServerError(self._report("ended before it answered"))
            if time.monotonic() > deadline:
                raise ServerError(self._report("did not answer in time"))
            time.sleep(0.05)

    def _report(self, what: str) -> str:
        return f"gradio {self.version} ({self.mode}) {what}; it printed:\n{self.output}"

    def stop(self) -> None:
        """Ask the process group to end, then make it end."""
        self.wake()
        process, self._process = self._process, None
        if process is not None:
            process.end(STOP_SECONDS)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def pause(self) -> None:
        """Freeze the process: connections stay open and nothing answers."""
        if self._process is not None:
            self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        if self._process is not None:
            self._process.signal(signal.SIGCONT)

    def rest(self) -> None:
        """Freeze it until it is asked for: an idle Gradio takes a twentieth of a core."""
        if not self._rests:
            self._rests = True
            self.pause()

    def wake(self) -> None:
        """Let it go on if it rests."""
        if self._rests:
            self._rests = False
            self.resume()

    def restart(self, mode: str | None = None) -> Server:
        """Kill the server and start it again on the same port, as another mode if one is given."""
        self.kill()
        self.mode = mode or self.mode
        return self.start()

    def close(self) -> None:
        """Stop the server and delete its files."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, path: str) -> bool:
    """Tell whether a GET is answered with a page or with a request to log in."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status in (200, 401)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


StartServer = Callable[..., Server]
"""What the fixture `start_server` gives: starts a server of a version in a mode."""


@contextlib.contextmanager
def running(version: str, mode: str = "plain") -> Iterator[Server]:
    """Run a server for the length of a `with` block."""
    server = Server(version, mode)
    try:
        yield server.start()
    finally:
        server.close()


def main() -> None:
    """Run one server by hand until Ctrl-C."""
    version, mode = (sys.argv[1:] + ["6.31.0", "plain"][len(sys.argv) - 1 :])[:2]
    with running(version, mode) as server, contextlib.suppress(KeyboardInterrupt):
        print(f"gradio {version} ({mode}) at {server.url}, Ctrl-C ends it", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
