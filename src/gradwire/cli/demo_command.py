"""`gradwire demo`, for `--help`; the demo itself needs no click, and is run by `main`."""

from __future__ import annotations

import click


@click.command("demo")
def command() -> int:
    """Start a small Gradio app on this machine and use all of it.

    It needs Gradio: pip install 'gradwire[demo]'.
    """
    from gradwire.cli.demo import run

    return run()
