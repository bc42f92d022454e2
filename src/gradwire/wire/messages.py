"""Message JSON to typed server messages.

One message says something about one job (`event_id`) or, without an id, about the whole stream.
Outputs stay undecoded (`msgspec.Raw`) until somebody wants them. What is not known, or known but
misshapen, comes back as `Unknown` (nothing is lost without it) or `Malformed` (the job cannot go
on), so that the reader can.

Source: the messages of Gradio's queue, `gradio/server_messages.py` and `gradio/queueing.py`, and
recordings of 3.9 to 6.31.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from gradwire.data.json import SHORT, JSONDecodeFailure, check_nesting, decode


class Output(Struct, gc=False):
    """What a function returned, or why it failed.

    `data` is empty where the server sent none: that is how it reports a cancelled job.
    """

    data: Raw = Raw()
    error: Any = None
    is_generating: bool | None = None
    duration: float | None = None
    average_duration: float | None = None
    render_config: Raw = Raw()
    changed_state_ids: Any = None
    visible: bool | None = None
    title: str | None = None


class Message(Struct, tag_field="msg", kw_only=True, gc=False):
    """Base of all messages."""

    event_id: str | None = None


class Estimation(Message, tag="estimation"):
    """Where the job stands in the queue; the first in line has rank 0."""

    rank: int | None = None
    queue_size: int | None = None
    rank_eta: float | None = None


class ProcessStarts(Message, tag="process_starts"):
    """The function has begun."""

    eta: float | None = None


class ProgressUnit(Struct):
    """One progress bar of `gr.Progress`."""

    index: int | float | None = None
    length: int | float | None = None
    unit: str | None = None
    progress: float | None = None
    desc: str | None = None


class Progress(Message, tag="progress"):
    """The function reports how far it is."""

    progress_data: list[ProgressUnit] | None = None


class Log(Message, tag="log"):
    """The function called `gr.Info`, `gr.Warning` or the like."""

    log: str = ""
    level: str = "info"
    title: str | None = None
    duration: float | None = None
    visible: bool = True


class ProcessGenerating(Message, tag="process_generating"):
    """A generator has yielded."""

    output: Output
    success: bool | None = True
    time_limit: float | None = None


class ProcessStreaming(ProcessGenerating, tag="process_streaming"):
    """A function with streaming input has answered one chunk."""


class ProcessCompleted(Message, tag="process_completed"):
    """The job has ended."""

    output: Output
    success: bool | None = True
    title: str | None = None
    used_cache: str | None = None
    cache_duration: float | None = None
    avg_time: float | None = None


class UnexpectedError(Message, tag="unexpected_error"):
    """The server broke; without an event id this ends every job of the stream."""

    message: str | None = None
    session_not_found: bool = False


class Heartbeat(Message, tag="heartbeat"):
    """Nothing to say, but still there."""


class CloseStream(Message, tag="close_stream"):
    """The server ends the stream because no job of the session is pending."""


class SendHash(Message, tag="send_hash"):
    """Before `sse_v1`: the server asks which function is called, in which session."""


class SendData(Message, tag="send_data"):
    """Before `sse_v1`: the job's turn is near, and the server asks for its inputs."""


class QueueFull(Message, tag="queue_full"):
    """Before `sse_v1`: the queue takes no more jobs."""


class Unknown(Struct):
    """A message that this version does not know, or news that it cannot read."""

    msg: str
    event_id: str | None = None


class Malformed(Struct):
    """Bytes that are no message; `event_id` is the job they were meant for, if that can be read."""

    reason: str
    event_id: str | None = None


ServerMessage = (
    Estimation
    | ProcessStarts
    | Progress
    | Log
    | ProcessGenerating
    | ProcessStreaming
    | ProcessCompleted
    | UnexpectedError
    | Heartbeat
    | CloseStream
    | SendHash
    | SendData
    | QueueFull
)

LARGE = 64 * 1024
"""Bytes from which on a message is nearly all outputs."""
# What stands in their place while the rest is read.
_APART = b"-7305920186430517922"

_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
_KNOWN = frozenset(kind.__struct_config__.tag for kind in ServerMessage.__args__)
# A job can do without these: where one is misshapen, that is no reason to give the job up.
_NEWS = frozenset({"estimation", "process_starts", "progress", "log", "heartbeat", "close_stream"})


def decode_message(data: bytes) -> ServerMessage | Unknown | Malformed:
    """Decode one message; never raises."""
    try:
        if len(data) > SHORT:
            check_nesting(data)
            if len(data) > LARGE and (message := _decode_large(data)) is not None:
                return message
        return _decoder.decode(data)
    except JSONDecodeFailure as error:
        return _decode_oddity(data, str(error))


def _decode_large(data: bytes) -> ServerMessage | None:
    """Decode a message without a walk over its outputs, which are read later; None: as usual.

    Servers write `is_generating` right behind the outputs. If the message reads well with a number
    in their place, and they read well by themselves, it cannot mean anything else as a whole.
    """
    start = data.find(b'"data":[', 0, 256) + 7
    end = data.rfind(b'],"is_generating":', -2048) + 1
    if start < 7 or end <= start:
        return None
    try:
        message = _decoder.decode(data[:start] + _APART + data[end:])
    except JSONDecodeFailure:
        return None
    if not isinstance(message, ProcessGenerating | ProcessCompleted):
        return None
    output = message.output
    if bytes(output.data) != _APART:
        return None
    output.data = Raw(memoryview(data)[start:end])
    return message


def _decode_oddity(data: bytes, reason: str) -> ServerMessage | Unknown | Malformed:
    """Read what can be read of a message that is new, misshapen or holds a bare NaN."""
    try:
        message = decode(data)
    except JSONDecodeFailure:
        return Malformed(reason)
    if not isinstance(message, dict):
        return Malformed(reason)
    event_id = message.get("event_id")
    event_id = event_id if isinstance(event_id, str) else None
    name = str(message.get("msg"))
    if name not in _KNOWN:
        return Unknown(name, event_id)
    try:
        # A bare NaN or Infinity cannot stand in JSON; as null it reads like any other value.
        return _decoder.decode(msgspec.json.encode(message))
    except (*JSONDecodeFailure, TypeError, OverflowError):
        return Unknown(name, event_id) if name in _NEWS else Malformed(reason, event_id)
