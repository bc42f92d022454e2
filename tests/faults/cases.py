"""One fault at one place of one exchange: what is right, and what came of it."""

from __future__ import annotations

import asyncio
import fnmatch
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from helpers import connections, eventually

from gradwire import AsyncClient, DeadlineExceededError, GradwireError, Timeout

from .exchanges import Exchange, Wrong, greet, right
from .plan import ANSWER_BODY, REQUEST_BODY, SENT, Fault, Place, places
from .proxy import Faulty

SOON = 3.0
"""Seconds within which a fault that is noticed at once has to end what it hits."""
READ, TOTAL = 1.0, 4.0
"""Deadlines of the clients here."""
HEARTBEAT = 20.0
"""Seconds after which an event stream without a heartbeat is given up."""
SIDE_BY_SIDE = 6
_HARMLESS = ("delay", "drip", "re-chunk")
_BREAKING = ("cut", "reset", "stall", "truncate")


@dataclass(frozen=True)
class Case:
    """One fault at one place.

    Attributes:
        exchange: What is struck.
        kind: The kind of fault.
        place: Where it strikes.
        past: Whether the client has all that it wants by then.
        patient: Whether the client has no total deadline.
    """

    exchange: Exchange
    kind: str
    place: Place
    past: bool
    patient: bool = False

    def __str__(self) -> str:
        return f"{self.exchange.title}: {self.kind} {self.place.where} {self.place.message}"

    @property
    def timeout(self) -> Timeout:
        return Timeout(connect=READ, read=READ, total=None if self.patient else TOTAL)

    @property
    def limit(self) -> float:
        """Seconds within which it has to end."""
        if self.exchange.server == "sse_server":
            return TOTAL + SOON + 8  # a job that never sends its inputs holds up others for 5 s
        if self.patient:
            return HEARTBEAT + SOON
        return TOTAL + SOON if self.kind in ("stall", "corrupt") else SOON


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes:
        error: What was raised; None: there was a result.
        wrong: What is wrong with the result, with the time, or with the client afterwards.
    """

    case: Case
    error: GradwireError | None
    seconds: float
    wrong: str | None = None

    @property
    def kind(self) -> str:
        return "result" if self.error is None else type(self.error).__name__


async def exchange_of(exchange: Exchange, url: str) -> list[str]:
    """Return the messages of an exchange in a run without a fault."""
    with Faulty(url) as proxy, tempfile.TemporaryDirectory() as folder:
        async with AsyncClient.connect(proxy.url, **exchange.login) as client:
            await exchange.act(client, Path(folder))
            await asyncio.sleep(0.2)  # an event stream goes on after the result
        found = (seen for path, seen in proxy.exchanges if fnmatch.fnmatchcase(path, exchange.path))
        messages = next(found)
        # How a WebSocket is closed is not looked at: who is first depends on chance.
        return [message for message in messages if not message.split()[-1] == "close"]


def cases_of(exchange: Exchange, kind: str, messages: list[str]) -> list[Case]:
    """Return every place at which this fault can strike this exchange."""
    done = messages.index(exchange.done) if exchange.done else len(messages) - 1
    found = [
        Case(exchange, kind, place, messages.index(place.message) > done or place.where == "after")
        for place in places(kind, messages)
    ]
    return [case for case in found if _means_something(case)]


def _means_something(case: Case) -> bool:
    exchange, place = case.exchange, case.place
    if case.kind in ("truncate", "re-chunk") and exchange.server == "ws_server":
        return False  # there are no chunks in a WebSocket
    # A file with another length in its answer's head is another file.
    return not (case.kind == "truncate" and exchange.title == "download")


async def run_case(case: Case, url: str) -> Outcome:
    """Let a fault happen; look at what the client makes of it, and call it once more."""
    exchange = case.exchange
    fault = Fault(case.kind, exchange.path, case.place, exchange.times)
    with Faulty(url, fault) as proxy, tempfile.TemporaryDirectory() as folder:
        outcome = await _act(case, proxy, Path(folder))
        if not fault.struck:
            outcome = replace(outcome, wrong=f"the fault did not strike; {outcome.wrong}")
        try:
            await eventually(lambda: not connections(proxy.port), 3)
        except AssertionError:
            outcome = replace(outcome, wrong=f"a connection is left; {outcome.wrong}")
    return outcome


async def _act(case: Case, proxy: Faulty, folder: Path) -> Outcome:
    error, wrong = None, None
    begun = time.monotonic()
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(case.limit) as limit:
                client = await stack.enter_async_context(
                    AsyncClient.connect(proxy.url, timeout=case.timeout, **case.exchange.login)
                )
                await case.exchange.act(client, folder)
        except GradwireError as raised:
            error = raised
        except Wrong as what:
            wrong = f"wrong result: {what}"
        except TimeoutError:
            wrong = "it hangs" if limit.expired() else "TimeoutError"
        except Exception as strange:
            wrong = f"{strange!r} is no error of ours"
        seconds = time.monotonic() - begun
        if "client" in locals():
            wrong = await _again(client) or wrong
    return Outcome(case, error, seconds, wrong)


async def _again(client: AsyncClient) -> str | None:
    """Call the same client once more, at once."""
    try:
        async with asyncio.timeout(SOON):
            result = await client.with_options(timeout=Timeout()).predict("/hello", ["again"])
            right(result.value, "Hello again")
    except Exception as error:
        return f"the next call: {error!r}"
    return None


async def run_all(cases: list[Case], url: str) -> list[Outcome]:
    """Run cases side by side; those that wait for a deadline all at once."""
    waiting = cases[0].kind == "stall" and cases[0].exchange.title != "cancel"
    places = asyncio.Semaphore(100 if waiting else SIDE_BY_SIDE)

    async def one(case: Case) -> Outcome:
        async with places:
            return await run_case(case, url)

    return list(await asyncio.gather(*map(one, cases)))
