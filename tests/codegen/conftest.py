"""Serves the small apps, and writes typed clients for them."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from leaks import nothing_is_left  # noqa: F401
from servers.launch import START_SECONDS, free_port

from gradwire.cli.codegen import run

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in (HERE / "apps").glob("*.py"))


@pytest.fixture(scope="session")
def small_apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve all small apps on the Gradio of this environment; give the address that they share."""
    port, home = free_port(), tmp_path_factory.mktemp("apps")
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(home)}
    log = home / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "serve.py"), str(port)],
            cwd=home,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        wait_until_served(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_served(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    pytest.fail(f"the small apps did not start\n{log.read_text(errors='replace')}", pytrace=False)


@pytest.fixture(scope="session")
def written(small_apps: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a typed client for each small app; give the folder."""
    folder = tmp_path_factory.mktemp("clients")
    for name in NAMES:
        assert run(f"{small_apps}/{name}", folder / f"{name}_client.py") == 0
    return folder
