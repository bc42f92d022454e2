"""Typed use of the app `streams`."""

import time

from streams_client import AsyncStreams, CountResult, Streams


def use(app: Streams) -> None:
    steps: list[CountResult] = list(app.count_steps(4))
    assert [(step.text, step.step) for step in steps] == [("0", 0), ("1", 1), ("2", 2), ("3", 3)]
    assert app.count().text == "2"
    app.silent()
    for text in app.forever_steps():
        assert text == "again"
        break
    deadline = time.monotonic() + 20
    while "forever" not in app.stopped():  # leaving the loop has stopped it
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def use_async(app: AsyncStreams) -> None:
    assert [step.step async for step in app.count_steps()] == [0, 1, 2]
    await app.silent()
