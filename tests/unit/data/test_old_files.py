"""Files of Gradio 3.x: both ways, and what is not one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput, handle_file
from gradwire.data.old_files import (
    content_of,
    data_url,
    is_data_url,
    is_old_file_object,
    known_files,
    modern,
    old_file,
    picture,
)
from gradwire.data.readers import Remote
from gradwire.data.walk import collect_files
from gradwire.errors import DownloadError

SENT = {"name": "/srv/a b.txt", "orig_name": "b.txt", "size": 3, "is_file": True, "data": None}
INLINE = {"name": "b.txt", "data": "data:text/plain;base64,aGk="}


@given(st.binary(max_size=300), st.sampled_from([None, "image/png", "audio/x-wav"]))
def test_content_survives(content: bytes, kind: str | None) -> None:
    url = data_url(content, kind)
    assert is_data_url(url)
    assert content_of(url) == content
    assert picture(url)["mime_type"] == (kind or "application/octet-stream")


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("data:,a%20b", b"a b"),
        ("data:text/plain;charset=utf-8,x", b"x"),
        ("data:text/plain;charset=utf-8;base64,aGk=", b"hi"),
        ("data:image/svg+xml,%3Csvg/%3E", b"<svg/>"),
    ],
)
def test_urls_that_others_write(url: str, content: bytes) -> None:
    assert content_of(url) == content


@pytest.mark.parametrize("url", ["data:image/png;base64,a", "nothing", "data:image/png;base64"])
def test_what_is_damaged_is_an_error(url: str) -> None:
    with pytest.raises(DownloadError, match="data: URL"):
        content_of(url)


@pytest.mark.parametrize("value", [SENT, INLINE, {**SENT, "mime_type": "x", "alt_text": None}])
def test_file_objects(value: Any) -> None:
    assert is_old_file_object(value)


@pytest.mark.parametrize(
    "value",
    [
        {},
        None,
        {"name": "a", "data": "text"},
        {"name": "a", "is_file": True},
        {**SENT, "name": None},
        {**SENT, "more": 1},
        {"headers": ["a"], "data": [[1]]},
        {"data": "data"},
    ],
)
def test_json_of_an_app_stays_what_it_is(value: Any) -> None:
    assert not is_old_file_object(value)


def test_a_file_on_the_server() -> None:
    file = FileData.from_dict(modern(SENT))
    assert (file.path, file.url, file.orig_name, file.size) == ("/srv/a b.txt", None, "b.txt", 3)
    assert old_file(file, as_picture=False) == SENT


def test_a_file_without_a_name_of_its_own_gets_that_of_its_path() -> None:
    assert modern({**SENT, "orig_name": None})["orig_name"] == "a b.txt"


def test_a_file_with_its_content() -> None:
    file = FileData.from_dict(modern(INLINE))
    assert (file.path, file.orig_name, file.mime_type) == ("b.txt", "b.txt", "text/plain")
    assert content_of(file.url or "") == b"hi"
    assert old_file(file, as_picture=False) == INLINE


def test_a_picture() -> None:
    url = data_url(b"x", "image/jpeg")
    file = FileData.from_dict(picture(url))
    assert (file.path, file.orig_name, file.url) == ("image.jpg", "image.jpg", url)
    assert old_file(file, as_picture=True) == url
    assert len(repr(FileData.from_dict(picture(data_url(b"x" * 10_000, None))))) < 300


def test_what_goes_into_a_call() -> None:
    shown = FileData.from_dict(picture(data_url(b"x", "image/png")))
    there = FileData.from_dict({**modern(SENT), "url": "http://app/file=/srv/a"})
    elsewhere: Any = handle_file("http://other/dog%20x.png")
    values = [shown, there, shown, there, [elsewhere], elsewhere]
    pictures = [True, False, False, True, False, True]
    sent, files = collect_files(values, known_files(pictures))
    assert sent[0] == shown.url
    assert sent[1] == SENT
    assert sent[2] == {"name": "image.png", "data": shown.url}
    # What the server has on its disk cannot go into a gr.Image as it is; nor what is elsewhere.
    urls = [file.source.url for file in files if isinstance(file.source, Remote)]
    assert urls == [
        "http://app/file=/srv/a",
        "http://other/dog%20x.png",
        "http://other/dog%20x.png",
    ]
    assert sent[4] == [files[1]]
    assert isinstance(sent[5], FileInput)
    assert sent[5].name == "dog x.png"
