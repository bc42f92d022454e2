"""All commands but the simplest: each is loaded when it is called."""

from __future__ import annotations

import difflib
from importlib import import_module
from importlib.util import find_spec

import click

from gradwire.cli.main import COMMANDS, HELP, INTERRUPTED, OK, USAGE


class LazyGroup(click.Group):
    """The commands of `main.COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = f"gradwire.cli.{cmd_name}"
        if find_spec(f"{module}_command") is not None:
            module += "_command"
        command = import_module(module).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"Did you mean {close[0]!r}?" if close else "`gradwire --help` lists them."
            raise click.UsageError(f"There is no command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        return HELP


GROUP = LazyGroup("gradwire")


def run(words: list[str]) -> int:
    """Run a command.

    Returns:
        The process's exit code.
    """
    if words[:1] in (["-v"], ["--verbose"]) and len(words) > 1:
        words = [words[1], words[0], *words[2:]]  # an option of each command, and often put first
    try:
        # Commands return their exit code, or nothing for success.
        return GROUP.main(words, "gradwire", standalone_mode=False) or OK
    except click.ClickException as error:
        error.show()
        return USAGE
    except click.Abort as error:
        from gradwire.cli.failures import say_interrupted

        say_interrupted(error)
        return INTERRUPTED
    except Exception as error:
        from gradwire.cli.failures import report

        return report(error)
