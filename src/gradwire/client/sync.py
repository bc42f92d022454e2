"""`Client`: the same as `AsyncClient`, without `await`.

A facade: all work is done in the event loop of `loop_thread.py`. Any number of threads may share
a client or a job. Inputs are checked and encoded in the caller's thread; waiting blocks on the
job's log, not on the loop.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

from gradwire.app.api_info import ApiInfo
from gradwire.app.config import Config
from gradwire.client import loop_thread
from gradwire.client.async_client import AsyncClient
from gradwire.client.checks import refuse_pickling
from gradwire.client.engine import Engine
from gradwire.client.files import File
from gradwire.client.mapping_sync import SyncMaps
from gradwire.client.opening import Connecting
from gradwire.client.option_types import CallOptions, ConnectOptions, CopyOptions
from gradwire.client.pairs import parse_cookies
from gradwire.client.sync_calls import SyncCalls
from gradwire.client.sync_files import SyncFiles
from gradwire.data.files import FileData
from gradwire.hub.duplicating import Copy, HardwareName

T = TypeVar("T")


class _Inner(AsyncClient):
    """The `AsyncClient` behind a `Client`: its files are those of the facade."""

    _thread: loop_thread.LoopThread

    def _bound(self, obj: dict[str, Any]) -> FileData:
        return File.bound(Client._view(self), obj)

    def _check_open(self) -> None:
        if self._engine.closed:
            loop_thread.leave_daemon()
        super()._check_open()

    def _check_loop(self) -> None:
        """Jobs are made in any thread; they are started in the right one."""

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        view = super().with_options(**options)
        view._thread = self._thread
        return view


class Client(SyncCalls, SyncFiles):
    """A Gradio app, for plain scripts and threads.

    `Client(address, …)` connects, as `Client.connect(address, …)` does. Close it, or use it with
    `with`; one that is dropped closes itself.
    """

    _inner: _Inner

    def __init__(self, app_reference: str, **options: Unpack[ConnectOptions]) -> None:
        """Connect to an app.

        Args:
            app_reference: The app's address.
            **options: See `AsyncClient.connect`.

        Raises:
            InvalidArgumentError: An argument is wrong, or an event loop runs in this thread: use
                `AsyncClient` there.
            ConnectError: The app cannot be reached, within the deadline.
            AuthenticationError: It asks for a login, or refuses the one given.
            ProtocolError: What answers is not a Gradio app.
        """
        loop_thread.check_no_loop()
        self._inner = _connected(Connecting(_Inner._of, app_reference, options))

    @classmethod
    def connect(cls, app_reference: str, **options: Unpack[ConnectOptions]) -> Self:
        """Connect to an app; see `AsyncClient.connect`."""
        return cls(app_reference, **options)

    @classmethod
    def duplicate(
        cls,
        app_reference: str,
        to: str | None = None,
        *,
        private: bool = False,
        hardware: HardwareName | None = None,
        timeout: float | timedelta | None = None,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        **options: Unpack[CopyOptions],
    ) -> Self:
        """Copy a Space and connect to the copy; see `AsyncClient.duplicate`."""
        loop_thread.check_no_loop()
        copy = Copy.of(to, private, hardware, timeout, secrets, variables)
        return cls._view(_connected(Connecting(_Inner._of, app_reference, options, copy)))

    @classmethod
    def _view(cls, inner: _Inner) -> Self:
        client = cls.__new__(cls)
        client._inner = inner
        return client

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return the same client with other options; see `AsyncClient.with_options`."""
        return self._view(self._inner.with_options(**options))

    def close(self) -> None:
        """Close the client and all its views; pending jobs fail with `ClientClosedError`."""
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
        """Whether the client was closed."""
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
        return self._inner._thread.run(work)

    # -- what the app is ---------------------------------------------------------------------------

    @property
    def config(self) -> Config:
        """What the app says of itself; follows `gr.render` and `refresh()`."""
        return self._inner.config

    def get_page_config(self, page: str) -> Config:
        """Return the part of the config that belongs to one page of a multi-page app."""
        return self._inner.get_page_config(page)

    @property
    def session_hash(self) -> str:
        """The name of this client's session on the server."""
        return self._inner.session_hash

    def view_api(self) -> ApiInfo:
        """Return the app's endpoints with their parameters; print it to read it."""
        return self._engine.app.api

    def refresh(self) -> Config:
        """Read config and API again, without disturbing running jobs."""
        return self._run(self._inner.refresh())

    def reconnect(self) -> Literal["connected", "broken", "changed"]:
        """Ask whether the app is still the same; see `AsyncClient.reconnect`."""
        return self._run(self._inner.reconnect())

    def set_cookies(self, raw: str) -> None:
        """Send cookies with every request from now on; see `AsyncClient.set_cookies`."""
        self._inner._check_open()
        cookies = parse_cookies(raw)
        self._inner._thread.call_soon(lambda: self._engine.transport.set_cookies(cookies))

    def component_server(self, component_id: int, fn_name: str, data: Any = None) -> Any:
        """Call a component's function on the server; see `AsyncClient.component_server`."""
        return self._run(self._inner.component_server(component_id, fn_name, data))


def _borrow_docstrings() -> None:
    """Give each method the full text of its model, which `help()` shows where people look."""
    kinds = (SyncCalls, SyncMaps, SyncFiles, Client)
    for name, method in (item for kind in kinds for item in vars(kind).items()):
        function = getattr(method, "__func__", method)
        if f"see `AsyncClient.{name}`" in (function.__doc__ or ""):
            function.__doc__ = getattr(AsyncClient, name).__doc__


_borrow_docstrings()


def _connected(connecting: Connecting[_Inner]) -> _Inner:
    lease = loop_thread.Lease()
    try:
        inner = lease.thread.run(_connect(connecting, lease))
    except BaseException:
        lease.release()
        lease.thread.join_if_stopping()
        raise
    inner._thread = lease.thread
    return inner


async def _connect(connecting: Connecting[_Inner], lease: loop_thread.Lease) -> _Inner:
    inner = await connecting
    # However the engine is closed, by hand or by garbage collection, the thread is given back.
    inner._engine.on_closed = lease.release
    return inner
