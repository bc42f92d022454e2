"""`noob-gradio` of PyPI: asyncio on aiohttp, a session hash and a stream for each prediction.

It waits for the completion only, so it takes no part in the token stream.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from harness import run_async
from noob_gradio import Client


class Calls:
    """The benchmark's calls through one client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def echo(self, text: str) -> str:
        """One prediction, alone."""
        return (await self.client.predict(text, api_name="/echo"))[0]

    async def wait(self, text: str, seconds: float) -> str:
        """One prediction among many."""
        return (await self.client.predict(text, seconds, api_name="/wait"))[0]

    async def tokens(self, count: int) -> int:
        """It has no way to look at the steps of a generator."""
        raise NotImplementedError


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Calls]:
    """Connect one client."""
    async with Client(url, download_files=False) as client:
        yield Calls(client)


if __name__ == "__main__":
    run_async(connect)
