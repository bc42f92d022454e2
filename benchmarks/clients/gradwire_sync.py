"""gradwire's `Client`, as its documentation shows it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import run_sync
from meter import first_event

from gradwire import Client


class Calls:
    """The benchmark's calls through one client."""

    def __init__(self, client: Client, url: str) -> None:
        self.client = client
        self.url = url

    def echo(self, text: str) -> str:
        """One prediction, alone."""
        return self.client.predict("/echo", [text]).data[0]

    def wait(self, text: str, seconds: float) -> Callable[[], str]:
        """One job among many."""
        job = self.client.submit("/wait", [text, seconds])
        return lambda: job.result().data[0]

    def tokens(self, count: int) -> int:
        """One token stream, kept as the list of its additions."""
        return len(self.steps("/tokens", [count]))

    def steps(self, name: str, data: list[int]) -> list[Any]:
        """What each step of a generator has added."""
        events = iter(self.client.submit(name, data))
        first = next(events).delta[0]
        first_event()
        return [first, *[event.delta[0] for event in events]]

    def chat(self, count: int) -> int:
        """The same for a chat."""
        return len(self.steps("/chat", [count]))

    def grow(self, count: int, size: int) -> int:
        """One long text, of which only the additions are looked at."""
        return sum(map(len, self.steps("/grow", [count, size])))

    def blob(self, size: int) -> int:
        """One large output."""
        return len(self.client.predict("/blob", [size]).value["data"])

    def upload(self, path: Path) -> str | None:
        """One large file."""
        sent = self.client.upload_files(None, [path])
        return sent.files[0] if sent.files else sent.error

    def download(self, size: int, folder: Path) -> int:
        """One large file, into a folder."""
        path = self.client.download(f"{self.url}/gradio_api/file=/zeros/{size}", folder)
        return path.stat().st_size

    def files(self, paths: list[Path]) -> int:
        """Many small files in one call."""
        return len(self.client.predict("/echo", [paths]).value)


@contextmanager
def connect(url: str) -> Iterator[Calls]:
    """Connect one client."""
    with Client.connect(url) as client:
        yield Calls(client, url)


if __name__ == "__main__":
    sys.modules["uvloop"] = None  # type: ignore[assignment] # that is a contender of its own
    run_sync(connect)
