"""Who takes part, and in what."""

from dataclasses import dataclass, field
from typing import Any

GRADIO_CLIENT, NOOB, NODE = "gradio_client", "noob-gradio", "@gradio/client"
SOCKETS, AIOHTTP = "bare sockets", "bare aiohttp"
ASYNC, SYNC = "gradwire AsyncClient", "gradwire Client"
FAST, ASYNC_FAST = "gradwire Client, uvloop", "gradwire AsyncClient, uvloop"
MSGSPEC, ASYNCIO = "msgspec alone", "bare asyncio"


@dataclass(frozen=True)
class Contender:
    """One script of `clients/`.

    `shares_stream`: its predictions share one event stream, as Gradio means it. Of those that do,
    some lose jobs on a server that closes the stream at the wrong moment, so works with several
    jobs in flight are measured on the port that leaves streams open; the others stay on the
    port whose streams end, since they would otherwise pay for connections thrown away.
    """

    name: str
    environment: str
    script: str
    shares_stream: bool = True


CONTENDERS = [
    Contender(SOCKETS, "gradwire", "floor_sockets.py"),
    Contender(MSGSPEC, "gradwire", "floor_msgspec.py"),
    Contender(ASYNCIO, "gradwire", "floor_asyncio.py"),
    Contender(AIOHTTP, "gradwire", "floor_aiohttp.py"),
    Contender(ASYNC, "gradwire", "gradwire_async.py"),
    Contender(ASYNC_FAST, "gradwire", "gradwire_async_uvloop.py"),
    Contender(SYNC, "gradwire", "gradwire_sync.py"),
    Contender(FAST, "gradwire", "gradwire_sync_uvloop.py"),
    Contender(NOOB, "noob_gradio", "noob_gradio_.py", shares_stream=False),
    Contender(NODE, "node", "node_client.mjs"),
    Contender(GRADIO_CLIENT, "gradio_client", "gradio_client_.py"),
]


ALL = frozenset(contender.name for contender in CONTENDERS)
OURS = frozenset({ASYNC, ASYNC_FAST, SYNC, FAST})
PEERS = frozenset({NOOB, NODE, GRADIO_CLIENT})


