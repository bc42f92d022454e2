"""Sound: pairs to WAV and back; Python's own `wave` says whether it is right."""

from __future__ import annotations

import contextlib
import io
import struct
import sys
import wave
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.data.sounds import of_pair, to_pair
from gradwire.errors import InvalidArgumentError, MissingLibraryError


def written(array: Any, rate: int = 8000) -> bytes:
    return of_pair(rate, array).content()


@given(st.sampled_from(["<i2", ">i2", "<i4"]), st.integers(0, 40), st.sampled_from([None, 1, 2, 6]))
def test_whole_numbers_survive(kind: str, length: int, channels: int | None) -> None:
    shape = (length,) if channels is None else (length, channels)
    array = np.arange(int(np.prod(shape)), dtype=kind).reshape(shape) * 17
    rate, back = to_pair(written(array, 44100), "x")
    assert rate == 44100
    assert back.dtype == np.dtype(kind).newbyteorder("<")
    assert (back == (array[:, 0] if channels == 1 else array)).all()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", ["i2", "i4", "f4"])
def test_python_reads_it(kind: str, channels: int) -> None:
    array = np.zeros((100, channels), kind)
    with wave.open(io.BytesIO(written(array, 22050))) as sound:
        assert sound.getframerate() == 22050
        assert sound.getnchannels() == channels
        assert sound.getnframes() == 100
        assert sound.getsampwidth() == (2 if kind == "i2" else 4)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_floats_become_whole_numbers_of_32_bits(kind: str) -> None:
    _, back = to_pair(written(np.array([-1, 0, 0.5, 1], kind)), "x")
    top = 2**31 - 1
    assert back.tolist() == [-top, 0, 2**30, top]


def test_bytes_become_16_bits() -> None:
    _, back = to_pair(written(np.array([0, 128, 255], np.uint8)), "x")
    assert back.tolist() == [-32768, 0, 127 * 256]


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.array([0, 1.5], "f4"), r"values from -1 to 1, not 0\.0 to 1\.5"),
        (np.array([[-32768.0, 3.0]]), "convert it to int16"),
        (np.zeros((2, 48000)), r"array\.T"),
        (np.zeros((2, 2, 2)), "samples × channels"),
        (np.zeros(()), "samples × channels"),
        (np.zeros(2, np.int64), "not int64"),
        (np.zeros(2, complex), "not complex128"),
        (np.array([np.nan]), "finite"),
        (np.array([np.inf]), "finite"),
    ],
)
def test_what_is_no_sound(array: Any, why: str) -> None:
    with pytest.raises(InvalidArgumentError, match=why):
        of_pair(8000, array)


@pytest.mark.parametrize("rate", [0, -1, 2**31])
def test_what_is_no_rate(rate: int) -> None:
    with pytest.raises(InvalidArgumentError, match="samples per second"):
        of_pair(rate, np.zeros(2))


# --- files of others ------------------------------------------------------------------------------


def wav(
    code: int, bits: int, data: bytes, *, extended: bool = False, size: int | None = None
) -> bytes:
    """Return a mono WAV file with a chunk before the sound that nobody needs."""
    form = struct.pack("<HHIIHH", 0xFFFE if extended else code, 1, 8000, 0, 0, bits)
    if extended:
        form += struct.pack("<HHIH", 22, bits, 0, code) + bytes(14)
    size = len(data) if size is None else size
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize(
    ("code", "bits", "data", "expected"),
    [
        (1, 8, b"\x00\x80", [0, 128]),
        (1, 16, struct.pack("<2h", 1, -2), [1, -2]),
        (1, 24, b"\x01\x00\x00\xff\xff\xff", [256, -256]),
        (3, 32, struct.pack("<2f", 0.5, -1), [0.5, -1]),
        (3, 64, struct.pack("<2d", 0.5, -1), [0.5, -1]),
    ],
)
def test_other_kinds(
    code: int, bits: int, data: bytes, expected: list[Any], extended: bool
) -> None:
    rate, array = to_pair(wav(code, bits, data, extended=extended), "x")
    assert (rate, array.tolist()) == (8000, expected)
    array[0] = 7  # the caller's own


def test_a_stream_that_did_not_know_its_length() -> None:
    data = struct.pack("<2h", 1, 2)
    assert to_pair(wav(1, 16, data, size=0xFFFFFFFF), "x")[1].tolist() == [1, 2]
    assert to_pair(wav(1, 16, data + b"\x05"), "x")[1].tolist() == [1, 2]


@pytest.mark.parametrize(
    "content",
    [b"", b"ID3", wav(2, 4, b"x"), wav(1, 0, b"x"), wav(1, 16, b"")[:20], b"RIFFxxxxWAVE"],
)
def test_what_is_no_common_wav_needs_another_library(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingLibraryError, match=r"'a\.mp3'.*pip install soundfile"):
        to_pair(content, "a.mp3")


@given(st.binary(max_size=60))
def test_any_bytes(tail: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(MissingLibraryError):
        patch.setitem(sys.modules, "soundfile", None)
        to_pair(wav(1, 16, b"")[:20] + tail, "x")


def test_numpy_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(MissingLibraryError, match="pip install numpy"):
        to_pair(b"", "x")
