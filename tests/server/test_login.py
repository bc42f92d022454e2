"""Apps with a login, and where what logs in may go."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import asynchronous, eventually_so
from proxy import Proxy, Reply
from servers.launch import Server, running

from gradwire import AsyncClient, AuthenticationError, Client, FileData

from .conftest import OpenProxy

LOGIN = ("ada", "pw")


@pytest.fixture(scope="module", params=["4.10.0", "4.21.0", "6.31.0"])
def any_auth_server(request: pytest.FixtureRequest, auth_server: Server) -> Iterator[Server]:
    """Serve the app behind a login on an old, a middle and the newest Gradio."""
    if request.param == auth_server.version:
        yield auth_server
    else:
        with running(request.param, "auth") as server:
            yield server


@pytest.fixture(params=["auth_server", "mountauth_server"])
def private(request: pytest.FixtureRequest) -> Server:
    """Serve an app with a login, at the root and under a sub-path."""
    server: Server = request.getfixturevalue(request.param)
    return server


def user(client: Client) -> Any:
    return client.predict("/whoami").value["username"]


# --- logging in -----------------------------------------------------------------------------------


def test_a_login_is_kept_over_calls(any_auth_server: Server) -> None:
    with Client.connect(any_auth_server.url, auth=LOGIN) as client:
        assert [user(client), user(client)] == ["ada", "ada"]


@asynchronous
async def test_the_asynchronous_client_logs_in(private: Server) -> None:
    async with AsyncClient.connect(private.url, auth=LOGIN) as client:
        assert (await client.predict("/whoami")).value["username"] == "ada"


def test_a_login_may_be_a_list(auth_server: Server) -> None:
    with Client.connect(auth_server.url, auth=["ada", "pw"]) as client:
        assert user(client) == "ada"


@pytest.mark.parametrize("auth", [("ada", "wrong"), ("bob", "pw"), ("", ""), ("ada", "é&=+ %")])
def test_a_wrong_login_is_refused_by_name(any_auth_server: Server, auth: Any) -> None:
    with pytest.raises(AuthenticationError, match="refused this username and password") as caught:
        Client.connect(any_auth_server.url, auth=auth)
    assert caught.value.status in (400, 401, 422)
    assert caught.value.url == f"{any_auth_server.url}/login"
    assert isinstance(caught.value, PermissionError)
    assert repr(auth[1]) not in repr(caught.value)


def test_no_login_says_how_to_give_one(any_auth_server: Server) -> None:
    with pytest.raises(AuthenticationError, match=r"auth=\(username, password\)") as caught:
        Client.connect(any_auth_server.url)
    assert caught.value.status == 401


def test_the_words_of_the_app_for_people_who_log_in_are_shown(private: Server) -> None:
    with pytest.raises(AuthenticationError, match="Ask Ada for the password") as caught:
        Client.connect(private.url)
    assert caught.value.auth_message == "Ask Ada for the password"


def test_a_login_where_none_is_asked_for_does_no_harm(any_server: Server) -> None:
    with Client.connect(any_server.url, auth=LOGIN) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_a_login_where_the_server_has_no_such_route_does_no_harm(proxy: Proxy) -> None:
    proxy.rules["/login"] = Reply(404)
    with Client.connect(proxy.url, auth=LOGIN) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_the_login_carries_headers_token_and_parameters(auth_proxy: Proxy) -> None:
    options = {"token": "hf_x", "headers": {"x-test": "y"}, "query_params": {"q": "z"}}
    with Client.connect(auth_proxy.url, auth=LOGIN, **options):
        pass
    seen = auth_proxy.requests[0]
    assert (seen.method, seen.path) == ("POST", "/login")
    assert bytes(seen.body) == b"username=ada&password=pw"
    assert seen.headers["authorization"] == "Bearer hf_x"
    assert seen.headers["x-test"] == "y"
    assert seen.query == {"q": "z"}


def test_the_password_is_sent_to_the_login_only(auth_proxy: Proxy) -> None:
    with Client.connect(auth_proxy.url, auth=("ada", "pw")) as client:
        client.predict("/hello", ["Ada"])
    assert [seen.path for seen in auth_proxy.requests if b"pw" in seen.body] == ["/login"]


# --- both flavours of the cookie ------------------------------------------------------------------


def login_cookies(proxy: Proxy) -> dict[str, str]:
    """Log in and return the cookies that the server set, both flavours."""
    assert proxy.target is not None
    form = urllib.parse.urlencode({"username": "ada", "password": "pw"}).encode()
    with urllib.request.urlopen(f"{proxy.target.geturl()}/login", form) as answer:
        raw = answer.headers.get_all("set-cookie")
    return dict(re.match(r"([^=]+)=([^;]*)", line).groups() for line in raw)  # type: ignore


def flavour(cookies: dict[str, str], *, secure: bool) -> dict[str, str]:
    return {name: value for name, value in cookies.items() if ("unsecure" not in name) == secure}


def test_on_plain_http_the_unsecure_cookie_is_sent(auth_proxy: Proxy) -> None:
    with Client.connect(auth_proxy.url, auth=LOGIN) as client:
        client.predict("/hello", ["Ada"])
    assert all(flavour(seen.cookies, secure=False) for seen in auth_proxy.requests[1:])


@pytest.mark.parametrize("secure", [True, False])
def test_either_cookie_alone_is_a_login(auth_proxy: Proxy, secure: bool) -> None:
    cookies = flavour(login_cookies(auth_proxy), secure=secure)
    assert len(cookies) == 1
    with Client.connect(auth_proxy.url, cookies=cookies) as client:
        assert user(client) == "ada"


@pytest.mark.parametrize(
    "form", ["{name}={value}", "a=b; {name}={value}", "{name}={value}; Path=/; HttpOnly; Secure"]
)
def test_cookies_may_be_given_as_they_stand_in_a_header(auth_proxy: Proxy, form: str) -> None:
    [(name, value)] = flavour(login_cookies(auth_proxy), secure=False).items()
    with Client.connect(auth_proxy.url, cookies=form.format(name=name, value=value)) as client:
        assert user(client) == "ada"


def test_wrong_cookies_are_no_login(auth_server: Server) -> None:
    with pytest.raises(AuthenticationError):
        Client.connect(auth_server.url, cookies={"access-token": "wrong"})


def test_set_cookies_changes_who_calls(auth_proxy: Proxy) -> None:
    cookies = flavour(login_cookies(auth_proxy), secure=False)
    [(name, value)] = cookies.items()
    with Client.connect(auth_proxy.url, cookies=cookies) as client:
        client.set_cookies(f"{name}=expired; Path=/; HttpOnly")
        with pytest.raises(AuthenticationError):
            client.predict("/whoami")
        client.set_cookies(f"{name}={value}; Path=/")
        assert user(client) == "ada"


# --- all that a logged-in client does -------------------------------------------------------------


def test_a_logged_in_client_predicts(private: Server) -> None:
    with Client.connect(private.url, auth=LOGIN) as client:
        assert client.predict("/hello", ["Ada"]).value == "Hello Ada"


def test_a_logged_in_client_calls_unqueued_endpoints(private: Server) -> None:
    with Client.connect(private.url, auth=LOGIN) as client:
        assert client.predict("/noqueue", ["x"]).value == "nq x"


def test_a_logged_in_client_streams(private: Server) -> None:
    with Client.connect(private.url, auth=LOGIN) as client:
        assert [event.data for event in client.submit("/stream", ["ab", 0])][-1] == ["ab"]


def test_a_logged_in_client_uploads_and_downloads(private: Server, tmp_path: Path) -> None:
    with Client.connect(private.url, auth=LOGIN) as client:
        file = client.predict("/file_io", [b"content"]).value
        assert file.read() == b"GOT:content"
        assert file.download(tmp_path).read_bytes() == b"GOT:content"


def test_a_logged_in_client_uploads_raw(private: Server) -> None:
    with Client.connect(private.url, auth=LOGIN) as client:
        answer = client.upload_files(None, [b"content"])
        assert answer.error is None
        assert answer.files is not None


def test_a_logged_in_client_calls_components(private: Server) -> None:
    with Client.connect(private.url, auth=LOGIN) as client:
        [explorer] = (c for c in client.config.components.values() if c.type == "fileexplorer")
        names = {entry["name"] for entry in client.component_server(explorer.id, "ls", [])}
        assert names >= {"a.txt", "b.txt"}


def test_a_logged_in_client_cancels(private: Server) -> None:
    with Client.connect(private.url, auth=LOGIN) as client:
        job = client.submit("/slow_gen", [30, "login"])
        eventually_so(job.outputs)
        assert job.cancel()


def test_a_logged_in_client_refreshes(private: Server) -> None:
    with Client.connect(private.url, auth=LOGIN) as client:
        assert client.refresh().username == "ada"
        assert client.reconnect() == "connected"


def test_a_lost_login_is_an_authentication_error(auth_proxy: Proxy) -> None:
    with Client.connect(auth_proxy.url, auth=LOGIN) as client:
        auth_proxy.rules["*/queue/join"] = Reply(401, b'{"detail":"Not authenticated"}')
        with pytest.raises(AuthenticationError, match="auth="):
            client.predict("/hello", ["Ada"])


# --- never to another origin ----------------------------------------------------------------------

SECRETS: dict[str, Any] = {
    "token": "hf_secret",
    "auth": LOGIN,
    "headers": {"x-test": "secret"},
    "cookies": {"session": "secret"},
    "query_params": {"code": "secret"},
}


def assert_nothing_secret(there: Proxy) -> None:
    assert there.requests
    for seen in there.requests:
        assert "secret" not in f"{seen.target} {seen.headers}"
        assert "cookie" not in seen.headers
        assert "authorization" not in seen.headers


def test_a_download_from_elsewhere_carries_no_credentials(
    private: Server, elsewhere: Proxy, tmp_path: Path
) -> None:
    elsewhere.rules["*"] = Reply(body=b"foreign")
    with Client.connect(private.url, **SECRETS) as client:
        assert client.download(f"{elsewhere.url}/x.txt", tmp_path).read_bytes() == b"foreign"
    assert_nothing_secret(elsewhere)


def test_a_file_that_an_app_has_elsewhere_is_fetched_without_credentials(
    auth_proxy: Proxy, elsewhere: Proxy
) -> None:
    elsewhere.rules["*"] = Reply(body=b"foreign")
    address = f"{elsewhere.url}/x.txt"
    body = f'{{"data": [{{"path": "{address}", "meta": {{"_type": "gradio.FileData"}}}}]}}'
    auth_proxy.rules["*/run/predict"] = Reply(body=body.encode())
    with Client.connect(auth_proxy.url, **SECRETS) as client:
        file = client.predict("/noqueue", ["x"]).value
        assert isinstance(file, FileData)
        assert file.read() == b"foreign"
    assert_nothing_secret(elsewhere)


def test_a_download_that_is_redirected_elsewhere_carries_no_credentials(
    auth_proxy: Proxy, elsewhere: Proxy
) -> None:
    elsewhere.rules["*"] = Reply(body=b"foreign")
    with Client.connect(auth_proxy.url, **SECRETS) as client:
        file = client.predict("/file_io", [b"content"]).value
        auth_proxy.rules["*/file=*"] = Reply(302, headers={"location": f"{elsewhere.url}/x"})
        assert file.read() == b"foreign"
    assert_nothing_secret(elsewhere)


def test_an_upload_to_another_app_carries_no_credentials(
    private: Server, server: Server, open_proxy: OpenProxy
) -> None:
    there = open_proxy(server.url)
    with Client.connect(private.url, **SECRETS) as client:
        assert client.upload_files(there.url, [b"content"]).error is None
        file = client.upload(FileData(__file__), there.url)
        assert file.url is not None
        assert file.url.startswith(there.url)
    assert_nothing_secret(there)


def test_a_call_that_is_redirected_elsewhere_is_not_sent(
    auth_proxy: Proxy, elsewhere: Proxy
) -> None:
    with Client.connect(auth_proxy.url, **SECRETS) as client:
        location = {"location": f"{elsewhere.url}/x"}
        auth_proxy.rules["*/queue/join"] = Reply(307, headers=location)
        with pytest.raises(Exception, match="another server"):
            client.predict("/hello", ["Ada"])
    assert not elsewhere.requests


def test_cookies_of_another_origin_are_not_kept(private: Server, elsewhere: Proxy) -> None:
    elsewhere.rules["*"] = Reply(headers={"set-cookie": "spy=1; Path=/"})
    with Client.connect(private.url, auth=LOGIN) as client:
        client.download(f"{elsewhere.url}/x", "/tmp")
        assert "spy" not in client.predict("/whoami").value["cookies"]
