"""`gradwire status`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from gradwire.cli.connection import Connection, connection_options
from gradwire.cli.main import CONNECTION, OK

if TYPE_CHECKING:
    from gradwire.hub.status import SpaceStatus


@click.command("status")
@click.argument("space")
@click.option("--once", is_flag=True, help="Look once; do not wake it, and do not wait.")
@click.option(
    "--wait",
    type=float,
    metavar="SECONDS",
    default=900.0,
    show_default=True,
    help="How long to wait until it runs.",
)
@connection_options
def command(connection: Connection, space: str, once: bool, wait: float) -> int:
    """Show what a SPACE is doing, until it runs. One that sleeps is woken by this.

    The exit code says whether it runs: 0, or 3. In a pipe each change is a JSON object in a line.
    """
    from gradwire.cli.spaces import StatusScreen, space_reference

    space_reference(space)
    seen: list[SpaceStatus] = []
    with StatusScreen() as screen:
        if once:
            seen.append(asyncio.run(_look(connection, space)))
            screen.show(seen[-1])
        else:

            def tell(status: SpaceStatus) -> None:
                seen.append(status)
                screen.show(status)

            with connection.open(space, status_callback=tell, wake_timeout=wait):
                pass
    return OK if seen and seen[-1].status == "running" else CONNECTION


async def _look(connection: Connection, space: str) -> SpaceStatus:
    from gradwire.app.reference import parse_reference
    from gradwire.client.options import Options
    from gradwire.client.spaces import open_hub
    from gradwire.hub.settings import HubSettings
    from gradwire.hub.status import status_of

    reference = parse_reference(space)
    options = Options.of(connection.options())
    hub = open_hub(options, HubSettings.read(options.token))
    try:
        if reference.space is not None:
            info = await hub.info(reference.space)
        else:
            info = await hub.by_subdomain(reference.subdomain or "")
    finally:
        await hub.close()
    return status_of(info.stage)
