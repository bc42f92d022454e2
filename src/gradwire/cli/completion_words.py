"""What shells complete: the endpoint names of an app.

A shell that waits is worse than one that does not know: all ends after two seconds, and what goes
wrong gives no names and no words.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from gradwire.app.api_info import ApiInfo

SECONDS = 2.0


def complete_endpoint(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the endpoints of the app that was named before."""
    api = _api(ctx)
    if api is None:
        return []
    names = [(name, endpoint.description) for name, endpoint in api.named_endpoints.items()]
    wanted = incomplete if incomplete.startswith("/") else f"/{incomplete}"
    return [CompletionItem(name, help=about) for name, about in names if name.startswith(wanted)]


def _api(ctx: click.Context) -> ApiInfo | None:
    """Return the API of the app on the command line; None where that does not work at once."""
    from gradwire.cli.connection import AUTH_VARIABLE, Connection
    from gradwire.client.sync import Client

    try:
        connection = Connection(
            token=ctx.params.get("token"),
            auth=ctx.params.get("auth") or os.environ.get(AUTH_VARIABLE),
            header=tuple(ctx.params.get("header") or ()),
        )
        if connection.token == "-" or (connection.auth and ":" not in connection.auth):
            return None  # nobody can be asked while a shell completes
        options = {**connection.options(), "timeout": SECONDS, "max_retries": 0}
        with Client.connect(ctx.params["app"], **options, wake_timeout=0.1) as client:
            return client.view_api()
    except Exception:
        return None
