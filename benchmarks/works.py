"""Who takes part, and in what."""

from dataclasses import dataclass, field

GRADIO_CLIENT, NOOB, NODE = "gradio_client", "noob-gradio", "@gradio/client"
SOCKETS, AIOHTTP = "bare sockets", "bare aiohttp"
ASYNC, SYNC = "gradwire AsyncClient", "gradwire Client"
FAST = "gradwire Client, uvloop"
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
    Contender(SYNC, "gradwire", "gradwire_sync.py"),
    Contender(FAST, "gradwire", "gradwire_sync_uvloop.py"),
    Contender(NOOB, "noob_gradio", "noob_gradio_.py", shares_stream=False),
    Contender(NODE, "node", "node_client.mjs"),
    Contender(GRADIO_CLIENT, "gradio_client", "gradio_client_.py"),
]


ALL = frozenset(contender.name for contender in CONTENDERS)
OURS = frozenset({ASYNC, SYNC, FAST})
PEERS = frozenset({NOOB, NODE, GRADIO_CLIENT})


@dataclass(frozen=True)
class Work:
    """One thing to do, for everyone who is able to.

    Attributes:
        count: How much of it; `slow_count` is for `gradio_client`, which needs a hundred times as
            long for each.
        least: What of it is left with `--quick`.
        size: Bytes, where the work has such.
        rounds: A cap on the rounds of works whose outcome hardly varies.
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

    def amount(self, contender: Contender, quick: bool) -> int:
        """How many of it `contender` does in one run."""
        slow = contender.name == GRADIO_CLIENT and self.slow_count
        count = self.slow_count if slow else self.count
        return max(count // 4, self.least) if quick else count

    def keeps_open(self, contender: Contender) -> bool:
        """Whether the server leaves streams open."""
        several = self.in_flight > 1 or self.kind == "jobs"
        return contender.shares_stream and (several if self.open is None else self.open)


FLOORS = frozenset({SOCKETS, MSGSPEC, ASYNCIO})
CLIENTS = ALL - FLOORS
STREAMING = CLIENTS - {NOOB}
MINE = OURS | {AIOHTTP}


def _predictions(name: str, title: str, count: int, slow: int, in_flight: int) -> Work:
    return Work(name, title, "predict", count, slow, in_flight, in_flight, able=CLIENTS)


def _jobs(count: int) -> Work:
    able, title = CLIENTS if count == 1000 else MINE, f"{count:,} jobs at once"
    name = "jobs" if count == 1000 else f"jobs-{count}"
    return Work(name, title, "jobs", count, count, least=count, rounds=3, able=able)


def _growing(name: str, size: int) -> Work:
    title = f"a text that grows to {name} in 1,000 steps, its additions"
    return Work(
        f"grow-{name.replace(' ', '').lower()}",
        title,
        "grow",
        1000,
        least=1000,
        size=size,
        able=MINE,
    )


SEQUENTIAL = Work(
    "sequential", "predictions, one at a time", "predict", 2000, 40, least=20, able=ALL - {MSGSPEC}
)
KEPT = Work(
    "kept",
    "predictions, one at a time, on a stream that stays",
    "predict",
    2000,
    able=MINE - {AIOHTTP},
    open=True,
)
FIFTY = _predictions("fifty", "predictions, 50 in flight", 4000, 100, 50)
FIVE_HUNDRED = _predictions("five-hundred", "predictions, 500 in flight", 4000, 500, 500)
THREADS = Work(
    "threads",
    "predictions from 32 threads",
    "threads",
    4000,
    in_flight=32,
    least=500,
    able=frozenset({SYNC, FAST}),
)
TOKENS = Work(
    "tokens",
    "20,000 streamed messages",
    "tokens",
    20_000,
    20_000,
    least=20_000,
    able=STREAMING | {ASYNCIO},
)
CHAT = Work("chat", "20,000 steps of a chat's history", "chat", 20_000, least=20_000, able=MINE)
GROWING = [_growing("30 KB", 30_000), _growing("1 MB", 1_000_000), _growing("10 MB", 10_000_000)]
BLOB = Work("blob", "outputs of 1 MB", "blob", 50, size=1_000_000, least=5, able=MINE | {MSGSPEC})
BIG_BLOB = Work(
    "big-blob", "outputs of 50 MB", "blob", 2, size=50_000_000, rounds=3, able=MINE | {MSGSPEC}
)
CONNECT = Work("connect", "connect and first prediction", "connect", 1, 1, rounds=3, able=CLIENTS)
CONNECT_MORE = Work(
    "connect-500k",
    "the same, config and API info of half a megabyte",
    "connect",
    1,
    1,
    rounds=3,
    able=CLIENTS,
    path="/more-920",
)
CONNECT_MOST = Work(
    "connect-10m",
    "the same, config and API info of 10 MB",
    "connect",
    1,
    1,
    rounds=3,
    able=MINE,
    path="/more-18000",
)
UPLOAD = Work("upload", "MB of a file up", "upload", 256, least=64, rounds=3, able=MINE)
DOWNLOAD = Work("download", "MB of a file down", "download", 256, least=64, rounds=3, able=MINE)
FILES = Work("files", "files of a kilobyte in one call", "files", 1000, least=200, able=MINE)
LARGE = [
    Work("upload-4g", "MB of a file of 4 GB up", "upload", 4096, rounds=1, able=MINE, large=True),
    Work(
        "download-4g",
        "MB of a file of 4 GB down",
        "download",
        4096,
        rounds=1,
        able=MINE,
        large=True,
    ),
]
JOBS = _jobs(1000)
ALL_JOBS = [_jobs(1), _jobs(10), _jobs(100), JOBS, _jobs(10_000)]
WORKS = [
    *(SEQUENTIAL, KEPT, FIFTY, FIVE_HUNDRED, THREADS, TOKENS, CHAT, *GROWING, BLOB, BIG_BLOB),
    *(CONNECT, CONNECT_MORE, CONNECT_MOST, UPLOAD, DOWNLOAD, FILES, *LARGE, *ALL_JOBS),
]
IMPORT = "import"
