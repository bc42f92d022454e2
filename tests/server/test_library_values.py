"""Pictures, sounds, tables and dates of Python libraries, there and back."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from helpers import asynchronous
from PIL import Image
from servers.launch import Server

from gradwire import AsyncClient, Client, FileTooLargeError, InvalidArgumentError, to_frame

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
FRAME = pd.DataFrame({"name": ["a", None], "n": [1.5, None], "when": [pd.Timestamp(0), pd.NaT]})


@pytest.fixture(params=["server", "ws_server"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """Connect to the newest Gradio, and to the last 3.x."""
    with Client.connect(request.getfixturevalue(request.param).url) as client:
        yield client


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(PIXELS),
        PIXELS,
        PIXELS / 255,
        np.dstack([PIXELS, np.full((2, 4), 255, np.uint8)]),
    ],
    ids=["image", "uint8", "float", "rgba"],
)
def test_a_picture_arrives_with_its_pixels(client: Client, picture: Any) -> None:
    seen = client.predict("/about_image", [picture]).value
    assert (seen["shape"], seen["first"]) == ([2, 4, 3], list(range(8)))


def test_a_gray_picture(client: Client) -> None:
    seen = client.predict("/about_image", [PIXELS[:, :, 0]]).value
    assert seen["first"] == [0, 0, 0, 3, 3, 3, 6, 6]


def test_a_picture_comes_back_as_image_and_as_array(client: Client) -> None:
    file = client.predict("/image_io", [PIXELS]).value
    assert file.to_image().size == (4, 2)
    assert (file.to_array()[..., :3] == PIXELS).all()


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.arange(4, dtype=np.int16), [0, 1, 2, 3]),
        (np.arange(4, dtype=np.int32), [0, 1, 2, 3]),
        (np.array([-1, 1], np.float32), [1 - 2**31, 2**31 - 1]),
        (np.arange(6, dtype=np.int16).reshape(3, 2), [0, 1, 2, 3, 4, 5]),
        (np.array([0, 255], np.uint8), [-32768, 127 * 256]),
    ],
    ids=["int16", "int32", "float32", "stereo", "uint8"],
)
def test_a_sound_arrives_with_its_samples(client: Client, samples: Any, expected: Any) -> None:
    seen = client.predict("/about_audio", [(22050, samples)]).value
    assert (seen["rate"], seen["shape"], seen["first"]) == (22050, list(samples.shape), expected)


def test_a_sound_comes_back(client: Client) -> None:
    samples = np.arange(100, dtype=np.int16).reshape(50, 2)
    rate, array = client.predict("/audio_io", [(8000, samples)]).value.to_audio()
    assert rate == 8000
    assert (array == samples).all()


def test_frames_arrive(client: Client) -> None:
    seen = client.predict("/about_table", [FRAME]).value
    assert seen["headers"] == ["name", "n", "when"]
    assert seen["rows"] == [["a", 1.5, "1970-01-01T00:00:00"], [None, None, None]]
    seen = client.predict("/about_table", [pl.DataFrame({"x": [1, 2]})]).value
    assert (seen["headers"], seen["rows"]) == (["x"], [[1], [2]])


def test_an_array_in_the_place_of_a_table_gets_its_headers(client: Client) -> None:
    seen = client.predict("/about_table", [np.eye(2, dtype=int)]).value
    assert (seen["headers"], seen["rows"]) == (["name", "n"], [[1, 0], [0, 1]])


def test_frames_come_back(client: Client) -> None:
    result = client.predict("/table_io", [FRAME[["name", "n"]]])
    assert result.to_frame().equals(pd.DataFrame({"name": ["a", None], "n": [1.5, None]}))
    assert to_frame(result.value, "polars").rows() == [("a", 1.5), (None, None)]


def test_an_empty_frame(client: Client) -> None:
    result = client.predict("/table_io", [pd.DataFrame({"name": [], "n": []})])
    assert (len(result.to_frame()), list(result.to_frame().columns)) == (0, ["name", "n"])


def test_moments(server: Server) -> None:
    with Client.connect(server.url) as client:
        moment = datetime(2024, 1, 2, 3, 4, 5)
        assert client.predict("/about_moment", [moment]).value == "2024-01-02 03:04:05"
        assert client.predict("/about_moment", [moment.date()]).value == "2024-01-02 00:00:00"
        assert client.predict("/about_day", [moment]).value == "2024-01-02 00:00:00"
        assert client.predict("/about_day", [date(2024, 1, 2)]).value == "2024-01-02 00:00:00"
        assert client.predict("/defaults", loose=moment).value[-1] == "2024-01-02T03:04:05"


def test_galleries_and_messages(server: Server) -> None:
    with Client.connect(server.url) as client:
        items = [{"image": PIXELS, "caption": "seen"}, {"image": Image.new("L", (1, 1))}]
        shown = client.predict("/gallery_io", [items]).value
        assert shown[0]["caption"] == "seen"
        assert (shown[0]["image"].to_array() == PIXELS).all()
        message = {"text": "see", "files": [PIXELS, (8000, np.zeros(9, np.int16))]}
        assert client.predict("/multimodal", [message]).data == [
            "see",
            ["image.png", "audio.wav"],
        ]


def test_what_does_not_suit_is_refused_before_anything_is_sent(server: Server) -> None:
    with Client.connect(server.url) as client:
        with pytest.raises(InvalidArgumentError, match="height × width"):
            client.submit("/about_image", [np.zeros((2, 2, 9))])
        with pytest.raises(InvalidArgumentError, match=r"\(rate, array\)"):
            client.submit("/audio_io", [np.zeros(9)])


def test_a_picture_that_is_too_large(small_server: Server) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (100, 100), np.uint8)
    with Client.connect(small_server.url) as client:
        with pytest.raises(FileTooLargeError, match="1,000 bytes"):
            client.predict("/about_image", [noise])


def test_a_file_that_is_no_picture_or_sound(server: Server) -> None:
    with Client.connect(server.url) as client:
        file = client.predict("/file_io", [b"text"]).value
        with pytest.raises(InvalidArgumentError, match="no picture"):
            file.to_image()


@asynchronous
async def test_the_asynchronous_client(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        picture, sound = await asyncio.gather(
            client.predict("/image_io", [Image.fromarray(PIXELS)]),
            client.predict("/audio_io", [(8000, np.arange(9, dtype=np.int16))]),
        )
        assert (await picture.value.to_image()).size == (4, 2)
        assert (await picture.value.to_array() == PIXELS).all()
        assert (await sound.value.to_audio())[1].tolist() == list(range(9))
        assert (await client.predict("/table_io", [FRAME])).to_frame().shape == (2, 3)


def test_a_picture_made_of_a_file_that_was_closed(server: Server) -> None:
    memory = io.BytesIO()
    Image.fromarray(PIXELS).save(memory, "BMP")
    image = Image.open(memory)
    with Client.connect(server.url) as client:
        assert client.predict("/about_image", [image]).value["shape"] == [2, 4, 3]
