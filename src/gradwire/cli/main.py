"""The command `gradwire`."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Sequence

from gradwire.version import VERSION

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The words after the command's name; None: those of this process.

    Returns:
        The process's exit code.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help()
        return 0
    _print_anywhere()
    try:
        return _run_demo()
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone. Close it here, or the interpreter complains at its end.
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gradwire", description="A client for every Gradio app.")
    parser.add_argument("--version", action="version", version=f"gradwire {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    about = "start a small Gradio app on this machine and use all of it"
    commands.add_parser("demo", help=about, description=f"{about[0].upper()}{about[1:]}.")
    return parser


def _run_demo() -> int:
    # Loaded only now: `gradwire --help` needs no HTTP library.
    from gradwire.cli.demo import run

    return run()


def _print_anywhere() -> None:
    """Print what the terminal cannot show as `?` rather than fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
