"""`gradwire duplicate`."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import click

from gradwire.cli.connection import Connection, connection_options


@click.command("duplicate")
@click.argument("space")
@click.argument("to", required=False)
@click.option("--private", is_flag=True, help="Only you see the copy.")
@click.option("--hardware", metavar="NAME", help="Such as t4-small; else that of the original.")
@click.option("--sleep", type=float, metavar="MINUTES", help="Unvisited for so long, it sleeps.")
@click.option(
    "--secret",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A secret of the copy; without a value, that of the environment. Repeatable.",
)
@click.option("--variable", multiple=True, metavar="NAME=VALUE", help="A variable; repeatable.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the copy runs.")
@click.option(
    "--wait",
    type=float,
    metavar="SECONDS",
    default=900.0,
    show_default=True,
    help="How long to wait until it runs.",
)
@connection_options
def command(
    connection: Connection,
    space: str,
    to: str | None,
    private: bool,
    hardware: str | None,
    sleep: float | None,
    secret: tuple[str, ...],
    variable: tuple[str, ...],
    no_wait: bool,
    wait: float,
) -> None:
    """Copy a SPACE to your account, as [owner/]name if TO is given, and wait until it runs.

    A copy that was made before is used again. Needs a token that may write: HF_TOKEN, or --token.
    Prints the copy's name.
    """
    from gradwire.app.words import shown
    from gradwire.cli.spaces import StatusScreen, space_reference
    from gradwire.client.options import Options
    from gradwire.client.spaces import copy_space
    from gradwire.hub.duplicating import Copy

    reference = space_reference(space)
    copy = Copy.of(to, private, hardware, sleep, _pairs("secret", secret), _pairs("", variable))
    options = connection.options()
    name = asyncio.run(copy_space(reference, copy, Options.of(options))).space
    assert name is not None
    if not no_wait:
        more: dict[str, Any] = {}
        if sys.stdout.isatty():
            with StatusScreen() as screen:
                more = {"status_callback": screen.show, "wake_timeout": wait}
                with connection.open(name, **more):
                    pass
        else:
            with connection.open(name, wake_timeout=wait):
                pass
    click.echo(shown(name))


def _pairs(kind: str, words: tuple[str, ...]) -> dict[str, str]:
    """Read NAME=VALUE; a secret alone is the environment's."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals and kind == "secret" and name in os.environ:
            equals, value = "=", os.environ[name]
        if not equals or not name:
            # A secret is not repeated.
            hint = "; the environment has none of this name" if kind == "secret" else ""
            raise click.UsageError(f"--{kind or 'variable'} takes NAME=VALUE{hint}.")
        found[name] = value
    return found
