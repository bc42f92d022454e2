"""What can go wrong on a connection, and where.

A place is named by the message, not by a number of bytes: the head of a request, its body, the head
of an answer, its body or, where the answer is an event stream, each of its messages. So the same
place is found again in the next run, whatever ids and times the server puts into its messages.
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Where = Literal["before", "middle", "after", "whole"]

REQUEST_HEAD, REQUEST_BODY = "request head", "request body"
ANSWER_HEAD, ANSWER_BODY = "answer head", "answer body"
END = "last chunk"
"""The empty chunk that ends an answer in chunks."""
SENT = "sent"
"""The first word of the name of a WebSocket message of the client."""

KINDS = {
    "cut": "the connection is closed in an orderly way (FIN), in both directions",
    "reset": "it is reset (RST), in both directions",
    "stall": "nothing passes any more, and the connection stays open, at both ends",
    "delay": "nothing passes for a moment",
    "drip": "the bytes that follow come one at a time",
    "truncate": "the body is ended too early, in a way that HTTP takes for a proper end",
    "corrupt": "three bytes are turned into others",
    "duplicate": "the message comes twice",
    "re-chunk": "messages are cut up and joined: other chunks, the same bytes",
}
"""Every kind of fault, and what it does."""


class Place(NamedTuple):
    """A place in an exchange: before, in the middle of, or after a message; or all of it."""

    message: str
    where: Where


@dataclass
class Fault:
    """A fault, waiting for its place to come.

    Attributes:
        kind: One of `KINDS`.
        path: The exchange that it waits for, by the path of the request; `*` matches anything.
        place: Where it strikes there.
        times: How many exchanges it strikes, counted from the first one.
        noticed: Of a stall: whether the server notices when the client has given up.
        struck: How many it has struck.
        at: When it struck last, by `time.monotonic`.
    """

    kind: str
    path: str
    place: Place
    times: int = 1
    noticed: bool = False
    struck: int = 0
    at: float = 0.0
    _claimed: int = field(default=0, repr=False)

    def claim(self, path: str) -> bool:
        """Tell whether the exchange that begins with a request for `path` is one to strike."""
        if self._claimed >= self.times or not fnmatch.fnmatchcase(path, self.path):
            return False
        self._claimed += 1
        return True

    def strike(self) -> None:
        """Note that it strikes now."""
        self.struck += 1
        self.at = time.monotonic()


def places(kind: str, messages: list[str]) -> Iterator[Place]:
    """Yield every place at which a kind of fault means something in an exchange.

    Args:
        kind: The kind of fault.
        messages: The exchange as a clean run has shown it.
    """
    whole = kind == "duplicate"
    left_out = _LEFT_OUT.get(kind, ())
    for message in messages:
        if message in left_out:
            continue
        if whole:
            yield Place(message, "whole")
        else:
            yield Place(message, "before")
            yield Place(message, "middle")
    if kind in ("cut", "reset", "stall", "delay"):
        yield Place(messages[-1], "after")


_LEFT_OUT = {
    "duplicate": (REQUEST_HEAD, ANSWER_HEAD),
    "re-chunk": (REQUEST_HEAD, REQUEST_BODY, ANSWER_HEAD, END),
    "truncate": (REQUEST_HEAD, ANSWER_HEAD, END),
}
"""Messages to which a fault cannot happen, or means nothing."""
