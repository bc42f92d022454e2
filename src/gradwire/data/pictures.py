"""Pictures: arrays and `PIL.Image` objects to PNG, and files back to both.

An array is `height × width`, or that `× channels` with 1 (gray), 2 (gray, alpha), 3 (RGB) or 4
(RGBA). Whole numbers are 0 to 255, floats 0 to 1, flags black and white.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from typing import Any

from gradwire.data.libraries import needed
from gradwire.data.readers import Rendering
from gradwire.errors import InvalidArgumentError

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG's number for each number of channels."""
_PNG_MODES = frozenset({"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"})
_PLAIN_MODES = frozenset({"L", "LA", "I;16", "RGB", "RGBA"})
_DAMAGED = (OSError, ValueError, SyntaxError, EOFError)
"""What Pillow raises for a file that is none of its pictures, or is damaged."""


def of_image(image: Any) -> Rendering:
    """Return a `PIL.Image` as a file to upload; it is encoded when it is sent."""

    def make() -> bytes:
        memory = io.BytesIO()
        (image if image.mode in _PNG_MODES else _converted(image)).save(memory, "PNG")
        return memory.getvalue()

    return Rendering("image.png", make)


def of_array(array: Any) -> Rendering:
    """Return a numpy array as a file to upload.

    Raises:
        InvalidArgumentError: It is no picture.
    """
    pixels = _pixels(array)
    return Rendering("image.png", lambda: _png(pixels))


def _pixels(array: Any) -> Any:
    """Return the array as bytes, `height × width × channels`."""
    numpy = sys.modules["numpy"]
    shape = array.shape
    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) not in (2, 3) or channels not in _COLOUR_TYPES or 0 in shape:
        hint = ""
        if len(shape) == 3 and shape[0] in (1, 3, 4):
            hint = " The channels come last: numpy.moveaxis(array, 0, -1)."
        raise InvalidArgumentError(
            "A picture is an array of height × width, or height × width × channels with 1 to 4 "
            f"channels, not {_shape(shape)}.{hint}"
        )
    kind = array.dtype.kind
    if kind == "b":
        array = array.astype(numpy.uint8) * 255
    elif kind == "f":
        _check_range(array, 1)
        array = (array * 255).round().astype(numpy.uint8)
    elif kind in "iu":
        _check_range(array, 255)
        array = array.astype(numpy.uint8, copy=False)
    else:
        raise InvalidArgumentError(f"A picture has numbers, not {array.dtype}.")
    return array.reshape(shape[0], shape[1], channels)


def _check_range(array: Any, most: int) -> None:
    if array.dtype == "uint8":
        return
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= most):  # so that NaN is refused too
        raise InvalidArgumentError(
            f"A picture of {array.dtype} has values from 0 to {most}, not {low} to {high}. "
            "Scale it, or convert it to uint8."
        )


def _png(pixels: Any) -> bytes:
    """Encode `height × width × channels` bytes, each row as the difference to the one above."""
    numpy = sys.modules["numpy"]
    height, width, channels = pixels.shape
    rows = pixels.reshape(height, width * channels)
    filtered = numpy.empty((height, 1 + width * channels), numpy.uint8)
    filtered[:, 0] = 2  # the filter "up"
    filtered[0, 1:] = rows[0]
    numpy.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    body = zlib.compress(filtered.data, 6)
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(data, zlib.crc32(name))
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


# --- and back -----------------------------------------------------------------------------------


def to_image(content: bytes, name: str) -> Any:
    """Return the `PIL.Image` that a file holds, wholly read.

    Args:
        content: The file's bytes.
        name: The file's, for the error.

    Raises:
        MissingLibraryError: Pillow is not installed.
        InvalidArgumentError: It is no picture that Pillow can read.
    """
    library = needed("PIL.Image", "to make an image of a file")
    try:
        image = library.open(io.BytesIO(content))
        image.load()
    except _DAMAGED as error:
        raise InvalidArgumentError(
            f"{name!r} is no picture that Pillow can read: {error}. read() has its bytes."
        ) from error
    return image


def to_array(content: bytes, name: str) -> Any:
    """Return the pixels of a picture as a numpy array of uint8 (uint16 where it has 16 bits).

    `height × width` where it is gray, else `height × width × channels`. See `to_image` for the
    arguments and errors; numpy is needed too.
    """
    numpy = needed("numpy", "to make an array of a file")
    image = to_image(content, name)
    return numpy.array(image if image.mode in _PLAIN_MODES else _converted(image))


def _converted(image: Any) -> Any:
    """Return an image of a rare mode in the common one that is nearest."""
    if image.mode in ("1", "F", "I"):
        return image.convert("L")
    transparent = image.mode in ("PA", "RGBa", "La") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")
