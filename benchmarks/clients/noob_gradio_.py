"""`noob-gradio` of PyPI: asyncio on aiohttp, a session hash and a stream for each prediction.

It waits for the completion only, so it takes no part in streams, and reads no line of more than
half a megabyte, so none in large outputs. It sends and fetches files as part of a prediction
only, one for each parameter or output.
"""

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from harness import run_async
from noob_gradio import Client, handle_file


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

    async def upload(self, path: Path) -> str:
        """One large file, with a prediction."""
        return (await self.client.predict(handle_file(path), api_name="/keep"))[0]["path"]

    async def download(self, size: int, folder: Path) -> int:
        """One large file, with a prediction."""
        return Path((await self.client.predict(size, api_name="/file"))[0]).stat().st_size

    async def tokens(self, count: int) -> int:
        """It has no way to look at the steps of a generator."""
        raise NotImplementedError


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Calls]:
    """Connect one client."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = folder if "download" in sys.argv else False
        async with Client(url, download_files=wanted) as client:
            yield Calls(client)


if __name__ == "__main__":
    run_async(connect)
