"""What the caller gives to be called: what it raises ends that one call, and nothing else."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.launch import Server

from gradwire import Client, DownloadError, UploadError, handle_file

ENDS = [SystemExit, KeyboardInterrupt, asyncio.CancelledError, ZeroDivisionError, StopIteration]
every_end = pytest.mark.parametrize("kind", ENDS)


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """Connect two clients to one background loop: that of the other has to go on."""
    with Client.connect(server.url) as other, Client.connect(server.url) as made:
        job = other.submit("/slow", [0.3])
        yield made
        assert job.result().value == "run done"


def boom(kind: type[BaseException]) -> object:
    raise kind("mine")


@every_end
def test_progress_of_an_upload(client: Client, kind: type[BaseException]) -> None:
    file = handle_file(b"text", name="a.txt", on_progress=lambda progress: boom(kind))
    with pytest.raises(
        UploadError, match=r"upload of 'a\.txt'.*on_progress raised .*mine"
    ) as caught:
        client.predict("/file_io", [file])
    assert isinstance(caught.value.__cause__, kind)
    assert client.predict("/file_io", [handle_file(b"x", name="a.txt")]).value.read() == b"GOT:x"


@every_end
def test_progress_of_a_download(client: Client, tmp_path: Path, kind: type[BaseException]) -> None:
    file = client.predict("/file_io", [handle_file(b"text", name="a.txt")]).value
    with pytest.raises(DownloadError, match=r"on_progress raised .*mine") as caught:
        file.download(tmp_path, on_progress=lambda progress: boom(kind))
    assert isinstance(caught.value.__cause__, kind)
    assert list(tmp_path.iterdir()) == []
    assert file.read() == b"GOT:text"


class Fragile(io.RawIOBase):
    """A file of the caller's that fails at one of its methods."""

    def __init__(self, kind: type[BaseException], method: str) -> None:
        self._raises = lambda: boom(kind)
        self._method = method

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._method == "read":
            self._raises()
        return b""

    def seekable(self) -> bool:
        if self._method == "seekable":
            self._raises()
        return False


class FragileBuffer(io.BytesIO):
    """The same, of the kind that is read in the loop itself."""

    def read(self, size: int | None = -1) -> bytes:
        raise SystemExit("mine")


@every_end
def test_a_file_that_fails_to_be_read(client: Client, kind: type[BaseException]) -> None:
    with pytest.raises(UploadError, match=r"Cannot upload.* read\(\) raised") as caught:
        client.predict("/file_io", [Fragile(kind, "read")])
    # A generator may not pass on a StopIteration as it is.
    assert isinstance(caught.value.__cause__, RuntimeError if kind is StopIteration else kind)
    with pytest.raises(UploadError, match=r"size raised .*mine"):
        client.predict("/file_io", [Fragile(kind, "seekable")])


def test_a_buffer_that_fails_to_be_read(client: Client) -> None:
    with pytest.raises(UploadError, match=r"read\(\) raised SystemExit"):
        client.predict("/file_io", [FragileBuffer(b"text")])


def test_a_file_that_fails_to_be_read_for_an_old_server(ws_server: Server) -> None:
    with Client.connect(ws_server.url) as client:
        with pytest.raises(UploadError, match=r"read\(\) raised SystemExit"):
            client.predict("/file_io", [FragileBuffer(b"text")])
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
