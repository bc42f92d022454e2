"""`gradwire demo` works, stops its app however it ends, and says why when it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gradwire import Client
from gradwire.cli import demo

COMMAND = [sys.executable, "-W", "error", "-m", "gradwire", "demo"]


@pytest.fixture
def running() -> Iterator[subprocess.Popen[str]]:
    """Run the demo until its app answers."""
    process = subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "sse_v3" in line:
            break
    yield process
    process.kill()
    process.communicate()


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_it_uses_all_of_an_app() -> None:
    done = subprocess.run(
        COMMAND, capture_output=True, text=True, encoding="utf-8", timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    told = " ".join(done.stdout.split())
    for text in (
        "/greet(name=", "'Hello, Ada!'", "Ada is greeted with joy.", "Nothing can be divided",
        "Once there was a program", "nobody was bored.", "/4 training", "each is the negative",
        "JobCancelledError", "it has stopped.", "All 8 steps went well",
    ):  # fmt: skip
        assert text in told
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_app_ends_with_it(running: subprocess.Popen[str], number: signal.Signals) -> None:
    apps = children(running)
    assert apps
    running.send_signal(number)
    _, err = running.communicate(timeout=30)
    assert running.returncode == (130 if number == signal.SIGINT else -number)
    _, alive = psutil.wait_procs(apps, timeout=10)
    assert alive == []
    assert "Traceback" not in err


def test_an_app_that_does_not_start_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        monkeypatch.setattr(demo, "_free_port", lambda: port)
        with pytest.raises(demo.DemoError, match="ended before") as caught, demo.running_app():
            pass
    assert str(port) in str(caught.value)


def test_an_app_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "START_SECONDS", 0.3)
    with pytest.raises(demo.DemoError, match=r"did not answer within 0\.3 s"), demo.running_app():
        pass


def test_the_app_says_its_address_when_it_is_ready(tmp_path: Path) -> None:
    port = demo._free_port()
    command = [sys.executable, "-m", "gradwire.cli.demo_app", str(port)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,  # the app ends when that is closed
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=demo._environment(str(tmp_path)),
    ) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{port}"
        said = next(line for line in process.stdout if url.encode() in line)
        assert b"ready" in said
        with Client(url) as client:
            assert client.predict("/greet", ["Ada"]).value
        process.kill()
