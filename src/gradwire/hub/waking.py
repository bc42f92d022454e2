"""Waiting for a Space: it is watched, and woken if it sleeps, until it runs or cannot."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

from gradwire.app.words import exact_seconds
from gradwire.errors import SpaceError
from gradwire.hub.api import Hub, SpaceInfo
from gradwire.hub.status import SpaceStatus, status_of
from gradwire.transport.hooks import fenced
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
        seconds: How long to wait for it to run, from when it was first found not to; None: for
            ever.
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
        self._end: float | None = None
        self._last: tuple[SpaceInfo, SpaceStatus] | None = None
        self._told: str | None = None

    def begin(self) -> None:
        """The Space does not run, or does not answer: from now on it is waited for."""
        if self._end is None and self._seconds is not None:
            self._end = asyncio.get_running_loop().time() + self._seconds

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Do a part of the waiting; without a limit before `begin`.

        A Space can run and fall over again, and the hub can be slow or silent: all of that is
        within the one time that the caller grants.

        Raises:
            SpaceError: The time is up.
        """
        limit = asyncio.timeout_at(self._end)
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise self._too_late() from error

    async def until_running(self, info: SpaceInfo) -> None:
        """Wait until the Space runs.

        Args:
            info: What it was doing just now.

        Raises:
            SpaceError: It does not, or not in time.
        """
        if status_of(info.stage).status != "running":
            self.begin()
        async with self.in_time():
            await self._follow(info)

    async def _follow(self, info: SpaceInfo) -> None:
        for attempt in count():
            status = await self._told_status(info)
            if status.status == "running":
                return
            if status.load_status == "error":
                raise self._error(info, status, status.message)
            if status.status == "sleeping":
                await self._wake()
            await asyncio.sleep(pause(attempt, LONGEST_POLL, 1.4))
            info = await self._look()

    async def _told_status(self, info: SpaceInfo) -> SpaceStatus:
        status = status_of(info.stage)
        self._last = info, status
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
        with fenced(_callback_failed):
            result = self._callback(status)
            if inspect.isawaitable(result):
                await result

    def _too_late(self) -> SpaceError:
        assert self._last is not None, "begun by a look at the Space"
        info, status = self._last
        message = f"{status.message} It did not run"
        if status.status == "running":
            message = "The hub says that the Space runs, but its app did not answer"
        return self._error(
            info,
            status,
            f"{message} within {exact_seconds(self._seconds or 0)} (wake_timeout). Try again "
            "later, or wait longer.",
        )

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


def _callback_failed(error: BaseException) -> None:
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error  # not the callback's own: connecting was given up while it was awaited
    # What only looks on must not keep the client from connecting.
    _log.error("the status_callback failed", exc_info=error)
