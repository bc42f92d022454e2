"""What is to be reached, and what was."""

from collections.abc import Iterator

from imports import FORBIDDEN, GRADWIRE
from results import (
    Results,
    Value,
    at_once,
    connections,
    growth,
    micros,
    peak,
    rate,
    ratio_of,
    requests,
    table_of,
    threads,
    weight,
)
from works import (
    AIOHTTP,
    ALL_JOBS,
    ASYNC,
    BIG_BLOB,
    BLOB,
    CHAT,
    CONNECT,
    CONNECT_MORE,
    CONNECT_MOST,
    DOWNLOAD,
    FIFTY,
    FILES,
    FIVE_HUNDRED,
    GRADIO_CLIENT,
    GROWING,
    JOBS,
    KEPT,
    LARGE,
    MSGSPEC,
    NODE,
    SEQUENTIAL,
    SOCKETS,
    SYNC,
    THREADS,
    TOKENS,
    UPLOAD,
    WORKS,
    Work,
)

Row = tuple[str, str, str, str]
OWN_THREADS = {ASYNC: 1, SYNC: 2}
CALLERS = 32
ABSENT = "not measured"


def table(results: Results) -> str:
    """All targets as a table."""
    parts = (_one_by_one, _in_flight, _flat, _streams, _outputs, _files, _connecting, _starting)
    rows = [row for part in (*parts, _jobs) for row in part(results)]
    taken = [row for row in rows if row[2] != ABSENT]
    text = "### Targets\n\n" + table_of(("what", "target", "measured", ""), taken)
    left = [f"`{work.name}`" for work in WORKS if not any(results.runs.get(work.name, {}).values())]
    if left:
        text += (
            f"\n\n{len(rows) - len(taken)} targets were not measured. Left out: {', '.join(left)}."
        )
    return text


def _at_most(what: str, value: float | None, limit: float, form: str) -> Row:
    return _row(what, "≤ " + form.format(limit), value, value is not None and value <= limit, form)


def _at_least(what: str, value: float | None, limit: float, form: str) -> Row:
    return _row(what, "≥ " + form.format(limit), value, value is not None and value >= limit, form)


def _row(what: str, target: str, value: float | None, good: bool, form: str) -> Row:
    if value is None:
        return what, target, ABSENT, "–"
    return what, target, form.format(value), "pass" if good else "**fail**"


def _ratio(results: Results, work: Work, above: str, below: str, value: Value) -> float | None:
    """How one contender stands to another in the same work."""
    return ratio_of(results.middle(work, above, value), results.middle(work, below, value))


def _times(results: Results, work: Work, above: str, below: str, limit: float) -> Row:
    """A row on the CPU time of two contenders."""
    what = f"{work.title}: {above} to {below}"
    return _at_most(what, _ratio(results, work, above, below, micros), limit, "{:.2f} ×")


def _against_peers(results: Results, work: Work) -> Iterator[Row]:
    for peer, least, form in ((GRADIO_CLIENT, 80, "{:.0f} ×"), (NODE, 5, "{:.1f} ×")):
        found = _ratio(results, work, peer, ASYNC, micros)
        yield _at_least(f"{work.title}: {ASYNC} less than {peer}", found, least, form)
    yield _times(results, work, SYNC, ASYNC, 1.8)


def _one_by_one(results: Results) -> Iterator[Row]:
    for work in (SEQUENTIAL, KEPT):
        yield _times(results, work, ASYNC, SOCKETS, 2.2)
        yield _times(results, work, ASYNC, AIOHTTP, 1.25)
        yield from _against_peers(results, work)


def _in_flight(results: Results) -> Iterator[Row]:
    for work in (FIFTY, FIVE_HUNDRED, THREADS):
        yield _times(results, work, ASYNC, AIOHTTP, 1.4)
        yield from _against_peers(results, work)
        for name, own in OWN_THREADS.items():
            limit = own + CALLERS if work is THREADS and name == SYNC else own
            most = results.most(work, name, threads)
            yield _at_most(f"{work.title}: {name}, threads", most, limit, "{:.0f}")


