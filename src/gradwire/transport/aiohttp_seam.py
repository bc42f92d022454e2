"""The seam between aiohttp and the rest: its errors become ours here, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from gradwire.errors import (
    ConnectError,
    GradwireError,
    InvalidArgumentError,
    ProtocolError,
    shown_url,
)
from gradwire.transport import failures
from gradwire.transport.silence import Silence, SilentError, Wait


@dataclass(slots=True)
class State:
    """What the exchanges of one transport share."""

    silence: Silence
    closed: bool = False


class Seam(Wait):
    """An exchange with a server; its silence is an error, too.

    Args:
        silence: The longest silence, in seconds; None: for ever.
        owed: Whether the server owes an answer from the beginning on; else from the first
            `heard()` of the wait that is entered.
    """

    __slots__ = ("_owed", "_state", "_url")

    def __init__(self, state: State, url: str, silence: float | None, owed: bool = True) -> None:
        super().__init__(state.silence, silence)
        self._state = state
        self._url = url
        self._owed = owed

    def __enter__(self) -> Wait:
        self.begin(self._owed)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        error = self.end(error)
        if error is not None:
            translated = _translated(error, self._url)
            if self._state.closed and isinstance(error, Exception):
                # aiohttp has many ways to say that it was closed in the middle of something.
                translated = failures.closed()
            if translated is not None:
                # These name the whole address: a proxy's password, the signature of a query.
                hidden = isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL)
                raise translated from (None if hidden else error)


def _translated(error: BaseException, url: str) -> GradwireError | None:
    """Return our error for one of aiohttp's; None for those that are not about the network."""
    where = shown_url(url)
    match error:
        case GradwireError():
            return None
        case aiohttp.ConnectionTimeoutError():
            return failures.not_connected_in_time(url)
        case SilentError():
            return failures.silent(url)
        case aiohttp.ClientConnectorError():
            return ConnectError(f" to {where}: {_reason(error)}", url=url)
        case aiohttp.ClientHttpProxyError():
            return ConnectError(
                f" to {where}: the proxy answered {error.status}. Check the option proxy.",
                url=url,
                status=error.status,
            )
        case aiohttp.WSServerHandshakeError():
            return ConnectError(
                f": {where} answered {error.status}, and opened no WebSocket.",
                url=url,
                status=error.status,
            )
        case aiohttp.InvalidURL():
            return InvalidArgumentError(f"{where!r} is not an address.", url=url)
        case aiohttp.ClientError() | ConnectionError() | EOFError():
            return failures.lost(url, _what_broke(error))
        case TimeoutError():
            return failures.late(url)
        case ValueError():
            return ProtocolError(f"{where} cannot be asked: {error}", url=url)
    return None


def _what_broke(error: BaseException) -> str:
    """Say how a connection broke, without the words of aiohttp."""
    for each in (error, error.__cause__, error.__context__):
        if (said := failures.what_broke(each)) is not None:
            return said
    if isinstance(error, aiohttp.ClientResponseError):
        return "the answer is not HTTP"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer ended early, or cannot be read"
    return "the server closed it"


def _reason(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return failures.untrusted(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return failures.no_tls(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no such host. Is the address right?"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy cannot be reached ({error.os_error})."
    return f"{error.os_error}. Is the app running there?"
