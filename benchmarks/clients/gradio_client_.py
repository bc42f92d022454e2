"""`gradio_client` of PyPI, as its documentation shows it; its telemetry is switched off.

The process is ended by force: while a server keeps the event stream open, a thread of the
client reads on after `close()`, and the interpreter would wait for it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

from gradio_client import Client
from harness import run_sync


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
        job = self.client.submit(count, api_name="/tokens")
        return sum(1 for _ in job)


@contextmanager
def connect(url: str) -> Iterator[Calls]:
    """Connect one client."""
    client = Client(url, verbose=False, download_files=False, analytics_enabled=False)
    try:
        yield Calls(client)
    finally:
        client.close()


if __name__ == "__main__":
    run_sync(connect)
    os._exit(0)
