"""What was packed for the way is unpacked, in pieces that are bounded."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.transport.decoding import PIECE, Decoder, decoder_for
from gradwire.transport.http11 import NotHttpError


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def unpacked(decoder: Decoder, packed: bytes, cuts: list[int]) -> bytes:
    places, found = [0, *sorted(cuts), len(packed)], b""
    for a, b in pairwise(places):
        if packed[a:b]:
            decoder.feed(packed[a:b])
        while piece := decoder.piece():
            assert len(piece) <= PIECE
            found += piece
    decoder.finish()
    return found


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        (" Deflate", bare),
    ],
)
@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_what_was_packed_comes_out(coding: str, pack: object, data: bytes, cuts: list[int]) -> None:
    assert callable(pack)
    decoder = decoder_for(coding)
    assert decoder is not None
    assert unpacked(decoder, pack(data), cuts) == data


def test_what_follows_the_end_of_gzip_is_more_of_it() -> None:
    decoder = Decoder("gzip")
    assert unpacked(decoder, gzip.compress(b"one ") + gzip.compress(b"two"), [5, 30]) == b"one two"


def test_much_in_little_comes_out_in_pieces() -> None:
    decoder = Decoder("gzip")
    assert len(unpacked(decoder, gzip.compress(bytes(PIECE * 9 + 1)), [])) == PIECE * 9 + 1


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bare])
@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 4, 2 * PIECE, 2 * PIECE + 6])
def test_what_ends_beside_a_piece(pack: Callable[[bytes], bytes], size: int) -> None:
    data = (b"ab" * size)[:size]
    decoder = Decoder("gzip" if pack is gzip.compress else "deflate")
    assert unpacked(decoder, pack(data), []) == data


def test_nothing_was_packed() -> None:
    for coding in ("gzip", "deflate"):
        assert unpacked(Decoder(coding), b"", []) == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_was_not_packed_is_refused(coding: str) -> None:
    decoder = Decoder(coding)
    decoder.feed(b"\xff\xff plain text")
    with pytest.raises(NotHttpError, match="unpacked"):
        decoder.piece()


def test_what_breaks_off_is_noticed() -> None:
    decoder = Decoder("gzip")
    decoder.feed(gzip.compress(b"hello, all of you")[:-9])
    decoder.piece()
    with pytest.raises(NotHttpError, match="ended early"):
        decoder.finish()


def test_other_ways_of_packing_were_not_offered() -> None:
    assert decoder_for("identity") is None
    with pytest.raises(NotHttpError, match="'br'"):
        decoder_for("br")
