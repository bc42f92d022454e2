"""`gradwire completion`: the script that teaches a shell."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print what teaches a shell to complete commands, options, and the endpoints of an app.

    \b
    bash:  echo 'eval "$(gradwire completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(gradwire completion zsh)"' >> ~/.zshrc
    fish:  gradwire completion fish > ~/.config/fish/completions/gradwire.fish
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from click.shell_completion import get_completion_class

    from gradwire.cli.group import GROUP

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(GROUP, {}, "gradwire", "_GRADWIRE_COMPLETE").source())
