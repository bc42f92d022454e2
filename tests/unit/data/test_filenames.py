"""Names that servers give, and what becomes of them."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.data.filenames import (
    MAX_NAME_BYTES,
    free_names,
    guess_mime_type,
    safe_filename,
    split_extension,
)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("cat.png", "cat.png"),
        ("a b#ü 100%.txt", "a b#ü 100%.txt"),
        ("no extension", "no extension"),
        ("a%20b.txt", "a%20b.txt"),
        ("/etc/passwd", "passwd"),
        ("../../x.txt", "x.txt"),
        ("..\\..\\x.txt", "x.txt"),
        ("C:\\Users\\me\\x.txt", "x.txt"),
        ("C:x.txt", "x.txt"),
        ("a:stream.txt", "stream.txt"),
        ("abc:stream.txt", "abc_stream.txt"),
        ('a<>"|?*b', "a______b"),
        ("x.txt. . ", "x.txt"),
        (" x.txt", "x.txt"),
        ("a\0b\n\x1b[31m.txt", "ab[31m.txt"),
        (".\0.", "file"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("family 👨\u200d👩\u200d👧.png", "family 👨\u200d👩\u200d👧.png"),
        ("\ud800.txt", "_.txt"),
        (".bashrc", "_.bashrc"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("Com1.txt", "_Com1.txt"),
        ("lpt¹", "_lpt¹"),
        ("aux .txt", "_aux .txt"),
        ("C\0ON.txt", "_CON.txt"),
        ("console.txt", "console.txt"),
        ("com10.txt", "com10.txt"),
        ("", "file"),
        ("..", "file"),
        ("a/", "file"),
        (" . ", "file"),
    ],
)
def test_safe_filename(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


def test_fallback() -> None:
    assert safe_filename("..", fallback="output.bin") == "output.bin"


def test_long_names_keep_their_extension_and_whole_characters() -> None:
    assert safe_filename("ü" * 300 + ".tar.gz") == "ü" * 123 + ".tar.gz"
    assert safe_filename("x" * 300) == "x" * 254
    assert safe_filename("x." + "y" * 300) == "x." + "y" * 252
    assert safe_filename("con" + " " * 300 + "x.txt") == "_con.txt"


messy = st.text(
    st.sampled_from('aZ. /\\:*?"<>|\0\n\u202e\ud800ü👍%~-$') | st.characters(), max_size=300
)
names = messy | st.builds(
    "{}{}{}".format, st.sampled_from(["", "con", "NUL", "..", "C:", "com¹"]), messy, messy
)


@given(names)
def test_the_result_stays_in_its_folder(name: str) -> None:
    safe = safe_filename(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / safe
        path.write_bytes(b"x")
        assert os.listdir(folder) == [safe]
        assert path.resolve().parent == Path(folder).resolve()


@given(names)
def test_the_result_suits_windows(name: str) -> None:
    safe = safe_filename(name)
    assert 0 < len(safe.encode()) <= MAX_NAME_BYTES
    assert safe_filename(safe) == safe or safe.startswith("_")
    assert not safe.endswith((".", " "))
    assert not safe.startswith(".")
    assert not any(c in '<>:"/\\|?*' or ord(c) < 32 for c in safe)
    assert safe.split(".")[0].rstrip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


def test_free_names() -> None:
    paths = [path.name for path in itertools.islice(free_names(Path("d"), "a.tar.gz"), 3)]
    assert paths == ["a.tar.gz", "a (1).tar.gz", "a (2).tar.gz"]
    assert next(free_names(Path("d"), "a")).parent == Path("d")


@given(names)
def test_free_names_are_distinct_and_short(name: str) -> None:
    some = list(itertools.islice(free_names(Path(), safe_filename(name)), 12))
    assert len(set(some)) == 12
    assert all(len(path.name.encode()) <= MAX_NAME_BYTES for path in some)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.txt", ("a", ".txt")),
        ("a.b.txt", ("a.b", ".txt")),
        ("a.tar.gz", ("a", ".tar.gz")),
        ("_.tar", ("_", ".tar")),
        ("a", ("a", "")),
        ("a." + "x" * 40, ("a." + "x" * 40, "")),
    ],
)
def test_split_extension(name: str, parts: tuple[str, str]) -> None:
    assert split_extension(name) == parts


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("a.png", "image/png"),
        ("A.JPG", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("data:,a.pdf", "application/pdf"),
        ("a.tar.gz", "application/gzip"),
        ("a.unknown-thing", None),
        ("png", None),
        ("", None),
    ],
)
def test_guess_mime_type(name: str, mime_type: str | None) -> None:
    assert guess_mime_type(name) == mime_type
