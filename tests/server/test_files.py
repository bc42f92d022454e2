"""Files on their way up and down, and what may become of them."""

from __future__ import annotations

import asyncio
import io
import json
import os
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from helpers import asynchronous
from media import png, wav
from proxy import Cut, Proxy, Reply
from servers.launch import Server

from gradwire import (
    AsyncClient,
    Client,
    DownloadError,
    FileData,
    FileTooLargeError,
    InvalidArgumentError,
    LocalFileNotFoundError,
    TransferProgress,
    UploadError,
    handle_file,
)

CONTENT = b"some \x00 content \xff\r\n--boundary--\r\n" * 3


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with `CONTENT`."""
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "data.bin"
    path.write_bytes(CONTENT)
    return path


# --- all that can be a file -----------------------------------------------------------------------

Opened = Callable[[Path], Any]

SOURCES: dict[str, Opened] = {
    "handled-path": handle_file,
    "handled-str": lambda path: handle_file(str(path)),
    "path": lambda path: path,
    "bytes": lambda path: path.read_bytes(),
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "handled-bytes": lambda path: handle_file(path.read_bytes()),
    "buffer": lambda path: io.BytesIO(path.read_bytes()),
    "handled-buffer": lambda path: handle_file(io.BytesIO(path.read_bytes())),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_it_is_uploaded_and_comes_back(any_server: Server, path: Path, source: Opened) -> None:
    with Client.connect(any_server.url) as client:
        assert client.predict("/file_io", [source(path)]).value.read() == b"GOT:" + CONTENT


@pytest.mark.parametrize("handle", [handle_file, lambda file: file])
def test_an_open_file_is_read_and_left_where_it_stood(
    server: Server, path: Path, handle: Callable[[BinaryIO], Any]
) -> None:
    with Client.connect(server.url) as client, path.open("rb") as file:
        file.seek(5)
        result = client.predict("/file_io", [handle(file)]).value
        assert result.read() == b"GOT:" + CONTENT[5:]
        assert file.tell() == 5


def test_a_pipe_is_uploaded_though_its_size_is_unknown(server: Server) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:
        sink.write(CONTENT)
        sink.close()
        with Client.connect(server.url) as client:
            assert client.predict("/file_io", [source]).value.read() == b"GOT:" + CONTENT


def test_an_empty_file_is_a_file(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        assert client.predict("/file_size", [b""]).value == 0


def test_a_plain_string_is_never_a_file(proxy: Proxy, path: Path) -> None:
    with Client.connect(proxy.url) as client:
        assert client.predict("/hello", [str(path)]).value == f"Hello {path}"
    assert not proxy.paths("/gradio_api/upload")


def test_nothing_is_read_before_the_call(server: Server, tmp_path: Path) -> None:
    later = handle_file(tmp_path / "later.txt")
    (tmp_path / "later.txt").write_bytes(b"late")
    with Client.connect(server.url) as client:
        assert client.predict("/file_io", [later]).value.read() == b"GOT:late"


def test_files_are_found_at_any_depth(server: Server, path: Path) -> None:
    data = {"a": [{"b": (handle_file(path), [path])}, b"bytes"], "c": "text"}
    with Client.connect(server.url) as client:
        found = client.predict("/defaults", loose=data).value[-1]
    files = [*found["a"][0]["b"][:1], *found["a"][0]["b"][1], found["a"][1]]
    assert [file.orig_name for file in files] == ["data.bin", "data.bin", "file"]
    assert found["c"] == "text"


def test_what_was_given_is_not_changed(server: Server, path: Path) -> None:
    data = [[path]]
    with Client.connect(server.url) as client:
        client.predict("/files_io", data)
    assert data == [[path]]


def test_one_file_in_two_places_is_uploaded_once(proxy: Proxy, path: Path) -> None:
    file = handle_file(path)
    with Client.connect(proxy.url) as client:
        assert len(client.predict("/files_io", [[file, file]]).value) == 2
    assert len(proxy.paths("/gradio_api/upload")) == 1


def test_a_url_is_sent_as_it_is_and_left_to_the_app(proxy: Proxy) -> None:
    address = "https://files.example/a%20b.png?x=1"
    with Client.connect(proxy.url) as client:
        job = client.submit("/raw_file", [handle_file(address)])
        job.wait_for_id()
        job.cancel()
    [join] = [seen for seen in proxy.requests if seen.path.endswith("/queue/join")]
    [file] = json.loads(bytes(join.body))["data"]
    assert (file["path"], file["url"], file["orig_name"]) == (address, address, "a b.png")
    assert file["meta"] == {"_type": "gradio.FileData"}
    assert not proxy.paths("/gradio_api/upload")


def test_an_output_can_be_an_input_without_being_uploaded_again(
    any_server: Server, path: Path
) -> None:
    with Client.connect(any_server.url) as client:
        file = client.predict("/file_io", [path]).value
        assert client.predict("/file_io", [file]).value.read() == b"GOT:GOT:" + CONTENT


def test_what_upload_returned_can_be_an_input(server: Server, path: Path) -> None:
    with Client.connect(server.url) as client:
        file = client.upload(FileData(str(path)))
        assert client.predict("/file_io", [file]).value.read() == b"GOT:" + CONTENT


@asynchronous
async def test_fifty_files_go_up_side_by_side(server: Server) -> None:
    async with AsyncClient.connect(server.url) as client:
        files = [handle_file(bytes([n]) * n, name=f"{n}.bin") for n in range(1, 51)]
        result = (await client.predict("/files_io", [files])).value
        assert [await file.read() for file in result] == [bytes([n]) * n for n in range(1, 51)]


@asynchronous
async def test_the_asynchronous_client_uploads_without_blocking_its_loop(server: Server) -> None:
    class Slow(io.RawIOBase):
        """A file whose every read takes long."""

        def __init__(self) -> None:
            self.left = 5

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            time.sleep(0.1)
            self.left -= 1
            if self.left < 0:
                return 0
            buffer[:3] = b"abc"
            return 3

    async with AsyncClient.connect(server.url) as client:
        job = client.submit("/file_io", [io.BufferedReader(Slow())])
        other = await client.predict("/hello", ["Ada"])
        assert other.value == "Hello Ada"
        assert not job.done()
        assert await (await job).value.read() == b"GOT:" + b"abc" * 5


# --- components -----------------------------------------------------------------------------------


def test_an_image_goes_through(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        image = client.predict("/image_io", [handle_file(png(), name="red.png")]).value
        assert size_of(image.read()) == (3, 2)


def test_sound_goes_through(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        sound = client.predict("/audio_io", [handle_file(wav(), name="silence.wav")]).value
        assert sound.read() == wav()
        assert sound.orig_name == "silence.wav"


def test_a_video_goes_through(any_server: Server) -> None:
    film: Any = handle_file(b"film", name="film.mp4")
    old = any_server.version < "6"
    with Client.connect(any_server.url) as client:
        result = client.predict("/video_io", [{"video": film} if old else film]).value
        assert (result["video"] if old else result).read() == b"film"


def test_a_gallery_goes_through(any_server: Server) -> None:
    pictures = [
        {"image": handle_file(png(3, 2), name="a.png"), "caption": "first"},
        {"image": handle_file(png(5, 4), name="b.png"), "caption": None},
    ]
    with Client.connect(any_server.url) as client:
        result = client.predict("/gallery_io", [pictures]).value
        assert [size_of(item["image"].read()) for item in result] == [(3, 2), (5, 4)]
        assert [item["caption"] for item in result] == ["first", None]


def test_several_files_go_through(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        files = [handle_file(b"one", name="1.txt"), b"two"]
        result = client.predict("/files_io", [files]).value
        assert [file.read() for file in result] == [b"one", b"two"]


def test_the_nested_files_of_an_image_editor_go_through(any_server: Server) -> None:
    drawing = {
        "background": handle_file(png(8, 8), name="background.png"),
        "layers": [handle_file(png(8, 8), name="layer.png")],
        "composite": handle_file(png(8, 8), name="composite.png"),
    }
    with Client.connect(any_server.url) as client:
        result = client.predict("/editor_io", [drawing]).value
        found = [result["background"], *result["layers"], result["composite"]]
        assert [size_of(file.read()) for file in found] == [(8, 8)] * 3


def test_a_message_with_files_goes_through(any_server: Server, path: Path) -> None:
    with Client.connect(any_server.url) as client:
        if "/multimodal" not in client.endpoints:
            pytest.skip("this version has no gr.MultimodalTextbox")
        message = {"text": "look", "files": [path, handle_file(png(), name="red.png")]}
        assert client.predict("/multimodal", [message]).value == ("look", ["data.bin", "red.png"])


def test_a_message_without_files_goes_through(server: Server) -> None:
    with Client.connect(server.url) as client:
        assert client.predict("/multimodal", [{"text": "x", "files": []}]).value == ("x", [])


# --- names ----------------------------------------------------------------------------------------

NAMES = [
    "with space.txt",
    "a#b.txt",
    "100%.txt",
    "a%20b.txt",
    "a%2Fb.txt",
    "größe 名前 👋.txt",
    "zu\u0308sammengesetzt.txt",
    "quo\"te's.txt",
    "back\\slash.txt",
    "semi;colon&and=plus+.txt",
    "question?.txt",
    "no_extension",
    ".hidden",
    "CON",
    "nul.txt",
    "con .tar.gz",
    "two..dots.tar.gz",
    "x" * 251 + ".txt",
    "名" * 83 + ".txt",
]


def refused(server: Server, name: str) -> str | None:
    """Say why the server itself does not take a file of this name."""
    if name.startswith(".") and server.version >= "5":
        return "this server takes no file whose name begins with a dot"
    if ".." in name and server.version in ("4.19.2", "4.21.0"):
        return "this server gives out no file with two dots in its name"
    return None


@pytest.mark.parametrize("name", NAMES)
def test_a_name_survives_on_its_way_up(any_server: Server, tmp_path: Path, name: str) -> None:
    if reason := refused(any_server, name):
        pytest.skip(reason)
    (tmp_path / name).write_bytes(CONTENT)
    with Client.connect(any_server.url) as client:
        seen = client.predict("/raw_file", [tmp_path / name]).value
        assert seen["orig_name"] == name
        assert seen["size"] == len(CONTENT)
        assert os.path.splitext(seen["basename"])[1] == os.path.splitext(name)[1]


def test_files_of_all_names_come_back_whole(any_server: Server, tmp_path: Path) -> None:
    names = [name for name in NAMES if not refused(any_server, name)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    with Client.connect(any_server.url) as client:
        files = client.predict("/files_io", [[tmp_path / name for name in names]]).value
        assert [file.read() for file in files] == [name.encode() for name in names]
        paths = [file.download(tmp_path / "down") for file in files]
    assert [path.read_bytes() for path in paths] == [name.encode() for name in names]
    assert sorted((tmp_path / "down").iterdir()) == sorted(paths)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", "image/png"),
        ("a.JPG", "image/jpeg"),
        ("a.mp4", "video/mp4"),
        ("a.wav", "audio/x-wav"),
        ("a.webp", "image/webp"),
        ("a.txt", "text/plain"),
        ("a.tar.gz", "application/gzip"),
        ("a", None),
    ],
)
def test_the_mime_type_follows_the_name(server: Server, name: str, kind: str | None) -> None:
    with Client.connect(server.url) as client:
        found = client.predict("/raw_file", [handle_file(b"x", name=name)]).value["mime_type"]
    assert found == kind or (kind == "audio/x-wav" and found == "audio/wav")


def test_name_and_mime_type_can_be_given(any_server: Server) -> None:
    file = handle_file(b"x", name="given.xyz", mime_type="image/x-mine")
    with Client.connect(any_server.url) as client:
        seen = client.predict("/raw_file", [file]).value
        assert (seen["orig_name"], seen["mime_type"]) == ("given.xyz", "image/x-mine")
        assert client.predict("/echo_name", [file]).value == "given.xyz"


def test_an_output_tells_what_the_server_knows(server: Server) -> None:
    with Client.connect(server.url) as client:
        file = client.predict("/file_io", [handle_file(CONTENT, name="a.txt")]).value
    assert isinstance(file, FileData)
    assert file.orig_name == "got-a.txt"
    assert file.size == len(CONTENT) + 4
    assert file.meta == {"_type": "gradio.FileData"}
    assert file.is_stream is False
    assert file.path.endswith("/got-a.txt")
    assert file.url is not None
    with urllib.request.urlopen(file.url) as answer:  # anybody can use the address
        assert answer.read() == b"GOT:" + CONTENT


def test_nothing_is_downloaded_unasked(proxy: Proxy) -> None:
    with Client.connect(proxy.url) as client:
        client.predict("/file_io", [CONTENT])
    assert not proxy.paths("/gradio_api/file=")


def test_a_playlist_keeps_its_address(proxy: Proxy) -> None:
    answer = {
        "data": [
            {
                "path": "hash/1/1/playlist.m3u8",
                "url": "http://wrong.example/gradio_api/stream/hash/1/1/playlist.m3u8",
                "is_stream": True,
                "meta": {"_type": "gradio.FileData"},
            }
        ]
    }
    proxy.rules["*/run/predict"] = Reply(body=json.dumps(answer).encode())
    with Client.connect(proxy.url) as client:
        file = client.predict("/noqueue", ["x"]).value
    assert file.is_stream
    assert file.url == f"{proxy.url}/gradio_api/stream/hash/1/1/playlist.m3u8"


# --- progress -------------------------------------------------------------------------------------

MEGABYTES = os.urandom(1 << 20) * 3


def assert_whole(seen: list[TransferProgress], name: str, total: int) -> None:
    assert {step.name for step in seen} == {name}
    assert {step.total for step in seen} == {total}
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert len(seen) > 1
    assert (seen[-1].done, seen[-1].fraction) == (total, 1.0)


def test_an_upload_reports_its_progress(server: Server) -> None:
    seen: list[TransferProgress] = []
    with Client.connect(server.url) as client:
        client.predict(
            "/file_size", [handle_file(MEGABYTES, name="a.bin", on_progress=seen.append)]
        )
    assert_whole(seen, "a.bin", len(MEGABYTES))


def test_a_raw_upload_reports_its_progress(server: Server) -> None:
    seen: list[TransferProgress] = []
    with Client.connect(server.url) as client:
        client.upload_files(None, [handle_file(MEGABYTES, name="a.bin", on_progress=seen.append)])
    assert_whole(seen, "a.bin", len(MEGABYTES))


def test_an_upload_of_unknown_size_reports_its_progress(server: Server) -> None:
    class Endless(io.BytesIO):
        def seekable(self) -> bool:
            return False

    seen: list[TransferProgress] = []
    with Client.connect(server.url) as client:
        file = handle_file(Endless(MEGABYTES), name="a.bin", on_progress=seen.append)
        assert client.predict("/file_size", [file]).value == len(MEGABYTES)
    assert {step.total for step in seen} == {None}
    assert (seen[-1].done, seen[-1].fraction) == (len(MEGABYTES), None)


@pytest.mark.parametrize("by_file", [True, False])
def test_a_download_reports_its_progress(server: Server, tmp_path: Path, by_file: bool) -> None:
    seen: list[TransferProgress] = []
    with Client.connect(server.url) as client:
        [file] = client.predict("/files_io", [[handle_file(MEGABYTES, name="a.bin")]]).value
        if by_file:
            file.download(tmp_path, seen.append)
        else:
            client.download(file, tmp_path, seen.append)
    assert_whole(seen, "a.bin", len(MEGABYTES))


@asynchronous
async def test_the_asynchronous_client_reports_progress_both_ways(
    server: Server, tmp_path: Path
) -> None:
    up: list[TransferProgress] = []
    down: list[TransferProgress] = []
    async with AsyncClient.connect(server.url) as client:
        source = handle_file(MEGABYTES, name="a.bin", on_progress=up.append)
        [file] = (await client.predict("/files_io", [[source]])).value
        await file.download(tmp_path, down.append)
    assert_whole(up, "a.bin", len(MEGABYTES))
    assert_whole(down, "a.bin", len(MEGABYTES))


def test_a_progress_callback_that_fails_ends_the_upload_with_its_error(server: Server) -> None:
    def fail(_: TransferProgress) -> None:
        raise RuntimeError("my own")

    with Client.connect(server.url) as client:
        with pytest.raises(UploadError, match=r"on_progress raised RuntimeError\('my own'\)"):
            client.predict("/file_size", [handle_file(MEGABYTES, on_progress=fail)])
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_a_progress_callback_that_fails_leaves_no_partial_download(
    server: Server, tmp_path: Path
) -> None:
    def fail(_: TransferProgress) -> None:
        raise RuntimeError("my own")

    with Client.connect(server.url) as client:
        file = client.predict("/file_io", [CONTENT]).value
        with pytest.raises(DownloadError, match=r"on_progress raised RuntimeError\('my own'\)"):
            file.download(tmp_path, fail)
    assert not list(tmp_path.iterdir())


# --- refused before anything is sent --------------------------------------------------------------


def limit(server: Server, proxy: Proxy, size: int | None) -> None:
    """Make the app say that it takes no larger file."""
    with urllib.request.urlopen(f"{server.url}/config") as answer:
        config = json.load(answer) | {"max_file_size": size}
    proxy.rules["/config"] = Reply(body=json.dumps(config).encode())


CALLS: dict[str, Callable[[Client, Any], Any]] = {
    "predict": lambda client, file: client.predict("/file_io", [file]),
    "predict-nested": lambda client, file: client.predict("/files_io", [[b"ok", file]]),
    "predict-unqueued": lambda client, file: client.predict("/noqueue", [file]),
    "submit": lambda client, file: client.submit("/file_io", [file]),
    "upload_files": lambda client, file: client.upload_files(None, [b"ok", file]),
}


def assert_refused(
    proxy: Proxy, kind: type[Exception], call: Callable[[Client, Any], Any], file: Any
) -> Exception:
    """Call with a file that must be refused before anything is sent."""
    with Client.connect(proxy.url) as client:
        client.predict("/hello", ["Ada"])
        before = len(proxy.requests)
        with pytest.raises(kind) as caught:
            call(client, file)
        client.predict("/noqueue", ["x"])
        assert proxy.paths()[before:] == ["/gradio_api/run/predict"]
    return caught.value


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_missing_file_is_refused_before_anything_is_sent(
    proxy: Proxy, tmp_path: Path, call: Any
) -> None:
    missing = tmp_path / "missing.txt"
    error = assert_refused(proxy, LocalFileNotFoundError, call, handle_file(missing))
    assert isinstance(error, FileNotFoundError)
    assert str(missing) in str(error)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_directory_is_refused_before_anything_is_sent(
    proxy: Proxy, tmp_path: Path, call: Any
) -> None:
    assert "directory" in str(assert_refused(proxy, UploadError, call, handle_file(tmp_path)))


@pytest.mark.skipif("sys.platform != 'linux'", reason="has no file that even root cannot read")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_an_unreadable_file_is_refused_before_anything_is_sent(proxy: Proxy, call: Any) -> None:
    error = assert_refused(proxy, UploadError, call, handle_file("/proc/self/mem"))
    assert "/proc/self/mem" in str(error)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_closed_file_is_refused_before_anything_is_sent(
    proxy: Proxy, path: Path, call: Any
) -> None:
    file = path.open("rb")
    file.close()
    assert "closed" in str(assert_refused(proxy, UploadError, call, handle_file(file)))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_file_over_the_limit_of_the_app_is_refused_before_anything_is_sent(
    server: Server, proxy: Proxy, call: Any
) -> None:
    limit(server, proxy, 10)
    error = assert_refused(proxy, FileTooLargeError, call, handle_file(b"x" * 11, name="a.txt"))
    assert isinstance(error, FileTooLargeError)
    assert (error.size, error.limit) == (11, 10)
    assert isinstance(error, ValueError)
    assert "a.txt" in str(error)


def test_a_file_of_just_the_limit_is_taken(server: Server, proxy: Proxy) -> None:
    limit(server, proxy, 10)
    with Client.connect(proxy.url) as client:
        assert client.predict("/file_size", [b"x" * 10]).value == 10


def test_the_limit_of_a_real_app_is_known(small_server: Server) -> None:
    with Client.connect(small_server.url) as client:
        assert client.config.max_file_size == 1000
        with pytest.raises(FileTooLargeError, match="1,000"):
            client.predict("/file_size", [b"x" * 1001])
        assert client.predict("/file_size", [b"x" * 1000]).value == 1000


def test_an_upload_of_unknown_size_stops_at_the_limit(small_server: Server) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:
        sink.write(b"x" * 1001)
        sink.close()
        with Client.connect(small_server.url) as client:
            with pytest.raises(FileTooLargeError, match="1,000") as caught:
                client.predict("/file_size", [source])
    assert caught.value.limit == 1000


def test_a_file_that_the_server_finds_too_large_is_too_large(
    small_server: Server, open_proxy: Any
) -> None:
    proxy = open_proxy(small_server.url)
    limit(small_server, proxy, None)
    with Client.connect(proxy.url) as client:
        with pytest.raises(FileTooLargeError) as caught:
            client.predict("/file_size", [b"x" * 1001])
    assert caught.value.status == 413


def test_a_text_file_is_refused(server: Server, path: Path) -> None:
    with Client.connect(server.url) as client, path.open() as file:
        with pytest.raises(InvalidArgumentError, match="text mode"):
            client.predict("/file_io", [file])


def test_a_file_that_shrinks_while_it_is_sent_is_an_upload_error(
    server: Server, tmp_path: Path
) -> None:
    big = tmp_path / "big"
    big.write_bytes(MEGABYTES)

    def shrink(progress: TransferProgress) -> None:
        os.truncate(big, progress.done)

    with Client.connect(server.url) as client:
        with pytest.raises(UploadError, match="shorter"):
            client.predict("/file_size", [handle_file(big, on_progress=shrink)])
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


@pytest.mark.parametrize("status", [400, 500, 502])
def test_an_upload_that_is_refused_says_so(proxy: Proxy, status: int) -> None:
    proxy.rules["*/upload"] = Reply(status, b"no room")
    with Client.connect(proxy.url) as client:
        with pytest.raises(UploadError, match="no room") as caught:
            client.predict("/file_io", [CONTENT])
    assert caught.value.status == status
    assert isinstance(caught.value, OSError)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"[5]", b'["a", "b"]'])
def test_an_upload_that_is_answered_with_nonsense_is_an_error(proxy: Proxy, body: bytes) -> None:
    proxy.rules["*/upload"] = Reply(body=body)
    with Client.connect(proxy.url) as client:
        with pytest.raises(UploadError, match="paths"):
            client.predict("/file_io", [CONTENT])


def test_one_failed_upload_ends_the_call_without_a_job(proxy: Proxy) -> None:
    answers = iter([None, Reply(500, b"no room")])
    proxy.rules["*/upload"] = lambda seen: next(answers, None)
    with Client.connect(proxy.url) as client:
        with pytest.raises(UploadError):
            client.predict("/files_io", [[bytes([n]) for n in range(20)]])
    assert not proxy.paths("/gradio_api/queue")


# --- downloads ------------------------------------------------------------------------------------


def test_a_file_is_read_opened_and_downloaded(any_server: Server, tmp_path: Path) -> None:
    with Client.connect(any_server.url) as client:
        file = client.predict("/file_io", [CONTENT]).value
        assert file.read() == b"GOT:" + CONTENT
        with file.open() as opened:
            assert opened.read(4) == b"GOT:"
            assert opened.read() == CONTENT
        assert file.download(tmp_path).read_bytes() == b"GOT:" + CONTENT


@asynchronous
async def test_a_file_is_read_opened_and_downloaded_in_a_loop(
    any_server: Server, tmp_path: Path
) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        file = (await client.predict("/file_io", [CONTENT])).value
        assert await file.read() == b"GOT:" + CONTENT
        with await file.open() as opened:
            assert opened.read() == b"GOT:" + CONTENT
        assert (await file.download(tmp_path)).read_bytes() == b"GOT:" + CONTENT


def test_a_large_file_can_be_opened(server: Server) -> None:
    with Client.connect(server.url) as client:
        [file] = client.predict("/files_io", [[MEGABYTES]]).value
        with file.open() as opened:
            opened.seek(2 << 20)
            assert opened.read() == MEGABYTES[: 1 << 20]


@pytest.mark.parametrize("kind", [str, Path])
def test_the_folder_is_made(server: Server, tmp_path: Path, kind: type) -> None:
    with Client.connect(server.url) as client:
        file = client.predict("/file_io", [handle_file(CONTENT, name="a.txt")]).value
        path = client.download(file, kind(tmp_path / "new" / "deep"))
    assert path == tmp_path / "new" / "deep" / "got-a.txt"


def test_a_name_that_is_taken_gets_a_number(server: Server, tmp_path: Path) -> None:
    (tmp_path / "got-a.tar.gz").write_bytes(b"mine")
    with Client.connect(server.url) as client:
        file = client.predict("/file_io", [handle_file(CONTENT, name="a.tar.gz")]).value
        names = [file.download(tmp_path).name for _ in range(2)]
    assert names == ["got-a (1).tar.gz", "got-a (2).tar.gz"]
    assert (tmp_path / "got-a.tar.gz").read_bytes() == b"mine"


@asynchronous
async def test_downloads_at_the_same_time_never_take_the_same_name(
    server: Server, tmp_path: Path
) -> None:
    async with AsyncClient.connect(server.url) as client:
        file = (await client.predict("/file_io", [CONTENT])).value
        paths = await asyncio.gather(*(file.download(tmp_path) for _ in range(20)))
    assert len(set(paths)) == 20
    assert {path.read_bytes() for path in paths} == {b"GOT:" + CONTENT}


def test_an_address_can_be_downloaded(server: Server, tmp_path: Path) -> None:
    with Client.connect(server.url) as client:
        file = client.predict("/file_io", [CONTENT]).value
        assert client.download(file.url, tmp_path).read_bytes() == b"GOT:" + CONTENT
        assert client.download(file.path, tmp_path).read_bytes() == b"GOT:" + CONTENT


def test_a_plain_file_data_can_be_downloaded(server: Server, tmp_path: Path) -> None:
    with Client.connect(server.url) as client:
        path = client.predict("/file_io", [CONTENT]).value.path
        assert client.download(FileData(path), tmp_path).read_bytes() == b"GOT:" + CONTENT


def test_a_file_that_the_app_does_not_give_out_is_a_download_error(
    server: Server, tmp_path: Path
) -> None:
    with Client.connect(server.url) as client:
        with pytest.raises(DownloadError, match="does not give out") as caught:
            client.download("/etc/passwd", tmp_path)
    assert caught.value.status == 403
    assert isinstance(caught.value, OSError)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("status", [404, 410, 500, 206, 304])
def test_an_answer_without_the_file_leaves_nothing(
    proxy: Proxy, tmp_path: Path, status: int
) -> None:
    with Client.connect(proxy.url) as client:
        file = client.predict("/file_io", [CONTENT]).value
        proxy.rules["*/file=*"] = Reply(status, b"" if status == 304 else b"sorry")
        for fetch in (lambda: file.download(tmp_path), file.read, file.open):
            with pytest.raises(DownloadError, match=str(status)):
                fetch()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("after", [0, 300, 500_000, 3_000_000])
def test_a_cut_connection_leaves_no_partial_file(proxy: Proxy, tmp_path: Path, after: int) -> None:
    with Client.connect(proxy.url) as client:
        [file] = client.predict("/files_io", [[MEGABYTES]]).value
        proxy.rules["*/file=*"] = Cut(after)
        for fetch in (lambda: file.download(tmp_path / "d"), file.read, file.open):
            with pytest.raises(DownloadError) as caught:
                fetch()
            assert caught.value.url is not None
    assert not list(tmp_path.rglob("*.*"))


def test_a_folder_that_is_a_file_is_refused(server: Server, path: Path) -> None:
    with Client.connect(server.url) as client:
        file = client.predict("/file_io", [CONTENT]).value
        with pytest.raises(InvalidArgumentError, match="folder"):
            file.download(path)
    assert path.read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_a_download_error(server: Server, path: Path) -> None:
    with Client.connect(server.url) as client:
        file = client.predict("/file_io", [CONTENT]).value
        with pytest.raises(DownloadError, match="written"):
            file.download(path / "below")


HOSTILE = [
    "../../evil.txt",
    "..\\..\\evil.txt",
    "/etc/evil.txt",
    "C:\\evil.txt",
    "C:evil.txt",
    "..",
    ".",
    "",
    "/",
    "a/../../../evil",
    ".bashrc",
    "con",
    "nul\x00.txt",
    "evil\n.txt",
    "\u202egpj.exe",
    "e" * 5000 + ".txt",
    "名" * 500,
    "~/evil",
    "%2e%2e%2fevil",
    "$HOME",
    "-rf",
    "a" * 300 + "/" + "b" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("where", ["orig_name", "path"])
def test_a_hostile_name_stays_inside_the_folder(
    proxy: Proxy, tmp_path: Path, name: str, where: str
) -> None:
    obj = {"path": "/tmp/x", "meta": {"_type": "gradio.FileData"}, where: name}
    if where == "path":
        obj["url"] = f"{proxy.url}/gradio_api/file=/tmp/y"
    proxy.rules["*/run/predict"] = Reply(body=json.dumps({"data": [obj]}).encode())
    proxy.rules["*/file=*"] = Reply(body=b"content")
    inside = tmp_path / "inside"
    with Client.connect(proxy.url) as client:
        file = client.predict("/noqueue", ["x"]).value
        path = file.download(inside)
    assert path.parent == inside
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]
    assert path.read_bytes() == b"content"
    assert not path.name.startswith(".")
    assert path.name.isprintable()


# --- large ----------------------------------------------------------------------------------------

LARGE = """
import resource, sys, time
from pathlib import Path
import psutil
from gradwire import Client, handle_file

