"""What the client needs from whatever moves the bytes.

One implementation stands beside this file; a browser will need another. Errors of the
implementation never pass: they come out as `ConnectError`, `ConnectTimeout`,
`ConnectionLostError` or `DeadlineExceededError`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, fields
from typing import Protocol

import msgspec

from gradwire.data.multipart import FilePart, MultipartBody
from gradwire.errors import InvalidArgumentError
from gradwire.wire.requests import Request

LONGEST_TIMEOUT = 1e8
"""Seconds, about three years: what the clocks below still count with."""


@dataclass(frozen=True, slots=True)
class Timeout:
    """Deadlines, in seconds; None: wait for ever.

    Attributes:
        connect: To open a connection: name lookup, TCP, TLS.
        read: The longest silence of the server while it owes an answer, or takes nothing of what it
            is sent. Jobs that wait in the queue or run are not silent: the server sends a heartbeat
            every 15 seconds. For them less than 20 seconds counts as 20.
        upload: For one upload as a whole.
        total: For one call as a whole, from `predict` or `submit` to its end, and for connecting
            as a whole.

    Raises:
        InvalidArgumentError: One is no number of seconds more than 0, or None.
    """

    connect: float | None = 10.0
    read: float | None = 180.0
    upload: float | None = None
    total: float | None = None

    def __post_init__(self) -> None:
        for phase in ("connect", "read", "upload", "total"):
            seconds = getattr(self, phase)
            number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
            if seconds is not None and not (number and 0 < seconds <= LONGEST_TIMEOUT):
                raise InvalidArgumentError(
                    f"timeout: {phase} must be more than 0 seconds and at most "
                    f"{LONGEST_TIMEOUT:g}, or None for no limit; not {seconds!r:.80}."
                )


_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a server's words is taken, and kept; None: no limit.

    An error that one of these causes names it. Sizes count in bytes, after decompression.

    Attributes:
        answer: Of one answer that is read as a whole: config, API info, the result of an unqueued
            call, what an upload or a component's function answers.
        event: Of one message of a job: a server-sent event, or what a WebSocket brings.
        kept_events: Events of one job that are kept for those who iterate it. When there are more,
            the older half is dropped; `job.dropped` counts them, and an iteration that has missed
            some says so in the log. The result of a job is never dropped.
        kept_bytes: The same, by the size of the messages that the events came in.
        download: Of one file that is fetched.

    Raises:
        InvalidArgumentError: One is no whole number from 1 on, or None.
    """

    answer: int | None = 256 * _MIB
    event: int | None = 256 * _MIB
    kept_events: int | None = 100_000
    kept_bytes: int | None = 512 * _MIB
    download: int | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            limit = getattr(self, item.name)
            number = isinstance(limit, int) and not isinstance(limit, bool)
            if limit is not None and not (number and 0 < limit <= sys.maxsize):
                raise InvalidArgumentError(
                    f"limits: {item.name} must be a whole number from 1 on, or None for no limit; "
                    f"not {limit!r:.80}."
                )


def bound(limit: int | None) -> int:
    """Return a limit as a number to compare with."""
    return sys.maxsize if limit is None else limit


def longest_silence(request: Request, timeout: Timeout) -> float | None:
    """Return the seconds for which the server may be silent; None: for ever."""
    return timeout.read if request.read_timeout else None


class Answer(msgspec.Struct, frozen=True):
    """A whole HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    """Where the answer came from, after redirects."""


class AnswerStream(Protocol):
    """An HTTP answer whose body is read as it comes."""

    status: int
    headers: Mapping[str, str]
    url: str

    async def chunk(self) -> bytes:
        """Return the next piece of the body, of any size; nothing at its end.

        Raises:
            ConnectionLostError: It breaks off.
        """
        ...

    async def read(self) -> bytes:
        """Read the rest of the body."""
        ...

    async def finish(self, seconds: float) -> None:
        """Wait for the end of the body, dropping what still comes; `seconds` at most.

        An answer that was read to its end leaves a connection that can be used again.
        """
        ...


class Socket(Protocol):
    """A WebSocket."""

    async def send(self, text: bytes) -> None:
        """Send a message, which is UTF-8."""
        ...

    async def receive(self) -> bytes | None:
        """Return the next message; None when the server has closed the connection.

        Raises:
            ConnectionLostError: It breaks off, or answers no ping for `Timeout.read`.
            ProtocolError: The message is longer than `Limits.event` allows.
        """
        ...


class Transport(Protocol):
    """Moves bytes between this process and servers.

    Headers and cookies belong to one origin, that of the app, and are sent nowhere else.
    """

    async def request(
        self, request: Request, timeout: Timeout, limits: Limits | None = None
    ) -> Answer:
        """Send a request, read the whole answer.

        Args:
            request: What is asked.
            timeout: Its deadlines.
            limits: How long the answer may be; None: as the transport was made.

        Raises:
            ProtocolError: It is longer.
        """
        ...

    def stream(
        self, request: Request, timeout: Timeout
    ) -> AbstractAsyncContextManager[AnswerStream]:
        """Send a request, read the answer as it comes."""
        ...

    def websocket(
        self, request: Request, timeout: Timeout, limits: Limits | None = None
    ) -> AbstractAsyncContextManager[Socket]:
        """Open a WebSocket; leaving the context closes it.

        Raises:
            ConnectError: The server does not open one; `status` is what it answered.
        """
        ...

    async def upload(
        self,
        url: str,
        headers: Mapping[str, str],
        body: MultipartBody,
        timeout: Timeout,
        on_progress: Callable[[FilePart, int], None] | None = None,
    ) -> Answer:
        """POST a multipart body, reading its files while it is sent."""
        ...

    def set_cookies(self, cookies: Mapping[str, str]) -> None:
        """Keep cookies for the app's origin."""
        ...

    def cookies(self) -> dict[str, str]:
        """Return the cookies that go to the app's address."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...

    def abort(self) -> None:
        """Close all connections at once, without an event loop."""
        ...
