"""`gradwire codegen`."""

from __future__ import annotations

import click

from gradwire.cli.connection import Connection, app_argument, connection_options


@click.command("codegen")
@app_argument
@click.option("-o", "--output", metavar="FILE", help="Write to this file; - is stdout.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the app has changed.")
@click.option("--force", is_flag=True, help="Write over a file that codegen has not made.")
@click.option("--class-name", help="Of the client; else made of the app's title.")
@connection_options
def command(
    connection: Connection,
    app: str,
    output: str | None,
    check: bool,
    force: bool,
    class_name: str | None,
) -> int:
    """Write a typed client for an app: a class with a method for each endpoint."""
    from gradwire.cli.codegen import run

    return run(
        app, output, check=check, force=force, class_name=class_name, connect=connection.open
    )
