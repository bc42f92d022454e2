"""From an address to an app: what users give, and what stands in the way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from helpers import asynchronous, eventually, eventually_so, run
from proxy import Cut, Hold, Proxy, Reply, Seen, send
from servers.launch import Server, free_port

from gradwire import (
    AsyncClient,
    Client,
    ConnectError,
    ConnectTimeout,
    DeadlineExceededError,
    GradwireError,
    InvalidArgumentError,
    ProtocolError,
    Timeout,
)
from gradwire.transport import aiohttp, dialing
from gradwire.transport.opening import open_transport
from gradwire.wire.requests import Request

from .conftest import OpenProxy

CERTIFICATE = Path(__file__).resolve().parent.parent / "certs" / "localhost.pem"


def greet(address: str, **options: Any) -> Any:
    """Connect, call, close; return what the app said."""
    with Client.connect(address, **options) as client:
        return client.predict("/hello", ["Ada"]).value


def config_of(server: Server) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server.url}/config") as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def connect_error(proxy: Proxy, kind: type[GradwireError] = ConnectError) -> GradwireError:
    """Return the error with which connecting fails, and which names the address."""
    with pytest.raises(kind) as caught:
        Client.connect(proxy.url, max_retries=0)
    assert caught.value.url is not None
    assert proxy.url in caught.value.url
    assert f"127.0.0.1:{proxy.port}" in str(caught.value)
    return caught.value


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "/", "//", "/?__theme=dark", "?__theme=dark", "/#part"])
def test_an_address_may_end_as_people_paste_it(any_server: Server, end: str) -> None:
    assert greet(any_server.url + end) == "Hello Ada"


def test_an_address_may_lack_the_scheme(server: Server) -> None:
    assert greet(f"127.0.0.1:{server.port}") == "Hello Ada"


def test_an_address_may_have_blanks_around_it(server: Server) -> None:
    assert greet(f"  {server.url}\n") == "Hello Ada"


def test_the_name_of_the_host_does_as_well_as_its_number(server: Server) -> None:
    assert greet(f"http://localhost:{server.port}") == "Hello Ada"


def test_the_unspecified_address_that_servers_print_works(server: Server) -> None:
    assert greet(f"http://0.0.0.0:{server.port}") == "Hello Ada"


@pytest.mark.parametrize("end", ["", "/", "//", "?a=b", "/?a=b"])
def test_an_app_mounted_under_a_sub_path_is_found(mount_server: Server, end: str) -> None:
    assert greet(mount_server.url + end) == "Hello Ada"


def test_an_address_without_the_sub_path_says_that_it_may_be_missing(mount_server: Server) -> None:
    with pytest.raises(ConnectError, match=r"404.*sub-path") as caught:
        Client.connect(f"http://127.0.0.1:{mount_server.port}")
    assert caught.value.status == 404


def test_the_query_of_the_address_goes_with_every_request(proxy: Proxy) -> None:
    greet(f"{proxy.url}/?flavour=sour")
    assert {seen.query.get("flavour") for seen in proxy.requests} == {"sour"}


def test_user_info_of_the_address_becomes_a_basic_login(proxy: Proxy) -> None:
    greet(proxy.url.replace("//", "//ada:p%40ss@"))
    sent = {seen.headers.get("authorization") for seen in proxy.requests}
    assert sent == {"Basic YWRhOnBAc3M="}


def test_a_page_of_a_multi_page_app_is_an_address_of_the_app(pages_server: Server) -> None:
    with Client.connect(f"{pages_server.url}/second") as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
        assert client.predict("/second_hello", ["Ada"]).value == "Second hello Ada"


def test_a_page_that_the_app_does_not_have_is_no_address(pages_server: Server) -> None:
    with pytest.raises(ConnectError, match="404"):
        Client.connect(f"{pages_server.url}/third")


def test_each_page_has_its_part_of_the_config(pages_server: Server) -> None:
    with Client.connect(pages_server.url) as client:
        names = {d.api_name for d in client.get_page_config("/second/").dependencies.values()}
        assert names == {"second_hello"}
        assert client.get_page_config("second").current_page == "second"
        main = {d.api_name for d in client.get_page_config("").dependencies.values()}
        assert "hello" in main
        assert "second_hello" not in main


def test_a_page_that_does_not_exist_has_the_main_config(pages_server: Server) -> None:
    with Client.connect(pages_server.url) as client:
        assert client.get_page_config("nowhere").current_page == ""


def test_an_app_of_one_page_is_its_own_main_page(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        assert len(client.get_page_config("").dependencies) == len(client.config.dependencies)


@pytest.mark.parametrize("address", ["", " ", "nonsense", "ftp://host", "http://", 7, None, b"x"])
def test_what_is_no_address_is_refused(address: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="address"):
        AsyncClient.connect(address)


@pytest.mark.parametrize("port", ["x", "99999", "-1"])
def test_an_impossible_port_is_refused(port: str) -> None:
    with pytest.raises(InvalidArgumentError, match="not the address"):
        AsyncClient.connect(f"http://127.0.0.1:{port}")


# --- all ways to connect --------------------------------------------------------------------------


def test_the_class_itself_connects(server: Server) -> None:
    client = Client(server.url)
    assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    client.close()
    assert client.closed


@asynchronous
async def test_connecting_can_be_awaited(any_server: Server) -> None:
    client = await AsyncClient.connect(any_server.url)
    assert (await client.predict("/hello", ["Ada"])).value == "Hello Ada"
    await client.close()


@asynchronous
async def test_connecting_can_be_entered(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        assert (await client.predict("/hello", ["Ada"])).value == "Hello Ada"
    assert client.closed


@asynchronous
async def test_a_connected_client_can_be_entered(server: Server) -> None:
    async with await AsyncClient.connect(server.url) as client:
        assert (await client.predict("/hello", ["Ada"])).value == "Hello Ada"
    assert client.closed


def test_the_client_says_what_it_is_connected_to(any_server: Server) -> None:
    with Client.connect(any_server.url) as client:
        assert repr(client) == f"<Client {any_server.url}/ Gradio {any_server.version}>"
        assert client.config.version == any_server.version


# --- behind a proxy -------------------------------------------------------------------------------

WRONG = {
    "host": "wrong.example",
    "x-forwarded-host": "wrong.example",
    "x-forwarded-proto": "https",
    "x-forwarded-port": "1",
}


def test_a_server_that_is_wrong_about_its_address_can_be_used(
    any_server: Server, open_proxy: OpenProxy
) -> None:
    proxy = open_proxy(any_server.url, headers=WRONG)
    with Client.connect(proxy.url) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
        file = client.predict("/file_io", [b"content"]).value
        assert file.url.startswith(proxy.url)
        assert file.read() == b"GOT:content"


def test_an_app_can_be_offered_under_a_path_it_does_not_know(
    any_server: Server, open_proxy: OpenProxy
) -> None:
    proxy = open_proxy(any_server.url, prefix="/a/b c".replace(" ", "%20"), headers=WRONG)
    with Client.connect(proxy.url) as client:
        assert list(client.submit("/stream", ["ab", 0]))[-1].data == ["ab"]
        assert client.predict("/noqueue", ["x"]).value == "nq x"
        assert client.predict("/file_io", [b"content"]).value.read() == b"GOT:content"


def test_a_mounted_app_can_be_offered_under_another_path(
    mount_server: Server, open_proxy: OpenProxy
) -> None:
    proxy = open_proxy(mount_server.url, prefix="/other/place", headers=WRONG)
    with Client.connect(proxy.url + "/") as client:
        assert client.predict("/file_io", [b"content"]).value.read() == b"GOT:content"


def test_a_redirect_inside_the_origin_is_followed(proxy: Proxy) -> None:
    def send_on(seen: Any) -> Reply | None:
        if not seen.path.startswith("/old"):
            return None
        return Reply(308, headers={"location": seen.target.removeprefix("/old")})

    proxy.rules["*"] = send_on
    secret = {"x-test": "secret"}
    assert greet(f"{proxy.url}/old", headers=secret, cookies={"name": "value"}) == "Hello Ada"
    assert all(seen.headers.get("x-test") == "secret" for seen in proxy.requests)
    assert all(seen.cookies == {"name": "value"} for seen in proxy.requests)


CREDENTIALS: dict[str, Any] = {
    "token": "hf_secret",
    "headers": {"x-test": "secret"},
    "cookies": {"session": "secret"},
    "query_params": {"code": "secret"},
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_do_not_follow_a_redirect_to_another_origin(
    server: Server, open_proxy: OpenProxy, status: int
) -> None:
    there, here = open_proxy(server.url), open_proxy()
    here.rules["*"] = lambda seen: Reply(status, headers={"location": there.url + seen.path})
    with contextlib.suppress(GradwireError):
        greet(here.url, **CREDENTIALS)
    assert there.requests
    for seen in there.requests:
        assert "secret" not in f"{seen.target} {seen.headers} {seen.body!r}"
    assert any("secret" in seen.headers.get("x-test", "") for seen in here.requests)


def test_a_login_is_not_sent_on_to_another_origin(auth_proxy: Proxy, open_proxy: OpenProxy) -> None:
    here = open_proxy()
    here.rules["*"] = lambda seen: Reply(307, headers={"location": auth_proxy.url + seen.path})
    with pytest.raises(ProtocolError, match="another server"):
        Client.connect(here.url, auth=("ada", "pw"))
    assert not auth_proxy.requests


def test_a_redirect_in_a_circle_is_an_error(proxy: Proxy) -> None:
    proxy.rules["*"] = lambda seen: Reply(307, headers={"location": seen.target})
    assert "redirects more than" in str(connect_error(proxy, ProtocolError))


def test_a_redirect_to_nonsense_is_an_error(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(307, headers={"location": "http://[::1"})
    connect_error(proxy, GradwireError)


def test_a_redirect_without_a_target_is_an_error(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(302)
    assert connect_error(proxy).status == 302


# --- https ----------------------------------------------------------------------------------------


@pytest.fixture
def tls_proxy(server: Server, open_proxy: OpenProxy) -> Proxy:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return open_proxy(server.url, tls=context)


def test_a_certificate_that_is_not_trusted_is_an_error(tls_proxy: Proxy) -> None:
    with pytest.raises(ConnectError, match=r"certificate is not trusted.*verify="):
        Client.connect(tls_proxy.url, max_retries=0)
    assert not tls_proxy.requests


@pytest.mark.parametrize("kind", [str, Path])
def test_a_private_ca_is_named_by_its_file(tls_proxy: Proxy, kind: type) -> None:
    assert greet(tls_proxy.url, verify=kind(CERTIFICATE)) == "Hello Ada"


def test_an_ssl_context_is_taken(tls_proxy: Proxy) -> None:
    context = ssl.create_default_context(cafile=CERTIFICATE)
    assert greet(tls_proxy.url, verify=context) == "Hello Ada"


def test_verification_can_be_switched_off(tls_proxy: Proxy) -> None:
    assert greet(tls_proxy.url, verify=False) == "Hello Ada"


class Last(Proxy):
    """Answers each request with the last answer of its connection."""

    async def _handle(
        self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await send(Reply(200, b"{}"), writer)


@pytest.mark.parametrize("by", [aiohttp, dialing])
@asynchronous
async def test_a_goodbye_of_tls_is_not_waited_for(
    by: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    made: list[socket.socket] = []
    make = dialing.socket_with_keepalive
    monkeypatch.setattr(
        by, "socket_with_keepalive", lambda place: made.append(make(place)) or made[-1]
    )
    with Last(tls=context) as server:
        transport = open_transport(
            f"{server.url}/", {}, verify=str(CERTIFICATE), trust_env=by is aiohttp
        )
        for _ in range(5):
            await transport.request(Request("GET", f"{server.url}/x"), Timeout())
        await transport.close()
        await asyncio.sleep(0)
        assert [each.fileno() for each in made] == [-1] * 5


# --- answers that are none ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 500, 503])
def test_an_error_for_the_config_names_status_and_next_step(proxy: Proxy, status: int) -> None:
    proxy.rules["/config"] = Reply(status, b"<html>sorry</html>")
    error = connect_error(proxy)
    assert error.status == status
    assert str(error).startswith("Could not connect")
    assert str(error).endswith("?")


def test_a_config_that_is_refused_to_this_caller_is_an_access_error(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(403)
    with pytest.raises(PermissionError, match="403"):
        Client.connect(proxy.url)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_fault_is_tried_again(proxy: Proxy, status: int) -> None:
    answers = iter([Reply(status), Reply(status)])
    proxy.rules["/config"] = lambda seen: next(answers, None)
    assert greet(proxy.url) == "Hello Ada"
    assert proxy.paths("/config") == ["/config"] * 3


def test_a_broken_connection_is_tried_again(proxy: Proxy) -> None:
    cuts = iter([Cut(0), Cut(200)])
    proxy.rules["/config"] = lambda seen: next(cuts, None)
    assert greet(proxy.url) == "Hello Ada"


def test_max_retries_of_zero_tries_once(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(503)
    connect_error(proxy)
    assert proxy.paths("/config") == ["/config"]


NO_CONFIGS = {
    "html": b"<!doctype html><html>",
    "empty": b"",
    "half": b'{"components": [',
    "not-utf8": b"\xff\xfe\x00",
    "list": b"[]",
    "text": b'"config"',
    "number": b"7",
    "null": b"null",
    "object-of-something-else": b'{"hello": "world"}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", NO_CONFIGS.values(), ids=NO_CONFIGS.keys())
def test_what_is_no_config_is_a_protocol_error(proxy: Proxy, body: bytes) -> None:
    proxy.rules["/config"] = Reply(body=body)
    assert "address" in str(connect_error(proxy, ProtocolError))


def test_a_protocol_error_does_not_show_secrets_of_the_address(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(body=b"nonsense")
    with pytest.raises(ProtocolError) as caught:
        Client.connect(proxy.url, query_params={"__sign": "secret"})
    assert "secret" not in f"{caught.value} {caught.value!r} {caught.value.url}"


def test_fifty_megabytes_of_something_else_are_a_protocol_error(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(body=b'{"data": "' + b"x" * 50_000_000 + b'"}')
    error = connect_error(proxy, ProtocolError)
    assert len(str(error)) < 1000


def test_a_config_of_fifty_megabytes_works(server: Server, proxy: Proxy) -> None:
    config = config_of(server) | {"css": "x" * 50_000_000}
    proxy.rules["/config"] = Reply(body=json.dumps(config).encode())
    assert greet(proxy.url) == "Hello Ada"


@pytest.mark.parametrize(
    "missing",
    ["version", "components", "root", "pages", "page", "layout", "mode", "app_id", "title"],
)
def test_a_config_that_lacks_a_key_works(server: Server, proxy: Proxy, missing: str) -> None:
    config = config_of(server)
    del config[missing]
    proxy.rules["/config"] = Reply(body=json.dumps(config).encode())
    assert greet(proxy.url) == "Hello Ada"


@pytest.mark.parametrize("value", [None, "text", 7, [], {}, [None], [[]], [{"id": "x"}]])
def test_a_config_with_odd_components_works(server: Server, proxy: Proxy, value: Any) -> None:
    config = config_of(server) | {"components": value}
    proxy.rules["/config"] = Reply(body=json.dumps(config).encode())
    assert greet(proxy.url) == "Hello Ada"


@pytest.mark.parametrize("value", [None, "text", 7, [], {}, [None], [[]], [{"id": "x"}]])
def test_a_config_with_odd_dependencies_connects(server: Server, proxy: Proxy, value: Any) -> None:
    config = config_of(server) | {"dependencies": value}
    proxy.rules["/config"] = Reply(body=json.dumps(config).encode())
    with Client.connect(proxy.url) as client:
        with pytest.raises(ValueError, match="no endpoint"):
            client.predict("/hello", ["Ada"])


def test_a_protocol_of_tomorrow_is_named(server: Server, proxy: Proxy) -> None:
    config = config_of(server) | {"protocol": "sse_v9"}
    proxy.rules["/config"] = Reply(body=json.dumps(config).encode())
    assert "sse_v9" in str(connect_error(proxy, ProtocolError))


NO_INFOS = {
    "html": Reply(body=b"<html>"),
    "empty": Reply(),
    "half": Reply(body=b'{"named_endpoints": {'),
    "list": Reply(body=b"[]"),
    "text": Reply(body=b'"info"'),
    "object": Reply(body=b"{}"),
    "odd-endpoints": Reply(body=b'{"named_endpoints": [1], "unnamed_endpoints": "x"}'),
    "odd-endpoint": Reply(body=b'{"named_endpoints": {"/hello": {"parameters": 5}, "": null}}'),
    "404": Reply(404),
    "500": Reply(500, b"Internal Server Error"),
    "503": Reply(503),
    "cut": Cut(300),
    "huge": Reply(body=b'{"x": "' + b"y" * 50_000_000 + b'"}'),
}


@pytest.mark.parametrize("rule", NO_INFOS.values(), ids=NO_INFOS.keys())
def test_without_a_readable_api_info_the_app_can_be_called(proxy: Proxy, rule: Any) -> None:
    proxy.rules["*/info"] = rule
    with Client.connect(proxy.url, max_retries=0) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
        assert client.predict("/hello", name="Ada").value == "Hello Ada"
        assert client.predict("/multi", n=4).value[1] == 8
        assert "/hello" in str(client.view_api())


def test_an_unreadable_api_info_is_logged_with_its_address(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.rules["*/info"] = Reply(body=b"<html>")
    with caplog.at_level(logging.WARNING, "gradwire"):
        greet(proxy.url)
    assert f"{proxy.url}/gradio_api/info" in caplog.text


# --- nobody there ---------------------------------------------------------------------------------


def test_a_refused_connection_names_the_address_and_asks_whether_the_app_runs() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ConnectError, match=r"^Could not connect.*Is the app running") as caught:
        Client.connect(address)
    assert address in str(caught.value)
    assert isinstance(caught.value, ConnectionError)
    assert caught.value.__cause__ is not None


def test_a_host_without_an_address_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(ConnectError, match=r"^Could not connect.*no such host"):
        Client.connect("http://nowhere.invalid", max_retries=0)


@pytest.fixture
def unreachable() -> Iterator[str]:
    """An address where no connection is ever completed: its backlog is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"
        for one in waiting:
            one.close()


