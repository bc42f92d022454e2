"""Bytes to events, held against a slow and simple splitter that follows the standard's words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import names, streams, versions

from gradwire.errors import ProtocolError
from gradwire.wire.sse import LARGE, EventStreamParser

STREAMS = sorted(
    {
        recording.stream
        for version in versions()
        for name in names(version)
        for recording in streams(version, name)
    }
)


def reference(stream: bytes) -> list[bytes]:
    """Interpret a whole stream, step by step as the standard tells it, one byte at a time."""
    lines, line, at = [], b"", 0
    stream = stream[3:] if stream[:3] == b"\xef\xbb\xbf" else stream
    while at < len(stream):
        if stream[at : at + 2] == b"\r\n":
            lines.append(line)
            line, at = b"", at + 2
        elif stream[at] in (10, 13):
            lines.append(line)
            line, at = b"", at + 1
        else:
            line, at = line + stream[at : at + 1], at + 1
    # What follows the last line end is no line, and lines without a blank one are no event.
    events, buffer = [], b""
    for line in lines:
        field, _, value = line.partition(b":")
        if line == b"":
            if buffer:
                events.append(buffer[:-1])
            buffer = b""
        elif field == b"data":
            buffer += (value[1:] if value[:1] == b" " else value) + b"\n"
    return events


def parse(*pieces: bytes) -> list[bytes]:
    parser = EventStreamParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def bytewise(stream: bytes) -> list[bytes]:
    return parse(*(stream[at : at + 1] for at in range(len(stream))))


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """Cut a stream at the given places, whatever their order."""
    inside = sorted(place % (len(stream) + 1) for place in places)
    return [stream[start:end] for start, end in pairwise([0, *inside, len(stream)])]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a \n\n", [b" a "]),
        (b"data:a\r\rdata:b\r\r", [b"a", b"b"]),
        (b"data:a\r\n\r\ndata:b\r\n\r\n", [b"a", b"b"]),
        (b"data:a\r\n\n", [b"a"]),
        (b"data:a\n\r", [b"a"]),
        (b"data:a\n\r\ndata:b\r\n\r", [b"a", b"b"]),
        (b"data:a\n\n\n\r\r\n\n", [b"a"]),
        (b"\xef\xbb\xbfdata:a\n\n", [b"a"]),
        (b"data:a\n\n\xef\xbb\xbfdata:b\n\n", [b"a"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata:a\n\n", []),
        ("data:a\u2028b\u2029c\u0085d\n\n".encode(), ["a\u2028b\u2029c\u0085d".encode()]),
        (b"data:a\x00\x0b\x0c\x1c\x1d\x1eb\n\n", [b"a\x00\x0b\x0c\x1c\x1d\x1eb"]),
        (b"data:\xff\xfe\n\n", [b"\xff\xfe"]),
        (b": a comment\ndata:a\n:\n\n", [b"a"]),
        (b": a comment\n\n", []),
        (b"data:a\ndata:b\ndata: c\n\n", [b"a\nb\nc"]),
        (b"data:a\r\ndata:b\r\n\r\n", [b"a\nb"]),
        (b"data:a\rdata:b\r\r", [b"a\nb"]),
        (b"data:\n\n", [b""]),
        (b"data\n\n", [b""]),
        (b"data\ndata\n\n", [b"\n"]),
        (b"event: x\nid: 7\nretry: 5\nnonsense\ndata:a\n\n", [b"a"]),
        (b"event: x\n\n", []),
        (b"database: x\nDATA: y\n data: z\n\n", []),
        (b"data:a\n", []),
        (b"data:a", []),
        (b"data:a\n\ndata:b\n", [b"a"]),
        (b"", []),
        (b"\n\r\n", []),
    ],
)
def test_one_stream(stream: bytes, events: list[bytes]) -> None:
    assert reference(stream) == events
    assert parse(stream) == events
    assert bytewise(stream) == events


def test_empty_pieces_change_nothing() -> None:
    assert parse(b"", b"data:a\r", b"", b"\n", b"", b"\r", b"", b"\ndata:b\n\n") == [b"a", b"b"]


def test_a_line_feed_is_skipped_only_right_after_a_carriage_return() -> None:
    assert parse(b"data:a\r", b"\n\n", b"\n") == [b"a"]
    assert parse(b"data:a\r", b"\ndata:b\r", b"\n\n") == [b"a\nb"]
    assert parse(b"data:a\r", b"\r", b"\ndata:b\r", b"\r") == [b"a", b"b"]
    assert parse(b"data:a\r", b"data:b\n\n") == [b"a\nb"]


def test_events_come_out_as_soon_as_they_are_complete() -> None:
    parser = EventStreamParser()
    assert parser.feed(b"data:a\n") == []
    assert parser.feed(b"\ndata:b\r") == [b"a"]
    assert parser.feed(b"\r") == [b"b"]
    assert parser.feed(b"data:c\r\n") == []


def test_a_byte_order_mark_in_pieces() -> None:
    assert parse(b"\xef", b"\xbb", b"\xbf", b"data:a\n\n") == [b"a"]
    assert parse(b"\xef\xbb", b"data:a\n\n") == []


def test_there_are_streams_to_test_with() -> None:
    assert len(STREAMS) > 50


@pytest.mark.parametrize("stream", STREAMS, ids=range(len(STREAMS)))
def test_recorded_streams_byte_by_byte(stream: bytes) -> None:
    events = reference(stream)
    assert events
    assert parse(stream) == bytewise(stream) == events


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("version", versions())
def test_recorded_stream_at_every_boundary(version: str, ending: bytes) -> None:
    (recording,) = streams(version, "hello")
    stream = recording.stream.replace(b"\n", ending)
    events = reference(stream)
    for at in range(len(stream) + 1):
        assert parse(stream[:at], stream[at:]) == events


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 2**16), max_size=20))
def test_recorded_streams_in_random_pieces(stream: bytes, places: list[int]) -> None:
    assert parse(*cut(stream, places)) == reference(stream)


LINES = st.sampled_from(
    [b"data:", b"data: ", b"data", b"x", b":", b" ", b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\0"]
)


@given(st.lists(LINES | st.binary(max_size=4), max_size=30), st.lists(st.integers(0, 99)))
def test_any_bytes_in_any_pieces(parts: list[bytes], places: list[int]) -> None:
    stream = b"".join(parts)
    assert parse(*cut(stream, places)) == bytewise(stream) == reference(stream)


def test_a_long_line_is_put_together_once() -> None:
    size, piece = 16 * 2**20, b"x" * 2**16
    parser = EventStreamParser()
    assert parser.feed(b"data:") == []
    held = []
    for _ in range(size // len(piece)):
        assert parser.feed(piece) == []
        held.append(sum(part is piece for part in parser._tail))
    # Each piece is kept as it came: nothing was copied or joined on the way.
    assert held == list(range(1, size // len(piece) + 1))
    assert len(parser._tail) == 1 + len(held)
    (event,) = parser.feed(b"\n\n")
    assert event == piece * len(held)
    assert parser._tail == []


WHOLE = b"x" * 2 * LARGE


@pytest.mark.parametrize(
    ("before", "rest", "events"),
    [
        (b"", [b"\n\n"], [WHOLE]),
        (b"", [b"\n", b"\n"], [WHOLE]),
        (b"", [b"y\n\n"], [WHOLE + b"y"]),
        (b"", [b"y\r\n\r\n"], [WHOLE + b"y"]),
        (b"", [b"y\r\rdata: z\n\n"], [WHOLE + b"y", b"z"]),
        (b"", [b"\n\ndata: y\n\ndata: z", b"\n\n"], [WHOLE, b"y", b"z"]),
        (b"", [b"\n\n\ndata: y\r\n", b"\r\n"], [WHOLE, b"y"]),
        (b"", [b"\n", b"data: y\n\n"], [WHOLE + b"\ny"]),
        (b"", [b"\ndata: y\n\n"], [WHOLE + b"\ny"]),
        (b"data: a\n", [b"\n\ndata: y\n\n"], [b"a\n" + WHOLE, b"y"]),
        (b"data: a\n\n", [b"\n\ndata: y\n\n"], [b"a", WHOLE, b"y"]),
        (b"data: a\n\ndata: b\n", [b"\n\ndata: y\n\n"], [b"a", b"b\n" + WHOLE, b"y"]),
    ],
)
def test_a_large_event_and_what_follows_it(
    before: bytes, rest: list[bytes], events: list[bytes]
) -> None:
    pieces = [before + b"data: " + WHOLE[:LARGE], WHOLE[LARGE:], *rest]
    assert parse(*pieces) == events == reference(b"".join(pieces))


def test_nothing_is_kept_of_what_was_handed_on() -> None:
    parser = EventStreamParser()
    for _ in range(1000):
        parser.feed(b"data: " + b"x" * 100 + b"\n\n")
    assert parser._tail == parser._data == []


# -- how large an event may be ---------------------------------------------------------------------

LIMIT = 1000


def fed(stream: bytes, size: int, limit: int = LIMIT) -> list[bytes]:
    parser, events = EventStreamParser(limit), []
    for start in range(0, len(stream), size):
        events += parser.feed(stream[start : start + size])
    return events


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_events_up_to_the_limit_are_taken(size: int, end: bytes) -> None:
    event = b"x" * (LIMIT - 10)
    assert fed((b"data: " + event + end) * 20, size) == [event] * 20


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
@pytest.mark.parametrize(
    "stream",
    [
        b"data: " + b"x" * (LIMIT + 1) + b"\n\n",
        b"data: a\n\ndata: " + b"x" * (LIMIT + 1) + b"\n\ndata: b\n\n",
        b"data: " + b"x" * 5 * LIMIT,
        b"data: x\r\n" * LIMIT,
        b"data\n" * (LIMIT + 1),
        b"id: " + b"x" * 5 * LIMIT,
    ],
    ids=["line", "among-others", "no-end", "many-lines", "empty-lines", "no-data"],
)
def test_an_event_beyond_the_limit_is_an_error(stream: bytes, size: int) -> None:
    if stream.startswith(b"id") and size > len(stream):
        return  # it came at once, and was not kept
    with pytest.raises(ProtocolError, match=r"1,000 bytes \(Limits.event\)"):
        fed(stream, size)


def test_many_small_events_do_not_add_up() -> None:
    parser = EventStreamParser(LIMIT)
    for _ in range(LIMIT):
        assert parser.feed(b"data: a\n\nda") == [b"a"]
        assert parser.feed(b"ta: b\n") == []
        assert parser.feed(b"data: c\n:comment\nid: 5\n\n") == [b"b\nc"]


@given(st.binary(max_size=300), st.integers(1, 50), st.integers(1, 40))
def test_a_limit_changes_nothing_but_what_is_too_large(body: bytes, size: int, limit: int) -> None:
    stream = b"data: " + body.replace(b"\0", b"\ndata: ").replace(b"\1", b"\n\n") + b"\n\n"
    try:
        limited = fed(stream, size, limit)
    except ProtocolError:
        assert len(stream) > limit
    else:
        assert limited == fed(stream, size, 10_000)
        assert all(len(event) <= limit for event in limited)
