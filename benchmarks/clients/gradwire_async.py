"""gradwire's `AsyncClient`, as its documentation shows it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from harness import run_async

from gradwire import AsyncClient


class Calls:
    """The benchmark's calls through one client."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def echo(self, text: str) -> str:
        """One prediction, alone."""
        return (await self.client.predict("/echo", [text])).data[0]

    async def wait(self, text: str, seconds: float) -> str:
        """One prediction among many."""
        return (await self.client.predict("/wait", [text, seconds])).data[0]

    async def tokens(self, count: int) -> int:
        """One token stream, kept as the list of its additions."""
        added = [event.delta[0] async for event in self.client.submit("/tokens", [count])]
        return len(added)


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Calls]:
    """Connect one client."""
    async with AsyncClient.connect(url) as client:
        yield Calls(client)


if __name__ == "__main__":
    run_async(connect)
