"""Asking again after a fault that may pass.

Only what is safe to repeat is repeated: a GET; and a request of which it is certain that nobody has
taken it, because there was no connection, or because the answer was "too many" or "not now".
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gradwire.errors import ConnectError, ConnectionLostError
from gradwire.transport.base import Answer, Timeout, Transport
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
        asked: float | None = None
        try:
            answer = await transport.request(request, timeout)
        except (ConnectError, ConnectionLostError) as error:
            if last or not (repeatable or isinstance(error, ConnectError)):
                raise
            _log.debug("attempt %d: %s", attempt + 1, error)
        else:
            if last or answer.status not in (RETRY_STATUS if repeatable else NOT_TAKEN):
                return answer
            asked = retry_after(answer.headers)
            if asked is not None and asked > LONGEST_RETRY_AFTER:
                return answer
            _log.debug("attempt %d: %s answered %d", attempt + 1, request, answer.status)
        await asyncio.sleep(pause(attempt) if asked is None else asked)
    raise AssertionError("unreachable")


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
    except (ValueError, TypeError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
