"""The floor: blocking sockets that send the bytes of a request and look for its value.

It knows the server's answers too well to be called a client. It shows what the kernel and the
interpreter take in any case.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from harness import run_sync
from meter import first_event

END = b"\r\n0\r\n\r\n"
FORM = b'--xyz\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n'
TAIL = b"\r\n--xyz--\r\n"
PIECE = 256 * 1024


class BareSocket:
    """One call after the other; a second connection is for a stream that stays open."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self.connection = connection
        self.host = host
        self.session_hash = os.urandom(8).hex()
        post = (
            "POST /gradio_api/{} HTTP/1.1\r\nHost: {}\r\n"
            "Content-Type: {}\r\nContent-Length: %d\r\n\r\n"
        )
        self.post = post.format("queue/join", host, "application/json").encode()
        self.form = post.format("upload", host, "multipart/form-data; boundary=xyz").encode()
        self.get = self.request(f"queue/data?session_hash={self.session_hash}")
        self.stream: socket.socket | None = None

    def request(self, path: str) -> bytes:
        """A GET."""
        return f"GET /gradio_api/{path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()

    def join(self, fn_index: int, data: list[object]) -> bytes:
        """Send one call; the answer."""
        call = {"data": data, "fn_index": fn_index, "session_hash": self.session_hash}
        body = msgspec.json.encode(call)
        self.connection.sendall(self.post % len(body) + body)
        return until(self.connection, b'"}')

    def echo(self, text: str) -> str:
        """One prediction."""
        self.join(0, [text])
        self.connection.sendall(self.get)
        return completed(until(self.connection, END))

    def kept(self, text: str) -> str:
        """One prediction on a stream that stays."""
        self.join(0, [text])
        if self.stream is None:
            host, _, port = self.host.partition(":")
            self.stream = opened(host, int(port))
            self.stream.sendall(self.get)
        answer = b""
        while not (b"process_completed" in answer and answer.endswith(b"}\n\n\r\n")):
            answer += self.stream.recv(PIECE)
        return completed(answer)

    def tokens(self, count: int) -> int:
        """One token stream, kept as the list of its additions."""
        return len(self.steps(1, [count]))

    def chat(self, count: int) -> int:
        """The same for a chat."""
        return len(self.steps(3, [count]))

    def grow(self, count: int, size: int) -> int:
        """One long text."""
        return sum(map(len, self.steps(4, [count, size])))

    def steps(self, fn_index: int, data: list[object]) -> list[Any]:
        """What each step of a generator has added."""
        self.join(fn_index, data)
        self.connection.sendall(self.get)
        added: list[Any] = []
        rest = b""
        while not rest.endswith(END):
            *lines, rest = (rest + self.connection.recv(PIECE)).split(b"\n\n")
            for line in lines:
                message = msgspec.json.decode(line[line.index(b"data: ") + 6 :])
                if message["msg"] == "process_generating":
                    [value] = message["output"]["data"]
                    added.append(value[0][2] if added else value)
                    if len(added) == 1:
                        first_event()
        return added

    def upload(self, path: Path) -> str:
        """One file as a multipart form."""
        head = FORM % path.name.encode()
        length = len(head) + path.stat().st_size + len(TAIL)
        self.connection.sendall(self.form % length + head)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                self.connection.sendall(piece)
        self.connection.sendall(TAIL)
        answer = until(self.connection, b"]")
        [sent] = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])
        return str(sent)

    def download(self, size: int, folder: Path) -> int:
        """One file, piece by piece into another."""
        self.connection.sendall(self.request(f"file=/zeros/{size}"))
        answer = self.connection.recv(PIECE)
        with (folder / "zeros").open("wb") as file:
            left = size - file.write(answer.partition(b"\r\n\r\n")[2])
            while left:
                left -= file.write(self.connection.recv(PIECE))
        return (folder / "zeros").stat().st_size

    def wait(self, text: str, seconds: float) -> Callable[[], str]:
        """Not for the floor."""
        raise NotImplementedError


def until(connection: socket.socket, end: bytes) -> bytes:
    """Receive until the answer ends so."""
    answer = b""
    while not answer.endswith(end):
        answer += connection.recv(PIECE)
    return answer


def completed(answer: bytes) -> str:
    """The value in the messages of one call."""
    value = ""
    for line in answer.split(b"\n"):
        if line.startswith(b"data: "):
            message = msgspec.json.decode(line[6:])
            if message["msg"] == "process_completed":
                value = message["output"]["data"][0]
    return value


def opened(host: str | None, port: int | None) -> socket.socket:
    """A connection on which nothing waits to be sent."""
    connection = socket.create_connection((host, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@contextmanager
def connect(url: str) -> Iterator[BareSocket]:
    """Open the connection."""
    address = urlsplit(url)
    with opened(address.hostname, address.port) as connection:
        calls = BareSocket(connection, address.netloc)
        try:
            yield calls
        finally:
            if calls.stream is not None:
                calls.stream.close()


if __name__ == "__main__":
    run_sync(connect)
