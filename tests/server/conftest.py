"""What the tests against servers share: proxies in front of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from leaks import nothing_is_left  # noqa: F401
from proxy import ForwardProxy, Proxy
from servers.launch import Server, running

OpenProxy = Callable[..., Proxy]


@pytest.fixture
def open_proxy() -> Iterator[OpenProxy]:
    """Return a function that puts a proxy before an address; see `proxy.Proxy`."""
    with ExitStack() as stack:
        yield lambda target=None, **options: stack.enter_context(Proxy(target, **options))


@pytest.fixture
def proxy(server: Server, open_proxy: OpenProxy) -> Proxy:
    """Put a proxy before the newest Gradio."""
    return open_proxy(server.url)


@pytest.fixture
def auth_proxy(auth_server: Server, open_proxy: OpenProxy) -> Proxy:
    """Put a proxy before the newest Gradio with a login."""
    return open_proxy(auth_server.url)


@pytest.fixture(scope="session")
def sse_server() -> Iterator[Server]:
    """Serve the app on a release with one event stream for each job."""
    with running("4.0.2") as started:
        yield started


@pytest.fixture(params=["ws_server", "sse_server"])
def old_server(request: pytest.FixtureRequest) -> Server:
    """Serve the app on either of them."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def elsewhere(open_proxy: OpenProxy) -> Proxy:
    """Run a server of another origin, which is no app and answers 404 unless told otherwise."""
    return open_proxy()


@pytest.fixture
def forward_proxy() -> Iterator[ForwardProxy]:
    """Run a proxy as the option `proxy` names one."""
    with ForwardProxy() as started:
        yield started