def took(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


@pytest.mark.skipif("sys.platform != 'linux'", reason="other systems refuse a full backlog")
def test_the_connect_deadline_is_kept(unreachable: str) -> None:
    def connect() -> None:
        with pytest.raises(ConnectTimeout, match="connect deadline") as caught:
            Client.connect(unreachable, timeout=Timeout(connect=0.3), max_retries=0)
        assert isinstance(caught.value, TimeoutError)

    assert took(connect) < 5


def test_the_total_deadline_is_kept_while_connecting(proxy: Proxy) -> None:
    proxy.rules["/config"] = Hold()

    def connect() -> None:
        with pytest.raises(ConnectTimeout, match=r"0\.3 seconds \(Timeout.total\)"):
            Client.connect(proxy.url, timeout=0.3)

    assert took(connect) < 5


@pytest.mark.parametrize("path", ["/config", "/gradio_api/info"])
def test_who_takes_the_connection_and_says_nothing_cannot_be_connected_to(
    proxy: Proxy, path: str
) -> None:
    proxy.rules[path] = Hold()
    with pytest.raises(ConnectTimeout, match=r"Timeout\.read allows \(0\.3 seconds\)") as caught:
        Client.connect(proxy.url, timeout=Timeout(read=0.3))
    assert isinstance(caught.value, DeadlineExceededError)
    assert isinstance(caught.value, TimeoutError)
    assert "silent" in str(caught.value)
    assert str(caught.value).startswith("Could not connect to http")


def test_a_failed_connection_leaves_nothing_open(proxy: Proxy) -> None:
    proxy.rules["/config"] = Reply(500)

    async def fail() -> None:
        with pytest.raises(ConnectError):
            await AsyncClient.connect(proxy.url, max_retries=0)

    run(fail())  # an open connection or task would be a warning, and warnings are errors


# --- the heartbeat --------------------------------------------------------------------------------


def heartbeats(proxy: Proxy) -> list[str]:
    return [path for path in proxy.paths() if "/heartbeat/" in path]


def test_the_heartbeat_is_held_if_the_app_asks_for_it(
    any_server: Server, open_proxy: OpenProxy
) -> None:
    proxy = open_proxy(any_server.url)
    with Client.connect(proxy.url) as client:
        if client.config.connect_heartbeat:
            [path] = eventually_so(lambda: heartbeats(proxy))
            assert path.endswith(f"/heartbeat/{client.session_hash}")
        client.predict("/hello", ["Ada"])
        assert len(heartbeats(proxy)) == int(client.config.connect_heartbeat)


@asynchronous
async def test_closing_ends_the_heartbeat_and_the_app_unloads(server: Server) -> None:
    other = await AsyncClient.connect(server.url)

    async def count() -> int:
        return list((await other.predict("/journal")).value).count("unload")

    async with AsyncClient.connect(server.url) as client:
        await client.predict("/hello", ["Ada"])
        before = await count()

    async def more() -> bool:
        return await count() > before

    await eventually(more)
    await other.close()


def test_an_app_that_asks_for_no_heartbeat_gets_none(server: Server, proxy: Proxy) -> None:
    config = config_of(server) | {"connect_heartbeat": False}
    proxy.rules["/config"] = Reply(body=json.dumps(config).encode())
    greet(proxy.url)
    assert not heartbeats(proxy)


def test_a_heartbeat_that_is_refused_does_no_harm(proxy: Proxy) -> None:
    proxy.rules["*/heartbeat/*"] = Reply(404)
    assert greet(proxy.url) == "Hello Ada"


# --- deep links -----------------------------------------------------------------------------------


@pytest.fixture
def deep_link(server: Server) -> str:
    """The name of a saved state, in which the box `text` holds "saved" and `n` 7."""
    with Client.connect(server.url) as client:
        client.predict("/multi", ["saved", 7])
        query = f"session_hash={client.session_hash}"
        with urllib.request.urlopen(f"{server.url}/gradio_api/deep_link?{query}") as answer:
            return str(json.load(answer))


def test_the_values_of_a_deep_link_are_defaults(server: Server, deep_link: str) -> None:
    with Client.connect(f"{server.url}/?deep_link={deep_link}") as client:
        assert client.config.deep_link_state == "valid"
        assert client.predict("/multi").value == ("saved|7|True|a", 14)
        assert client.predict("/multi", n=1).value == ("saved|1|True|a", 2)


def test_a_deep_link_can_be_given_as_an_option(server: Server, deep_link: str) -> None:
    with Client.connect(server.url, query_params={"deep_link": deep_link}) as client:
        assert client.predict("/multi").value == ("saved|7|True|a", 14)


def test_a_deep_link_that_the_app_does_not_know_is_a_warning(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "gradwire"):
        with Client.connect(f"{server.url}/?deep_link=nonsense") as client:
            assert client.predict("/multi").value == ("dflt|3|True|a", 6)
    assert "deep link" in caplog.text
