"""Every script in examples/ runs to its end and prints what it promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ELSEWHERE = {"ray_parquet.py"}
"""Run by `tests/cluster`."""
EXPECTED = {
    "quickstart.py": ("Hello, Ada!", "No such number", "milk, bread"),
    "stream_tokens.py": ("Once there was a program", "4 steps done"),
    "many_jobs.py": ("180 results", "20 failed: Nothing can be divided by zero."),
    "files.py": ("in memory:", "on disk: image.png"),
    "threads.py": ("100 results", "[11, 11, 11]"),
    "cancel.py": ("cancelled: True", "DeadlineExceededError", "stopped on the server: True"),
}


def test_all_examples_are_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("[!_]*.py")} == set(EXPECTED) | ELSEWHERE


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_runs(name: str, demo_url: str) -> None:
    done = run(name, demo_url)
    assert done.returncode == 0, done.stderr
    assert [text for text in EXPECTED[name] if text not in done.stdout] == []


def test_an_example_starts_the_demo_app_itself() -> None:
    done = run("quickstart.py")
    assert done.returncode == 0, done.stderr
    assert "Hello, Ada!" in done.stdout


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
