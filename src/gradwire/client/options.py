"""The options of `connect` and `with_options`, checked before anything is sent."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gradwire.client.checks import (
    checked_callback,
    checked_flag,
    checked_folder,
    checked_seconds,
)
from gradwire.client.observing import Observer, checked_observers
from gradwire.client.pairs import SURROGATE, checked_cookies, checked_pairs, wrong
from gradwire.errors import InvalidArgumentError
from gradwire.hub.waking import StatusCallback
from gradwire.transport.base import Limits, Timeout
from gradwire.wire.events import EVENT_TYPES, EventType

WAKE_SECONDS = 900.0
"""How long a Space that does not run yet is waited for."""
_CONNECT_ONLY = frozenset(
    {
        "auth",
        "cookies",
        "proxy",
        "query_params",
        "session_hash",
        "status_callback",
        "token",
        "trust_env",
        "verify",
        "wake_timeout",
    }
)
_ALIASES = {"hf_token": "token"}


@dataclass(frozen=True, slots=True)
class Options:
    """See `AsyncClient.connect` for what each means."""

    token: str | bool | None = field(default=None, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    session_hash: str | None = None
    events: frozenset[EventType] = frozenset({"data"})
    with_null_state: bool = False
    oauth_token: str | None = field(default=None, repr=False)
    timeout: Timeout = field(default_factory=Timeout)
    limits: Limits = field(default_factory=Limits)
    max_retries: int = 2
    resubmit: bool = False
    retry_queue_full: bool = False
    verify: bool | ssl.SSLContext = True
    proxy: str | None = field(default=None, repr=False)
    trust_env: bool = False
    download_dir: Path | None = None
    observer: tuple[Observer, ...] = ()
    status_callback: StatusCallback | None = None
    wake_timeout: float | None = WAKE_SECONDS

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Options:
        """Check the options of `connect`.

        Raises:
            InvalidArgumentError: One is unknown or has a wrong type; the message says what is
            valid.
        """
        return cls(**_checked(given, {item.name for item in fields(cls)}))

    def changed(self, given: Mapping[str, Any]) -> Options:
        """Check the options of `with_options` and return them on top of these.

        Raises:
            InvalidArgumentError: As for `of`; or the option is set once, when connecting.
        """
        fixed = _CONNECT_ONLY & {_ALIASES.get(name, name) for name in given}
        if fixed:
            raise InvalidArgumentError(
                f"{', '.join(sorted(fixed))}: set when connecting, not by with_options. "
                "Connect another client for a different login, session or network setting."
            )
        changes = _checked(given, {item.name for item in fields(self)} - _CONNECT_ONLY)
        if "headers" in changes:
            changes["headers"] = merge_headers(self.headers, changes["headers"])
        return replace(self, **changes)

    def wanted(self, all_events: bool) -> frozenset[EventType]:
        """Return the kinds of events that a submission yields."""
        return frozenset(EVENT_TYPES) if checked_flag("all_events", all_events) else self.events


def merge_headers(base: Mapping[str, str], over: Mapping[str, str]) -> dict[str, str]:
    """Return `base` with `over` on top; names differ in more than case only if spelled apart."""
    names = {name.lower() for name in over}
    return {n: v for n, v in base.items() if n.lower() not in names} | dict(over)


def _checked(given: Mapping[str, Any], valid: set[str]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for alias, value in given.items():
        name = _ALIASES.get(alias, alias)
        if name not in valid:
            raise InvalidArgumentError(
                f"There is no option {alias!r}. Valid options: {', '.join(sorted(valid))}."
            )
        if name in checked:
            raise InvalidArgumentError(f"{alias!r} and {name!r} name the same option; give one.")
        checked[name] = _CHECKS[name](name, value)
    return checked


def _text(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise wrong(name, "a string", value)
    if isinstance(value, str) and not value:
        raise InvalidArgumentError(f"{name} is empty; leave it out instead.")
    return value


def _secret(name: str, value: Any) -> str | None:
    text = _text(name, value)
    if text is not None and any(ord(char) < 33 or ord(char) == 127 for char in text):
        raise InvalidArgumentError(
            f"{name} holds a blank or control character; was it copied whole?"
        )
    return text


def _token_option(name: str, value: Any) -> str | bool | None:
    return value if isinstance(value, bool) else _secret(name, value)


def _callback(name: str, value: Any) -> Any:
    return None if value is None else checked_callback(name, value)


def _auth(name: str, value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    pair = tuple(value) if isinstance(value, list | tuple) else ()
    if len(pair) != 2 or not all(isinstance(part, str) for part in pair):
        raise wrong(name, "(username, password), two strings", value)
    if any(map(SURROGATE.search, pair)):
        raise InvalidArgumentError(f"{name} holds half a character (a surrogate).")
    return pair[0], pair[1]


def _events(name: str, value: Any) -> frozenset[EventType]:
    chosen = [value] if isinstance(value, str) else value
    if not isinstance(chosen, Iterable):
        raise wrong(name, "a sequence of event types", value)
    types = list(chosen)
    unknown = [item for item in types if item not in EVENT_TYPES]
    if unknown:
        raise InvalidArgumentError(
            f"events: {', '.join(map(repr, unknown))} unknown. Valid: {', '.join(EVENT_TYPES)}."
        )
    return frozenset(types)


def _timeout(name: str, value: Any) -> Timeout:
    if value is None:
        return Timeout()
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = Timeout(total=value)
    if not isinstance(value, Timeout):
        raise wrong(name, "seconds or a Timeout(connect, read, upload, total)", value)
    return value


def _limits(name: str, value: Any) -> Limits:
    if value is None:
        return Limits()
    if not isinstance(value, Limits):
        raise wrong(name, "a Limits(answer, event, kept_events, kept_bytes, download)", value)
    return value


def _retries(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidArgumentError(f"{name} must be a whole number from 0 on.")
    return value


def _verify(name: str, value: Any) -> bool | ssl.SSLContext:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, bool | str | ssl.SSLContext):
        raise wrong(name, "True, False, the path of a CA file, or an SSLContext", value)
    if not isinstance(value, str):
        return value
    if not os.path.isfile(value):
        raise InvalidArgumentError(f"{name}: there is no CA file {value!r}.")
    try:
        return ssl.create_default_context(cafile=value)
    except OSError as error:  # ssl.SSLError is one
        raise InvalidArgumentError(f"{name}: {value!r} is no CA file in PEM: {error}.") from error


def _proxy(name: str, value: Any) -> str | None:
    text = _text(name, value)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise InvalidArgumentError(f"{name} must be an address such as http://host:3128.")
    return text


_CHECKS: Mapping[str, Any] = {
    "token": _token_option,
    "auth": _auth,
    "cookies": checked_cookies,
    "headers": checked_pairs,
    "query_params": checked_pairs,
    "session_hash": _secret,
    "events": _events,
    "with_null_state": checked_flag,
    "oauth_token": _secret,
    "timeout": _timeout,
    "limits": _limits,
    "max_retries": _retries,
    "resubmit": checked_flag,
    "retry_queue_full": checked_flag,
    "verify": _verify,
    "proxy": _proxy,
    "trust_env": checked_flag,
    "download_dir": checked_folder,
    "observer": checked_observers,
    "status_callback": _callback,
    "wake_timeout": checked_seconds,
}
