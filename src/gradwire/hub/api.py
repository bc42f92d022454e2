"""The hub's calls that concern Spaces, one method each.

| call | answer |
|---|---|
| `GET /api/spaces/{id}/host` | `{"host": "https://owner-name.hf.space"}` |
| `GET /api/spaces/{id}`, `GET /api/spaces/by-subdomain/{sub}` | `{"id", "private", "runtime"}` |
| `GET /api/spaces/{id}/runtime` | `{"stage", "hardware": {"current", "requested"}}` |
| `GET /api/spaces/{id}/jwt` | `{"token"}` |
| `HEAD /api/spaces/{id}/discussions` | `x-error-message`, if there are none |
| `GET /api/whoami-v2` | `{"name"}` |
| `POST /api/spaces/{id}/duplicate` | `{"url"}`; 409: there is such a Space |
| `POST /api/spaces/{id}/sleeptime` | nothing of interest |

To somebody without a token, the hub answers 401 for what does not exist and for what is private
alike; to somebody with a valid one, 404. A token that is no good gets 401 everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from gradwire.data.json import JSONDecodeFailure, check_nesting, decode, encode
from gradwire.errors import (
    AccessError,
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    GradwireError,
    ProtocolError,
    SpaceNotFoundError,
)
from gradwire.hub.settings import HubSettings
from gradwire.logs import redact
from gradwire.transport.base import Answer, Timeout, Transport
from gradwire.transport.retrying import ask, retry_after
from gradwire.wire.failures import too_many_requests
from gradwire.wire.requests import JSON_HEADERS, Request

T = TypeVar("T")


class Hardware(msgspec.Struct):
    """What a Space runs on, and what it is to run on."""

    current: str | None = None
    requested: str | None = None


class Runtime(msgspec.Struct):
    """What a Space is doing; `stage` as in `hub/status.py`."""

    stage: str = "UNKNOWN"
    hardware: Hardware = msgspec.field(default_factory=Hardware)


class SpaceInfo(msgspec.Struct):
    """What the hub says of a Space; `host` is the address at which its app answers."""

    id: str
    private: bool = False
    runtime: Runtime = msgspec.field(default_factory=Runtime)
    host: str | None = None

    @property
    def stage(self) -> str:
        """What it is doing, in the hub's words."""
        return self.runtime.stage


class _Host(msgspec.Struct):
    host: str


class _Named(msgspec.Struct):
    name: str


class _Token(msgspec.Struct):
    token: str


class _Url(msgspec.Struct):
    url: str


