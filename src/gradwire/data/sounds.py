"""Sound: `(rate, array)` to WAV and back, the pair that Gradio's own functions get and return.

The array is `samples`, or `samples × channels`. Floats, from -1 to 1, become whole numbers of 32
bits, and uint8 of 16: every server can read those, and not each one the others that WAV knows.
"""

from __future__ import annotations

import io
import operator
import struct
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from gradwire.data.libraries import needed
from gradwire.data.readers import Rendering
from gradwire.errors import InvalidArgumentError

_MOST_CHANNELS = 64
_EXTENSIBLE = 0xFFFE
_TYPES = {
    (1, 8): "u1",
    (1, 16): "<i2",
    (1, 32): "<i4",
    (3, 32): "<f4",
    (3, 64): "<f8",
}
"""numpy's types for WAV's formats (1: whole numbers, 3: floats) and bits."""


def of_pair(rate: Any, array: Any) -> Rendering:
    """Return a sound as a file to upload.

    Raises:
        InvalidArgumentError: It is none.
    """
    rate = operator.index(rate)
    if not 0 < rate < 2**31:
        raise InvalidArgumentError(f"A sound's rate is samples per second, not {rate}.")
    samples = _samples(array)
    return Rendering("audio.wav", lambda: _wav(rate, samples))


def _samples(array: Any) -> Any:
    numpy = sys.modules["numpy"]
    shape = array.shape
    if len(shape) not in (1, 2) or (len(shape) == 2 and not 0 < shape[1] <= _MOST_CHANNELS):
        hint = " Transpose it: array.T." if len(shape) == 2 else ""
        raise InvalidArgumentError(
            f"A sound is (rate, array) with an array of samples, or of samples × channels, "
            f"not of shape {shape}.{hint}"
        )
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "f":
        if not numpy.isfinite(array).all():
            raise InvalidArgumentError("A sound has finite numbers; this one has NaN or infinity.")
        if array.size and not -1 <= array.min() <= array.max() <= 1:
            raise InvalidArgumentError(
                f"A sound of {array.dtype} has values from -1 to 1, not {array.min()} to "
                f"{array.max()}. Scale it, clip it, or convert it to int16."
            )
        # In steps of 64 bits: 32 have no room for the largest whole number.
        wide = array.astype("f8") * (2**31 - 1)
        return wide.round().astype("<i4")
    if (kind, size) == ("u", 1):  # Gradio 3.x writes 8 bits wrongly
        return (array.astype("<i2") - 128) * 256
    if (kind, size) not in {("i", 2), ("i", 4)}:
        raise InvalidArgumentError(
            f"A sound's samples are int16, int32, uint8, or floats from -1 to 1; not {array.dtype}."
        )
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _wav(rate: int, samples: Any) -> bytes:
    width = samples.dtype.itemsize
    frame = width * (samples.shape[1] if samples.ndim == 2 else 1)
    body = samples.tobytes()
    form = struct.pack("<HHIIHH", 1, frame // width, rate, rate * frame, frame, width * 8)
    padding = b"\0" * (len(body) % 2)
    rest = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"data", body) + padding
    return _chunk(b"RIFF", rest)


def _chunk(name: bytes, data: bytes) -> bytes:
    try:
        return name + struct.pack("<I", len(data)) + data
    except struct.error:
        raise ValueError("a WAV file has 4 GiB at most") from None


# --- and back -----------------------------------------------------------------------------------


class _Form(NamedTuple):
    """The chunk `fmt ` of a WAV file."""

    code: int
    channels: int
    rate: int
    bits: int


def to_pair(content: bytes, name: str) -> tuple[int, Any]:
    """Return `(rate, array)` of a sound.

    WAV is read here, in the type that it has: uint8, int16, int32 (also for 24 bits, scaled up),
    float32 or float64. Other formats need the package soundfile, and are float32.

    Args:
        content: The file's bytes.
        name: The file's, for the error.

    Raises:
        MissingLibraryError: numpy, or for other formats soundfile, is not installed.
        InvalidArgumentError: It is no sound that can be read.
    """
    numpy = needed("numpy", "to make an array of a file")
    read = _read_wav(numpy, content)
    if read is not None:
        return read
    library = needed("soundfile", f"to read {name!r}, which is no common WAV file")
    try:
        array, rate = library.read(io.BytesIO(content), dtype="float32")
    except (RuntimeError, OSError, ValueError) as error:
        raise InvalidArgumentError(
            f"{name!r} is no sound that can be read: {error}. read() has its bytes."
        ) from error
    return rate, array


def _read_wav(numpy: Any, content: bytes) -> tuple[int, Any] | None:
    """Return what a WAV file holds, None if it is none, or of a rare format."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return None
    form: _Form | None = None
    for name, data in _chunks(content):
        if name == b"fmt " and len(data) >= 16:
            form = _form(data)
        elif name == b"data" and form is not None:
            array = _decoded(numpy, form, data)
            return None if array is None else (form.rate, array)
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    place, view = 12, memoryview(content)
    while place + 8 <= len(content):
        (size,) = struct.unpack_from("<I", content, place + 4)
        # What was written as a stream does not know its length, and says 0xFFFFFFFF: all there is.
        yield content[place : place + 4], view[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _form(data: memoryview) -> _Form:
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data)
    if code == _EXTENSIBLE and len(data) >= 26:
        (code,) = struct.unpack_from("<H", data, 24)
    return _Form(code, channels, rate, bits)


def _decoded(numpy: Any, form: _Form, data: memoryview) -> Any:
    frame = form.channels * form.bits // 8
    if not frame:
        return None
    data = data[: len(data) - len(data) % frame]
    if (form.code, form.bits) == (1, 24):
        wide = numpy.zeros((len(data) // 3, 4), "u1")
        wide[:, 1:] = numpy.frombuffer(data, "u1").reshape(-1, 3)
        samples = wide.view("<i4").reshape(-1)
    elif (form.code, form.bits) in _TYPES:
        samples = numpy.frombuffer(data, _TYPES[form.code, form.bits]).copy()
    else:
        return None
    return samples if form.channels == 1 else samples.reshape(-1, form.channels)
