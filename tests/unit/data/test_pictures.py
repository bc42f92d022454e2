"""Pictures: arrays to PNG, and files to arrays and images; Pillow says whether it is right."""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gradwire.data.pictures import of_array, of_image, to_array, to_image
from gradwire.errors import InvalidArgumentError, MissingLibraryError, UploadError


def seen(array: Any) -> Any:
    """Return what Pillow sees of an array that was written as PNG."""
    return np.asarray(Image.open(io.BytesIO(of_array(array).content())))


@given(
    st.integers(1, 9), st.integers(1, 9), st.sampled_from([None, 1, 2, 3, 4]), st.integers(0, 999)
)
def test_pixels_survive(height: int, width: int, channels: int | None, seed: int) -> None:
    shape = (height, width) if channels is None else (height, width, channels)
    array = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    expected = array.reshape(height, width) if channels == 1 else array
    assert (seen(array) == expected).all()
    assert (to_array(of_array(array).content(), "x") == expected).all()


def test_arrays_that_do_not_lie_in_one_piece() -> None:
    array = np.arange(120, dtype=np.uint8).reshape(10, 12)[::-2, ::3]
    assert (seen(array) == array).all()
    assert (seen(array.T) == array.T).all()


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_floats(kind: str) -> None:
    assert seen(np.array([[0, 0.5, 1]], kind)).tolist() == [[0, 128, 255]]


def test_flags_and_wide_numbers() -> None:
    assert seen(np.array([[True, False]])).tolist() == [[255, 0]]
    assert seen(np.array([[0, 255]])).tolist() == [[0, 255]]


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.zeros(3), "not 3"),
        (np.zeros(()), "a single number"),
        (np.zeros((3, 5, 7)), "channels come last"),
        (np.zeros((2, 2, 5)), "1 to 4 channels"),
        (np.zeros((0, 2)), "0 × 2"),
        (np.full((2, 2), 1.5), "values from 0 to 1, not 1.5"),
        (np.full((2, 2), -0.5), "values from 0 to 1"),
        (np.array([[np.nan]]), "values from 0 to 1"),
        (np.full((2, 2), 256), "values from 0 to 255"),
        (np.full((2, 2), "a"), "has numbers"),
        (np.full((2, 2), 1j), "has numbers"),
    ],
)
def test_what_is_no_picture(array: Any, why: str) -> None:
    with pytest.raises(InvalidArgumentError, match=why):
        of_array(array)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGB", "RGBA", "CMYK", "YCbCr", "F"])
def test_images_of_every_mode(mode: str) -> None:
    image = Image.new(mode, (3, 2))
    content = of_image(image).content()
    assert Image.open(io.BytesIO(content)).size == (3, 2)
    assert to_array(content, "x").shape[:2] == (2, 3)


def test_a_palette_with_a_clear_colour_keeps_it() -> None:
    image = Image.new("P", (1, 1))
    memory = io.BytesIO()
    image.save(memory, "PNG", transparency=0)
    assert to_array(memory.getvalue(), "x").tolist() == [[[0, 0, 0, 0]]]


def test_an_image_is_encoded_once_and_only_when_wanted() -> None:
    image = Image.new("L", (1, 1))
    rendering = of_image(image)
    image.putpixel((0, 0), 9)
    content = rendering.content()
    assert Image.open(io.BytesIO(content)).getpixel((0, 0)) == 9
    assert rendering.content() is content


def test_an_image_whose_file_is_damaged() -> None:
    content = of_array(np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8)).content()
    image = Image.open(io.BytesIO(content[:200]))
    with pytest.raises(UploadError, match=r"Cannot upload 'image\.png'"):
        of_image(image).content()


@pytest.mark.parametrize("cut", [0, 20, 200])
def test_what_is_no_picture_to_pillow(cut: int) -> None:
    content = of_array(np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8)).content()
    with warnings.catch_warnings(), pytest.raises(InvalidArgumentError, match=r"'a\.txt' is no"):
        warnings.simplefilter("ignore")
        to_image(content[:cut], "a.txt")


@pytest.mark.parametrize("missing", ["PIL.Image", "numpy"])
def test_a_missing_library_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    package = {"PIL.Image": "pillow"}.get(missing, missing)
    with pytest.raises(MissingLibraryError, match=f"pip install {package}"):
        to_array(b"", "x")
