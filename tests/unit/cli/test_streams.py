"""Where stdout, stdin or stderr are closed or full: a line, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GRADWIRE = f"{sys.executable} -m gradwire"


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["--help", "completion zsh", "view --help"])
def test_stdout_is_closed(command: str) -> None:
    done = shell(f"{GRADWIRE} {command} >&-")
    assert done.returncode == 1
    assert done.stderr == "Error: stdout is closed; there is nowhere to print to.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["--help", "completion zsh"])
def test_the_disk_is_full(command: str) -> None:
    done = shell(f"{GRADWIRE} {command} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == "Error: The output cannot be written: No space left on device.\n"


def test_stderr_or_stdin_is_closed() -> None:
    done = shell(f"{GRADWIRE} view http://127.0.0.1:9 2>&- <&-")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
    done = shell(f"{GRADWIRE} view http://127.0.0.1:9 --auth ada <&-")
    assert (done.returncode, done.stdout) == (4, "")
    assert "A password is needed" in done.stderr
