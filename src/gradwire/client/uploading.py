"""The two ways to upload without calling: raw (`upload_files`) and as `FileData` (`upload`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradwire.client.checks import checked_bytes, checked_name
from gradwire.client.options import Options
from gradwire.client.uploads import batches, described
from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput, handle_file
from gradwire.errors import AuthenticationError, InvalidArgumentError, UploadError
from gradwire.wire.requests import Requests

if TYPE_CHECKING:
    from gradwire.client.engine import Engine


@dataclass(frozen=True, slots=True)
class UploadResponse:
    """What became of a raw upload.

    Attributes:
        files: The server's path of each file; None if the server refused them.
        error: Why it did.
    """

    files: list[str] | None
    error: str | None = None


async def upload_raw(
    engine: Engine,
    requests: Requests,
    options: Options,
    files: Sequence[Any],
    upload_id: str | None,
) -> UploadResponse:
    """Upload files; see `AsyncClient.upload_files`."""
    if isinstance(files, str | bytes) or not isinstance(files, Sequence):
        raise InvalidArgumentError("files must be a list of what handle_file takes.")
    checked_name("upload_id", upload_id)
    inputs = [_input(file) for file in files]
    sizes = engine.uploads.check(inputs)
    paths: list[str] = []
    try:
        for batch in batches(inputs):
            chosen = {file: sizes[file] for file in batch}
            paths += await engine.uploads.send(chosen, requests, options.timeout, upload_id)
    except (UploadError, AuthenticationError) as error:
        return UploadResponse(None, str(error))
    return UploadResponse(paths)


async def upload_file_data(
    engine: Engine,
    requests: Requests,
    options: Options,
    file_data: Sequence[FileData],
    upload_id: str | None,
    max_file_size: int | None,
) -> list[FileData]:
    """Upload what `FileData` objects name locally; see `AsyncClient.upload`."""
    if not isinstance(file_data, Sequence) or not all(isinstance(f, FileData) for f in file_data):
        raise InvalidArgumentError(
            "upload takes a FileData or a list of them; for paths, bytes and open files use "
            "upload_files, or pass handle_file(...) to the call itself."
        )
    checked_name("upload_id", upload_id)
    checked_bytes("max_file_size", max_file_size)
    inputs = [
        FileInput(file.path, name=file.orig_name, mime_type=file.mime_type) for file in file_data
    ]
    sizes = engine.uploads.check(inputs, max_file_size)
    paths: list[str] = []
    for batch in batches(inputs):
        chosen = {file: sizes[file] for file in batch}
        paths += await engine.uploads.send(chosen, requests, options.timeout, upload_id)
    return [
        described(file, path, sizes[file], requests)
        for file, path in zip(inputs, paths, strict=True)
    ]


def _input(file: Any) -> FileInput:
    given = handle_file(file)
    if not isinstance(given, FileInput):
        raise InvalidArgumentError("A URL is passed to the call as it is; it is not uploaded.")
    return given
