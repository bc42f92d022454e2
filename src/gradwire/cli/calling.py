"""Calling an endpoint for the command line: what Ctrl-C means, and files in both directions."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from gradwire.app.endpoint import Endpoint
from gradwire.cli.values import read_inputs
from gradwire.cli.watching import Watcher
from gradwire.client.job import Job
from gradwire.client.sync import Client
from gradwire.data.files import FileData, TransferProgress
from gradwire.errors import InvalidArgumentError
from gradwire.wire.events import Event


def inputs_of(
    endpoint: Endpoint,
    words: tuple[str, ...],
    given: str | None,
    on_progress: Callable[[TransferProgress], object],
) -> dict[str, Any]:
    """Read the inputs of a call; `-` stands for JSON on stdin."""
    if given == "-":
        import sys

        given = sys.stdin.read()
    return read_inputs(endpoint, words, given, on_progress)


def start(client: Client, endpoint: Endpoint, inputs: dict[str, Any]) -> Job[Event]:
    """Call an endpoint; a job that takes its input in chunks gets this one only."""
    job = client.submit(endpoint.address, inputs, all_events=True)
    if endpoint.streaming_input:
        job.close_stream()
    return job


def events_of(job: Job[Event], watch: Watcher) -> Generator[Event, None, None]:
    """Yield the events of a job; leaving before its end, as by Ctrl-C, ends it on the server."""
    try:
        yield from job
    finally:
        # A second Ctrl-C ends the waiting for the server's word.
        if not job.done():
            watch.say("cancelling")
            job.cancel()


def plain_json(value: Any, file: Callable[[FileData], Any] | None = None, **style: Any) -> str:
    """Return JSON; files as `file` has them, else as file objects."""

    def other(value: object) -> Any:
        if isinstance(value, FileData):
            return value.to_dict() if file is None else file(value)
        raise InvalidArgumentError(f"{type(value).__name__} has no form in JSON.")

    return json.dumps(value, ensure_ascii=False, default=other, **style)


def files_in(value: Any) -> Iterator[FileData]:
    """Yield the files in an output, at any depth."""
    if isinstance(value, FileData):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from files_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from files_in(item)


class SavedFiles:
    """The files of a result, fetched into a folder."""

    def __init__(self, client: Client, folder: Path, watch: Watcher) -> None:
        self._client = client
        self._folder = folder
        self._watch = watch
        self._paths: dict[FileData, Path] = {}

    def fetch(self, data: list[Any]) -> None:
        """Fetch all that are not there yet."""
        for file in files_in(data):
            if file not in self._paths:
                self._watch.say("downloading")
                self._paths[file] = self._client.download(file, self._folder, self._watch.transfer)

    def path(self, file: FileData) -> str:
        """Return where a file is now."""
        return str(self._paths[file])
