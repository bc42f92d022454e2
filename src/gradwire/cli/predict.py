"""`gradwire predict`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from gradwire.cli.connection import (
    Connection,
    app_argument,
    connection_options,
    endpoint_argument,
    endpoint_key,
)


@click.command("predict")
@app_argument
@endpoint_argument()
@click.argument("values", nargs=-1, metavar="[NAME=VALUE | NAME=@FILE]…")
@click.option("--json", "given", metavar="JSON", help="Inputs as an object or a list; - for stdin.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Fetch the files of the result into this folder.",
)
@connection_options
def command(
    connection: Connection,
    app: str,
    endpoint: str,
    values: tuple[str, ...],
    given: str | None,
    out: Path | None,
) -> None:
    """Call an endpoint and print its result.

    Values are read as their parameters have it: numbers, true or false, choices, JSON, texts.
    NAME=@FILE sends a file; where a text is wanted, its content. NAME=@@TEXT is a text that begins
    with @. A list is given by its JSON, or by NAME=VALUE several times.

    On a terminal the result is shown for people. In a pipe it is one JSON value: the output itself,
    a list where there are several. Ctrl-C cancels the call on the server too.
    """
    from gradwire.cli.calling import SavedFiles, events_of, inputs_of, plain_json, start
    from gradwire.cli.results import print_result
    from gradwire.cli.screen import is_terminal
    from gradwire.cli.screen import out as console
    from gradwire.cli.watching import watcher

    with connection.open(app) as client, watcher() as watch:
        called = client.view_api().find(endpoint_key(endpoint))
        inputs = inputs_of(called, values, given, watch.transfer)
        job = start(client, called, inputs)
        with closing(events_of(job, watch)) as events:
            for event in events:
                watch.tell(event)
        result = job.result()
        files = SavedFiles(client, out, watch) if out is not None else None
        if files is not None:
            files.fetch(result.data)
    saved = None if files is None else files.path
    if is_terminal(sys.stdout):
        print_result(console(), called, result.data, saved)
    else:
        value = result.data[0] if len(result.data) == 1 else result.data or None
        click.echo(plain_json(value, saved))
