"""Opening a connection: name lookup, TCP, TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import aiohappyeyeballs

P = TypeVar("P", bound=asyncio.Protocol)

NEXT_ADDRESS = 0.25
"""Seconds after which the next address of a host is tried beside the first (RFC 8305)."""


def socket_with_keepalive(address: Any) -> socket.socket:
    """Make a socket whose system notices a peer that is gone, in about a minute."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    return made


async def dial(
    host: str,
    port: int,
    tls: ssl.SSLContext | None,
    timeout: float | None,
    protocol: Callable[[], P],
) -> P:
    """Open a connection, to whichever address of the host answers first.

    Args:
        host: Its name or address.
        port: The port.
        tls: How TLS is spoken; None: not at all.
        timeout: Seconds for all of it; None: for ever.
        protocol: Makes what reads the connection.

    Raises:
        TimeoutError: It took too long.
        OSError: It cannot be opened; `socket.gaierror` for a name that nobody knows, and
            `ssl.SSLError` for TLS that does not work.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        sock = await aiohappyeyeballs.start_connection(
            await _addresses(host, port),
            happy_eyeballs_delay=NEXT_ADDRESS,
            interleave=1,
            loop=loop,
            socket_factory=socket_with_keepalive,
        )
        try:
            _, made = await loop.create_connection(
                protocol, sock=sock, ssl=tls, server_hostname=host.rstrip(".") if tls else None
            )
        except BaseException:
            sock.close()
            raise
        return made


async def _addresses(host: str, port: int) -> Any:
    """Return what `getaddrinfo` says, which for an address needs no thread and asks nobody."""
    found = [(socket.AF_INET, (host, port)), (socket.AF_INET6, (host, port, 0, 0))]
    try:
        family, place = found[ipaddress.ip_address(host).version == 6]
    except ValueError:
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)]


def tls_for(verify: bool | str | ssl.SSLContext) -> ssl.SSLContext:
    """Make what TLS is spoken with.

    Args:
        verify: False: trust any certificate; a path: trust this CA file; or the caller's own.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    return _system_tls(verify) if isinstance(verify, bool) else _tls(verify)


@lru_cache(maxsize=2)
def _system_tls(verify: bool) -> ssl.SSLContext:
    """Read the system's certificates once: that takes longer than many calls."""
    made = _tls(None)
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def _tls(ca_file: str | None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=ca_file)
    made.set_alpn_protocols(["http/1.1"])
    return made