class Hub:
    """Asks the hub.

    Args:
        transport: Made for the hub's address; it adds the token to every request there, and to
            none elsewhere.
        settings: Where the hub is, and as whom it is asked.
        timeout: Deadlines of each request.
        max_retries: How often each is repeated after a passing fault.
    """

    def __init__(
        self, transport: Transport, settings: HubSettings, timeout: Timeout, max_retries: int
    ) -> None:
        self._transport = transport
        self.settings = settings
        self._timeout = timeout
        self._max_retries = max_retries

    async def host(self, space: str) -> str:
        """Return the address at which a Space's app answers."""
        return (await self._get(f"spaces/{_path(space)}/host", _Host, space)).host

    async def info(self, space: str) -> SpaceInfo:
        """Return what the hub knows of a Space."""
        return await self._get(f"spaces/{_path(space)}", SpaceInfo, space)

    async def by_subdomain(self, subdomain: str) -> SpaceInfo:
        """Return the Space that answers at `SUBDOMAIN.hf.space`."""
        path = f"spaces/by-subdomain/{quote(subdomain, safe='')}"
        return await self._get(path, SpaceInfo, f"{subdomain}.hf.space")

    async def runtime(self, space: str) -> Runtime:
        """Return a Space's stage and hardware."""
        return await self._get(f"spaces/{_path(space)}/runtime", Runtime, space)

    async def jwt(self, space: str) -> str:
        """Return a short-lived token that opens a private Space's streams and files."""
        return (await self._get(f"spaces/{_path(space)}/jwt", _Token, space)).token

    async def whoami(self) -> str:
        """Return the name of the token's owner."""
        return (await self._get("whoami-v2", _Named, "")).name

    async def discussions_enabled(self, space: str) -> bool | None:
        """Tell whether a Space's page takes questions; None if that cannot be found out."""
        try:
            answer = await self._ask("HEAD", f"spaces/{_path(space)}/discussions")
        except GradwireError:
            return None
        names = {name.lower() for name in answer.headers}
        return answer.status < 400 and "x-error-message" not in names

    async def duplicate(self, space: str, wanted: Mapping[str, Any]) -> str | None:
        """Copy a Space; return the copy's page, None if there is one of that name already."""
        answer = await self._ask("POST", f"spaces/{_path(space)}/duplicate", wanted)
        if answer.status == 409:
            return None
        if answer.status >= 300:
            hidden = tuple(each["value"] for each in wanted.get("secrets", ()))
            raise await self._refused(answer, space, hidden, wish=True)
        return (await self._read(answer, _Url, space)).url

    async def set_sleeptime(self, space: str, seconds: int) -> None:
        """Have a Space sleep after so many seconds without a visitor."""
        path = f"spaces/{_path(space)}/sleeptime"
        answer = await self._ask("POST", path, {"seconds": seconds})
        if answer.status >= 300:
            raise await self._refused(answer, space, wish=True)

    def page(self, space: str) -> str:
        """Return the address of a Space's page, for people."""
        return f"{self.settings.endpoint}/spaces/{space}"

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    def abort(self) -> None:
        """Close the connections at once, without an event loop."""
        self._transport.abort()

    # -- asking ------------------------------------------------------------------------------------

    async def _get(self, path: str, kind: type[T], space: str) -> T:
        return await self._read(await self._ask("GET", path), kind, space)

    async def _ask(
        self, method: str, path: str, payload: Mapping[str, Any] | None = None
    ) -> Answer:
        url = f"{self.settings.endpoint}/api/{path}"
        if self.settings.offline:
            raise ConnectError(
                ": HF_HUB_OFFLINE is set, so the Hugging Face hub is not asked. Unset it, or "
                "connect by the app's own address.",
                url=url,
            )
        body = None if payload is None else encode(payload)
        request = Request(method, url, {} if body is None else JSON_HEADERS, body)
        try:
            return await ask(
                self._transport,
                request,
                self._timeout,
                self._max_retries,
                repeatable=method != "POST",
            )
        except ConnectionLostError as error:
            if method == "POST":
                raise
            raise ConnectError(f": {error}", url=url) from error

    async def _read(self, answer: Answer, kind: type[T], space: str) -> T:
        if answer.status >= 300:
            raise await self._refused(answer, space)
        try:
            check_nesting(answer.body)
            return msgspec.json.decode(answer.body, type=kind)
        except JSONDecodeFailure as error:
            raise ProtocolError(
                f"{answer.url} did not answer as the Hugging Face hub does: {error}. Is "
                "HF_ENDPOINT right?",
                url=answer.url,
                status=answer.status,
            ) from error

    # -- what a refusal means ----------------------------------------------------------------------

    async def _refused(
        self, answer: Answer, space: str, hidden: tuple[str, ...] = (), *, wish: bool = False
    ) -> GradwireError:
        """Return the error for an answer.

        Args:
            answer: What the hub said.
            space: Of which Space it was asked.
            hidden: What it was sent and shall not be shown, besides the token.
            wish: Whether something was to be done, not only told.
        """
        facts: dict[str, Any] = {"url": answer.url, "status": answer.status}
        if self.settings.token is not None:
            hidden = (*hidden, self.settings.token.value)
        said = without(hidden, _reason(answer))[:300]
        status, token = answer.status, self.settings.token
        if status in (401, 404) and (status == 404 or token is None or await self._token_works()):
            return self._not_found(space, facts)
        if status == 401 and token is not None:
            return AuthenticationError(
                f"The Hugging Face hub does not accept the token from {token.source}: it is wrong, "
                f"or was revoked. Make a new one at {self.settings.endpoint}/settings/tokens"
                + ("." if token.given else ", or pass token=False to use none."),
                **facts,
            )
        if status == 403:
            return AuthenticationError(
                f"The Hugging Face hub does not allow this ({said}). Does the token have the "
                "right to it? See its settings on the hub.",
                **facts,
            )
        if status == 429:
            return too_many_requests(retry_after(answer.headers), **facts)
        if wish and status < 500:
            return AccessError(f"The Hugging Face hub refused this ({status}): {said}.", **facts)
        return ConnectError(f": {answer.url} answered {status} ({said}).", **facts)

    def _not_found(self, space: str, facts: dict[str, Any]) -> SpaceNotFoundError:
        token = self.settings.token
        if token is None:
            return SpaceNotFoundError(
                f"There is no public Space {space!r}. Is the name right? If the Space is private, "
                "pass token='hf_…', or set HF_TOKEN.",
                **facts,
            )
        return SpaceNotFoundError(
            f"There is no Space {space!r} that the token from {token.source} can see. Is the name "
            "right? If the Space is private, the token's owner needs access to it.",
            **facts,
        )

    async def _token_works(self) -> bool:
        """Tell a token that is no good from one that may not see a Space."""
        answer = await self._ask("GET", "whoami-v2")
        return answer.status != 401


def _reason(answer: Answer) -> str:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if "x-error-message" in headers:
        return headers["x-error-message"]
    try:
        body = decode(answer.body)
    except JSONDecodeFailure:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    return str(error) if error else "it gave no reason"


def without(hidden: tuple[str, ...], text: str) -> str:
    """Return a text without what shall not be shown, also where it stands in quotes."""
    quoted = (repr, json.dumps, lambda each: encode(each).decode())
    forms = {quote(each)[1:-1] for each in hidden for quote in quoted} | set(hidden)
    for form in sorted(forms - {""}, key=len, reverse=True):
        text = text.replace(form, "…")
    return redact(text)


def _path(space: str) -> str:
    return quote(space, safe="/")
