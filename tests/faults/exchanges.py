"""What a client does while something goes wrong, and what may come of it.

An `Exchange` is one request of a client and its answer, in a setting in which it is made. It knows
how to bring it about (`act`), and which errors are right when it breaks. Whether an error is right
at all depends on the place: see `expected`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import eventually, unique

from gradwire import (
    AsyncClient,
    ConnectError,
    ConnectionLostError,
    DownloadError,
    GradwireError,
    JobCancelledError,
    UploadError,
    handle_file,
)

from .plan import KINDS

Errors = tuple[type[GradwireError], ...]

BIG = 12_000_000
"""Bytes of a file that no buffer on its way holds."""
MEDIUM = 200_000


class Wrong(Exception):
    """A result came, and it is not the right one."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer.

    Attributes:
        title: Its row in the table.
        path: The path of the request.
        act: Makes a client do it; raises `Wrong`, or what the client raises.
        lost: The errors that are right when the connection breaks.
        connecting: Whether it is a part of connecting: there is no client yet when it goes wrong.
        repeated: Whether the client may ask again, so that one fault does no harm.
        done: The message with which the client has all that it wants; None: the answer's last.
        server: The fixture of the server.
        kinds: The kinds of faults that mean something here.
        side_by_side: How many cases run at the same time.
    """

    title: str
    path: str
    act: Callable[[AsyncClient, Path], Awaitable[None]]
    lost: Errors = (ConnectionLostError,)
    connecting: bool = False
    repeated: bool = False
    done: str | None = None
    server: str = "server"
    kinds: tuple[str, ...] = tuple(KINDS)
    side_by_side: int = 4

    @property
    def login(self) -> dict[str, Any]:
        return {"auth": ("ada", "pw")} if "auth" in self.server else {}


def right(seen: object, wanted: object) -> None:
    """Make sure that a result is right."""
    if seen != wanted:
        raise Wrong(f"{seen!r:.200} in the place of {wanted!r:.200}")


# -- what clients do -------------------------------------------------------------------------------


async def greet(client: AsyncClient, folder: Path) -> None:
    right((await client.predict("/hello", ["Ada"])).value, "Hello Ada")


async def stream(client: AsyncClient, folder: Path) -> None:
    job = client.submit("/stream", ["abc"])
    seen = [event.data[0] async for event in job]
    right((await job).value, "abc")
    right((seen[0], seen[-1]), ("a", "abc"))


async def stream_beside(client: AsyncClient, folder: Path) -> None:
    """As `stream`, by a function of which several may run or wait at the same time."""
    name = unique()
    job = client.submit("/par_gen", [0.3, name])
    seen = [event.data[0] async for event in job]
    right((seen[0], seen[-1]), (f"{name} 0", f"{name} 2"))


async def call(client: AsyncClient, folder: Path) -> None:
    right((await client.predict("/noqueue", ["x"])).value, "nq x")


async def upload(client: AsyncClient, folder: Path) -> None:
    content = handle_file(b"x" * BIG, name="big.bin")
    right((await client.predict("/file_size", [content])).value, BIG)


async def download(client: AsyncClient, folder: Path) -> None:
    content = bytes(range(256)) * (MEDIUM // 256)
    sent = (await client.predict("/file_io", [handle_file(content, name="in.bin")])).value
    try:
        path = await client.download(sent, folder)
    except GradwireError:
        right(list(folder.iterdir()), [])
        raise
    right(path.read_bytes(), b"GOT:" + content)
    right(list(folder.iterdir()), [path])


async def cancel(client: AsyncClient, folder: Path) -> None:
    job = client.submit("/par_gen", [30, unique()])
    await eventually(lambda: job.outputs())
    try:
        await job.cancel()
    finally:
        right(job.done(), True)
        with suppress(JobCancelledError):
            await job


EXCHANGES = [
    Exchange("connect: config", "/config", greet, (ConnectError,), connecting=True, repeated=True),
    Exchange("connect: API info", "*/info", greet, (), connecting=True, repeated=True),
    Exchange(
        "connect: login",
        "/login",
        greet,
        (ConnectError,),
        connecting=True,
        repeated=True,
        server="auth_server",
    ),
    Exchange("upload", "*/upload", upload, (UploadError, ConnectionLostError)),
    Exchange("join", "*/queue/join", greet),
    Exchange("stream of a function", "*/queue/data", greet, done="process_completed"),
    Exchange("stream of a generator", "*/queue/data", stream, done="process_completed"),
    Exchange("unqueued call", "*/run/predict", call),
    # A file with another length in the head of its answer is another file.
    Exchange(
        "download",
        "*/file=*",
        download,
        (DownloadError,),
        kinds=tuple(kind for kind in KINDS if kind != "truncate"),
    ),
    Exchange("cancel", "*/cancel", cancel, (), repeated=True),
]

# A WebSocket has no chunks. Servers of 3.x have eight workers for all jobs, and each job that is
# held up in the middle keeps one of them waiting.
_OF_SOCKETS = ("cut", "reset", "delay", "drip")
_OF_OLD_STREAMS = tuple(kind for kind in KINDS if kind != "re-chunk")

OLD_EXCHANGES = [
    Exchange(
        "3.x: WebSocket of a function",
        "/queue/join",
        greet,
        done="process_completed",
        server="ws_server",
        kinds=(*_OF_SOCKETS, "stall"),
        side_by_side=2,
    ),
    Exchange(
        "3.x: WebSocket of a generator",
        "/queue/join",
        stream,
        done="process_completed",
        server="ws_server",
        kinds=_OF_SOCKETS,
    ),
    Exchange(
        "4.0: stream of a generator",
        "/queue/join",
        stream_beside,
        done="process_completed",
        server="sse_server",
        kinds=_OF_OLD_STREAMS,
    ),
    Exchange(
        "4.0: inputs", "/queue/data", stream_beside, server="sse_server", kinds=_OF_OLD_STREAMS
    ),
]
