"""Typed use of the app `pictures`."""

from pathlib import Path

import numpy as np
from pictures_client import AsyncPictures, Pictures
from PIL import Image

PIXELS = np.zeros((4, 6, 3), np.uint8)


def use(app: Pictures) -> None:
    assert app.shape(PIXELS) == [4, 6, 3]
    image = Image.new("RGB", (6, 4))
    path: Path = app.same(image).download()
    assert app.shape(path) == [4, 6, 3]
    assert app.shape(path.read_bytes()) == [4, 6, 3]
    first, second = app.gallery(image)
    assert "image" in first
    assert first["caption"] == "first"
    assert first["image"].to_image().size == (6, 4)
    result = app.edit({"background": image, "layers": [PIXELS], "composite": None})
    assert result.background.to_array().shape[:2] == (4, 6)
    assert len(result.layers) == 1
    assert second


async def use_async(app: AsyncPictures) -> None:
    same = await app.same(PIXELS)
    assert (await same.to_image()).size == (6, 4)
    [first, _] = await app.gallery(PIXELS)
    assert "image" in first
    assert len(await first["image"].read()) > 0
