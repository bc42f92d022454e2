"""The command `gradwire`.

What is here needs no package but this one: the help and the version come at once, and without the
extra `cli` the command still says what to install. The other commands are in files of their own,
loaded when they are called.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import io
import os
import signal
import sys
from collections.abc import Sequence

from gradwire.version import VERSION

OK, FAILED, USAGE, CONNECTION, ACCESS, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes. They are promised: see docs/cli.md."""

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What becomes of a full disk, and of a stdout that is gone."""

COMMANDS = {
    "view": "Show an app's API, or code that calls it",
    "predict": "Call an endpoint and print its result",
    "stream": "Print what an endpoint yields, as it comes",
    "map": "Call an endpoint with each row of a table",
    "upload": "Send files to an app",
    "download": "Fetch files of an app",
    "status": "Watch a Space until it runs",
    "duplicate": "Copy a Space to your account",
    "codegen": "Write a typed client for an app",
    "doctor": "Find out why an app cannot be reached",
    "demo": "Start a small app on this machine and use all of it",
    "completion": "Print what teaches a shell to complete gradwire",
}
"""What there is; each is `command` in the module of its name, or in `NAME_command`."""

HELP = f"""\
gradwire {VERSION}: a client for every Gradio app

Usage: gradwire COMMAND …

{chr(10).join(f"  {name:<12}{about}" for name, about in COMMANDS.items())}

An app is named by its address, or owner/space. `gradwire COMMAND --help` tells more.
Exit codes: 0 all went well, 1 the app failed, 2 the command is wrong,
3 no connection, 4 a login or token is needed, 130 interrupted.
"""

WITHOUT_EXTRA = """\
The command line needs two more packages. Install them: pip install 'gradwire[cli]'
Without them there are `gradwire demo`, `gradwire --help` and `gradwire --version`.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The words after the command's name; None: those of this process.

    Returns:
        The process's exit code.
    """
    signals = _end_as_by_ctrl_c() if argv is None else []
    code = _main(list(sys.argv[1:] if argv is None else argv))
    return 128 + signals[0] if signals else code


def _end_as_by_ctrl_c() -> list[int]:
    """Let other signals end a command as Ctrl-C does: jobs are cancelled, halves of files removed.

    Returns:
        Where their numbers are to be found when they have come.
    """
    seen: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` has it ignored
            signal.signal(number, interrupt)
    return seen


def _main(words: list[str]) -> int:
    if not _open_streams():
        print("Error: stdout is closed; there is nowhere to print to.", file=sys.stderr)
        return FAILED
    _print_anywhere()
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return _give_up_stdout()  # whoever read our output has gone
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        print(f"Error: The output cannot be written: {error.strerror}.", file=sys.stderr)
        return _give_up_stdout()


def _open_streams() -> bool:
    """Give stdin and stderr something to stand for them if they are closed.

    Returns:
        Whether stdout is open.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for the whole process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    return sys.stdout is not None


def _give_up_stdout() -> int:
    """Close stdout, or the interpreter complains at its end of what is still to be written."""
    with contextlib.suppress(OSError):
        sys.stdout.close()
    return FAILED


def _run(words: list[str]) -> int:
    if words in (["--version"], ["-V"]):
        print(f"gradwire {VERSION}")
        return OK
    completing = "_GRADWIRE_COMPLETE" in os.environ
    if not completing and words in ([], ["--help"], ["-h"], ["help"]):
        print(HELP, end="")
        return OK
    if words == ["demo"]:
        return _run_demo()
    if not all(map(importlib.util.find_spec, ("click", "rich"))):
        print(WITHOUT_EXTRA, end="", file=sys.stderr)
        return USAGE
    from gradwire.cli.group import run

    return run(words)


def _run_demo() -> int:
    # Loaded only now: `gradwire --help` needs no HTTP library.
    from gradwire.cli.demo import run

    return run()


def _print_anywhere() -> None:
    """Print what the terminal cannot show as `?` rather than fail.

    In a pipe stdout is JSON or source, and that is UTF-8 whatever the locale says. Only halves of
    surrogate pairs have no place in it: they are written as JSON and Python write them.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
