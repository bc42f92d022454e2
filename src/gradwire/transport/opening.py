"""Which transport goes to an address."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from gradwire.transport.base import Limits, Transport
from gradwire.transport.cookies import Cookies
from gradwire.transport.direct import DirectTransport, is_direct


def open_transport(
    base_url: str,
    headers: Mapping[str, str],
    *,
    verify: bool | str | ssl.SSLContext = True,
    proxy: str | None = None,
    trust_env: bool = False,
    limits: Limits | None = None,
) -> Transport:
    """Make the connections to one app: straight ones, or by aiohttp where there may be a proxy.

    Args:
        base_url: The app's address; headers and cookies belong to its origin.
        headers: Sent with every request there, below the request's own.
        verify: False: trust any certificate; a path: trust this CA file; or an own `SSLContext`.
        proxy: Address of an HTTP proxy.
        trust_env: Use the environment's proxies (`HTTPS_PROXY` …) and `.netrc`.
        limits: How long answers may be.
    """
    cookies = Cookies(base_url)

    def by_aiohttp() -> Transport:
        # Imported only here: it takes longer than many a script.
        from gradwire.transport.aiohttp import AiohttpTransport

        return AiohttpTransport(
            base_url,
            headers,
            cookies,
            verify=verify,
            proxy=proxy,
            trust_env=trust_env,
            limits=limits,
        )

    if proxy or trust_env or not is_direct(base_url):
        return by_aiohttp()
    return DirectTransport(base_url, headers, cookies, by_aiohttp, verify=verify, limits=limits)
