"""Typed use of the app `greet`."""

from greet_client import AsyncGreet, Greet


def use(app: Greet) -> None:
    greeting: str = app.greet("Ada")
    assert greeting == "Hello, Ada."
    assert app.greet("Ada", excited=True, times=2) == "Hello, Ada! Hello, Ada!"
    with Greet.connect(app._address) as other:
        assert other.greet(name="Bob") == "Hello, Bob."


async def use_async(app: AsyncGreet) -> None:
    greeting: str = await app.greet("Ada", True)
    assert greeting == "Hello, Ada!"
    async with AsyncGreet.connect() as other:
        assert await other.greet(name="Bob") == "Hello, Bob."
    connected = await AsyncGreet.connect()
    assert await connected.greet("x") == "Hello, x."
    await connected.close()
