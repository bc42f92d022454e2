"""Fixtures that every test can use: real Gradio servers, started when first asked for."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from hub_server import Hub, hub_here
from servers import forks
from servers.environments import ServerError
from servers.launch import Server, StartServer

# Few examples, so that the whole suite stays quick; GRADWIRE_FUZZ=1 looks much further.
settings.register_profile(
    "quick", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", settings.get_profile("quick"), max_examples=5000)
settings.load_profile("fuzz" if os.environ.get("GRADWIRE_FUZZ") == "1" else "quick")

NEWEST = "6.31.0"


def tested_versions() -> list[str]:
    """Return what `any_server` runs: the subset, or what GRADWIRE_TEST_SERVERS names.

    That is `all`, or versions such as `4.29.0,5.0.0`. Only releases with one stream for each
    session are among them; for those before 4.9 there are `old_server` and the conformance suite.
    """
    wanted = os.environ.get("GRADWIRE_TEST_SERVERS", "")
    if wanted == "all":
        found = [path.stem for path in (HERE / "servers" / "pins").glob("*.txt")]
        numbered = sorted([int(part) for part in name.split(".")] for name in found)
        return [".".join(map(str, numbers)) for numbers in numbered if numbers >= [4, 9]]
    subset = (HERE / "servers" / "subset.txt").read_text(encoding="ascii")
    return (wanted.replace(",", " ") or subset).split()


def pytest_collection_finish() -> None:
    """Let the many collections that look for leaks pass over what is there before any test."""
    gc.collect()
    gc.freeze()


SUBSET = tested_versions()

#: Tests that use one of these get the marker `server`.
SERVER_FIXTURES = {
    "any_server",
    "auth_server",
    "demo_url",
    "four_server",
    "full_server",
    "mount_server",
    "mountauth_server",
    "old_server",
    "pages_server",
    "rows_server",
    "server",
    "small_server",
    "sse_server",
    "start_server",
    "ws_server",
}


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known; have programs that tests start be stopped by Ctrl-C as usual."""
    # Where several processes share the tests, those of xdist ignore it, and pass that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    forks.folder()  # made by the first process of the run, and used by all of them
    config.addinivalue_line("markers", "server: talks to a real Gradio server")
    config.addinivalue_line("markers", "ends: of the subset, the oldest and the newest will do")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a server, and those of a release that `make test` leaves out."""
    for item in items:
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)
        if item.get_closest_marker("ends") and "GRADWIRE_TEST_SERVERS" not in os.environ:
            params = item.callspec.params  # type: ignore[attr-defined]
            if params["any_server"] not in (SUBSET[0], SUBSET[-1]):
                item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the servers printed below a test that failed."""
    report = yield
    if report.failed:
        for used in getattr(item, "funcargs", {}).values():
            if isinstance(used, Server) and used.output:
                title = f"gradio {used.version} ({used.mode})"
                report.sections.append((title, used.output[-4000:]))
    return report


SHARED: list[Server] = []
"""The servers that more than one test may use."""


def serve(version: str, mode: str) -> Iterator[Server]:
    """Run one server for as long as a fixture lives; one that is not installed is a failure."""
    server = Server(version, mode)
    try:
        start(server)
        SHARED.append(server)
        yield server
    finally:
        if server in SHARED:
            SHARED.remove(server)
        server.close()


@pytest.fixture(autouse=True)
def others_rest(request: pytest.FixtureRequest) -> None:
    """Let only those servers run that the test uses.

    One that rests wakes when somebody asks for its address. So only a fixture that looks for its
    server by `getfixturevalue` and lives longer than a test could be left without; make none.
    """
    names = SERVER_FIXTURES.intersection(request.fixturenames)
    used = [request.getfixturevalue(name) for name in names]
    for server in SHARED:
        if server in used:
            server.wake()
        else:
            server.rest()


def start(server: Server) -> Server:
    """Start a server, or fail the test with what the server printed."""
    try:
        return server.start()
    except ServerError as error:
        problem = str(error)
    pytest.fail(problem, pytrace=False)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Serve the newest Gradio, open to all."""
    yield from serve(NEWEST, "plain")


@pytest.fixture(scope="session")
def auth_server() -> Iterator[Server]:
    """Serve the newest Gradio behind the login ada / pw."""
    yield from serve(NEWEST, "auth")


@pytest.fixture(scope="session")
def mount_server() -> Iterator[Server]:
    """Serve the newest Gradio under /sub of another application."""
    yield from serve(NEWEST, "mount")


@pytest.fixture(scope="session")
def mountauth_server() -> Iterator[Server]:
    """Serve the newest Gradio under /sub, behind the login ada / pw."""
    yield from serve(NEWEST, "mountauth")


@pytest.fixture(scope="session")
def full_server() -> Iterator[Server]:
    """Serve the newest Gradio with a queue in which one event can wait."""
    yield from serve(NEWEST, "full")


@pytest.fixture(scope="session")
def rows_server() -> Iterator[Server]:
    """Serve an app for many rows, on the newest Gradio."""
    yield from serve(NEWEST, "rows")


@pytest.fixture(scope="session")
def four_server() -> Iterator[Server]:
    """Serve the same with a queue in which four events can wait."""
    yield from serve(NEWEST, "four")


@pytest.fixture(scope="session")
def small_server() -> Iterator[Server]:
    """Serve the newest Gradio, which takes no file of more than 1,000 bytes."""
    yield from serve(NEWEST, "small")


@pytest.fixture(scope="session")
def pages_server() -> Iterator[Server]:
    """Serve an app of two pages on the newest Gradio."""
    yield from serve(NEWEST, "pages")


@pytest.fixture(scope="session")
def ws_server() -> Iterator[Server]:
    """Serve the app on the last release with WebSockets."""
    yield from serve("3.50.2", "plain")


@pytest.fixture(scope="session", params=SUBSET)
def any_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Serve the app on each version of the subset in turn."""
    yield from serve(request.param, "plain")


@pytest.fixture(scope="session")
def demo_url() -> Iterator[str]:
    """Run the app of `gradwire demo`, which documents and examples use; give its address."""
    from gradwire.cli.demo import running_app

    with running_app() as url:
        yield url


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Return a function that starts a server of the test's own, to be killed or restarted at will.

    `start_server(version="6.31.0", mode="plain")` returns a running `Server`.
    """
    started: list[Server] = []

    def start_one(version: str = NEWEST, mode: str = "plain") -> Server:
        started.append(Server(version, mode))
        return start(started[-1])

    yield start_one
    for one in started:
        one.close()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """Run a hub, which knows ada's token, and have this process use it."""
    with hub_here(monkeypatch, tmp_path) as started:
        started.users["hf_ada"] = "ada"
        yield started