def _flat(results: Results) -> Iterator[Row]:
    """Five hundred in flight cost no more than fifty."""
    for name in OWN_THREADS:
        for what, value in (("CPU of each", micros), ("peak memory", peak)):
            many, few = (results.middle(work, name, value) for work in (FIVE_HUNDRED, FIFTY))
            start = f"500 in flight to 50: {name}, {what}"
            yield _at_most(start, ratio_of(many, few), 1.2, "{:.2f} ×")


def _streams(results: Results) -> Iterator[Row]:
    for work in (TOKENS, CHAT):
        for name in OWN_THREADS:
            cost = results.middle(work, name, micros)
            yield _at_most(f"{work.title}: {name}, CPU of each", cost, 3.5, "{:.1f} µs")
    _, middle, large = (results.middle(work, ASYNC, micros) for work in GROWING)
    what = "ten times the text, the same steps: CPU"
    yield _at_most(what, ratio_of(large, middle), 10, "{:.1f} ×")


def _outputs(results: Results) -> Iterator[Row]:
    for work in (BLOB, BIG_BLOB):
        yield _times(results, work, ASYNC, MSGSPEC, 1.3)


def _files(results: Results) -> Iterator[Row]:
    for work in (UPLOAD, DOWNLOAD, *LARGE):
        for name in OWN_THREADS:
            for floor in (SOCKETS, AIOHTTP):
                what = f"{work.title}: MB a second, {name} to {floor}"
                yield _at_least(what, _ratio(results, work, name, floor, rate), 0.8, "{:.2f} ×")
            grown = results.middle(work, name, growth)
            yield _at_most(f"{work.title}: {name}, memory above idle", grown, 8, "{:.0f} MB")
    for name in OWN_THREADS:
        found = _ratio(results, FILES, name, AIOHTTP, rate)
        yield _at_least(
            f"{FILES.title}: files a second, {name} to {AIOHTTP}", found, 0.8, "{:.2f} ×"
        )
        together = results.most(FILES, name, at_once)
        yield _at_least(f"{FILES.title}: {name}, side by side", together, 4, "{:.0f}")


def _connecting(results: Results) -> Iterator[Row]:
    yield _times(results, CONNECT, ASYNC, AIOHTTP, 1.5)
    for work in (CONNECT_MORE, CONNECT_MOST):
        found = _ratio(results, work, ASYNC, MSGSPEC, micros)
        yield _at_most(f"{work.title}: {ASYNC} to decoding alone", found, 1.5, "{:.2f} ×")
    for name in OWN_THREADS:
        start = f"{CONNECT.title}: {name}"
        most = results.most(CONNECT, name, connections)
        yield _at_most(f"{start}, TCP connections", most, 2, "{:.0f}")
        asked = results.most(CONNECT, name, requests)
        yield _at_most(f"{start}, requests (two to connect, two to predict)", asked, 4, "{:.0f}")
        together = results.most(CONNECT, name, at_once)
        yield _at_least(f"{start}, requests side by side", together, 2, "{:.0f}")


def _starting(results: Results) -> Iterator[Row]:
    cost, seconds = results.imports.get(GRADWIRE), results.help_seconds
    yield _at_most("`import gradwire` over a bare interpreter", cost, 25, "{:.0f} ms")
    count = None if results.loaded is None else len(results.loaded)
    yield _at_most(f"`import gradwire` loads of {', '.join(FORBIDDEN)}", count, 0, "{:.0f}")
    helped = None if seconds is None else 1000 * seconds
    yield _at_most("`gradwire --help`, from start to end", helped, 150, "{:.0f} ms")


def _jobs(results: Results) -> Iterator[Row]:
    for name, own in OWN_THREADS.items():
        most = results.most(JOBS, name, threads)
        yield _at_most(f"{JOBS.title}: {name}, threads", most, own, "{:.0f}")
        grown = results.middle(JOBS, name, growth)
        yield _at_most(f"{JOBS.title}: {name}, memory above idle", grown, 20, "{:.0f} MB")
    _, _, few, some, many = ALL_JOBS
    for name in OWN_THREADS:
        for less, what, value in ((few, "CPU", micros), (some, "memory", weight)):
            found = ratio_of(results.middle(many, name, value), results.middle(less, name, value))
            start = f"a job among 10,000 to one among {less.count:,}: {name}, {what}"
            yield _at_most(start, found, 1.2, "{:.2f} ×")
