"""`gradwire download`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradwire.cli.connection import Connection, app_argument, connection_options

if TYPE_CHECKING:
    from gradwire.data.files import FileData


@click.command("download")
@app_argument
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    default=Path(),
    help="The folder; else the current one.",
)
@connection_options
def command(connection: Connection, app: str, files: tuple[str, ...], out: Path) -> None:
    """Fetch FILES of an app: addresses, paths on its server, or file objects in JSON.

    Prints where they are now, one path a line. No file is written over.
    """
    from gradwire.app.words import shown
    from gradwire.cli.watching import watcher

    with connection.open(app) as client, watcher("downloading") as watch:
        paths = [client.download(_file(text), out, watch.transfer) for text in files]
    for path in paths:
        click.echo(shown(str(path)))


def _file(text: str) -> FileData | str:
    from gradwire.data.files import FileData

    if not text.startswith("{"):
        return text if "://" in text else FileData(text)
    try:
        file = FileData.from_dict(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{text[:60]!r} is no JSON: {error}.") from None
    if not (file.path or file.url):
        raise click.UsageError(f"{text[:60]!r} names no file: it has neither path nor url.")
    return file
