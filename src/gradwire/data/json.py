"""JSON in and out, at the speed of msgspec."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

import msgspec

from gradwire.errors import InvalidArgumentError, ProtocolError
from gradwire.logs import redact

JSONDecodeFailure = (msgspec.DecodeError, ValueError, RecursionError)
MAX_NESTING = 200
"""Levels of lists and objects that are read. Gradio's own answers have a few dozen."""
SHORT = 2 * MAX_NESTING
"""Bytes that have no room for more levels: each has two brackets."""
_ALIKE = bytes.maketrans(b"{}", b"[]")
_STEPS = {ord("["): 1, ord("]"): -1}
_NO_MARKS = bytes(set(range(256)) - set(b'[]{}"'))


class NestingError(ValueError):
    """JSON is nested too deep to be read."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {MAX_NESTING} levels deep")


def check_nesting(data: bytes | msgspec.Raw) -> None:
    """Refuse JSON that is nested too deep, before anything walks down into it.

    The decoder stops at Python's limit of recursion. From Python 3.12 on, that is more than the
    stack of a thread has room for on some systems, and a server could end the process by it.

    Raises:
        NestingError: It is.
    """
    if len(data) <= SHORT:
        return
    text = bytes(data)
    marks = text.translate(_ALIKE, _NO_MARKS)
    opened = marks.count(b"[")
    # A closing and an opening bracket with no quote between them are both in text or both not. So
    # the rows of a table and the messages of a chat make nothing deeper.
    if opened <= MAX_NESTING or opened - marks.count(b"][") <= MAX_NESTING:
        return
    if b"\\" in text:  # without escapes every second piece between quotes is no text
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
        marks = text.translate(_ALIKE, _NO_MARKS)
    marks = marks.replace(b'""', b"")
    # The same with whole strings between them.
    if marks.count(b"[") - marks.count(b"][") <= MAX_NESTING:
        return
    brackets = b"".join(marks.split(b'"')[::2])
    levels = 0
    # Take away the innermost level of everything, at the speed of C, as long as that is much.
    while 8 * len(outer := brackets.replace(b"[]", b"")) < 7 * len(brackets):
        brackets, levels = outer, levels + 1
    if levels + max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAX_NESTING:
        raise NestingError


def decode(body: bytes | msgspec.Raw) -> Any:
    """Decode JSON, also with the bare `NaN` and `Infinity` that older servers send.

    Raises:
        ValueError: It is not JSON (`msgspec.DecodeError` is one).
    """
    check_nesting(body)
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
        start = beginning(body, 80)
        raise ProtocolError(
            f"{url} did not answer with JSON ({what}): {error}. It begins with {start!r}. "
            "Is this the address of a Gradio app?",
            url=url,
        ) from error


def beginning(body: bytes, length: int) -> str:
    """Return how an answer begins, to be shown; without the secrets that it may repeat."""
    return redact(body[: 2 * length].decode("utf-8", "replace").strip())[:length]


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
