"""`gradwire view`."""

from __future__ import annotations

import json
import sys

import click

from gradwire.cli.connection import (
    Connection,
    app_argument,
    connection_options,
    endpoint_argument,
    endpoint_key,
)

_FORMS = {
    "json": "The API as JSON, as the app's /info has it.",
    "python": "A Python script that calls it.",
    "js": "The same in JavaScript, for the package @gradio/client.",
    "curl": "The same as shell commands.",
}


@click.command("view")
@app_argument
@endpoint_argument(required=False)
@click.option("--json", "form", flag_value="json", help=_FORMS["json"])
@click.option("--python", "form", flag_value="python", help=_FORMS["python"])
@click.option("--js", "form", flag_value="js", help=_FORMS["js"])
@click.option("--curl", "form", flag_value="curl", help=_FORMS["curl"])
@connection_options
def command(connection: Connection, app: str, endpoint: str | None, form: str | None) -> None:
    """Show an app's API: its endpoints, what they take and give. Or one ENDPOINT of it.

    Or print code that calls it, which runs as printed.
    """
    from gradwire.cli import snippets
    from gradwire.cli.screen import is_terminal, out

    with connection.open(app) as client:
        api = client.view_api()
        found = None if endpoint is None else api.find(endpoint_key(endpoint))
        listed = [*api.named_endpoints.values(), *api.unnamed_endpoints.values()]
        chosen = listed if found is None else [found]
        known = snippets.app_of(client, app, token=connection.token is not None)
        if form is None and is_terminal(sys.stdout):
            from gradwire.cli.view_page import app_page, endpoint_page

            page = app_page(known, chosen) if found is None else endpoint_page(known, found)
            out().print(page, crop=False)
        elif form == "json":
            shape = (api if found is None else found).to_dict()
            click.echo(json.dumps(shape, ensure_ascii=False, indent=2))
        elif form is None:
            click.echo(str(api if found is None else found))
        else:
            click.echo(snippets.MAKERS[form](known, chosen))
