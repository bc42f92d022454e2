"""Which event loop the synchronous clients work in."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gradwire.client.loop_thread import Lease, new_loop

PROGRAM = """
import sys
from gradwire.client.loop_thread import Lease
assert "uvloop" not in sys.modules
lease = Lease()
print(type(lease.thread.loop).__module__.partition(".")[0])
lease.release()
lease.thread.join_if_stopping()
"""


def test_without_the_extra_it_is_that_of_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop, usual = new_loop(), asyncio.new_event_loop()
    loop.close()
    usual.close()
    assert type(loop) is type(usual)


def test_with_the_extra_it_is_that_of_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[asyncio.AbstractEventLoop] = []

    def new_event_loop() -> asyncio.AbstractEventLoop:
        made.append(asyncio.new_event_loop())
        return made[-1]

    monkeypatch.setitem(sys.modules, "uvloop", SimpleNamespace(new_event_loop=new_event_loop))
    lease = Lease()
    try:
        assert [lease.thread.loop] == made
    finally:
        lease.release()
        lease.thread.join_if_stopping()
    assert made[0].is_closed()


def test_uvloop_is_imported_when_the_thread_starts() -> None:
    pytest.importorskip("uvloop")
    words = [sys.executable, "-c", PROGRAM]
    shown = subprocess.run(words, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "uvloop"
