"""What is to be reached, and what was."""

from collections.abc import Iterator

from imports import FORBIDDEN, GRADWIRE
from results import Results, connections, growth, micros, rate, ratio_of, table_of, threads
from works import (
    AIOHTTP,
    ALL_JOBS,
    ASYNC,
    BIG_BLOB,
    BLOB,
    CHAT,
    CONNECT,
    DOWNLOAD,
    FIFTY,
    FIVE_HUNDRED,
    GRADIO_CLIENT,
    GROWING,
    JOBS,
    MSGSPEC,
    NODE,
    SEQUENTIAL,
    SOCKETS,
    SYNC,
    TOKENS,
    UPLOAD,
)

Row = tuple[str, str, str, str]


def table(results: Results) -> str:
    """All targets as a table."""
    parts = (_predictions, _streams, _outputs, _files, _starting, _jobs)
    rows = [row for part in parts for row in part(results)]
    return "### Targets\n\n" + table_of(("what", "target", "measured", ""), rows)


def _at_most(what: str, value: float | None, limit: float, form: str) -> Row:
    return _row(what, "≤ " + form.format(limit), value, value is not None and value <= limit, form)


def _at_least(what: str, value: float | None, limit: float, form: str) -> Row:
    return _row(what, "≥ " + form.format(limit), value, value is not None and value >= limit, form)


def _row(what: str, target: str, value: float | None, good: bool, form: str) -> Row:
    if value is None:
        return what, target, "not measured", "–"
    return what, target, form.format(value), "pass" if good else "**fail**"


def _predictions(results: Results) -> Iterator[Row]:
    for work, limit in ((SEQUENTIAL, 1.25), (FIFTY, 1.4), (FIVE_HUNDRED, 1.4)):
        mine, sync = (results.middle(work, name, micros) for name in (ASYNC, SYNC))
        bare, floor, slow, node = (
            results.middle(work, name, micros) for name in (AIOHTTP, SOCKETS, GRADIO_CLIENT, NODE)
        )
        start = f"{work.title}: {ASYNC}"
        if work is SEQUENTIAL:
            yield _at_most(f"{start} to bare sockets", ratio_of(mine, floor), 2.2, "{:.2f} ×")
        yield _at_most(f"{start} to bare aiohttp", ratio_of(mine, bare), limit, "{:.2f} ×")
        yield _at_least(f"{start} less than gradio_client", ratio_of(slow, mine), 80, "{:.0f} ×")
        yield _at_least(f"{start} less than @gradio/client", ratio_of(node, mine), 5, "{:.1f} ×")
        yield _at_most(f"{work.title}: {SYNC} to {ASYNC}", ratio_of(sync, mine), 1.8, "{:.2f} ×")


def _streams(results: Results) -> Iterator[Row]:
    for work in (TOKENS, CHAT):
        for name in (ASYNC, SYNC):
            cost = results.middle(work, name, micros)
            yield _at_most(f"{work.title}: {name}, CPU of each", cost, 3.5, "{:.1f} µs")
    _, middle, large = (results.middle(work, ASYNC, micros) for work in GROWING)
    yield _at_most(
        "ten times the text, the same steps: CPU", ratio_of(large, middle), 10, "{:.1f} ×"
    )


def _outputs(results: Results) -> Iterator[Row]:
    for work in (BLOB, BIG_BLOB):
        mine, alone = (results.middle(work, name, micros) for name in (ASYNC, MSGSPEC))
        yield _at_most(
            f"{work.title}: {ASYNC} to {MSGSPEC}", ratio_of(mine, alone), 1.3, "{:.2f} ×"
        )


def _files(results: Results) -> Iterator[Row]:
    for work in (UPLOAD, DOWNLOAD):
        for name in (ASYNC, SYNC):
            mine, bare = (results.middle(work, each, rate) for each in (name, AIOHTTP))
            what = f"{work.title} a second: {name} to bare aiohttp"
            yield _at_least(what, ratio_of(mine, bare), 0.8, "{:.2f} ×")
            grown = results.middle(work, name, growth)
            yield _at_most(f"{work.title}: {name}, memory above idle", grown, 8, "{:.0f} MB")


def _starting(results: Results) -> Iterator[Row]:
    cost, seconds = results.imports.get(GRADWIRE), results.help_seconds
    yield _at_most("`import gradwire` over a bare interpreter", cost, 25, "{:.0f} ms")
    count = None if results.loaded is None else len(results.loaded)
    yield _at_most(f"`import gradwire` loads of {', '.join(FORBIDDEN)}", count, 0, "{:.0f}")
    helped = None if seconds is None else 1000 * seconds
    yield _at_most("`gradwire --help`, from start to end", helped, 150, "{:.0f} ms")
    for name in (ASYNC, SYNC):
        most = max(results.each(CONNECT, name, connections), default=None)
        yield _at_most(f"{CONNECT.title}: {name}, TCP connections", most, 2, "{:.0f}")


def _jobs(results: Results) -> Iterator[Row]:
    for name, limit in ((ASYNC, 1), (SYNC, 2)):
        most = max(results.each(JOBS, name, threads), default=None)
        yield _at_most(f"{JOBS.title}: {name}, threads", most, limit, "{:.0f}")
        grown = results.middle(JOBS, name, growth)
        yield _at_most(f"{JOBS.title}: {name}, memory above idle", grown, 20, "{:.0f} MB")
    few, many = (results.middle(work, ASYNC, micros) for work in (ALL_JOBS[2], ALL_JOBS[4]))
    yield _at_most("a job among 10,000 to one among 100: CPU", ratio_of(many, few), 1.2, "{:.2f} ×")
