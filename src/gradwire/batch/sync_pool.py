"""`Pool`: the same as `AsyncPool`, without `await`.

A facade, as `Client` is: all work is done in the one background loop of the process, and jobs are
the `Job` of a `Client`. Inputs are checked and encoded in the caller's thread.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from gradwire.app.api_info import ApiInfo
from gradwire.app.config import Config
from gradwire.batch.opening import Plan
from gradwire.batch.pool import AsyncPool, open_session
from gradwire.batch.replica import Replica
from gradwire.batch.settings import PoolOptions
from gradwire.batch.views import Holder, Session, View
from gradwire.client import loop_thread
from gradwire.client.checks import refuse_pickling
from gradwire.client.engine import Engine, Owner
from gradwire.client.option_types import CallOptions
from gradwire.client.options import Options
from gradwire.client.sync import _Inner
from gradwire.client.sync_calls import SyncCalls

T = TypeVar("T")


class _InnerPool(AsyncPool):
    """The `AsyncPool` behind a `Pool`."""

    _thread: loop_thread.LoopThread

    def _check_open(self) -> None:
        if self.closed:
            loop_thread.leave_daemon()
        super()._check_open()

    def _check_loop(self) -> None:
        """Jobs are made in any thread; they are started in the right one."""

    def seen_by(self, thread: loop_thread.LoopThread) -> Self:
        """Name the thread in which it works."""
        self._thread = thread
        return self


class Pool(SyncCalls):
    """Several apps that serve the same endpoints, for plain scripts and threads.

    `Pool([address, …])` connects, as `Pool.connect` does. It is called like a `Client`. Close it,
    or use it with `with`; one that is dropped closes itself.
    """

    _inner: _InnerPool

    def __init__(self, app_references: Iterable[str], **options: Unpack[PoolOptions]) -> None:
        """Connect to several apps.

        Args:
            app_references: The apps' addresses.
            **options: See `AsyncPool.connect`.

        Raises:
            InvalidArgumentError: An argument is wrong; or the replicas do not serve the same; or an
                event loop runs in this thread: use `AsyncPool` there.
            ConnectError: None of them can be reached.
        """
        loop_thread.check_no_loop()
        self._inner = _opened(app_references, options)

    @classmethod
    def connect(cls, app_references: Iterable[str], **options: Unpack[PoolOptions]) -> Self:
        """Connect to several apps; see `AsyncPool.connect`."""
        return cls(app_references, **options)

    @classmethod
    def _of(cls, inner: _InnerPool) -> Self:
        pool = cls.__new__(cls)
        pool._inner = inner
        return pool

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return the same pool with other options; see `AsyncClient.with_options`."""
        inner = self._inner
        return self._of(inner.with_options(**options).seen_by(inner._thread))

    def session(self) -> Self:
        """Open a session of its own at one replica; see `AsyncPool.session`.

        Use it with `with`, or close it.
        """
        inner = self._inner
        inner._check_open()
        view = self._run(open_session(inner._view))
        return self._of(_InnerPool._of(view).seen_by(inner._thread))

    def close(self) -> None:
        """Close the pool and all its views; pending jobs fail with `ClientClosedError`.

        A session closes only itself.
        """
        if not self._inner.closed and not self._inner._thread.forked:
            self._run(self._inner.close())
            self._inner._thread.join_if_stopping()

    def __enter__(self) -> Self:
        self._inner._check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether the pool, or this session of it, was closed."""
        return self._inner.closed

    def __repr__(self) -> str:
        return repr(self._inner).replace(type(self._inner).__name__, type(self).__name__, 1)

    __reduce__ = refuse_pickling

    @property
    def _engine(self) -> Engine:
        return self._inner._engine

    @property
    def _thread(self) -> loop_thread.LoopThread:
        return self._inner._thread

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._thread.run(work)

    # -- what there is -----------------------------------------------------------------------------

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """How each app of the pool stands at this moment, in the order in which they were named."""
        return self._inner.replicas

    @property
    def config(self) -> Config:
        """What the first replica that answered says of itself."""
        return self._inner.config

    def view_api(self) -> ApiInfo:
        """Return the endpoints with their parameters; print it to read it."""
        return self._inner._core.api


def _borrow_docstrings() -> None:
    """Give each method the full text of its model, which `help()` shows where people look."""
    for name, method in vars(Pool).items():
        function = getattr(method, "__func__", method)
        if f"see `AsyncPool.{name}`" in (function.__doc__ or ""):
            function.__doc__ = getattr(AsyncPool, name).__doc__


_borrow_docstrings()


def _opened(app_references: Iterable[str], options: PoolOptions) -> _InnerPool:
    lease = loop_thread.Lease()
    try:
        return lease.thread.run(_open(app_references, options, lease))
    except BaseException:
        lease.release()
        lease.thread.join_if_stopping()
        raise


async def _open(
    app_references: Iterable[str], options: PoolOptions, lease: loop_thread.Lease
) -> _InnerPool:
    def make(owner: Owner, chosen: Options) -> _Inner:
        client = _Inner._of(owner, chosen)
        client._thread = lease.thread
        return client

    plan = Plan(app_references, options, make)
    core = await plan.open()
    # However the pool is closed, by hand or by garbage collection, the thread is given back.
    core.on_closed = lease.release
    view = View(Holder(core), plan.options, Session())
    return _InnerPool._of(view).seen_by(lease.thread)
