"""What a pool of three apps does when one is slow, and another dies and comes back.

    python benchmarks/pool.py [--seconds 5] [--in-flight 24]

Three real Gradio apps on this machine serve `/work`, one call after the other: two in 20 ms, one in
200 ms. So there is work for 105 calls per second with all three, and for 55 while a quick one is
dead. As many calls are in flight as are named. The quick one is killed (SIGKILL) when the second
phase begins, and started again when it ends. Needs `.servers/6.31.0` (`make servers-subset`).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from servers.fleet import App, Fleet

from gradwire import AsyncPool, GradwireError, Prediction

PHASES = ("all three", "one is dead", "it is back")


class Phase:
    """What ended in one phase."""

    def __init__(self) -> None:
        self.by: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.seconds = 0.0

    def take(self, outcome: Prediction | GradwireError) -> None:
        """Count one call."""
        if isinstance(outcome, Prediction):
            self.by[outcome.value.rpartition(" by ")[2]] += 1
        else:
            self.failed[type(outcome).__name__] += 1


async def call(pool: AsyncPool, phases: list[Phase], names: Any) -> None:
    """Make one call after the other for as long as there are names."""
    for name in names:
        try:
            outcome: Prediction | GradwireError = await pool.predict("/work", name=str(name))
        except GradwireError as error:
            outcome = error
        phases[-1].take(outcome)


async def until_back(pool: AsyncPool) -> float:
    """Wait until all replicas are there; return the seconds."""
    begun = time.perf_counter()
    while not all(replica.healthy for replica in pool.replicas):
        await asyncio.sleep(0.01)
    return time.perf_counter() - begun


async def measure(apps: list[App], seconds: float, in_flight: int) -> list[Phase]:
    """Run the phases one after the other under the same load."""
    phases: list[Phase] = [Phase()]
    running = True

    def names() -> Any:
        number = 0
        while running:
            number += 1
            yield number

    async with AsyncPool.connect([app.url for app in apps]) as pool:
        shared = names()
        workers = [asyncio.create_task(call(pool, phases, shared)) for _ in range(in_flight)]
        for number, title in enumerate(PHASES):
            if number:
                phases.append(Phase())
            if title == "one is dead":
                apps[0].kill()
            elif title == "it is back":
                await asyncio.to_thread(apps[0].start)
                took = await until_back(pool)
                print(f"back in the pool {took:.2f} s after it answered its first request")
                phases[-1] = Phase()
            begun = time.perf_counter()
            await asyncio.sleep(seconds)
            phases[-1].seconds = time.perf_counter() - begun
        running = False
        await asyncio.gather(*workers)
    return phases


def show(phases: list[Phase], apps: list[App]) -> None:
    """Print the table."""
    print("| phase | calls per second | quick one | other quick one | slow one | failed |")
    print("| --- | --- | --- | --- | --- | --- |")
    for title, phase in zip(PHASES, phases, strict=True):
        done = phase.by.total()
        shares = [f"{phase.by[str(app.port)] / max(done, 1):.0%}" for app in apps]
        failed = ", ".join(f"{count} {name}" for name, count in phase.failed.items()) or "none"
        print(f"| {title} | {done / phase.seconds:.0f} | {' | '.join(shares)} | {failed} |")


def main() -> None:
    """Measure, and print what came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0, help="of each phase")
    parser.add_argument("--in-flight", type=int, default=24, help="calls at the same time")
    chosen = parser.parse_args()
    with Fleet() as fleet:
        apps = fleet.start("quick", "quick", "slow")
        show(asyncio.run(measure(apps, chosen.seconds, chosen.in_flight)), apps)


if __name__ == "__main__":
    main()
