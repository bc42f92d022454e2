"""What an import costs over the bare interpreter, and what it must not load."""

import os
import random
import subprocess
import time
from statistics import median

import environments
from works import GRADIO_CLIENT, NODE, NOOB

GRADWIRE = "gradwire"
FORBIDDEN = ("aiohttp", "asyncio")

STATEMENTS = {
    "aiohttp": ("gradwire", "import aiohttp"),
    GRADWIRE: ("gradwire", "import gradwire"),
    GRADIO_CLIENT: ("gradio_client", "import gradio_client"),
    NOOB: ("noob_gradio", "import noob_gradio"),
    NODE: ("node", "import(process.env.GRADIO_CLIENT + '/dist/index.js')"),
}


def measure(rounds: int, absent: set[str]) -> dict[str, float]:
    """CPU milliseconds of each import over the bare interpreter of its own environment.

    Each round starts every interpreter once with the import and once without, in random
    order; the medians are subtracted.
    """
    runs = {name: pair for name, pair in STATEMENTS.items() if pair[0] not in absent}
    costs: dict[tuple[str, bool], list[float]] = {}
    for number in range(rounds + 1):
        todo = [(name, bare) for name in runs for bare in (True, False)]
        random.shuffle(todo)
        for name, bare in todo:
            environment, statement = runs[name]
            cost = _cpu(environment, "" if bare else statement)
            if number:  # the first round fills the caches
                costs.setdefault((name, bare), []).append(cost)
    return {name: 1000 * (median(costs[name, False]) - median(costs[name, True])) for name in runs}


def loaded() -> list[str]:
    """Which of the forbidden modules `import gradwire` loads."""
    code = f"import sys, gradwire; print(*[m for m in {FORBIDDEN} if m in sys.modules])"
    words = [environments.interpreter("gradwire"), "-c", code]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()


def modules(absent: set[str]) -> dict[str, int]:
    """How many modules each import loads over what the bare interpreter has loaded."""
    counts = {}
    for name, (environment, statement) in STATEMENTS.items():
        if environment in absent or environment == environments.NODE:
            continue
        code = (
            f"import sys; before = len(sys.modules)\n{statement}\nprint(len(sys.modules) - before)"
        )
        words = [environments.interpreter(environment), "-c", code]
        done = subprocess.run(
            words, check=True, capture_output=True, text=True, env=environments.variables()
        )
        counts[name] = int(done.stdout)
    return counts


def help_seconds(rounds: int) -> float:
    """Seconds until `gradwire --help` has printed and ended; the median."""
    words = [environments.interpreter("gradwire"), "-m", "gradwire", "--help"]
    times = []
    for _ in range(rounds):
        before = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        times.append(time.perf_counter() - before)
    return median(times)


def _cpu(environment: str, code: str) -> float:
    flag = "-e" if environment == environments.NODE else "-c"
    words = [environments.interpreter(environment), flag, code]
    process = subprocess.Popen(words, env=environments.variables(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    return usage.ru_utime + usage.ru_stime
