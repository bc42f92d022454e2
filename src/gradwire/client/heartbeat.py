"""The session's heartbeat: an answer that never ends, and tells the server that somebody is there.

When it closes, the server runs the app's unload events and drops the session's state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from gradwire.errors import GradwireError

if TYPE_CHECKING:
    from gradwire.client.engine import Engine

_log = logging.getLogger("gradwire")

LONGEST_PAUSE = 60.0
"""Seconds between two attempts to open a heartbeat that breaks again and again."""


class Heartbeat:
    """The heartbeat of one session.

    Attributes:
        on_break: Called when it has stopped.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.on_break: Callable[[], object] | None = None
        self._task: asyncio.Task[None] | None = None

    def keep(self) -> None:
        """Hold it open from now on, if the app asks for one."""
        engine = self._engine
        if engine.app.config.connect_heartbeat and self._task is None and not engine.closed:
            self._task = engine.spawn(self._beat())

    async def _beat(self) -> None:
        engine, pause = self._engine, 1.0
        while not engine.closed:
            request = engine.app.requests.heartbeat(engine.session.session_hash)
            try:
                async with engine.transport.stream(request, engine.options.timeout) as answer:
                    if answer.status in (404, 405):
                        _log.debug("the server has no heartbeat")
                        return
                    while await answer.chunk():
                        pause = 1.0
            except GradwireError as error:
                _log.debug("the heartbeat broke: %s", error)
            if self.on_break is not None:
                self.on_break()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
