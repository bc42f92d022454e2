"""A proxy that can make requests, or their answers, wait.

    with GatedProxy(server.url) as proxy, proxy.closed("/queue/join") as gate:
        ...

In the block requests to that path pass, and their answers wait until it ends, or until
`gate.open()`. With `before=True` the requests themselves wait, unknown to the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from proxy import Proxy, Seen


@dataclass
class Gate:
    """Where requests wait; `waiting` says how many have come so far."""

    path: str
    before: bool
    shut: bool = True
    waiting: int = 0

    def open(self) -> None:
        self.shut = False

    async def wait(self) -> None:
        self.waiting += 1
        while self.shut:  # noqa: ASYNC110 - opened from another thread
            await asyncio.sleep(0.01)


class GatedProxy(Proxy):
    """A proxy with gates."""

    def __init__(self, target: str | None = None, **options: Any) -> None:
        super().__init__(target, **options)
        self._gates: list[Gate] = []

    @contextmanager
    def closed(self, path: str, *, before: bool = False) -> Iterator[Gate]:
        """Shut a gate before (or behind) all requests with `path` in their path."""
        gate = Gate(path, before)
        self._gates.append(gate)
        try:
            yield gate
        finally:
            gate.open()
            self._gates.remove(gate)

    def _gate(self, seen: Seen, before: bool) -> Gate | None:
        here = (gate for gate in self._gates if gate.path in seen.path and gate.before is before)
        return next(here, None)

    async def _handle(
        self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        gate = self._gate(seen, before=True)
        if gate is not None:
            await gate.wait()
        gate = self._gate(seen, before=False)
        late: Any = writer if gate is None else _LateWriter(writer, gate)
        await super()._handle(seen, reader, late)


class _LateWriter:
    """Keeps what is written until the gate opens."""

    def __init__(self, writer: asyncio.StreamWriter, gate: Gate) -> None:
        self._writer = writer
        self._gate = gate
        self._kept = b""

    def write(self, data: bytes) -> None:
        self._kept += data

    async def drain(self) -> None:
        await self._gate.wait()
        self._writer.write(self._kept)
        self._kept = b""
        await self._writer.drain()
