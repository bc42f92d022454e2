"""Connecting to a Space: find its address, wait until it runs, and keep what opens it.

Named by `owner/name`, a Space is looked up on the hub first. Named by its address, it is asked
directly, and the hub only if that fails; with a token that the caller passed, the hub comes first
as well, because the Space may be private.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from itertools import count

from gradwire.app.reference import AppReference
from gradwire.client.connecting import App, app_headers, connect_app
from gradwire.client.options import Options
from gradwire.errors import ConnectError, GradwireError, SpaceNotFoundError
from gradwire.hub.address import app_address
from gradwire.hub.api import Hub, SpaceInfo
from gradwire.hub.duplicating import Copy, duplicate
from gradwire.hub.settings import HubSettings
from gradwire.hub.signing import Signature
from gradwire.hub.space_transport import SpaceTransport
from gradwire.hub.status import status_of
from gradwire.hub.waking import Watch
from gradwire.transport import opening
from gradwire.transport.base import Timeout, Transport
from gradwire.transport.retrying import pause
from gradwire.version import VERSION
from gradwire.wire.requests import Request

_log = logging.getLogger("gradwire")

WAKE_TIMEOUT = Timeout(connect=5.0, read=5.0)
"""For the request that wakes a Space; its answer is of no interest."""
HUB_TIMEOUT = Timeout(connect=10.0, read=30.0)
STARTS = 2
"""How often an app is asked again that does not answer though the hub says that it runs."""
_NOT_YET = frozenset({None, 404, 502, 503, 504})


def open_transport(base_url: str, headers: dict[str, str], options: Options) -> Transport:
    """Make a pool of connections with the network settings of the options."""
    return opening.open_transport(
        base_url,
        headers,
        verify=options.verify,
        proxy=options.proxy,
        trust_env=options.trust_env,
        limits=options.limits,
    )


def open_hub(options: Options, settings: HubSettings) -> Hub:
    """Make what asks the hub."""
    headers = {"User-Agent": f"gradwire/{VERSION}"}
    if settings.token is not None:
        headers["Authorization"] = f"Bearer {settings.token.value}"
    transport = open_transport(f"{settings.endpoint}/", headers, options)
    return Hub(transport, settings, HUB_TIMEOUT, options.max_retries)


async def copy_space(reference: AppReference, copy: Copy, options: Options) -> AppReference:
    """Duplicate a Space; return the copy."""
    hub = open_hub(options, HubSettings.read(options.token))
    try:
        source = reference.space
        if source is None:
            source = (await hub.by_subdomain(reference.subdomain or "")).id
        return AppReference("", space=await duplicate(hub, source, copy))
    finally:
        await hub.close()


async def connect(reference: AppReference, options: Options) -> tuple[Transport, App]:
    """Connect to any app; what is not a Space is asked directly."""
    if reference.space is not None or reference.subdomain is not None:
        settings = HubSettings.read(options.token)
        return await _Space(reference, options, settings).connect()
    token = HubSettings.read(options.token).token if options.token else None
    headers = app_headers(reference, options, token.value if token else None)
    transport = open_transport(reference.base_url, headers, options)
    return transport, await connect_closing(transport, reference, options)


async def connect_closing(transport: Transport, reference: AppReference, options: Options) -> App:
    """Connect; close the transport if that fails."""
    try:
        if options.cookies:
            transport.set_cookies(options.cookies)
        return await connect_app(transport, reference, options)
    except BaseException:
        await transport.close()
        raise


class _Space:
    def __init__(self, reference: AppReference, options: Options, settings: HubSettings) -> None:
        self._reference = reference
        self._options = options
        self._settings = settings
        self._hub = open_hub(options, settings)
        self._private = False

    async def connect(self) -> tuple[Transport, App]:
        """Connect; what the connection does not take over is closed."""
        try:
            if self._reference.space is None:
                return await self._by_address()
            return await self._as_told(await self._look())
        except BaseException:
            await self._hub.close()
            raise

    async def _by_address(self) -> tuple[Transport, App]:
        info = await self._look_first() if self._token_was_given() else None
        if info is None:
            try:
                return await self._directly()
            except (ConnectError, SpaceNotFoundError) as error:
                info = await self._look_after(error)
        return await self._as_told(info)

    async def _as_told(self, info: SpaceInfo) -> tuple[Transport, App]:
        """Connect by what the hub says of the Space."""
        self._private = info.private
        self._reference = self._reference.at(await self._address(info))
        return await self._when_it_runs(info)

    async def _look_first(self) -> SpaceInfo | None:
        """Ask the hub, because the Space may be private; None if the hub cannot be reached."""
        try:
            return await self._look()
        except ConnectError as error:
            _log.debug("the hub is left out: %s", error)
            return None

    def _token_was_given(self) -> bool:
        return self._settings.token is not None and self._settings.token.given

    async def _look(self) -> SpaceInfo:
        if self._reference.space is not None:
            return await self._hub.info(self._reference.space)
        assert self._reference.subdomain is not None
        return await self._hub.by_subdomain(self._reference.subdomain)

    async def _address(self, info: SpaceInfo) -> str:
        if self._reference.base_url:
            return self._reference.base_url
        return app_address(info.host or await self._hub.host(info.id), info.id)

    def _transport(self, name: str | None = None) -> SpaceTransport:
        """Make the way to the app; `name`, of a private Space, whose streams are to be signed."""
        token = self._settings.token
        shown = token is not None and (token.given or self._private)
        headers = app_headers(
            self._reference, self._options, token.value if token and shown else None
        )
        base_url = self._reference.base_url
        inner = open_transport(base_url, headers, self._options)
        signature = Signature(self._hub, name) if name and self._private else None
        return SpaceTransport(inner, base_url, self._hub, self._look, signature)

    async def _directly(self) -> tuple[Transport, App]:
        transport = self._transport()
        return transport, await connect_closing(transport.inner, self._reference, self._options)

    async def _look_after(self, error: ConnectError | SpaceNotFoundError) -> SpaceInfo:
        """Ask the hub why an app cannot be reached; raise the error if it does not know."""
        if self._settings.offline or error.status not in _NOT_YET:
            raise error
        _log.debug("the hub is asked, because %s", error)
        try:
            return await self._look()
        except ConnectError:
            raise error from None

    async def _when_it_runs(self, info: SpaceInfo) -> tuple[Transport, App]:
        watch = Watch(
            self._hub,
            self._look,
            self._options.status_callback,
            self._wake,
            self._options.wake_timeout,
        )
        for attempt in count():
            await watch.until_running(info)
            transport = self._transport(info.id)
            try:
                async with watch.in_time():
                    return transport, await connect_closing(
                        transport.inner, self._reference, self._options
                    )
            except (ConnectError, SpaceNotFoundError) as error:
                if error.status not in _NOT_YET:
                    raise
                failure = error
            # The hub says that a Space runs a moment before its app can be reached.
            watch.begin()
            async with watch.in_time():
                info = await self._look()
                if status_of(info.stage).status == "running" and attempt >= STARTS:
                    raise failure
                await asyncio.sleep(pause(attempt))
        raise AssertionError("unreachable")

    async def _wake(self) -> None:
        """Send the app a request: that is what wakes a Space."""
        transport = self._transport()
        try:
            with contextlib.suppress(GradwireError):
                request = Request("GET", f"{self._reference.base_url}config")
                await transport.inner.request(request, WAKE_TIMEOUT)
        finally:
            await transport.inner.close()
