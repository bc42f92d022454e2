"""msgspec alone: what it takes to decode a large output, or config and API info, that are there.

Config and API info are fetched before the clock starts, and the server forgets that it gave them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

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

    def __init__(self, described: list[bytes]) -> None:
        self.decode = msgspec.json.Decoder(Message).decode
        self.messages: dict[int, bytes] = {}
        for each in described:
            msgspec.json.decode(each)

    def blob(self, size: int) -> int:
        """One large output."""
        if size not in self.messages:
            framed = completed(b"e", rows(size))
            self.messages[size] = framed[framed.index(b"{") : framed.rindex(b"}") + 1]
        return len(self.decode(self.messages[size]).output.data[0]["data"])

    def echo(self, text: str) -> str:
        """Nothing: what `connect` costs has been paid."""
        return text


def described(url: str) -> list[bytes]:
    """Config and API info of the app there."""
    answers = []
    for path in ("/config", "/gradio_api/info"):
        with urlopen(url + path) as answer:
            answers.append(answer.read())
    urlopen(urljoin(url, "/stats/reset"), data=b"").close()
    return answers


DESCRIBED = described(sys.argv[1])


@contextmanager
def connect(url: str) -> Iterator[Calls]:
    """Decode what the app says about itself."""
    yield Calls(DESCRIBED)


if __name__ == "__main__":
    run_sync(connect)
