"""`gradwire doctor`."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING

import click

from gradwire.cli.connection import Connection, app_argument, connection_options
from gradwire.cli.main import OK

if TYPE_CHECKING:
    from rich.text import Text

    from gradwire.cli.checks import Check

_STYLES = {True: "green", False: "bold red", None: "yellow"}
_MARKS = {True: "✓", False: "✗", None: "·"}


@click.command("doctor")
@app_argument
@click.option("--json", "as_json", is_flag=True, help="Print each step as a JSON object in a line.")
@connection_options
def command(connection: Connection, app: str, as_json: bool) -> int:
    """Find out why an APP cannot be reached: each step on the way to it, until one fails.

    The exit code is that of the step that failed: 2 the address, 3 the connection, 4 the login.
    """
    from gradwire.cli.checks import Doctor
    from gradwire.cli.screen import out

    code = OK
    console = out()
    for check in Doctor(app, connection).checks():
        code = check.code
        if as_json:
            print(json.dumps(dataclasses.asdict(check), ensure_ascii=False), flush=True)
        else:
            console.print(_line(check), soft_wrap=not sys.stdout.isatty())
    return code


def _line(check: Check) -> Text:
    from rich.text import Text

    from gradwire.app.words import seconds_text, shown

    text = Text.assemble(
        (f"{_MARKS[check.good]} ", _STYLES[check.good]),
        (f"{check.name:<8} ", "bold" if check.good is False else ""),
        shown(check.detail),
    )
    if check.seconds is not None:
        text.append(f"  {seconds_text(check.seconds)}", "dim")
    if check.advice:
        text.append(f"\n{'':<11}{shown(check.advice)}")
    return text
