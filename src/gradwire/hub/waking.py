"""Waiting for a Space: it is watched, and woken if it sleeps, until it runs or cannot."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count

from gradwire.errors import SpaceError
from gradwire.hub.api import Hub, SpaceInfo
from gradwire.hub.status import SpaceStatus, status_of
from gradwire.transport.retrying import pause

_log = logging.getLogger("gradwire")

Look = Callable[[], Awaitable[SpaceInfo]]
StatusCallback = Callable[[SpaceStatus], object]
LONGEST_POLL = 10.0
"""Seconds between two looks at a Space that takes long to start."""


class Watch:
    """Follows one Space.

    Args:
        hub: Whom to ask for more when something is wrong.
        look: Asks what the Space is doing.
        callback: Is told each change; a function, or a coroutine function, which is awaited.
        wake: Sends the app a request, which wakes a Space that sleeps.
        seconds: How long to wait for it to run; None: for ever.
    """

    def __init__(
        self,
        hub: Hub,
        look: Look,
        callback: StatusCallback | None,
        wake: Callable[[], Awaitable[object]],
        seconds: float | None,
    ) -> None:
        self._hub = hub
        self._look = look
        self._callback = callback
        self._wake = wake
        self._seconds = seconds
        self._told: str | None = None

    async def until_running(self, info: SpaceInfo) -> None:
        """Wait until the Space runs.

        Args:
            info: What it was doing just now.

        Raises:
            SpaceError: It does not, or not in time.
        """
        loop = asyncio.get_running_loop()
        end = None if self._seconds is None else loop.time() + self._seconds
        for attempt in count():
            status = await self._told_status(info)
            if status.status == "running":
                return
            if status.load_status == "error":
                raise self._error(info, status, status.message)
            left = LONGEST_POLL if end is None else end - loop.time()
            if left <= 0:
                raise self._error(
                    info,
                    status,
                    f"{status.message} It did not run within {self._seconds:g} seconds "
                    "(wake_timeout). Try again later, or wait longer.",
                )
            if status.status == "sleeping":
                await self._wake()
            await asyncio.sleep(min(pause(attempt, LONGEST_POLL, 1.4), left))
            info = await self._look()

    async def _told_status(self, info: SpaceInfo) -> SpaceStatus:
        status = status_of(info.stage)
        if status.load_status == "error":
            enabled = await self._hub.discussions_enabled(info.id)
            status = replace(status, discussions_enabled=enabled)
        if info.stage != self._told:
            if self._told is not None or status.status != "running":
                _log.info("Space %s: %s (%s)", info.id, status.message, info.stage)
            self._told = info.stage
            await self._tell(status)
        return status

    async def _tell(self, status: SpaceStatus) -> None:
        if self._callback is None:
            return
        try:
            result = self._callback(status)
            if inspect.isawaitable(result):
                await result
        except Exception:
            # What only looks on must not keep the client from connecting.
            _log.exception("the status_callback failed")

    def _error(self, info: SpaceInfo, status: SpaceStatus, message: str) -> SpaceError:
        page = self._hub.page(info.id)
        where = f"{page}/discussions" if status.discussions_enabled else page
        return SpaceError(
            f"{info.id}: {message} See {where}",
            space=info.id,
            stage=info.stage,
            page=page,
            discussions_enabled=status.discussions_enabled,
        )