@dataclass(frozen=True)
class Work:
    """One thing to do, for everyone who is able to.

    Attributes:
        count: How much of it.
        slow: Who needs so much longer that they do `slow_count` of it.
        least: What of it is left with `--quick`.
        size: Bytes, where the work has such.
        rounds: A cap on the rounds that count, of works whose outcome hardly varies.
        able: Who takes part.
        path: Of the app on the server.
        open: Whether it runs on the port that leaves streams open; None: if several are in flight.
        large: Only done if asked for by name.
    """

    name: str
    title: str
    kind: str
    count: int
    slow_count: int = 0
    in_flight: int = 1
    least: int = 1
    size: int = 0
    rounds: int | None = None
    able: frozenset[str] = field(default=ALL)
    path: str = ""
    open: bool | None = None
    large: bool = False
    slow: frozenset[str] = frozenset({GRADIO_CLIENT})

    def amount(self, contender: Contender, quick: bool) -> int:
        """How many of it `contender` does in one run."""
        slow = contender.name in self.slow and self.slow_count
        count = self.slow_count if slow else self.count
        return max(count // 4, self.least) if quick else count

    def keeps_open(self, contender: Contender) -> bool:
        """Whether the server leaves streams open."""
        several = self.in_flight > 1 or self.kind == "jobs"
        return contender.shares_stream and (several if self.open is None else self.open)


FLOORS = frozenset({SOCKETS, MSGSPEC, ASYNCIO})
CLIENTS = ALL - FLOORS
STREAMING = ALL - {NOOB, MSGSPEC}
MINE = OURS | {AIOHTTP}
MB, GB = 1_000_000, 4096


def _predictions(name: str, title: str, count: int, slow: int, in_flight: int) -> Work:
    return Work(name, title, "predict", count, slow, in_flight, in_flight, able=CLIENTS)


def _jobs(count: int) -> Work:
    able, title = CLIENTS if count == 1000 else MINE, f"{count:,} job{'s' * (count > 1)} at once"
    name = "jobs" if count == 1000 else f"jobs-{count}"
    return Work(name, title, "jobs", count, 250, least=count, rounds=3, able=able)


def _growing(name: str, size: int, slow: int) -> Work:
    title = f"a text that grows to {name} in 1,000 steps, its additions"
    key = f"grow-{name.replace(' ', '').lower()}"
    return Work(key, title, "grow", 1000, slow, least=100, size=size, rounds=3, able=STREAMING)


def _blobs(name: str, title: str, count: int, fewer: int, size: int, **more: Any) -> Work:
    able = CLIENTS - {NOOB} | {MSGSPEC}  # lines over half a megabyte are too long for aiohttp
    return Work(name, title, "blob", count, fewer, size=size, able=able, **more)


def _connecting(name: str, title: str, more: int = 0) -> Work:
    path = f"/more-{more}" if more else ""
    return Work(name, title, "connect", 1, 1, rounds=3, able=CLIENTS | {MSGSPEC}, path=path)


def _moving(kind: str, way: str, large: bool = False) -> Work:
    able = MINE | {SOCKETS, GRADIO_CLIENT}
    if large:
        title = f"a file of 4 GB {way}"
        return Work(f"{kind}-4g", title, kind, GB, rounds=1, able=able, large=True)
    able |= {NOOB, NODE} if kind == "upload" else {NOOB}
    return Work(kind, f"a file of 256 MB {way}", kind, 256, least=64, rounds=3, able=able)


ONE_BY_ONE = "predictions, one at a time"
SEQUENTIAL = Work("sequential", ONE_BY_ONE, "predict", 2000, 40, least=20, able=ALL - {MSGSPEC})
KEPT = Work(
    "kept",
    f"{ONE_BY_ONE}, on a stream that stays",
    "kept",
    2000,
    40,
    least=20,
    able=ALL - {MSGSPEC, NOOB},
    open=True,
)
FIFTY = _predictions("fifty", "predictions, 50 in flight", 4000, 100, 50)
FIVE_HUNDRED = _predictions("five-hundred", "predictions, 500 in flight", 4000, 500, 500)
THREADS = Work(
    "threads",
    "predictions from 32 threads or tasks",
    "threads",
    4000,
    100,
    in_flight=32,
    least=32,
    able=CLIENTS,
)
TOKENS = Work(
    "tokens", "20,000 streamed messages", "tokens", 20_000, 20_000, least=20_000, able=STREAMING
)
CHAT = Work(
    "chat", "20,000 steps of a chat's history", "chat", 20_000, 5000, least=5000, able=STREAMING
)
GROWING = [
    _growing("30 KB", 30_000, 1000),
    _growing("1 MB", MB, 1000),
    _growing("10 MB", 10 * MB, 100),
]
BLOB = _blobs("blob", "outputs of 1 MB", 50, 10, MB, least=5)
BIG_BLOB = _blobs("big-blob", "outputs of 50 MB", 2, 1, 50 * MB, rounds=3, slow=PEERS)
CONNECT = _connecting("connect", "connect and first prediction")
CONNECT_MORE = _connecting("connect-500k", "connect, config and API info of half a megabyte", 920)
CONNECT_MOST = _connecting("connect-10m", "connect, config and API info of 10 MB", 18000)
UPLOAD, DOWNLOAD = _moving("upload", "up"), _moving("download", "down")
FILES = Work(
    "files",
    "1,000 small files in one call",
    "files",
    1000,
    50,
    least=50,
    able=MINE | {NODE, GRADIO_CLIENT},
)
LARGE = [_moving("upload", "up", large=True), _moving("download", "down", large=True)]
JOBS = _jobs(1000)
ALL_JOBS = [_jobs(1), _jobs(10), _jobs(100), JOBS, _jobs(10_000)]
WORKS = [
    *(SEQUENTIAL, KEPT, FIFTY, FIVE_HUNDRED, THREADS, TOKENS, CHAT, *GROWING, BLOB, BIG_BLOB),
    *(CONNECT, CONNECT_MORE, CONNECT_MOST, UPLOAD, DOWNLOAD, FILES, *LARGE, *ALL_JOBS),
]
IMPORT = "import"
