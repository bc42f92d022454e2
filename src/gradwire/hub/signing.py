"""The signature of a private Space: a token of the hub's that is good for a while.

Browsers cannot send headers with event streams and pictures, so the proxy in front of a private
Space takes a query parameter in their place: `__sign`.
"""

from __future__ import annotations

import base64
import logging
import math
import time

from gradwire.data.json import JSONDecodeFailure, decode
from gradwire.errors import GradwireError
from gradwire.hub.api import Hub

_log = logging.getLogger("gradwire")

PARAMETER = "__sign"
MARGIN = 60.0
"""Seconds before its end at which a signature is renewed; of a short one, a tenth of its life."""
UNKNOWN_LIFE = 600.0
"""Seconds for which a signature is used that does not say when it ends."""


class Signature:
    """What opens one private Space; renewed before it ends."""

    def __init__(self, hub: Hub, space: str) -> None:
        self._hub = hub
        self._space = space
        self._value: str | None = None
        self._renew_at = 0.0

    async def value(self) -> str | None:
        """Return a signature that is good for a while.

        If the hub cannot give a new one, the old one is used as long as it lasts.
        """
        if self._value is None or time.time() >= self._renew_at:
            await self.renew()
        return self._value

    async def renew(self) -> None:
        """Fetch a new one, whatever the old one's age."""
        try:
            token = await self._hub.jwt(self._space)
        except GradwireError as error:
            if self._value is None:
                raise
            _log.warning("the signature of %s could not be renewed: %s", self._space, error)
            return
        now = time.time()
        self._value = token
        self._renew_at = _renewal(expiry(token), now)


def _renewal(end: float | None, now: float) -> float:
    if end is None:
        return now + UNKNOWN_LIFE
    return end - min(MARGIN, max(0.0, end - now) / 10)


def expiry(token: str) -> float | None:
    """Return when a JSON Web Token ends, in seconds since 1970; None if it does not say (RFC 7519).

    Its signature is not checked: what counts is only when to ask for the next one.
    """
    try:
        payload = token.split(".")[1]
        claims = decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        end = claims.get("exp") if isinstance(claims, dict) else None
        if not isinstance(end, int | float) or isinstance(end, bool):
            return None
        return float(end) if math.isfinite(end) else None
    except (IndexError, OverflowError, *JSONDecodeFailure):
        return None
