"""What people see of a result."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from gradwire.cli import main, screen
from gradwire.cli.connection import Connection
from gradwire.cli.results import value_text
from gradwire.data.files import FileData


def test_a_file_is_a_line_and_its_address_another() -> None:
    evil = "a\nb\x1b[2J"
    file = FileData("/x", url=f"http://h/{evil}", orig_name=evil, mime_type=evil, size=3)
    name, address = value_text(file, None).plain.split("\n")
    assert name == r"a b\x1b[2J  3 bytes  a b\x1b[2J"
    assert address == r"  http://h/a b\x1b[2J"


def test_what_an_upload_is_called_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("one")
    response = SimpleNamespace(files=["/x\x1b[2J\ny"], error=None)
    client = SimpleNamespace(upload_files=lambda *args: response)
    monkeypatch.setattr(Connection, "open", lambda *args: contextlib.nullcontext(client))
    monkeypatch.setattr(screen, "is_terminal", lambda stream: stream is sys.stdout)
    assert main.main(["upload", "http://h", str(tmp_path / "a.txt")]) == main.OK
    assert capsys.readouterr().out == "a.txt  3 bytes  text/plain\n  /x\\x1b[2J y\n"
