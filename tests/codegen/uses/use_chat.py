"""Typed use of the app `chat`."""

from chat_client import AsyncChat, Chat


def use(app: Chat) -> None:
    assert app.chat("hi") == "You said hi "
    steps: list[str] = list(app.chat_steps("hi"))
    assert steps[-1] == "You said hi "
    assert len(set(steps)) == len(steps) == 3


async def use_async(app: AsyncChat) -> None:
    assert [step async for step in app.chat_steps("hi")][-1] == await app.chat("hi")
