"""`gradwire download`: what its words name."""

from __future__ import annotations

import click
import pytest

from gradwire.cli.calling import plain_json
from gradwire.cli.download import _file
from gradwire.data.files import FileData


def test_what_predict_prints_is_a_file() -> None:
    file = FileData("/x/a.png", url="http://h/file=/tmp/a.png", orig_name="a.png", size=3)
    assert _file(plain_json(file)) == file
    assert _file(plain_json(file, indent=2)) == file


def test_addresses_and_paths() -> None:
    assert _file("http://h/file={a}") == "http://h/file={a}"
    assert _file("/x/a.png") == FileData("/x/a.png")
    for text in ("{", "{}", '{"path": 1}', "{a://b}"):
        with pytest.raises(click.UsageError):
            _file(text)
