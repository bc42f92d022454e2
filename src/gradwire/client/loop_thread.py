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
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from gradwire.data.kernel import in_kernel
from gradwire.errors import ClientClosedError, InvalidArgumentError

T = TypeVar("T")

_LAST_TURNS = 5
STOP_SECONDS = 5.0
"""How long the loop may take to end its tasks before the process goes on without waiting."""


_here = threading.local()
"""`is_ours`: whether this thread is the background thread."""


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = new_loop()
        self.process = os.getpid()
        self.stopping = False
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, name="gradwire", daemon=True)
        self._thread.start()
        self._ready.wait()

    def _work(self) -> None:
        _here.is_ours = True
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
        future = self.begin(work)
        try:
            return future.result()
        except CancelledError:
            leave_daemon()
            # Nobody else cancels it: the loop is being stopped, with the last client.
            raise ClientClosedError("The client was closed during the call.") from None
        except BaseException:
            future.cancel()
            raise

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run something in the loop; return what this thread can wait for.

        Raises:
            InvalidArgumentError, ClientClosedError: As for `run`.
        """
        try:
            check_no_loop()
            self.check()
            with self._lock:
                self.check()
                return asyncio.run_coroutine_threadsafe(work, self.loop)
        except BaseException:
            work.close()
            raise

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function in the loop's thread, without waiting for it."""
        self.check()
        with self._lock:
            self.check()
            self.loop.call_soon_threadsafe(function)

    def check(self) -> None:
        """Make sure that the loop can be waited for.

        Raises:
            ClientClosedError: It cannot: see `run`.
        """
        # Also before the lock is taken: after a fork nobody is there to give it back.
        if self.forked:
            raise ClientClosedError(
                "This client was made before the process was forked; its connections belong to the "
                "parent. Connect in the child."
            )
        if self.stopping:
            leave_daemon()
            raise ClientClosedError("The client is closed. Connect again.")

    @property
    def is_current(self) -> bool:
        """Whether this is the thread that asks."""
        return threading.current_thread() is self._thread

    @property
    def forked(self) -> bool:
        """Whether this is a child process, which has the object but not the thread."""
        return self.process != os.getpid()

    def stop(self) -> None:
        """End the loop and its thread; does not wait."""
        # Under the lock, so that what was accepted before is in the loop's queue before its end.
        with self._lock:
            if not self.forked and not self.stopping:
                self.stopping = True
                self.loop.call_soon_threadsafe(self.loop.stop)

    def join_if_stopping(self) -> None:
        """Wait for the end of a stopped thread, so that none is left when this returns."""
        if self.stopping and threading.current_thread() is not self._thread:
            self._thread.join(STOP_SECONDS)


def check_may_submit() -> None:
    """Refuse to use a `Client` in a thread with a running event loop, but for that of all clients.

    There the callbacks of jobs run, and handing in another job does not block it.

    Raises:
        InvalidArgumentError: As for `check_no_loop`.
    """
    if not _is_ours():
        check_no_loop()


def new_loop() -> asyncio.AbstractEventLoop:
    """Make an event loop: that of uvloop, where it is installed (the extra `speed`)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def check_no_loop() -> None:
    """Refuse to block a thread in which an event loop is running.

    A notebook runs its cells inside of its own loop. There one cell waits for its line, as anywhere
    else, and nothing of ours is in that loop.

    Raises:
        InvalidArgumentError: There is one; the message names `AsyncClient`, or the callback.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    if threading.current_thread() is threading.main_thread() and in_kernel():
        return
    if _is_ours():
        raise InvalidArgumentError(
            "This is a callback, which runs in the one background thread of all clients: waiting "
            "here would stop them all. submit() can be called here; do what waits in a thread of "
            "your own."
        )
    raise InvalidArgumentError(
        "Client would block the event loop that is running in this thread. Use AsyncClient here: "
        "`async with AsyncClient.connect(address) as client`."
    )


def _is_ours() -> bool:
    return getattr(_here, "is_ours", False)


def leave_daemon() -> None:
    """End a daemon thread without a word if the interpreter is exiting.

    It would be stopped in the middle of any other waiting, too. An error that it has no reason to
    expect would be the last thing that the program prints. In a thread with a running event loop
    (that of all clients is one) whoever waits for the answer gets the error, and leaves.

    Raises:
        SystemExit: As above; of a thread, Python does not show it.
    """
    exits = _shared.exiting and threading.current_thread().daemon
    if exits and asyncio._get_running_loop() is None:
        raise SystemExit


class _Shared:
    """The process's loop thread and how many clients use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread: LoopThread | None = None
        self.users = 0
        self.exiting = False


_shared = _Shared()


class Lease:
    """One client's use of the process's loop thread, which is started if need be.

    Given back once, however often that is said: by the client that closes, by the garbage
    collector, and by a connection that was interrupted just when it was made.
    """

    def __init__(self) -> None:
        self._released = False
        with _shared.lock:
            thread = _shared.thread
            if thread is None or thread.forked:
                thread, _shared.users = LoopThread(), 0
                _shared.thread = thread
            _shared.users += 1
            self.thread = thread

    def release(self) -> None:
        """Give it back; the last user stops the thread."""
        with _shared.lock:
            if self._released or _shared.thread is not self.thread:
                return
            self._released = True
            _shared.users -= 1
            if _shared.users > 0:
                return
            _shared.thread = None
        self.thread.stop()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    # Whoever waits for what has just ended, such as close() itself, hears of it in a few turns.
    for _ in range(_LAST_TURNS):
        loop.run_until_complete(asyncio.sleep(0))
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
    _shared.exiting = True
    thread, _shared.thread = _shared.thread, None
    if thread is not None:
        thread.stop()
        thread.join_if_stopping()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
