"""gradwire's `Client`, as its documentation shows it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness import run_sync

from gradwire import Client


class Calls:
    """The benchmark's calls through one client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def echo(self, text: str) -> str:
        """One prediction, alone."""
        return self.client.predict("/echo", [text]).data[0]

    def wait(self, text: str, seconds: float) -> Callable[[], str]:
        """One job among many."""
        job = self.client.submit("/wait", [text, seconds])
        return lambda: job.result().data[0]

    def tokens(self, count: int) -> int:
        """One token stream, kept as the list of its additions."""
        added = [event.delta[0] for event in self.client.submit("/tokens", [count])]
        return len(added)


@contextmanager
def connect(url: str) -> Iterator[Calls]:
    """Connect one client."""
    with Client.connect(url) as client:
        yield Calls(client)


if __name__ == "__main__":
    sys.modules["uvloop"] = None  # type: ignore[assignment] # that is a contender of its own
    run_sync(connect)
