"""Where stdout, stdin or stderr are closed or full: a line, and no traceback."""

from __future__ import annotations

import json
import os
import signal
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


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_lets_it_clean_up(name: str, code: int) -> None:
    source = """
import sys, time
from gradwire.cli import main
def run(words):
    try:
        print("runs", flush=True)
        time.sleep(60)
    finally:
        print("cleaned")
main._run = run
sys.exit(main.main())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", source],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Who starts the tests with nohup has it ignored, and so do all children.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "cleaned\n", "\nInterrupted.\n")


def test_a_pipe_is_utf_8() -> None:
    source = """
from gradwire.cli import main
main._run = lambda words: print('"Gr\\u00fc\\u00dfe \\ud800"')
main.main()
"""
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True, env=env)
    assert json.loads(done.stdout.decode("utf-8")) == "Grüße \ud800"
    assert "Grüße".encode() in done.stdout
