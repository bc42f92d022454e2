"""`gradio_client` of PyPI, as its documentation shows it; its telemetry is switched off.

It sends and fetches files as part of a prediction only, so its uploads and downloads are one each.
The process is ended by force: while a server keeps the event stream open, a thread of the
client reads on after `close()`, and the interpreter would wait for it.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

from gradio_client import Client, handle_file
from harness import run_sync
from meter import first_event


class Calls:
    """The benchmark's calls through one client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def echo(self, text: str) -> str:
        """One prediction, alone."""
        return self.client.predict(text, api_name="/echo")

    def wait(self, text: str, seconds: float) -> Callable[[], str]:
        """One job among many."""
        return self.client.submit(text, seconds, api_name="/wait").result

    def tokens(self, count: int) -> int:
        """One token stream, each whole text of it looked at."""
        return len(self.steps("/tokens", count))

    def chat(self, count: int) -> int:
        """The same for a chat."""
        return len(self.steps("/chat", count))

    def grow(self, count: int, size: int) -> int:
        """One long text."""
        return len(self.steps("/grow", count, size)[-1])

    def steps(self, name: str, *data: int) -> list[Any]:
        """The whole output of each step."""
        steps: list[Any] = []
        for step in self.client.submit(*data, api_name=name):
            steps.append(step)
            if len(steps) == 1:
                first_event()
        return steps

    def blob(self, size: int) -> int:
        """One large output."""
        return len(self.client.predict(size, api_name="/blob")["data"])

    def upload(self, path: Path) -> str:
        """One large file, with a prediction."""
        return self.client.predict(handle_file(path), api_name="/keep")["path"]

    def download(self, size: int, folder: Path) -> int:
        """One large file, with a prediction."""
        return Path(self.client.predict(size, api_name="/file")).stat().st_size

    def files(self, paths: list[Path]) -> int:
        """Many small files in one call."""
        return len(self.client.predict([handle_file(path) for path in paths], api_name="/echo"))


@contextmanager
def connect(url: str) -> Iterator[Calls]:
    """Connect one client."""
    with tempfile.TemporaryDirectory() as folder:
        client = Client(
            url,
            verbose=False,
            download_files=folder if "download" in sys.argv else False,
            analytics_enabled=False,
        )
        try:
            yield Calls(client)
        finally:
            client.close()


if __name__ == "__main__":
    run_sync(connect)
    os._exit(0)
