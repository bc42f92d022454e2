"""The types that users see, checked by mypy as users run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("name", ["public_api.py"])
def test_types(name: str, tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    # Away from the checkout, so that neither its settings nor its sources are picked up.
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(HERE / name)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
