"""What has to be the same for a run to go on where another one ended."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradwire.app.endpoint import Endpoint
from gradwire.batch.cells import plain
from gradwire.batch.database import OtherWorkError, as_json
from gradwire.batch.results import output_names
from gradwire.batch.table_job import TableJob
from gradwire.data.inputs import FileInput
from gradwire.errors import InvalidArgumentError

_WORDS = {
    "format": "the format of the table",
    "endpoint": "the endpoint",
    "outputs": "the list of the endpoint's outputs",
    "map": "the mapping from columns to parameters",
    "files": "the list of columns with files",
    "files_to": "the folder for the outputs' files",
}


def identity(job: TableJob, endpoint: Endpoint, fingerprint: Fingerprint) -> dict[str, Any]:
    """Return it as JSON.

    Values that all rows have may be secret: only their hashes are kept.
    """
    names = {parameter.wire_name: parameter.name for parameter in endpoint.parameters}
    mapping = {column: names.get(name, name) for column, name in job.mapping.items()}
    files_to = None if job.files_to is None else os.path.relpath(job.files_to, job.output)
    return {
        "input": fingerprint.to_dict(),
        "format": job.form,
        "endpoint": endpoint.address,
        "outputs": output_names(endpoint),
        # What goes where it would go anyway need not be said.
        "map": {column: name for column, name in sorted(mapping.items()) if column != name},
        "set": {names.get(name, name): _hash(value) for name, value in job.constants.items()},
        "files": sorted(job.files),
        "files_to": files_to,
    }


def other_work(job: TableJob, error: OtherWorkError) -> InvalidArgumentError:
    """Say in words how the work that was begun differs from a job."""
    restart = job.words("restart", "True")
    return InvalidArgumentError(
        f"The checkpoint in {job.checkpoint} belongs to other work: "
        f"{_difference(job, error.begun, error.now)}. Go on as it was begun, name another output, "
        f"or begin anew ({restart}), which forgets what is done."
    )


def _difference(job: TableJob, begun: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if begun.get("input") != now["input"]:
        return f"{job.source} has changed since the run began, or is another table"
    constants, before = now["set"], begun.get("set") or {}
    for name in {**before, **constants}:
        if before.get(name) != constants.get(name):
            return f"the value that all rows have for {name!r} is not what it was"
    name = next(name for name in {**begun, **now} if begun.get(name) != now.get(name))
    was, is_now = _short(begun.get(name)), _short(now.get(name))
    return f"{_WORDS.get(name, name)} was {was}, and is {is_now} now"


def _short(value: Any) -> str:
    text = as_json(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _hash(value: Any) -> str:
    return hashlib.sha256(as_json(_as_kept(value)).encode()).hexdigest()


def _as_kept(value: Any) -> Any:
    if isinstance(value, FileInput):
        return f"file {value.source if isinstance(value.source, str | os.PathLike) else value.name}"
    if isinstance(value, list):
        return [_as_kept(item) for item in value]
    return plain(value)


@dataclass(frozen=True)
class Fingerprint:
    """By what an input is known again: its content, wherever it lies."""

    size: int
    sha256: str
    changed: int

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """Read a file to its end."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            facts = os.fstat(file.fileno())
        return cls(facts.st_size, digest, facts.st_mtime_ns)

    def to_dict(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {"size": self.size, "sha256": self.sha256}

    def check(self, path: Path) -> None:
        """Make sure that a file is still what it was.

        Raises:
            InvalidArgumentError: It is not.
        """
        facts = path.stat()
        if (facts.st_size, facts.st_mtime_ns) == (self.size, self.changed):
            return
        if Fingerprint.of(path).to_dict() != self.to_dict():
            raise InvalidArgumentError(
                f"{path} has changed while its rows were called. Put the old one back and run the "
                "same again: only the output is still to be written."
            )
