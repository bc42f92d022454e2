"""What tests against servers share: running a coroutine, waiting for something to be so."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import psutil

T = TypeVar("T")

LONGEST = 60.0
"""Seconds that one asynchronous test may take."""


def run(work: Coroutine[Any, Any, T], longest: float = LONGEST) -> T:
    """Run a coroutine in a loop of its own; when it is done, no task of it may be left."""

    async def checked() -> T:
        async with asyncio.timeout(longest):
            result = await work
        await eventually(lambda: len(asyncio.all_tasks()) == 1)
        return result

    return asyncio.run(checked(), debug=False)


def asynchronous(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function."""

    @functools.wraps(test)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        run(test(*args, **kwargs))

    return wrapper


async def eventually(condition: Callable[[], Any], within: float = 20.0) -> Any:
    """Wait until `condition()`, or what it gives to await, is true; return that."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        assert time.monotonic() < deadline, f"not so within {within:g} seconds"
        await asyncio.sleep(0.02)


def eventually_so(condition: Callable[[], T], within: float = 20.0) -> T:
    """Block until `condition()` is true; return what it gave."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not so within {within:g} seconds"
        time.sleep(0.02)
    return value


def unique(word: str = "job") -> str:
    """Return a name that no other test uses, for what the server writes into its journal."""
    return f"{word}-{uuid.uuid4().hex[:8]}"


def connections(port: int) -> int:
    """Count this process's open connections to a port of this machine."""
    gc.collect()
    return sum(
        1
        for each in psutil.Process().net_connections("inet")
        if each.raddr and each.raddr.port == port and each.status == "ESTABLISHED"
    )


def script(code: str, *args: str) -> subprocess.Popen[str]:
    """Run a program that is picky about warnings."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str], within: float = 20.0) -> tuple[int, str, str]:
    """Wait for a program; return its exit code and what it printed."""
    try:
        out, err = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its children too
        process.communicate()
        raise
    return process.returncode, out.strip(), err
