"""The floor: one blocking socket that sends the bytes of a prediction and looks for its value.

It knows the server's answers too well to be called a client. It shows what the kernel and the
interpreter take in any case.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import msgspec
from harness import run_sync


class BareSocket:
    """Sequential predictions over one kept-alive connection."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self.connection = connection
        self.session_hash = os.urandom(8).hex()
        self.post = (
            f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: {host}\r\n"
            "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        ).encode()
        query = f"session_hash={self.session_hash}"
        self.get = f"GET /gradio_api/queue/data?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()

    def until(self, end: bytes) -> bytes:
        """Receive until the answer ends so."""
        answer = b""
        while not answer.endswith(end):
            answer += self.connection.recv(262_144)
        return answer

    def echo(self, text: str) -> str:
        """One prediction."""
        call = {"data": [text], "fn_index": 0, "session_hash": self.session_hash}
        body = msgspec.json.encode(call)
        self.connection.sendall(self.post % len(body) + body)
        self.until(b'"}')
        self.connection.sendall(self.get)
        value = ""
        for line in self.until(b"\r\n0\r\n\r\n").split(b"\n"):
            if line.startswith(b"data: "):
                message = msgspec.json.decode(line[6:])
                if message["msg"] == "process_completed":
                    value = message["output"]["data"][0]
        return value

    def wait(self, text: str, seconds: float) -> Callable[[], str]:
        """Not for the floor."""
        raise NotImplementedError

    def tokens(self, count: int) -> int:
        """Not for the floor."""
        raise NotImplementedError


@contextmanager
def connect(url: str) -> Iterator[BareSocket]:
    """Open the connection."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield BareSocket(connection, address.netloc)


if __name__ == "__main__":
    run_sync(connect)
