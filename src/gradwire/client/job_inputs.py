"""What a job hands to the server: its inputs, encoded as soon as they can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from gradwire.app.endpoint import Endpoint
from gradwire.client.options import Options, merge_headers
from gradwire.data.inputs import FileInput
from gradwire.data.json import encode
from gradwire.wire.requests import Request, Requests

if TYPE_CHECKING:
    from gradwire.client.uploads import Uploads

Way = Literal["stream", "dialogue", "call", "steps"]
"""How a job reaches the server: over the session's shared stream, by a connection of its own
(before Gradio 4.9), by one request outside of the queue, or by one for each step (3.x)."""


class Inputs:
    """The part of a job that is sent."""

    __slots__ = ("_payload", "_request", "endpoint", "files", "options", "requests", "way")

    endpoint: Endpoint
    options: Options
    requests: Requests

    def _set_inputs(
        self, way: Way, payload: dict[str, Any], files: Mapping[FileInput, int | None]
    ) -> None:
        """Take what is to be sent; what cannot be sent is refused now, before anything is."""
        self.way = way
        self.files = files
        self._payload: dict[str, Any] | None = payload
        self._request: Request | None = None
        if not files:
            self._encode(payload)

    def request(self) -> Request:
        """The request that hands the job in, or calls its endpoint."""
        assert self._request is not None
        return self._request

    def payload(self) -> dict[str, Any]:
        """What the server is told of the job; its `data` is JSON already."""
        assert self._payload is not None
        return self._payload

    def _encode(self, payload: dict[str, Any]) -> None:
        if self.way in ("dialogue", "steps"):
            self._payload = {**payload, "data": msgspec.Raw(encode(payload["data"]))}
            return
        self._payload = None
        make = self.requests.join if self.way == "stream" else self.requests.run
        self._request = make(payload)

    async def upload_files(self, uploads: Uploads) -> None:
        """Upload what the inputs hold, and put the server's paths into them."""
        assert self._payload is not None
        data = await uploads.put_in(
            self._payload["data"],
            self.files,
            self.endpoint.pictures,
            self.requests,
            self.options.timeout,
        )
        self._encode({**self._payload, "data": data})
        self.files = {}

    def add_headers(self, headers: Mapping[str, str]) -> None:
        """Send headers with all requests of this job; those that it has already come first."""
        self.requests = self.requests.with_headers(merge_headers(headers, self.requests.headers))
        if self._request is not None:
            merged = merge_headers(headers, self._request.headers)
            self._request = msgspec.structs.replace(self._request, headers=merged)

    def forget_inputs(self) -> None:
        """Let go of them: they may be large, and are not needed again."""
        self._request = self._payload = None
