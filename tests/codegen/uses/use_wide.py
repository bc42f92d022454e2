"""Typed use of the app `wide`."""

from wide_client import AsyncWide, Wide


def use(app: Wide) -> None:
    assert app.add() == sum(range(200))
    assert app.add(1000) == sum(range(200)) + 1000


async def use_async(app: AsyncWide) -> None:
    assert await app.add(*[1] * 200) == 200
