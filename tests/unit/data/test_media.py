"""Files as HTML: what stands in a page, and what is only linked to."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace

import pytest

from gradwire import FileData
from gradwire.client.files import AsyncFile, File
from gradwire.data.media import SMALL, file_html, media_type

NASTY = "<script>alert(1)</script>\"'\x1b[31m\u202e.png"


def pixel(content: bytes = b"pixel", kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def test_a_picture_that_came_along_stands_in_the_page() -> None:
    html = FileData("a.png", url=pixel(), mime_type="image/png", alt_text="a cat")._repr_html_()
    assert f'<img src="{pixel()}" alt="a cat"' in html
    assert "<a " not in html


@pytest.mark.parametrize(("kind", "tag"), [("audio/wav", "<audio"), ("video/mp4", "<video")])
def test_sounds_and_videos(kind: str, tag: str) -> None:
    html = FileData("a", url=pixel(kind=kind), mime_type=kind)._repr_html_()
    assert f'{tag} controls preload="none" src="{pixel(kind=kind)}"' in html
    far = FileData("a", url="https://host/a", mime_type=kind)._repr_html_()
    assert f'{tag} controls preload="none" src="https://host/a"' in far


def test_what_is_large_or_elsewhere_is_a_link() -> None:
    far = FileData("p/a.png", url="https://host/a.png", size=3_400_000)._repr_html_()
    assert '<a href="https://host/a.png" target="_blank" rel="noopener noreferrer">a.png</a>' in far
    assert "3.4 MB" in far
    large = FileData("a.png", url=pixel(bytes(SMALL + 1)), mime_type="image/png")._repr_html_()
    assert "<img" not in far + large
    assert len(large) < 500


def test_a_picture_of_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"pixel")
    assert pixel() in FileData(str(path))._repr_html_()
    path.write_bytes(bytes(SMALL + 1))
    assert "<img" not in FileData(str(path))._repr_html_()
    assert "<img" not in FileData(str(tmp_path / "none.png"))._repr_html_()
    assert "<img" not in FileData("a\0.png")._repr_html_()


def test_no_server_has_a_file_of_this_machine_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    for name in (secret, tmp_path / "secret.txt"):
        claimed = FileData(str(name), mime_type="image/png", orig_name="a.png")
        assert "data:" not in claimed._repr_html_()
    path = tmp_path / "a.png"
    path.write_bytes(b"secret")
    assert "data:" not in FileData(str(path), url="https://host/a.png")._repr_html_()


@pytest.mark.parametrize("kind", ["image/svg+xml", 'image/png" onload=x', "text/html", NASTY])
def test_words_of_a_server_are_only_words(kind: str) -> None:
    file = FileData(NASTY, url="https://host/" + NASTY, mime_type=kind, alt_text=NASTY)
    for html in (file_html(file), file_html(file, b"content"), file._repr_html_()):
        assert "<script" not in html
        assert "\x1b" not in html
        assert "\u202e" not in html
        assert 'onload=x"' not in html.replace("&quot; onload=x", "")
    assert media_type(file) in (None, "image/svg+xml")  # a picture's scripts are not run


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "//host/a", "a.png"])
def test_only_addresses_of_the_web_are_links(url: str) -> None:
    html = FileData("x", url=url)._repr_html_()
    assert "href" not in html
    assert "src=" not in html


def test_a_password_in_an_address_is_not_kept_with_the_notebook() -> None:
    html = FileData("a", url="https://ada:secret@host/a?__sign=secret")._repr_html_()
    assert "secret" not in html


def test_a_playlist_is_a_link() -> None:
    file = FileData("a.m3u8", url="https://h/a.m3u8", mime_type="audio/mpeg", is_stream=True)
    assert "<audio" not in file._repr_html_()


class Reader:
    """Stands in for a client; nothing may be asked of it."""

    _requests = SimpleNamespace(base_url="http://127.0.0.1:7860/")

    @property
    def _inner(self) -> Reader:
        return self


@pytest.mark.parametrize("kind", [File, AsyncFile])
def test_nothing_is_fetched_from_elsewhere(kind: type[File]) -> None:
    elsewhere = kind.bound(Reader(), {"path": "a.png", "url": "http://127.0.0.1:9999/a.png"})
    assert "<img" not in elsewhere._repr_html_()
    assert not elsewhere._is_away()
    large = {"path": "a.png", "url": "http://127.0.0.1:7860/a.png", "size": SMALL + 1}
    assert not kind.bound(Reader(), large)._is_away()
    text = {"path": "a.txt", "url": "http://127.0.0.1:7860/a.txt"}
    assert not kind.bound(Reader(), text)._is_away()
