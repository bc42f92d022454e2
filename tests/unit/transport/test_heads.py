"""Heads of requests."""

from __future__ import annotations

import pytest

from gradwire.errors import ProtocolError
from gradwire.transport.heads import KEPT_HEADS, Heads, merged


def lines(head: bytes) -> list[str]:
    assert head.endswith(b"\r\n\r\n")
    return head.decode().split("\r\n")[:-2]


def head(heads: Heads, target: str = "/a", cookies: str = "", **headers: str) -> list[str]:
    url = f"http://host{target}"
    return lines(heads.head("GET", url, target, headers, cookies, None))


def test_a_head() -> None:
    heads = Heads("host:7860", {"User-Agent": "us", "x-own": "1"})
    found = heads.head("POST", "http://host:7860/a?b", "/a?b", {"X-Own": "2"}, "", 12)
    assert lines(found) == [
        "POST /a?b HTTP/1.1",
        "Host: host:7860",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "User-Agent: us",
        "X-Own: 2",
        "Content-Length: 12",
    ]


def test_what_the_caller_says_comes_first() -> None:
    found = head(Heads("host", {"HOST": "other", "accept": "text/html"}))
    assert [line for line in found if "ost:" in line or "OST:" in line] == ["HOST: other"]
    assert "accept: text/html" in found


def test_cookies_are_joined_with_those_of_the_caller_and_not_kept() -> None:
    heads = Heads("host", {"cookie": "a=1; b=2"})
    assert "Cookie: a=1; b=3; c=4" in head(heads, cookies="b=3; c=4")
    assert "cookie: a=1; b=2" in head(heads)
    assert merged("", "a=b") == "a=b"


def test_only_so_many_are_kept() -> None:
    heads = Heads("host", {})
    for number in range(KEPT_HEADS * 3):
        assert head(heads, f"/{number}")[0] == f"GET /{number} HTTP/1.1"
    assert len(heads._kept) <= KEPT_HEADS


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/a b", {}),
        ("/a\r\nx: y", {}),
        ("/ä", {}),
        ("/", {"x y": "z"}),
        ("/", {"x": "y\r\nz: w"}),
        ("/", {"x": "y\nz"}),
        ("/", {"x": "\x00"}),
        ("/", {"": "z"}),
    ],
)
def test_nothing_is_smuggled_in(target: str, headers: dict[str, str]) -> None:
    with pytest.raises(ProtocolError, match="cannot be asked"):
        head(Heads("host", {}), target, **headers)
    if headers:
        with pytest.raises(ProtocolError, match="cannot be asked"):
            head(Heads("host", headers), target)
