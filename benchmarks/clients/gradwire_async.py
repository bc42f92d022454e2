"""gradwire's `AsyncClient`, as its documentation shows it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from harness import run_async
from meter import first_event

from gradwire import AsyncClient


class Calls:
    """The benchmark's calls through one client."""

    def __init__(self, client: AsyncClient, url: str) -> None:
        self.client = client
        self.url = url

    async def echo(self, text: str) -> str:
        """One prediction, alone."""
        return (await self.client.predict("/echo", [text])).data[0]

    async def wait(self, text: str, seconds: float) -> str:
        """One prediction among many."""
        return (await self.client.predict("/wait", [text, seconds])).data[0]

    async def tokens(self, count: int) -> int:
        """One token stream, kept as the list of its additions."""
        return len(await self.steps("/tokens", [count]))

    async def steps(self, name: str, data: list[int]) -> list[Any]:
        """What each step of a generator has added."""
        events = aiter(self.client.submit(name, data))
        first = (await anext(events)).delta[0]
        first_event()
        return [first, *[event.delta[0] async for event in events]]

    async def chat(self, count: int) -> int:
        """The same for a chat."""
        return len(await self.steps("/chat", [count]))

    async def grow(self, count: int, size: int) -> int:
        """One long text, of which only the additions are looked at."""
        return sum(map(len, await self.steps("/grow", [count, size])))

    async def blob(self, size: int) -> int:
        """One large output."""
        return len((await self.client.predict("/blob", [size])).value["data"])

    async def upload(self, path: Path) -> str | None:
        """One large file."""
        sent = await self.client.upload_files(None, [path])
        return sent.files[0] if sent.files else sent.error

    async def download(self, size: int, folder: Path) -> int:
        """One large file, into a folder."""
        path = await self.client.download(f"{self.url}/gradio_api/file=/zeros/{size}", folder)
        return path.stat().st_size

    async def files(self, paths: list[Path]) -> int:
        """Many small files in one call."""
        return len((await self.client.predict("/echo", [paths])).value)


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Calls]:
    """Connect one client."""
    async with AsyncClient.connect(url) as client:
        yield Calls(client, url)


if __name__ == "__main__":
    run_async(connect)
