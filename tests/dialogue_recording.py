"""Read what Gradio servers before 4.9 said, each job on a connection of its own.

`recordings_old/<version>/` is written as `recordings/` is (see `recording.py`). A WebSocket adds
lines: `WS open`, `<` what the server said, `>` what the client said, `--- WS closed code=…`. A job
of 4.0 is a `GET /queue/join` whose answer is the stream, with a `POST /queue/data` beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "recordings_old"

_LINE = re.compile(r"(?:\[ *[\d.]+s\]| {9}) (?:(?P<who>C\d+) )?(?P<rest>.*)")


@dataclass
class Recorded:
    """One job.

    Attributes:
        section: The heading that it stands under, or an empty string.
        protocol: `ws` or `sse`.
        heard: What the server said, in its order; of `sse` the data of each event.
        said: What the client said.
        closed: Whether the server hung up in order; False if the client left.
    """

    section: str
    protocol: str
    heard: list[bytes] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False

    @property
    def payload(self) -> dict[str, Any]:
        """What belongs to the call: its inputs, and where they go."""
        sent = next((each for each in self.said if "data" in each), {})
        named = {key: value for each in self.said for key, value in each.items()}
        payload = {"data": [], "event_data": None, "fn_index": 0, "session_hash": "s"}
        return payload | {k: v for k, v in (named | sent).items() if k in payload}

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(each) for each in self.heard]

    @property
    def stream(self) -> bytes:
        """The bytes of a `sse` stream."""
        return b"".join(b"data: " + each + b"\n\n" for each in self.heard)


def versions() -> list[str]:
    """Return the versions with recorded dialogues, oldest first."""
    found = [path.name for path in FOLDER.iterdir() if (path / "hello.txt").exists()]
    return sorted(found, key=lambda name: [int(part) for part in name.split(".")])


def names(version: str) -> list[str]:
    """Return what was recorded of a version."""
    return sorted(path.stem for path in (FOLDER / version).glob("*.txt"))


def config(version: str) -> dict[str, Any]:
    """Return the answer of `/config`."""
    return _load(version, "config")


def info(version: str) -> dict[str, Any] | None:
    """Return the answer of `/info`; None for a release that had none."""
    return _load(version, "info") if (FOLDER / version / "info.json").exists() else None


def _load(version: str, name: str) -> dict[str, Any]:
    loaded = json.loads((FOLDER / version / f"{name}.json").read_bytes())
    assert isinstance(loaded, dict)
    return loaded


@cache
def dialogues(version: str, name: str) -> tuple[Recorded, ...]:
    """Return the jobs of a recording that the server has said something about."""
    text = (FOLDER / version / f"{name}.txt").read_text(encoding="utf-8")
    found = list(_collect(text.split("\n")))  # whole, before one is looked at
    return tuple(each for each in found if each.heard)


def _collect(lines: list[str]) -> Iterator[Recorded]:
    current: dict[str, Recorded | None] = {}
    section, who, beside = "", "", False
    for line in lines:
        match = _LINE.fullmatch(line)
        if line.startswith("### "):
            section = line[4:]
        elif match is None:
            body = line.removeprefix("    BODY ")
            job = current.get(who)
            if body != line and beside and job is not None and '"event_id"' in body:
                job.said.append(json.loads(body))
            continue
        else:
            who = match["who"] or ""
            words = match["rest"]
            beside = words.startswith("DATA ")
            job = current.get(who)
            if words.startswith("WS open"):
                current[who] = job = Recorded(section, "ws")
                yield job
            elif words.startswith(">>> "):
                job = Recorded(section, "sse") if "GET /queue/join?fn_index" in words else None
                current[who] = job
                if job is not None:
                    yield job
            elif job is not None:
                _add(job, words)


def _add(job: Recorded, words: str) -> None:
    """Take in one line of a dialogue; what ran beside it has a word before its arrow."""
    mark, _, rest = words.partition(" ")
    if mark == "<" and rest:
        job.heard.append(rest.removeprefix("data:").strip().encode())
    elif mark == ">":
        job.said.append(json.loads(rest))
    elif words == "--- EOF" or words.startswith("--- WS closed code=1000"):
        job.closed = True
