"""msgspec alone: what it takes to decode a large output that is there already."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from harness import run_sync

sys.path.append(str(Path(__file__).parents[1]))
from messages import completed, rows


class Output(msgspec.Struct):
    """The part of an output that is looked at."""

    data: list[Any]


class Message(msgspec.Struct):
    """The part of a message that is looked at."""

    output: Output


class Calls:
    """No calls at all."""

    def __init__(self) -> None:
        self.decode = msgspec.json.Decoder(Message).decode
        self.messages: dict[int, bytes] = {}

    def blob(self, size: int) -> int:
        """One large output."""
        if size not in self.messages:
            framed = completed(b"e", rows(size))
            self.messages[size] = framed[framed.index(b"{") : framed.rindex(b"}") + 1]
        return len(self.decode(self.messages[size]).output.data[0]["data"])


@contextmanager
def connect(url: str) -> Iterator[Calls]:
    """Nothing to connect to."""
    yield Calls()


if __name__ == "__main__":
    run_sync(connect)
