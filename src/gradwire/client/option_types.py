"""The options of clients, for type checkers; `options.py` checks what is given.

`AsyncClient.connect` says what each means. A wrapper of one's own takes the same by
`def connect(**options: Unpack[ConnectOptions])`.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

from gradwire.client.observing import Observer
from gradwire.hub.waking import StatusCallback
from gradwire.transport.base import Limits, Timeout
from gradwire.wire.events import EventType


class _EachCall(TypedDict, total=False):
    """What can change from call to call, but for the deadlines."""

    events: EventType | Iterable[EventType]
    headers: Mapping[str, str] | None
    limits: Limits | None
    max_retries: int
    resubmit: bool
    retry_queue_full: bool
    with_null_state: bool
    oauth_token: str | None
    download_dir: str | os.PathLike[str] | None
    observer: Observer | Sequence[Observer] | None


class CallOptions(_EachCall, total=False):
    """Options of `with_options`."""

    timeout: Timeout | float | None


class CopyOptions(_EachCall, total=False):
    """Options of `duplicate`, whose own `timeout` is another."""

    token: str | bool | None
    hf_token: str | bool | None
    auth: tuple[str, str] | list[str] | None
    cookies: Mapping[str, str] | str | None
    query_params: Mapping[str, str] | None
    session_hash: str | None
    verify: bool | str | os.PathLike[str] | ssl.SSLContext
    proxy: str | None
    trust_env: bool
    status_callback: StatusCallback | None
    wake_timeout: float | None


class ConnectOptions(CopyOptions, total=False):
    """Options of `connect`."""

    timeout: Timeout | float | None
