"""Read what real Gradio servers said, so that it can be said again without them.

`recordings/<version>/` holds the conversations of a few servers with a simple client:
`config.json` and
`info.json` as they were served, and one text file per subject. A line there is a request (`>>>`,
its headers and `BODY`), the head of an answer (`<<<`, its headers), or a part of an answer (`<`),
each
with the second at which it came; a word before the arrow tells apart what ran side by side.

    for recording in streams("6.31.0", "chat-diffs"):
        parser.feed(recording.stream)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

RECORDINGS = Path(__file__).resolve().parent / "recordings"

_LINE = re.compile(
    r"(?:\[ *(?P<at>[\d.]+)s\]| {9}) (?:(?P<who>\w+) )?(?P<mark>>>>|<<<|<|---) ?(?P<rest>.*)"
)


@dataclass(frozen=True)
class Recording:
    """One submission: what was posted, what the POST was answered, and the stream that followed.

    Attributes:
        section: The heading that it stands under, or an empty string.
        path: Path and query of the POST, for instance `/gradio_api/queue/join`.
        request: The posted body, parsed.
        status: The HTTP status of the answer to the POST.
        answer: The body of that answer: parsed if it is JSON, else text.
        stream: The bytes of the event stream, as the server sent them; empty if there was none.
        chunks: The same stream as `(second, bytes)` pieces, in the rhythm in which it came.
        ended: Whether the server ended the stream; False if the client gave up on it.
    """

    section: str
    path: str
    request: Any
    status: int
    answer: Any
    stream: bytes = b""
    chunks: tuple[tuple[float, bytes], ...] = ()
    ended: bool = False

    @property
    def fn_index(self) -> int | None:
        """The index of the function that was called, where the request names one."""
        return self.request.get("fn_index") if isinstance(self.request, dict) else None

    @property
    def event_id(self) -> str | None:
        """The id that the server gave to the submission."""
        return self.answer.get("event_id") if isinstance(self.answer, dict) else None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The stream's messages, parsed."""
        events = self.stream.split(b"\n\n")
        return [json.loads(event.removeprefix(b"data:")) for event in events if event]


@dataclass
class Exchange:
    """One HTTP request and its answer, as they are collected from the lines."""

    section: str
    method: str
    path: str
    body: str = ""
    status: int = 0
    received: list[tuple[float, str]] = field(default_factory=list)
    ended: bool = False

    @property
    def session(self) -> str | None:
        """The session that a stream was opened for."""
        return parse_qs(urlsplit(self.path).query).get("session_hash", [None])[0]

    @property
    def chunks(self) -> tuple[tuple[float, bytes], ...]:
        """Everything received, as server-sent events with the blank line that ends each."""
        return tuple((at, f"{line}\n\n".encode()) for at, line in self.received if line)


def versions() -> list[str]:
    """Return the versions that there are recordings of, oldest first."""
    names = [path.name for path in RECORDINGS.iterdir() if path.is_dir()]
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def names(version: str) -> list[str]:
    """Return what was recorded of a version: `hello`, `stream`, `chat-diffs` …"""
    return sorted(path.stem for path in (RECORDINGS / version).glob("*.txt"))


def config(version: str) -> dict[str, Any]:
    """Return the answer of `/config`."""
    return _load(version, "config.json")


def info(version: str) -> dict[str, Any]:
    """Return the answer of `/info`."""
    return _load(version, "info.json")


def _load(version: str, name: str) -> dict[str, Any]:
    loaded = json.loads((RECORDINGS / version / name).read_bytes())
    assert isinstance(loaded, dict)
    return loaded


def posts(version: str, name: str) -> list[Recording]:
    """Return every POST of a recording, each with its stream if it had one."""
    found = exchanges(version, name)
    return [
        _recording(each, found[index:]) for index, each in enumerate(found) if each.method == "POST"
    ]


def streams(version: str, name: str) -> list[Recording]:
    """Return those POSTs of a recording that an event stream followed."""
    return [recording for recording in posts(version, name) if recording.stream]


def _recording(post: Exchange, following: Sequence[Exchange]) -> Recording:
    """Join a POST with the first stream of its session that was opened after it."""
    request, answer = _parsed(post.body), _parsed("\n".join(line for _, line in post.received))
    recording = Recording(post.section, post.path, request, post.status, answer)
    session = request.get("session_hash") if isinstance(request, dict) else None
    opened = (each for each in following if each.method == "GET" and each.session == session)
    stream = next(opened, None) if recording.event_id else None
    if stream is None:
        return recording
    chunks = stream.chunks
    told = {"stream": b"".join(part for _, part in chunks), "chunks": chunks, "ended": stream.ended}
    return Recording(**{**vars(recording), **told})


def _parsed(text: str) -> Any:
    """Return a body as JSON if it is JSON, else as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@cache
def exchanges(version: str, name: str) -> tuple[Exchange, ...]:
    """Return every request of a recording with its answer, in the order in which they began."""
    text = (RECORDINGS / version / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(_collect(text.split("\n")))


def _collect(lines: list[str]) -> Iterator[Exchange]:
    """Put lines together that belong to one exchange; who speaks is told by the label."""
    current: dict[str, Exchange] = {}
    section, who, at = "", "", 0.0
    for line in lines:
        match = _LINE.fullmatch(line)
        if line.startswith("### "):
            section = line[4:]
        elif match is None:
            if line.startswith("    BODY ") and who in current:
                current[who].body = line.removeprefix("    BODY ")
            continue
        else:
            who = match["who"] or ""
            at = float(match["at"] or at)
            if match["mark"] == ">>>":
                method, path, _ = match["rest"].split(" ", 2)
                current[who] = Exchange(section, method, path)
                yield current[who]
            else:
                _add(current[who], match["mark"], match["rest"], at)


def _add(exchange: Exchange, mark: str, rest: str, at: float) -> None:
    """Take in one line of an answer."""
    if mark == "<<<":
        exchange.status = int(rest.split(" ")[1])
    elif mark == "<":
        exchange.received.append((at, rest))
    else:
        exchange.ended = rest == "EOF"
