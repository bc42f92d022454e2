"""`gradwire upload`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gradwire.cli.connection import Connection, app_argument, connection_options


@click.command("upload")
@app_argument
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@connection_options
def command(connection: Connection, app: str, files: tuple[Path, ...]) -> None:
    """Send FILES to an app, and print how the app names them.

    In a pipe that is a JSON list of file objects, which can stand in the JSON of a call.
    """
    from gradwire.cli.calling import plain_json
    from gradwire.cli.screen import is_terminal, out
    from gradwire.cli.watching import watcher
    from gradwire.data.files import FileData
    from gradwire.data.inputs import FileInput
    from gradwire.errors import UploadError

    with connection.open(app) as client, watcher("uploading") as watch:
        inputs = [FileInput(path, on_progress=watch.transfer) for path in files]
        response = client.upload_files(None, inputs)
    if response.files is None:
        raise UploadError(response.error or "The app did not take the files.")
    sent = [
        FileData(path, orig_name=file.name, size=file.check(), mime_type=file.mime_type)
        for path, file in zip(response.files, inputs, strict=True)
    ]
    if not is_terminal(sys.stdout):
        click.echo(plain_json(sent))
        return
    from gradwire.app.words import clean
    from gradwire.cli.results import value_text

    for file in sent:
        out().print(value_text(file, None), f"\n  {clean(file.path)}", sep="", soft_wrap=True)
