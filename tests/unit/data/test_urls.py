"""Where a server's file can be fetched, whatever the server takes for its own address."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import META

from gradwire.data.urls import file_url

BASE = "https://pub.example/sub"
INSIDE = "http://internal:7860/sub"
G = "/gradio_api"


def obj(path: str = "", url: str | None = None, is_stream: bool = False) -> dict[str, Any]:
    return {"path": path, "url": url, "is_stream": is_stream, "meta": META}


@pytest.mark.parametrize(
    ("file", "prefix", "root", "url"),
    [
        # Files of the server: from the path, whatever the server takes for its address.
        (obj("/tmp/a.txt"), G, "", f"{BASE}{G}/file=/tmp/a.txt"),
        (obj("/tmp/a.txt", "/file=/tmp/a.txt"), "", "/sub", f"{BASE}/file=/tmp/a.txt"),
        (obj("/tmp/a", f"{INSIDE}{G}/file=/tmp/a"), G, INSIDE, f"{BASE}{G}/file=/tmp/a"),
        (obj("/tmp/a", f"{INSIDE}{G}/file=/tmp/a"), G, "", f"{BASE}{G}/file=/tmp/a"),
        (obj("/t/a", "https,http://x/s/file=/t/a"), "", "https,http://x/s", f"{BASE}/file=/t/a"),
        (obj("/t/a b#ü%?.txt"), G, "", f"{BASE}{G}/file=/t/a%20b%23%C3%BC%25%3F.txt"),
        (obj("/t/a%20b"), G, "", f"{BASE}{G}/file=/t/a%2520b"),
        (obj("C:\\Users\\a b.png"), G, "", f"{BASE}{G}/file=C%3A%5CUsers%5Ca%20b.png"),
        (obj("rel/a.png"), G, "", f"{BASE}{G}/file=rel/a.png"),
        (obj("/tmp/../etc/./x"), G, "", f"{BASE}{G}/file=/etc/x"),
        (obj("/../../x"), G, "", f"{BASE}{G}/file=/x"),
        (obj("/t/\ud800"), G, "", f"{BASE}{G}/file=/t/%3F"),
        (obj("/data/stream/a.mp4", "http://i/file=/data/stream/a.mp4"), "", "http://i",
         f"{BASE}/file=/data/stream/a.mp4"),
        (obj("/data/stream/a.mp4", "http://j/stream/app/file=/data/stream/a.mp4"), "", "",
         f"{BASE}/file=/data/stream/a.mp4"),
        (obj(f"{G}/file=/t/a b"), G, "", f"{BASE}{G}/file=/t/a%20b"),
        # Streams
        (obj("h/r/1/playlist.m3u8", f"{INSIDE}{G}/stream/h/r/1/playlist.m3u8", True), G, INSIDE,
         f"{BASE}{G}/stream/h/r/1/playlist.m3u8"),
        (obj("h/r/1/playlist.m3u8", "http://i/stream/h/r/1/playlist.m3u8?__sign=x", True), "", "",
         f"{BASE}/stream/h/r/1/playlist.m3u8?__sign=x"),
        (obj("h/r/1/playlist.m3u8", "http://i/stream/h/r/1/playlist.m3u8"), "", "",
         f"{BASE}/stream/h/r/1/playlist.m3u8"),
        (obj("h/r/1/playlist.m3u8", None, True), G, "", f"{BASE}{G}/stream/h/r/1/playlist.m3u8"),
        (obj("https://cdn/live.m3u8", "https://cdn/live.m3u8", True), G, INSIDE,
         "https://cdn/live.m3u8"),
        # A file of an app that this app has loaded goes through this app.
        (obj("/t/a b", f"{INSIDE}{G}/proxy=https://x.hf.space{G}/file=/t/a%20b"), G, INSIDE,
         f"{BASE}{G}/proxy=https://x.hf.space{G}/file=/t/a%20b"),
        (obj("https://x.hf.space/a", f"{G}/proxy=https://x.hf.space/a"), G, "",
         f"{BASE}{G}/proxy=https://x.hf.space/a"),
        # Addresses of other places
        (obj("https://cdn/a b.png?x=1#y"), G, INSIDE, "https://cdn/a%20b.png?x=1#y"),
        (obj("https://cdn/a%20b.png", "https://cdn/a%20b.png"), G, INSIDE, "https://cdn/a%20b.png"),
        (obj("https://cdn/100%.png"), G, INSIDE, "https://cdn/100%25.png"),
        (obj("http://internal:78600/a"), G, "http://internal:7860", "http://internal:78600/a"),
        # The app's own address given as one
        (obj(f"{INSIDE}{G}/file=/t/a"), G, INSIDE, f"{BASE}{G}/file=/t/a"),
        (obj(f"{BASE}{G}/file=/t/a"), G, INSIDE, f"{BASE}{G}/file=/t/a"),
        # Only a url
        (obj(url=f"{INSIDE}/file=/t/a b"), "", INSIDE, f"{BASE}/file=/t/a%20b"),
        (obj(url="/file=/t/a"), "", "", f"{BASE}/file=/t/a"),
        (obj(url="https://cdn/a"), G, INSIDE, "https://cdn/a"),
        # Nothing that can be fetched
        (obj(), G, INSIDE, None),
        (obj(url="data:text/plain,x"), G, INSIDE, None),
        (obj("http://a b/c"), G, INSIDE, None),
        (obj("http://"), G, INSIDE, None),
        (obj(url="/../other-app/secret"), G, INSIDE, None),
        (obj(url=f"{INSIDE}/%2e%2e/other"), G, INSIDE, None),
        (obj("h/p.m3u8", f"{INSIDE}{G}/stream/../../../other", True), G, INSIDE, None),
        ({"path": 1, "url": ["x"]}, G, INSIDE, None),
        ({}, G, INSIDE, None),
    ],
)  # fmt: skip
def test_file_url(file: dict[str, Any], prefix: str, root: str, url: str | None) -> None:
    assert file_url(file, BASE, prefix, root) == url
    assert file_url(file, f"{BASE}/", prefix.lstrip("/"), f"{root}/" if root else "") == url


@given(
    st.builds(obj, st.text(), st.none() | st.text(), st.booleans()),
    st.sampled_from(["", G]),
    st.sampled_from(["", "/sub", INSIDE]),
)
def test_file_url_never_leaves_the_app_for_a_path(file: Any, prefix: str, root: str) -> None:
    url = file_url(file, BASE, prefix, root)
    assert url is None or url.startswith((f"{BASE}/", "http"))
    if url is not None:
        assert url.isascii()
        assert not any(c in url for c in ' "<>\\^`{|}')
