"""What becomes of an error: its words on stderr, and an exit code."""

from __future__ import annotations

import sys

from rich.text import Text

from gradwire.app.words import shown
from gradwire.cli.main import ACCESS, CONNECTION, FAILED, USAGE
from gradwire.cli.screen import err, is_terminal
from gradwire.errors import (
    AccessError,
    AppError,
    ConnectError,
    ConnectionLostError,
    DeadlineExceededError,
    EndpointNotFoundError,
    FileTooLargeError,
    GradwireError,
    InvalidArgumentError,
    LocalFileNotFoundError,
    ProtocolError,
    SpaceError,
)

_CODES: tuple[tuple[type[Exception], int], ...] = (
    # The first that fits: some are of two kinds.
    (SpaceError, CONNECTION),
    (AccessError, ACCESS),
    (AppError, FAILED),
    (ConnectError, CONNECTION),
    (ConnectionLostError, CONNECTION),
    (DeadlineExceededError, CONNECTION),
    (ProtocolError, CONNECTION),
    (EndpointNotFoundError, USAGE),
    (InvalidArgumentError, USAGE),
    (LocalFileNotFoundError, USAGE),
    (FileTooLargeError, USAGE),
    (GradwireError, FAILED),
)


def code_of(error: Exception) -> int | None:
    """Return the exit code that stands for an error; None: it is none of the library's."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)


def report(error: Exception) -> int:
    """Say what went wrong.

    Returns:
        The exit code.

    Raises:
        Exception: The error itself, if nobody has foreseen it: its traceback is wanted.
    """
    code = code_of(error)
    if code is None:
        raise error
    title = getattr(error, "title", None)
    say_error(f"{title}: {error}" if title and title != "Error" else str(error))
    return code


def say_error(message: str) -> None:
    """Print an error on stderr: its first line stands out, the rest explains."""
    first, newline, rest = shown(for_shells(message)).partition("\n")
    text = Text.assemble(("Error: ", "bold red"), first, newline, rest)
    # In a pipe lines stay whole, for those who search in them.
    err().print(text, soft_wrap=not is_terminal(sys.stderr))


def for_shells(message: str) -> str:
    """Put options of the command line in the place of the library's."""
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    return message


_WORDS = {
    "Pass auth=(username, password) when connecting": "Use --auth NAME: it asks for the password",
    "connect with auth=(username, password)": "use --auth NAME",
    "Check auth=(username, password)": "Check --auth or GRADWIRE_AUTH",
    "Pass token='hf_…' or set HF_TOKEN": "Set HF_TOKEN, or use --token -",
    "pass token='hf_…', or set HF_TOKEN": "set HF_TOKEN, or use --token -",
    "needs token=.": "needs --token or HF_TOKEN.",
    "view_api() shows them": "`gradwire view` shows them",
    "(wake_timeout). Try again later, or wait longer": "(--wait). Try again later, or wait longer",
    "(Timeout.total)": "(--timeout)",
}


def say_interrupted(error: BaseException) -> None:
    """Print that the command was interrupted, by Ctrl-C or at the end of input."""
    what = "No input" if isinstance(error.__cause__, EOFError) else "Interrupted"
    print(f"{what}.", file=sys.stderr)
