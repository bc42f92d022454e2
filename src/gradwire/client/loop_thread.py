"""The one background event loop in which all synchronous clients of a process work.

It starts with the first client and stops with the last, so a program that has closed its clients
has no thread of ours. The thread is a daemon, and is stopped at interpreter exit, so a program that
forgets to close one ends all the same.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from gradwire.errors import ClientClosedError, InvalidArgumentError

T = TypeVar("T")

STOP_SECONDS = 5.0
"""How long the loop may take to end its tasks before the process goes on without waiting."""


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.process = os.getpid()
        self.stopping = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, name="gradwire", daemon=True)
        self._thread.start()
        self._ready.wait()

    def _work(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._ready.set)
        try:
            self.loop.run_forever()
        finally:
            _cancel_all(self.loop)
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the loop and wait for it; an interrupt of the waiting cancels it.

        Raises:
            InvalidArgumentError: This thread has a running event loop, which waiting would block.
            ClientClosedError: The loop is gone: the client is closed, or was made before a fork.
        """
        try:
            check_no_loop()
            self._check()
        except BaseException:
            work.close()
            raise
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function in the loop's thread, without waiting for it."""
        self._check()
        self.loop.call_soon_threadsafe(function)

    def _check(self) -> None:
        if self.process != os.getpid():
            raise ClientClosedError(
                "This client was made before the process was forked; its connections belong to the "
                "parent. Connect in the child."
            )
        if self.stopping:
            raise ClientClosedError("The client is closed. Connect again.")

    def stop(self) -> None:
        """End the loop and its thread; does not wait."""
        if self.process == os.getpid() and not self.stopping:
            self.stopping = True
            self.loop.call_soon_threadsafe(self.loop.stop)

    def join_if_stopping(self) -> None:
        """Wait for the end of a stopped thread, so that none is left when this returns."""
        if self.stopping and threading.current_thread() is not self._thread:
            self._thread.join(STOP_SECONDS)


def check_no_loop() -> None:
    """Refuse to block a thread in which an event loop is running.

    Raises:
        InvalidArgumentError: There is one; the message names `AsyncClient`.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise InvalidArgumentError(
        "Client would block the event loop that is running in this thread. Use AsyncClient here: "
        "`async with AsyncClient.connect(address) as client`. (In a notebook: `client = await "
        "AsyncClient.connect(address)`.)"
    )


class _Shared:
    """The process's loop thread and how many clients use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread: LoopThread | None = None
        self.users = 0


_shared = _Shared()


def acquire() -> LoopThread:
    """Return the process's loop thread, started if need be; `release` it when done."""
    with _shared.lock:
        thread = _shared.thread
        if thread is None or thread.process != os.getpid():
            thread, _shared.users = LoopThread(), 0
            _shared.thread = thread
        _shared.users += 1
        return thread


def release(thread: LoopThread) -> None:
    """Say that a client is done with its loop thread; the last one stops it."""
    with _shared.lock:
        if _shared.thread is not thread:
            return
        _shared.users -= 1
        if _shared.users > 0:
            return
        _shared.thread = None
    thread.stop()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _forget_after_fork() -> None:
    # The lock may have been held, and the thread does not exist, in the child.
    global _shared
    _shared = _Shared()


@atexit.register
def _stop_at_exit() -> None:
    thread, _shared.thread = _shared.thread, None
    if thread is not None:
        thread.stop()
        thread.join_if_stopping()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
