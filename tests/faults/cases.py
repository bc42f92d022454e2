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

from gradwire import AsyncClient, GradwireError, Timeout

from .exchanges import Exchange, Wrong, right
from .expected import READ, SOON, TOTAL, Case, expected
from .plan import Fault, places
from .proxy import Faulty

AGAIN = 60.0
"""Seconds in which a client has to be well again, after a fault that stalls a connection."""


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
        return [message for message in messages if message.split()[-1] != "close"]


def cases_of(exchange: Exchange, kind: str, messages: list[str]) -> list[Case]:
    """Return every place at which this fault can strike this exchange."""
    done = messages.index(exchange.done) if exchange.done else len(messages) - 1
    return [
        Case(exchange, kind, place, messages.index(place.message) > done or place.where == "after")
        for place in places(kind, messages)
    ]


async def run_case(case: Case, url: str) -> Outcome:
    """Let a fault happen; look at what the client makes of it, and call it once more."""
    exchange = case.exchange
    # An old server that waits for a client which is gone keeps all others waiting, too.
    old = exchange.server in ("ws_server", "sse_server")
    fault = Fault(case.kind, exchange.path, case.place, noticed=old)
    with Faulty(url, fault) as proxy, tempfile.TemporaryDirectory() as folder:
        outcome = await _act(case, proxy, Path(folder))
        problem = outcome.wrong
        if not fault.struck:
            problem = f"the fault did not strike; {problem or outcome.kind}"
        try:
            await eventually(lambda: not connections(proxy.port), 3)
        except AssertionError:
            problem = "a connection is left"
    return replace(outcome, wrong=problem)


async def _act(case: Case, proxy: Faulty, folder: Path) -> Outcome:
    error, wrong, client = None, None, None
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
            # Flipped bytes of a file are a file, too.
            if (case.exchange.title, case.kind) != ("download", "corrupt"):
                wrong = f"wrong result: {what}"
        except TimeoutError:
            wrong = "it hangs" if limit.expired() else "a TimeoutError that is not ours"
        except Exception as strange:
            wrong = f"{strange!r} is no error of ours"
        seconds = time.monotonic() - begun
        if client is not None:
            wrong = wrong or await _again(client, case)
        elif wrong is None and not case.exchange.connecting:
            wrong = "it did not connect"
    return Outcome(case, error, seconds, wrong or _unexpected(case, error))


def _unexpected(case: Case, error: GradwireError | None) -> str | None:
    result_is_right, errors = expected(case)
    if error is None:
        return None if result_is_right else "a result, where there can be none"
    return None if isinstance(error, errors) else f"the wrong error: {error!r}"


async def _again(client: AsyncClient, case: Case) -> str | None:
    """Call the same client once more, at once.

    A fault that leaves a stalled connection behind may end that call, too, but in time, and not for
    ever.
    """
    read = READ if case.kind == "stall" else SOON
    view = client.with_options(timeout=Timeout(connect=SOON, read=read, total=TOTAL))
    deadline = time.monotonic() + (AGAIN if case.kind == "stall" else 0)
    while True:
        try:
            async with asyncio.timeout(TOTAL + SOON):
                right((await view.predict("/hello", ["again"])).value, "Hello again")
            return None
        except GradwireError as error:
            if time.monotonic() > deadline and not _may_hit_the_next(case):
                return f"the next call: {error!r}"
            if case.kind != "stall":
                return None
        except Exception as error:
            return f"the next call: {error!r}"


def _may_hit_the_next(case: Case) -> bool:
    """Tell whether the next call can be sent over a connection that breaks at that moment."""
    return case.place.where == "after" and case.kind in ("cut", "reset")


async def run_all(cases: list[Case], url: str) -> list[Outcome]:
    """Run cases side by side; those that only wait for a deadline all at once."""
    waiting = cases[0].kind == "stall" and cases[0].exchange.path != "*/cancel"
    many = waiting and cases[0].exchange.server != "ws_server"
    places = asyncio.Semaphore(100 if many else cases[0].exchange.side_by_side)

    async def one(case: Case) -> Outcome:
        async with places:
            return await run_case(case, url)

    return list(await asyncio.gather(*map(one, cases)))
