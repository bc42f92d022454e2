"""Every HTTP request of the protocol, as data.

All addresses are made from the one that the user gave. What a server calls its `root` is never
used: behind a proxy it is often wrong.

| what | request |
|---|---|
| config | `GET /config` (never under the prefix) |
| API info | `GET {prefix}/info` |
| login | `POST /login`, a form (never under the prefix) |
| submit | `POST {prefix}/queue/join` |
| events | `GET {prefix}/queue/data?session_hash=…` |
| unqueued call | `POST {prefix}/run/predict` |
| cancel | `POST {prefix}/cancel`; before 4.31 `POST {prefix}/reset` |
| submit before 4.9 | WebSocket `/queue/join`, or `GET /queue/join` and `POST /queue/data` |
| streaming input | `POST {prefix}/stream/ID`, `…/ID/close` |
| files | `POST {prefix}/upload`, `GET {prefix}/file=PATH` |
| others | `{prefix}/component_server`, `{prefix}/heartbeat/SESSION`, `{prefix}/app_id` |
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from gradwire.data.json import encode
from gradwire.errors import redact_url

JSON_HEADERS: Mapping[str, str] = {"Content-Type": "application/json"}
FORM_HEADERS: Mapping[str, str] = {"Content-Type": "application/x-www-form-urlencoded"}


class Request(msgspec.Struct, frozen=True):
    """One HTTP request.

    Attributes:
        read_timeout: Whether the answer's silence is limited by `Timeout.read`. An unqueued call
            is silent for as long as its function runs.
        once: Whether it must not be sent again when its connection breaks, though it is a GET.
    """

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    read_timeout: bool = True
    once: bool = False

    def __repr__(self) -> str:
        # Headers and bodies hold secrets and megabytes.
        return f"Request({self.method!r}, {redact_url(self.url)!r})"


class Requests:
    """Makes the requests of one app.

    Args:
        base_url: The app's address, ending with a slash.
        prefix: The config's `api_prefix`, such as `/gradio_api`, or nothing.
        query: Parameters to send with every request.
        headers: Headers to send with every request, besides those that belong to the app's origin.
    """

    def __init__(
        self,
        base_url: str,
        prefix: str = "",
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url = base_url
        self.prefix = prefix
        self.query = dict(query or {})
        self.headers = dict(headers or {})
        self._json = {**self.headers, **JSON_HEADERS}
        self._api = base_url + (prefix.strip("/") + "/" if prefix else "")
        self._suffix = "?" + urlencode(self.query) if self.query else ""
        self._join_url = self.api_url("queue/join")
        self._run_url = self.api_url("run/predict")
        others = {name: value for name, value in self.query.items() if name != "session_hash"}
        self._events_url = f"{self._api}queue/data?{urlencode({**others, 'session_hash': ''})}"

    def with_prefix(self, prefix: str) -> Requests:
        """Return the same under another API prefix."""
        return Requests(self.base_url, prefix, self.query, self.headers)

    def with_base(self, base_url: str) -> Requests:
        """Return the same at another address; parameters stay with their origin, as headers do."""
        query = self.query if trusts(self.base_url, base_url) else {}
        return Requests(base_url, self.prefix, query, self.headers)

    def with_headers(self, headers: Mapping[str, str]) -> Requests:
        """Return the same with other headers."""
        return Requests(self.base_url, self.prefix, self.query, headers)

    def url(self, path: str) -> str:
        """Return the address of a path of the app that never has the prefix."""
        return self.base_url + path + self._suffix

    def api_url(self, path: str, **query: str) -> str:
        """Return the address of a path under the API prefix."""
        if query:
            return self._api + path + "?" + urlencode({**self.query, **query})
        return self._api + path + self._suffix

    def _get(self, url: str) -> Request:
        return Request("GET", url, self.headers)

    def _post(self, url: str, payload: Any, *, read_timeout: bool = True) -> Request:
        return Request("POST", url, self._json, encode(payload), read_timeout)

    def config(self) -> Request:
        return self._get(self.url("config"))

    def info(self) -> Request:
        return self._get(self.api_url("info"))

    def login(self, username: str, password: str) -> Request:
        form = urlencode({"username": username, "password": password})
        headers = {**self.headers, **FORM_HEADERS}
        return Request("POST", self.url("login"), headers, form.encode())

    def join(self, payload: Mapping[str, Any]) -> Request:
        return self._post(self._join_url, payload)

    def run(self, payload: Mapping[str, Any]) -> Request:
        return self._post(self._run_url, payload, read_timeout=False)

    def events(self, session_hash: str) -> Request:
        url = self._events_url + _quoted(session_hash)
        return Request("GET", url, self.headers, once=True)

    def cancel(self, session_hash: str, fn_index: int, event_id: str) -> Request:
        body = {"session_hash": session_hash, "fn_index": fn_index, "event_id": event_id}
        return self._post(self.api_url("cancel"), body)

    def reset(self, event_id: str) -> Request:
        return self._post(self.api_url("reset"), {"event_id": event_id})

    def socket(self) -> Request:
        """A WebSocket of 3.x; its silence is watched by the socket itself."""
        scheme, rest = self._join_url.split(":", 1)
        url = f"{'wss' if scheme == 'https' else 'ws'}:{rest}"
        return Request("GET", url, self.headers, read_timeout=False)

    def old_join(self, fn_index: int, session_hash: str) -> Request:
        """A job's own stream, which 4.0 leaves silent for as long as the job takes."""
        url = self.api_url("queue/join", fn_index=str(fn_index), session_hash=session_hash)
        return Request("GET", url, self.headers, read_timeout=False, once=True)

    def old_data(self, payload: Mapping[str, Any]) -> Request:
        return self._post(self.api_url("queue/data"), payload)

    def reset_steps(self, session_hash: str, fn_index: int) -> Request:
        return self._post(
            self.api_url("reset"), {"session_hash": session_hash, "fn_index": fn_index}
        )

    def send_chunk(self, event_id: str, payload: Mapping[str, Any]) -> Request:
        return self._post(self.api_url(f"stream/{_quoted(event_id)}"), payload)

    def close_stream(self, event_id: str) -> Request:
        return self._post(self.api_url(f"stream/{_quoted(event_id)}/close"), {})

    def heartbeat(self, session_hash: str) -> Request:
        url = self.api_url(f"heartbeat/{_quoted(session_hash)}")
        return Request("GET", url, self.headers, read_timeout=False)

    def app_id(self) -> Request:
        return self._get(self.api_url("app_id"))

    def component_server(self, payload: Mapping[str, Any]) -> Request:
        return self._post(self.component_server_url(), payload, read_timeout=False)

    def component_server_url(self) -> str:
        return self.api_url("component_server/")

    def upload_url(self, upload_id: str | None = None) -> str:
        return self.api_url("upload", **({"upload_id": upload_id} if upload_id else {}))

    def get(self, url: str) -> Request:
        """Fetch a file's address; parameters go along only inside the app's origin."""
        if self.query and trusts(self.base_url, url):
            url += ("&" if "?" in url else "?") + urlencode(self.query)
        return self._get(url)


@lru_cache(maxsize=256)
def _quoted(text: str) -> str:
    return quote(text, safe="")


def trusts(base_url: str, other: str) -> bool:
    """Tell whether what is meant for one address may go to another: its origin, or that by TLS."""
    old, new = urlsplit(base_url), urlsplit(other)
    if (old.scheme, old.netloc) == (new.scheme, new.netloc):
        return True
    upgraded = (old.scheme, new.scheme) == ("http", "https") and old.hostname == new.hostname
    return upgraded and old.port in (None, 80) and new.port in (None, 443)
