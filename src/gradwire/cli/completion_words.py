"""What shells complete: the endpoint names of an app.

A shell that waits is worse than one that does not know: all ends after two seconds, and what goes
wrong gives no names and no words. What is completed stands in a command line that somebody is about
to run: a name of other characters than these is not offered, whatever a shell would make of it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from gradwire.app.api_info import ApiInfo

SECONDS = 2.0
_SAFE = re.compile(r"/[\w/.-]*")


def complete_endpoint(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the endpoints of the app that was named before."""
    api = _api(ctx)
    if api is None:
        return []
    from gradwire.app.words import clean

    wanted = incomplete if incomplete.startswith("/") else f"/{incomplete}"
    return [
        # The words go to the shell as lines: a description is one of them.
        CompletionItem(name, help=clean(endpoint.description) or None)
        for name, endpoint in api.named_endpoints.items()
        if name.startswith(wanted) and _SAFE.fullmatch(name)
    ]


def _api(ctx: click.Context) -> ApiInfo | None:
    """Return the API of the app on the command line; None where that does not work at once."""
    from gradwire.cli.connection import AUTH_VARIABLE, Connection
    from gradwire.errors import AuthenticationError

    given: dict[str, Any] = {
        name: ctx.params.get(name) for name in ("token", "auth", "proxy", "ca")
    }
    login = os.environ.get(AUTH_VARIABLE)
    try:
        if given["token"] == "-" or ":" not in (given["auth"] or ":"):
            return None  # nobody can be asked while a shell completes
        connection = Connection(**given, header=tuple(ctx.params.get("header") or ()))
        try:
            return _read(ctx.params["app"], connection.options())
        except AuthenticationError:
            if not login or ":" not in login:
                return None
            name, _, password = login.partition(":")
            return _read(ctx.params["app"], {**connection.options(), "auth": (name, password)})
    except Exception:
        return None


def _read(app: str, options: dict[str, Any]) -> ApiInfo:
    from gradwire.client.sync import Client

    quick = {"timeout": SECONDS, "max_retries": 0, "wake_timeout": 0.1}
    with Client.connect(app, **{**options, **quick}) as client:
        return client.view_api()
