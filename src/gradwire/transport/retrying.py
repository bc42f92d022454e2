"""Asking again after a fault that may pass.

Only what is safe to repeat is repeated: a GET; and a request of which it is certain that nobody has
taken it, because there was no connection, or because the answer was "too many" or "not now".
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gradwire.errors import ConnectError, ConnectionLostError, GradwireError
from gradwire.transport.base import Answer, AnswerStream, Timeout, Transport
from gradwire.wire.failures import refused_request
from gradwire.wire.requests import Request

_log = logging.getLogger("gradwire")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds that a server may ask us to wait; who asks for more gets no second try."""
RETRY_STATUS = frozenset({429, 502, 503, 504})
NOT_TAKEN = frozenset({429, 503})
"""Answers after which a POST may be repeated."""


async def ask(
    transport: Transport,
    request: Request,
    timeout: Timeout,
    max_retries: int,
    *,
    repeatable: bool,
) -> Answer:
    """Send a request, again after a passing fault; return the last answer.

    Args:
        transport: Sends it.
        request: What is asked.
        timeout: Deadlines of each attempt.
        max_retries: How often it may be sent again.
        repeatable: Whether it does no harm if the server gets it twice.

    Raises:
        ConnectError, ConnectionLostError: Those of the last attempt.
    """
    for attempt in range(max_retries + 1):
        last = attempt == max_retries
        outcome: Answer | GradwireError
        try:
            outcome = await transport.request(request, timeout)
        except (ConnectError, ConnectionLostError) as error:
            if last or (seconds := wait_for(error, attempt, repeatable=repeatable)) is None:
                raise
            outcome = error
        else:
            if last or (seconds := wait_for(outcome, attempt, repeatable=repeatable)) is None:
                return outcome
        _log.debug("%s is sent again in %.1f s: %s", request, seconds, _said(outcome))
        await asyncio.sleep(seconds)
    raise AssertionError("unreachable")


@asynccontextmanager
async def opened(
    transport: Transport, request: Request, timeout: Timeout, max_retries: int
) -> AsyncIterator[AnswerStream]:
    """Ask for an answer that is read as it comes; before its first byte, again after a fault.

    Raises:
        ConnectError, ConnectionLostError: Those of the last attempt.
    """
    for attempt in range(max_retries + 1):
        async with AsyncExitStack() as stack:
            outcome: AnswerStream | GradwireError
            try:
                outcome = await stack.enter_async_context(transport.stream(request, timeout))
            except (ConnectError, ConnectionLostError) as error:
                outcome = error
            seconds = None
            if attempt < max_retries:
                seconds = wait_for(outcome, attempt, repeatable=True)
            if seconds is None:
                if isinstance(outcome, GradwireError):
                    raise outcome
                yield outcome
                return
        _log.debug("%s is sent again in %.1f s: %s", request, seconds, _said(outcome))
        await asyncio.sleep(seconds)
    raise AssertionError("unreachable")


def wait_for(
    outcome: Answer | AnswerStream | GradwireError, attempt: int, *, repeatable: bool
) -> float | None:
    """Return the seconds after which a request may be sent again; None if it may not.

    Args:
        outcome: What became of it.
        attempt: Its number, counted from 0.
        repeatable: Whether it does no harm if the server gets it twice.
    """
    if isinstance(outcome, ConnectionLostError):
        return pause(attempt) if repeatable else None
    if isinstance(outcome, ConnectError):
        asked = outcome.retry_after
    elif isinstance(outcome, GradwireError):
        return None
    else:
        asked = retry_after(outcome.headers)
    # An error without a status: there was no connection, so nothing was sent.
    passing = RETRY_STATUS if repeatable else NOT_TAKEN
    if outcome.status is not None and outcome.status not in passing:
        return None
    if asked is None:
        return pause(attempt)
    return asked if asked <= LONGEST_RETRY_AFTER else None


def refused(answer: Answer, endpoint: str | int) -> GradwireError:
    """Return the error for an answer that accepts no job."""
    return refused_by(answer, answer.body, endpoint)


def refused_by(answer: Answer | AnswerStream, body: bytes, endpoint: str | int) -> GradwireError:
    """Return the error for an answer, whose body was read, that accepts no job."""
    asked = retry_after(answer.headers)
    return refused_request(answer.status, body, answer.url, endpoint, asked)


def _said(outcome: Answer | AnswerStream | GradwireError) -> object:
    return outcome if isinstance(outcome, GradwireError) else f"status {outcome.status}"


def pause(attempt: int, longest: float = LONGEST_PAUSE, growth: float = 2.0) -> float:
    """Return seconds to wait after the attempt of that number, counted from 0: longer each time.

    Half of it is chance, so that callers that failed together do not come back together.
    """
    return random.uniform(0.5, 1.0) * min(FIRST_PAUSE * growth ** min(attempt, 60), longest)  # noqa: S311


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait; None if it does not say.

    It says so by `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3).
    """
    text = next((v for name, v in headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isdecimal():
        return float(text[:12])
    try:
        when = parsedate_to_datetime(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
