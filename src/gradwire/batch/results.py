"""What came of a row: its outputs as columns, with their files in a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from gradwire.app.endpoint import Endpoint
from gradwire.app.names import ParameterNames
from gradwire.batch.ownership import Ownership
from gradwire.client.files import BoundFile
from gradwire.data.filenames import fit_name
from gradwire.data.files import FileData
from gradwire.errors import GradwireError

ERROR = "error"
"""The column that says why a row has failed."""
_PARTIAL = ".gradwire-partial"


def output_names(endpoint: Endpoint) -> list[str]:
    """Return a name for each output: its label as an identifier, or `output`."""
    names, several = ParameterNames(), len(endpoint.returns) > 1
    return [
        names.take("", returned.label.strip() or (f"output {n}" if several else "output"), n)
        for n, returned in enumerate(endpoint.returns, 1)
    ]


def free_columns(names: Sequence[str], taken: Collection[str]) -> list[str]:
    """Return names for further columns of a table: `output_…` where it has one of that name."""
    seen, found = set(taken), []
    for name in names:
        while name in seen:
            name = f"output_{name}"
        seen.add(name)
        found.append(name)
    return found


def error_text(error: GradwireError) -> str:
    """Return an error as a cell has it: its kind and its message."""
    return f"{type(error).__name__}: {error}"


class Files:
    """Fetches the files of results into a folder.

    A file is called `7-1-name.png`: the first file of row 7. When a row is called again because
    its result was lost, its files take the places of those that are there.
    """

    def __init__(self, folder: Path, base: Path, output: Path | None) -> None:
        """Choose where files go.

        Args:
            folder: Made when the first file comes.
            base: What the paths in the table are relative to.
            output: The table that they belong to; None: one that is kept nowhere.
        """
        self._folder = folder
        self._base = base
        self._partial = folder / _PARTIAL
        self._ownership = Ownership(folder, output)

    def prepare(self, endpoint: Endpoint) -> None:
        """Make sure that files can be kept, if some will come.

        Raises:
            InvalidArgumentError: The folder is another output's.
            GradwireError: They cannot.
        """
        self._ownership.check()
        if any("FileData" in returned.type for returned in endpoint.returns):
            self._take()

    def _take(self) -> None:
        """Have the folder alone; remove what a killed run has left there."""
        if self._ownership.taken:
            return
        try:
            self._ownership.take()
        except OSError as error:
            raise GradwireError(
                f"{self._folder} cannot be made for the outputs' files: {error.strerror}. Name "
                "another folder for them."
            ) from error
        shutil.rmtree(self._partial, ignore_errors=True)

    def close(self) -> None:
        """Remove halves of files; let others have the folder."""
        if self._ownership.taken:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._ownership.release()

    async def save(self, number: int, data: list[Any]) -> list[Any]:
        """Fetch the files of a row; return its outputs with paths in their places.

        Args:
            number: The row's, from 1 on.
            data: Its outputs.
        """
        self._take()  # now at the latest: not every endpoint says that it has files
        paths: dict[FileData, str] = {}
        for file in files_in(data):
            if file not in paths:
                paths[file] = await self._save_one(f"{number}-{len(paths) + 1}", file)
        return [with_paths(value, paths) for value in data]

    async def _save_one(self, prefix: str, file: FileData) -> str:
        # Who gave out the file, which may be one of several, has it.
        assert isinstance(file, BoundFile)
        found = await file._reader().download(file, self._partial)
        target = self._folder / fit_name(f"{prefix}-{found.name}")
        os.replace(found, target)
        return Path(os.path.relpath(target, self._base)).as_posix()


def files_in(value: Any) -> list[FileData]:
    """Return the files in an output, at any depth."""
    if isinstance(value, FileData):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [file for item in value for file in files_in(item)]
    return []


def with_paths(value: Any, paths: dict[FileData, str]) -> Any:
    """Return an output as JSON: each file as its path, or else as its address."""
    if isinstance(value, FileData):
        return paths.get(value, value.url or value.path)
    if isinstance(value, dict):
        return {key: with_paths(item, paths) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_paths(item, paths) for item in value]
    return value
