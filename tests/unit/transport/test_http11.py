"""Answers are read as another reader reads them, wherever they are cut; what is none is refused."""

from __future__ import annotations

import http.client
import io
from contextlib import suppress
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradwire.transport.http11 import LONGEST_HEAD, LONGEST_LINE, AnswerReader, NotHttpError


def read(*pieces: bytes, eof: bool = False) -> AnswerReader:
    reader = AnswerReader()
    for piece in pieces:
        reader.receive(piece)
    if eof:
        reader.receive_eof()
    return reader


def as_the_standard_library_reads_it(answer: bytes) -> tuple[int, bytes]:
    class Socket:
        def makefile(self, mode: str) -> io.BytesIO:
            return io.BytesIO(answer)

    response = http.client.HTTPResponse(cast("Any", Socket()))
    response.begin()
    return response.status, response.read()


def chunked(body: list[bytes], extension: bytes, trailer: bytes) -> bytes:
    sized = [b"%x%b\r\n%b\r\n" % (len(each), extension, each) for each in body if each]
    return b"".join([*sized, b"0\r\n", trailer, b"\r\n"])


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, bytes, bool]:
    """Draw an answer, its body, and whether the connection's end is needed to know that."""
    body = draw(st.lists(st.binary(max_size=40), max_size=5))
    status = draw(st.sampled_from([200, 204, 304, 404, 500]))
    kind = draw(st.sampled_from(["length", "chunked", "until eof"]))
    whole = b"".join(body)
    lines = [b"HTTP/1.1 %d " % status, b"x-other:  a: b \t"]
    if status in (204, 304):
        whole = sent = b""
    elif kind == "length":
        lines.append(b"content-LENGTH: %d" % len(whole))
        sent = whole
    elif kind == "chunked":
        lines.append(b"Transfer-Encoding: chunked")
        extension = draw(st.sampled_from([b"", b";a=b", b' ; a="\\"; c"']))
        sent = chunked(body, extension, draw(st.sampled_from([b"", b"x-trailer: 1\r\n"])))
    else:
        sent = whole
    announced = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    head = b"\r\n".join([*lines, b"", b""])
    until_eof = kind == "until eof" and status not in (204, 304)
    return announced + head + sent, whole, until_eof


@given(drawn=answers(), cuts=st.lists(st.integers(0, 400), max_size=8))
def test_it_does_not_matter_where_an_answer_is_cut(
    drawn: tuple[bytes, bytes, bool], cuts: list[int]
) -> None:
    answer, body, until_eof = drawn
    places = [0, *sorted(cuts), len(answer)]
    reader = read(*(answer[a:b] for a, b in pairwise(places)))
    assert all(reader.pieces), "an empty piece is the end to who takes them"
    assert reader.complete is not until_eof
    assert reader.reusable
    assert reader.size == len(body)
    if until_eof:
        reader.receive_eof()
        assert reader.complete
        assert not reader.reusable
    assert (reader.status, reader.take()) == as_the_standard_library_reads_it(answer)
    assert reader.headers["X-Other"] == "a: b"
    assert reader.take() == b""


@given(drawn=answers())
def test_every_cut_byte_is_missed(drawn: tuple[bytes, bytes, bool]) -> None:
    answer, _, until_eof = drawn
    for end in range(len(answer)):
        reader = read(answer[:end])
        assert not reader.complete
        if not (until_eof and reader.status):
            with pytest.raises(NotHttpError, match=r"ended early|server closed it"):
                reader.receive_eof()


@given(st.binary(max_size=200))
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    for start in (
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        with suppress(NotHttpError):
            assert read(start, data, eof=True).complete


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        HEAD + b"no colon\r\n\r\n",
        HEAD + b"a name: with a space\r\n\r\n",
        HEAD + b": no name\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: +1\r\n\r\n",
        HEAD + b"Content-Length: 1_0\r\n\r\n",
        HEAD + b"Content-Length: 1, 2\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        HEAD + b"Content-Length: \xd9\xa1\r\n\r\n",
        HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_what_is_no_head_is_refused(answer: bytes) -> None:
    with pytest.raises(NotHttpError, match=r"not HTTP|changes the protocol"):
        read(answer)
    with pytest.raises(NotHttpError):
        read(*(bytes([byte]) for byte in answer))


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n",
        b"\r\n",
        b"-1\r\n",
        b"+1\r\na\r\n",
        b"0x1\r\na\r\n",
        b"1_0\r\n",
        b" 1\r\na\r\n",
        b"1\na\r\n",
        b"1\r\nab\r\n",
        b"1\r\na\n",
        b"1" * 16 + b"\r\n",
        b"1;" + b"a" * LONGEST_LINE,
        b"0\r\n" + b"a" * (LONGEST_LINE + 1),
        b"0\r\n" + b"a: b\r\n" * LONGEST_HEAD,
    ],
)
def test_what_is_no_chunk_is_refused(body: bytes) -> None:
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    with pytest.raises(NotHttpError, match="cannot be read"):
        read(head + body)
    with pytest.raises(NotHttpError, match="cannot be read"):
        read(head, *(body[at : at + 1] for at in range(len(body))))


def test_heads_have_an_end() -> None:
    with pytest.raises(NotHttpError):
        read(HEAD + b"a: " + b"b" * LONGEST_HEAD)
    with pytest.raises(NotHttpError, match="does not end"):
        read(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3000)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", False),
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", False),
    ],
)
def test_whether_another_request_may_follow(head: bytes, reusable: bool) -> None:
    reader = read(head)
    assert reader.complete
    assert reader.reusable is reusable


def test_a_coding_that_is_not_known_ends_with_the_connection() -> None:
    reader = read(HEAD + b"Transfer-Encoding: gzip\r\n\r\n", b"ab", eof=True)
    assert reader.complete
    assert reader.take() == b"ab"


def test_headers_are_found_whatever_their_case_and_however_often_they_come() -> None:
    reader = read(
        b"HTTP/1.1 200 OK\nVary: a\nVARY: b\nSet-Cookie: a=b; Path=/\nset-cookie: c=d\n"
        b"X-Folded: one\n two\n\tthree\nContent-Length: 2, 2\n\nab"
    )
    assert reader.headers["vary"] == reader.headers["Vary"] == "a, b"
    assert reader.headers.cookies == ["a=b; Path=/", "c=d"]
    assert "Set-Cookie" in reader.headers
    assert reader.headers["x-folded"] == "one two three"
    assert len(reader.headers) == len(list(reader.headers)) == 4
    assert reader.headers.get("nothing") is None
    assert reader.take() == b"ab"


def test_a_large_chunk_is_handed_on_as_it_comes() -> None:
    """Not joined with each piece that comes: that would be quadratic."""
    size, piece = 1 << 22, b"x" * 4096
    reader = read(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size)
    for _ in range(size // len(piece)):
        reader.receive(piece)
        assert reader.take() == piece
    reader.receive(b"\r\n0\r\n\r\n")
    assert reader.complete
