"""What these tests share: a picture and tables to send."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Make a picture in a folder that has only tables beside it."""
    from PIL import Image

    path = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), (200, 10, 90)).save(path)
    (tmp_path / "people.csv").write_text("name\nAda\nGrace\n")
    (tmp_path / "sums.jsonl").write_text('{"dividend": 6, "divisor": 2}\n{"divisor": 0}\n')
    return path
