"""The pool of connections."""

from __future__ import annotations

from collections.abc import Coroutine
from time import monotonic
from typing import Any

import aiohttp

from gradwire.transport.direct_connection import has_word
from gradwire.transport.direct_pool import RESTED


class Connector(aiohttp.TCPConnector):
    """A pool that offers no dead connection, and drops at once what is left in the middle.

    A server closes connections that rest. Its goodbye may have arrived while the event loop was
    busy elsewhere; a request that is sent then is lost, and a POST may not be repeated, since
    nobody can tell whether it was taken. So who has rested is asked first.

    What aiohttp closes first sends what is still in its buffer, and a peer that takes nothing keeps
    it open for ever: the connection of an upload that was given up would outlive its client. And
    the goodbyes of TLS would be waited for after the client, and its loop, are gone.
    """

    def _get(
        self, key: Any, traces: Any
    ) -> Coroutine[Any, Any, aiohttp.connector.Connection | None]:
        kept = self._conns.get(key)
        while kept and monotonic() - kept[0][1] > RESTED and has_word(kept[0][0].transport):
            kept.popleft()[0].abort()
        return super()._get(key, traces)

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        transport = protocol.transport
        if transport is not None:
            closes = should_close or protocol.should_close
            if transport.get_write_buffer_size() or (closes and key.is_ssl):
                protocol.abort()
        super()._release(key, protocol, should_close=should_close)
