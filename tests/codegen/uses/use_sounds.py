"""Typed use of the app `sounds`."""

import numpy as np
from sounds_client import AsyncSounds, Sounds

SAMPLES = np.arange(100, dtype=np.int16)


def use(app: Sounds) -> None:
    result = app.louder((8000, SAMPLES))
    rate, array = result.louder.to_audio()
    assert (rate, result.rate, array[3]) == (8000, 8000, 6)


async def use_async(app: AsyncSounds) -> None:
    result = await app.louder((8000, SAMPLES))
    assert (await result.louder.to_audio())[1][3] == 6
