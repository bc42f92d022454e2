"""The options that all commands share, and how a command gets its client.

Passwords and tokens are read from the environment or asked for on the terminal: there nobody else
sees them. On a command line every user of the machine does, in the list of processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradwire.cli.completion_words import complete_endpoint

if TYPE_CHECKING:
    from gradwire.client.sync import Client
    from gradwire.hub.status import SpaceStatus

F = TypeVar("F", bound=Callable[..., Any])
AUTH_VARIABLE = "GRADWIRE_AUTH"


@dataclass(frozen=True)
class Connection:
    """What the user said of how to connect."""

    token: str | None = field(default=None, repr=False)
    auth: str | None = field(default=None, repr=False)
    header: tuple[str, ...] = field(default=(), repr=False)
    timeout: float | None = None
    retries: int | None = None
    proxy: str | None = field(default=None, repr=False)
    ca: str | None = None
    verbose: bool = False

    def options(self) -> dict[str, Any]:
        """Return the options of `Client.connect`; asks for what is to be typed.

        Raises:
            click.UsageError: One is wrong.
        """
        if self.verbose:
            os.environ.setdefault("GRADWIRE_LOG", "debug")
        token = _secret("Token", "HF_TOKEN") if self.token == "-" else self.token
        found = {
            "token": token,
            "auth": None if self.auth is None else _pair(self.auth),
            "headers": dict(map(_header, self.header)) or None,
            "timeout": self.timeout,
            "max_retries": self.retries,
            "proxy": self.proxy,
            "verify": self.ca,
        }
        return {name: value for name, value in found.items() if value is not None}

    @contextmanager
    def open(self, app: str, **more: Any) -> Iterator[Client]:
        """Connect; log in if the app asks for it, and the environment or a person can answer."""
        from gradwire.client.sync import Client
        from gradwire.errors import AuthenticationError

        options = {"status_callback": _say_status, **self.options(), **more}
        try:
            client = Client.connect(app, **options)
        except AuthenticationError as error:
            auth = None if "auth" in options or error.status != 401 else login(error.auth_message)
            if auth is None:
                raise
            client = Client.connect(app, **options, auth=auth)
        with client:
            yield client


def _say_status(status: SpaceStatus) -> None:
    """Tell those who wait what they wait for."""
    if status.status != "running":
        click.echo(status.message, err=True)


def login(message: str | None) -> tuple[str, str] | None:
    """Return a username and password for an app that has asked: the environment's, or typed ones.

    Returns:
        None if there are none, and nobody can be asked.
    """
    given = os.environ.get(AUTH_VARIABLE)
    if given:
        return _pair(given)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    from gradwire.app.words import shown

    click.echo(f"The app asks for a login. {shown(message or '')}".rstrip(), err=True)
    return _pair(click.prompt("Username", err=True))


def _pair(text: str) -> tuple[str, str]:
    """Take `user:password` apart; without a colon the password is asked for."""
    name, colon, password = text.partition(":")
    if colon:
        return name, password
    return name, _secret(f"Password of {name}", AUTH_VARIABLE)


def _secret(what: str, variable: str) -> str:
    """Ask a person for a password or a token.

    Raises:
        AuthenticationError: Nobody can be asked: what comes in on stdin is meant for the call, and
            would be sent to the app as a password.
    """
    if not sys.stdin.isatty():
        from gradwire.errors import AuthenticationError

        raise AuthenticationError(f"A {what.split()[0].lower()} is needed; set {variable}.")
    return str(click.prompt(what, hide_input=True, err=True))


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        # The value may be a secret: it is not repeated.
        raise click.UsageError("--header takes 'Name: value'.")
    return name.strip(), value.strip()


_OPTIONS = (
    click.option(
        "--token",
        metavar="TOKEN",
        help="Hugging Face token; - asks for it. Without this, HF_TOKEN or the token file go to "
        "the hub and to private Spaces.",
    ),
    click.option(
        "--auth",
        metavar="NAME[:PASSWORD]",
        help="Login of the app; without a password, it is asked for. Without this, GRADWIRE_AUTH "
        "is used if the app asks.",
    ),
    click.option(
        "--header", metavar="'NAME: VALUE'", multiple=True, help="Send a header; repeatable."
    ),
    click.option(
        "--timeout", type=float, metavar="SECONDS", help="For connecting, and for the call."
    ),
    click.option(
        "--retries", type=int, metavar="NUMBER", help="For what is safe to repeat; else 2."
    ),
    click.option("--proxy", metavar="URL", help="An HTTP proxy."),
    click.option(
        "--ca", type=click.Path(dir_okay=False), metavar="FILE", help="Certificates to trust (PEM)."
    ),
    click.option("-v", "--verbose", is_flag=True, help="Log what happens to stderr."),
)
_NAMES = ("token", "auth", "header", "timeout", "retries", "proxy", "ca", "verbose")


def connection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options; its function gets them as a `Connection`, first."""

    @wraps(function)
    def with_connection(**values: Any) -> Any:
        chosen = {name: values.pop(name) for name in _NAMES}
        return function(Connection(**chosen), **values)

    for option in reversed(_OPTIONS):
        with_connection = option(with_connection)
    return with_connection


def app_argument(function: F) -> F:
    """Give a command the argument APP."""
    return click.argument("app")(function)


def endpoint_argument(**more: Any) -> Callable[[F], F]:
    """Give a command the argument ENDPOINT: a name, or a function index; shells complete it."""
    return click.argument("endpoint", shell_complete=complete_endpoint, **more)


def endpoint_key(text: str) -> str | int:
    """Return what `predict` takes: digits are a function index."""
    return int(text) if text.isdecimal() else text
