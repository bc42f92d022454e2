"""JSON in and out, at the speed of msgspec."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from gradwire.errors import InvalidArgumentError, ProtocolError

JSONDecodeFailure = (msgspec.DecodeError, ValueError, RecursionError)


def decode(body: bytes | msgspec.Raw) -> Any:
    """Decode JSON, also with the bare `NaN` and `Infinity` that older servers send.

    Raises:
        ValueError: It is not JSON (`msgspec.DecodeError` is one).
    """
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        text = bytes(body)
        if b"NaN" in text or b"Infinity" in text:
            return json.loads(text)
        raise


def decode_answer(body: bytes, url: str, what: str) -> Any:
    """Decode the JSON of an HTTP answer.

    Raises:
        ProtocolError: It is not JSON; the message names `url` and shows the beginning.
    """
    try:
        return decode(body)
    except JSONDecodeFailure as error:
        start = body[:80].decode("utf-8", "replace").strip()
        raise ProtocolError(
            f"{url} did not answer with JSON ({what}): {error}. It begins with {start!r}. "
            "Is this the address of a Gradio app?",
            url=url,
        ) from error


def encode(value: Any) -> bytes:
    """Encode a request body.

    Raises:
        InvalidArgumentError: Something in it has no JSON form.
    """
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidArgumentError(
            f"The inputs cannot be sent as JSON: {error}. Pass str, int, float, bool, None, "
            "lists and dicts of these, and files by handle_file(...)."
        ) from error
