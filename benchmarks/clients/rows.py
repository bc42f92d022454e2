"""Many rows through one endpoint, as each of the contenders does it; `../rows.py` starts this.

    python rows.py CONTENDER URL ROWS THREADS

The contenders: `async` and `sync` are `map` of gradwire's two clients, `threads` is the pool of
threads that `gradio_client` leaves to its users.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from meter import Meter

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

WARM = 50


def texts(count: int) -> Iterator[str]:
    """Make the rows, one at a time."""
    return (f"row {number}" for number in range(count))


def check(number: int, value: object) -> None:
    """Stop a contender that gives wrong answers."""
    if value != f"row {number}":
        raise SystemExit(f"row {number} is {value!r}")


async def by_async_client(url: str, count: int, meter: Meter) -> None:
    """`AsyncClient.map`."""
    from gradwire import AsyncClient

    async with AsyncClient.connect(url) as client:
        _ = [result async for result in client.map("/echo", texts(WARM))]
        meter.start()
        number = 0
        results = client.map("/echo", texts(count))
        async for result in results:
            check(number, result.value)
            number += 1
        meter.stop()
        meter.facts["concurrency"] = results.concurrency


def by_client(url: str, count: int, meter: Meter) -> None:
    """`Client.map`."""
    from gradwire import Client

    with Client(url) as client:
        _ = list(client.map("/echo", texts(WARM)))
        meter.start()
        results = client.map("/echo", texts(count))
        for number, result in enumerate(results):
            check(number, result.value)
        meter.stop()
        meter.facts["concurrency"] = results.concurrency


def by_threads(url: str, count: int, threads: int, meter: Meter) -> None:
    """A pool of threads, each of which waits for one prediction."""
    from gradio_client import Client

    client = Client(url, verbose=False, download_files=False, analytics_enabled=False)

    def call(text: str) -> object:
        return client.predict(text, api_name="/echo")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(call, texts(WARM)))
        meter.start()
        for number, value in enumerate(pool.map(call, texts(count))):
            check(number, value)
        meter.stop()
    meter.facts["concurrency"] = threads


def main() -> None:
    """Read the command line, run, and report."""
    contender, url, rows, threads = sys.argv[1:]
    count = int(rows)
    meter = Meter(contender, count)
    if contender == "async":
        asyncio.run(by_async_client(url, count, meter))
    elif contender == "sync":
        by_client(url, count, meter)
    else:
        by_threads(url, count, int(threads), meter)
    meter.report()
    sys.stdout.flush()
    os._exit(0)  # a thread of gradio_client reads on


if __name__ == "__main__":
    main()
