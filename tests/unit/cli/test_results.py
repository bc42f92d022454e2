"""What people see of a result."""

from __future__ import annotations

from gradwire.cli.results import value_text
from gradwire.data.files import FileData


def test_a_file_is_a_line_and_its_address_another() -> None:
    evil = "a\nb\x1b[2J"
    file = FileData("/x", url=f"http://h/{evil}", orig_name=evil, mime_type=evil, size=3)
    name, address = value_text(file, None).plain.split("\n")
    assert name == r"a b\x1b[2J  3 bytes  a b\x1b[2J"
    assert address == r"  http://h/a b\x1b[2J"
