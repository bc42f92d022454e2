"""Typed use of the app `messages`."""

import numpy as np
from messages_client import AsyncMessages, Messages


def use(app: Messages) -> None:
    picture = np.zeros((2, 2), np.uint8)
    result = app.read({"text": "hi", "files": [b"x", picture, (8000, np.zeros(9, np.int16))]})
    assert (result.text, result.names) == ("hi", ["file", "image.png", "audio.wav"])
    [message] = app.talk()
    [content] = message["content"]
    assert "text" in content
    assert content["text"] == "hi"
    assert message["role"] == "user"
    assert app.length([{"role": "user", "content": [{"text": "hi", "type": "text"}]}]) == 1


async def use_async(app: AsyncMessages) -> None:
    assert (await app.read({"text": "hi"})).text == "hi"
