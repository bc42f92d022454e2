"""`AsyncClient`: what users of asyncio hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from gradwire.app.api_info import ApiInfo
from gradwire.app.config import Config
from gradwire.client.async_calls import AsyncCalls
from gradwire.client.async_files import AsyncFiles
from gradwire.client.async_job import AsyncJob
from gradwire.client.calls import Call, Data
from gradwire.client.checks import refuse_pickling
from gradwire.client.component_server import call_component
from gradwire.client.connecting import read_app_id, refresh_app
from gradwire.client.downloads import Downloads
from gradwire.client.engine import Owner
from gradwire.client.mapping_async import Source
from gradwire.client.opening import Connecting
from gradwire.client.option_types import CallOptions, ConnectOptions, CopyOptions
from gradwire.client.options import Options
from gradwire.client.pairs import parse_cookies
from gradwire.errors import (
    InvalidArgumentError,
)
from gradwire.hub.duplicating import Copy, HardwareName
from gradwire.wire.events import Event, EventType


class AsyncClient(AsyncCalls, AsyncFiles):
    """A Gradio app, for asyncio. Made by `AsyncClient.connect`.

    One event loop, one pool of connections, one event stream for all jobs. Use it in the loop in
    which it was connected; in code without a loop use `Client`.
    """

    _options: Options

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise InvalidArgumentError(
            "Write `await AsyncClient.connect(address)` or `async with "
            "AsyncClient.connect(address) as client`: connecting needs to wait."
        )

    # -- connecting --------------------------------------------------------------------------------

    @classmethod
    def connect(cls, app_reference: str, **options: Unpack[ConnectOptions]) -> Connecting[Self]:
        """Connect to an app: `await` it, or use it with `async with`.

        Args:
            app_reference: The app's address, with or without a sub-path, slash or query; or the
                name of a Hugging Face Space, `owner/name`, or its address on the hub.
            token: Hugging Face token; sent to the hub and to the app's own origin only. Default:
                `HF_TOKEN`, or the token file of `hf auth login`, which go to the hub and to private
                Spaces. True: that one, to all. False: none. `hf_token` is the same.
            status_callback: Called with a `SpaceStatus` at each change of a Space that does not
                run yet; a function, or a coroutine function. With `Client` it runs in the
                background thread.
            wake_timeout: Seconds to wait for a Space that sleeps, is built or starts; None: for
                ever. Default: 900.
            auth: `(username, password)` for apps with a login.
            cookies: A mapping, or a raw `Cookie` or `Set-Cookie` string.
            headers: Sent with every request to the app's origin.
            query_params: Likewise, added to every address. `deep_link` opens a saved state.
            session_hash: Join this session; else a random one is made.
            events: Which of `"data"`, `"status"`, `"log"`, `"render"` jobs yield. Default: data.
            with_null_state: Keep the null values of State components in outputs.
            oauth_token: Hugging Face token for the app's own code; sent only to endpoints that
                declare that they take one.
            timeout: A `Timeout`, or seconds for connecting and for each call as a whole.
            limits: A `Limits`: how much of a server's words is taken and kept.
            max_retries: How often what is safe to repeat is tried again: reading, and calls that
                the server has certainly not taken. Default: 2.
            resubmit: Call again also when the connection broke and the server may have run the
                function: it may run twice. Its events then begin anew. Default: False.
            retry_queue_full: Call again, until it is taken, when the app's queue is full; give
                `Timeout.total` to limit that. Default: False.
            verify: False, or the path of a CA file, or an `ssl.SSLContext`.
            proxy: Address of an HTTP proxy.
            trust_env: Use the environment's proxies.
            download_dir: Where `download` puts files by default; else the current folder.
            observer: Is told of each job's way: a `Metrics`, an `Observer` of your own, or several
                in a list. Default: none.
            **options: All of the above; there is no other.

        Raises:
            InvalidArgumentError: An argument is wrong; raised at once, before anything is sent.
            ConnectError: The app cannot be reached, within the deadline.
            AuthenticationError: It asks for a login, or refuses the one given; or the token is
                no good.
            SpaceNotFoundError: There is no such Space, or it is private.
            SpaceError: The Space does not run, and waiting does not help, or did not in time.
            ProtocolError: What answers is not a Gradio app.
        """
        return Connecting(cls._of, app_reference, options)

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
    ) -> Connecting[Self]:
        """Copy a Space and connect to the copy, when it runs; `await` it, or use `async with`.

        A copy that was made before is used again.

        Args:
            app_reference: The Space: `owner/name`, or an address of it.
            to: The copy's name, `[owner/]name`. Default: the same name, under the token's owner.
            private: Whether only the owner sees the copy.
            hardware: What it runs on. Default: the same as the original.
            timeout: Minutes, or a `timedelta`, without visitors after which it goes to sleep.
                Default: what the hub thinks right. Deadlines of calls are set by `with_options`.
            secrets: Secrets of the copy; those of the original are not copied.
            variables: Variables of the copy.
            **options: Those of `connect`, but for `timeout`; `token` (or `HF_TOKEN`) must be one
                that may write.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            AuthenticationError: There is no token, or it may not do this.
            GradwireError: As for `connect`.
        """
        copy = Copy.of(to, private, hardware, timeout, secrets, variables)
        return Connecting(cls._of, app_reference, options, copy)

    @classmethod
    def _of(cls, owner: Owner, options: Options) -> Self:
        client = cls.__new__(cls)
        client._owner = owner
        client._options = options
        # What was given to connect() is sent by the transport, with every request to the app.
        headers = {} if options.headers == owner.engine.options.headers else options.headers
        client._requests = owner.engine.app.requests.with_headers(headers)
        client._downloads = Downloads(owner.engine.transport, options.limits, options.max_retries)
        return client

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return the same client (session, stream, connections) with other options.

        Args:
            **options: Those of `connect` that can change from call to call: `events`, `headers`
                (added to the client's), `timeout`, `limits`, `max_retries`, `resubmit`,
                `retry_queue_full`, `with_null_state`, `oauth_token`, `download_dir`, `observer`.
                Of `limits`, those of what the views share stay as they were when connecting: of
                the event stream, of config and API info.

        Raises:
            InvalidArgumentError: There is no such option, or it is set once when connecting.
        """
        self._check_open()
        return self._of(self._owner, self._options.changed(options))

    async def close(self) -> None:
        """Close the client and all its views; pending jobs fail with `ClientClosedError`."""
        engine = self._engine
        if engine.loop.is_closed():
            engine.abort()
        else:
            self._check_loop()
            await engine.close()

    async def __aenter__(self) -> Self:
        self._check_open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def closed(self) -> bool:
        """Whether the client was closed."""
        return self._engine.closed

    def __repr__(self) -> str:
        app = self._engine.app
        state = " (closed)" if self.closed else ""
        return f"<{type(self).__name__} {app.requests.base_url} Gradio {app.config.version}{state}>"

    __reduce__ = refuse_pickling

    # -- what the app is ---------------------------------------------------------------------------

    @property
    def config(self) -> Config:
        """What the app says of itself; follows `gr.render` and `refresh()`."""
        return self._engine.app.config

    def get_page_config(self, page: str) -> Config:
        """Return the part of the config that belongs to one page of a multi-page app."""
        if not isinstance(page, str):
            raise InvalidArgumentError(f"page must be a route such as 'about', not {page!r}.")
        return self.config.get_page_config(page)

    @property
    def session_hash(self) -> str:
        """The name of this client's session on the server."""
        return self._engine.session.session_hash

    async def view_api(self) -> ApiInfo:
        """Return the app's endpoints with their parameters; print it to read it."""
        return self._engine.app.api

    async def refresh(self) -> Config:
        """Read config and API again, without disturbing running jobs."""
        self._check_open()
        await refresh_app(self._engine.transport, self._engine.app, self._options)
        self._engine.heartbeat.keep()
        return self.config

    async def reconnect(self) -> Literal["connected", "broken", "changed"]:
        """Ask whether the app is still the one that was connected to.

        Returns:
            `"connected"`: it is. `"broken"`: nobody answers. `"changed"`: it was restarted, so its
            sessions are gone, and its endpoints may differ; call `refresh()`.
        """
        self._check_open()
        engine = self._engine
        app_id = await read_app_id(engine.transport, self._requests, self._options)
        if app_id is None:
            return "broken"
        return "connected" if app_id == engine.app.app_id else "changed"

    def set_cookies(self, raw: str) -> None:
        """Send cookies with every request from now on.

        Args:
            raw: `name=value; other=value`, or a `Set-Cookie` string, whose attributes are dropped.
        """
        self._check_open()
        self._engine.transport.set_cookies(parse_cookies(raw))

    # -- calling -----------------------------------------------------------------------------------

    def _job(
        self,
        endpoint: str | int,
        data: Data,
        event_data: Any,
        trigger_id: int | None,
        wanted: frozenset[EventType],
        inputs: Mapping[str, Any],
    ) -> AsyncJob[Event]:
        self._check_open()
        call = Call(self._owner, self._options, self._requests, self._file)
        return call.job(endpoint, data, event_data, trigger_id, wanted, inputs)

    def _map_source(self, endpoint: str | int) -> Source:
        self._check_open()
        self._engine.app.api.find(endpoint)
        options = self._options
        # The jobs leave it to `map` to send them again: it knows how all of them fare.
        once = replace(options, max_retries=0, resubmit=False, retry_queue_full=False)
        call = Call(self._owner, once, self._requests, self._file)
        return Source(call, options.resubmit, options.timeout.total, self._engine.spawn)

    async def component_server(self, component_id: int, fn_name: str, data: Any = None) -> Any:
        """Call a function that a component runs on the server.

        Args:
            component_id: The component's id in `config.components`.
            fn_name: The function's name; the component's `props["server_fns"]` lists them.
            data: JSON, or with files in it, which are sent as a form: `{"file": handle_file(…)}`.

        Returns:
            The function's answer, decoded.
        """
        self._check_open()
        return await call_component(
            self._engine, self._requests, self._options, component_id, fn_name, data
        )
