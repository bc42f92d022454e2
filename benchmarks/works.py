"""Who takes part, and in what."""

from dataclasses import dataclass, field

GRADIO_CLIENT, NOOB, NODE = "gradio_client", "noob-gradio", "@gradio/client"
SOCKETS, AIOHTTP = "bare sockets", "bare aiohttp"
ASYNC, SYNC = "gradwire AsyncClient", "gradwire Client"


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
    Contender(AIOHTTP, "gradwire", "floor_aiohttp.py"),
    Contender(ASYNC, "gradwire", "gradwire_async.py"),
    Contender(SYNC, "gradwire", "gradwire_sync.py"),
    Contender(NOOB, "noob_gradio", "noob_gradio_.py", shares_stream=False),
    Contender(NODE, "node", "node_client.mjs"),
    Contender(GRADIO_CLIENT, "gradio_client", "gradio_client_.py"),
]


@dataclass(frozen=True)
class Work:
    """One thing to do, for everyone who is able to.

    `slow_count` is for `gradio_client`, which needs a hundred times as long for each; `rounds`
    caps the rounds of works whose outcome hardly varies.
    """

    name: str
    title: str
    kind: str
    count: int
    slow_count: int
    in_flight: int = 1
    least: int = 1
    rounds: int | None = None
    unable: frozenset[str] = field(default_factory=frozenset)

    def size(self, contender: Contender, quick: bool) -> int:
        """How many of it `contender` does in one run."""
        count = self.slow_count if contender.name == GRADIO_CLIENT else self.count
        return max(count // 4, self.least) if quick else count

    def keeps_open(self, contender: Contender) -> bool:
        """Whether the server leaves streams open."""
        return contender.shares_stream and (self.in_flight > 1 or self.kind == "jobs")


NO_STREAM = frozenset({SOCKETS, NOOB})
SEQUENTIAL = Work("sequential", "predictions, one at a time", "predict", 2000, 40, least=20)
FIFTY = Work(
    "fifty", "predictions, 50 in flight", "predict", 4000, 100, 50, 50, unable=frozenset({SOCKETS})
)
FIVE_HUNDRED = Work(
    "five-hundred",
    "predictions, 500 in flight",
    "predict",
    4000,
    500,
    500,
    500,
    unable=frozenset({SOCKETS}),
)
TOKENS = Work(
    "tokens", "20,000 streamed messages", "tokens", 20_000, 20_000, least=20_000, unable=NO_STREAM
)
CONNECT = Work(
    "connect",
    "connect and first prediction",
    "connect",
    1,
    1,
    rounds=3,
    unable=frozenset({SOCKETS}),
)
JOBS = Work(
    "jobs",
    "1,000 jobs at once",
    "jobs",
    1000,
    1000,
    least=1000,
    rounds=3,
    unable=frozenset({SOCKETS}),
)
WORKS = [SEQUENTIAL, FIFTY, FIVE_HUNDRED, TOKENS, CONNECT, JOBS]
IMPORT = "import"