address, source, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
with Client.connect(address) as client:
    client.predict("/file_io", [b"warm"]).value.download(folder)
    idle = psutil.Process().memory_info().rss
    started = time.monotonic()
    assert client.predict("/file_size", [source]).value == source.stat().st_size
    up = time.monotonic() - started
    peak_up = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    [file] = client.predict("/files_io", [[source]]).value
    started = time.monotonic()
    path = file.download(folder)
    down = time.monotonic() - started
    assert path.stat().st_size == source.stat().st_size
    with file.open() as opened:
        opened.seek(-4, 2)
        assert opened.read() == b"last"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(idle, peak_up, peak, up, down)
"""


@pytest.mark.large
@pytest.mark.timeout(600)
@pytest.mark.skipif("sys.platform != 'linux'", reason="ru_maxrss has another unit elsewhere")
def test_a_gibibyte_goes_up_and_down_in_constant_memory(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, folder = tmp_path / "large.bin", tmp_path / "down"
    with source.open("wb") as file:
        file.seek((1 << 30) - 4)
        file.write(b"last")
    done = subprocess.run(
        [sys.executable, "-c", LARGE, server.url, str(source), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    idle, peak_up, peak, up, down = map(float, done.stdout.split())
    with capsys.disabled():
        print(
            f"\n1 GiB up in {up:.1f} s, down in {down:.1f} s; resident: {idle / 1e6:.0f} MB idle, "
            f"{peak_up / 1e6:.0f} MB at most going up, {peak / 1e6:.0f} MB at most in all"
        )
    assert peak - idle < 100e6
