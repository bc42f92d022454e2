"""Options are checked before anything is sent, and secrets are never shown."""

from __future__ import annotations

import inspect
import ssl
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, Unpack, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.client.async_client import AsyncClient
from gradwire.client.option_types import CallOptions, ConnectOptions, CopyOptions
from gradwire.client.options import _CONNECT_ONLY, Options, merge_headers
from gradwire.client.pairs import parse_cookies
from gradwire.client.sync import Client
from gradwire.errors import InvalidArgumentError
from gradwire.transport.base import Limits, Timeout

NAMES = sorted(field.name for field in fields(Options))
SETTLED = ["auth", "cookies", "session_hash", "verify", "proxy", "trust_env", "token"]


def of(**given: Any) -> Options:
    return Options.of(given)


def test_the_defaults() -> None:
    options = of()
    assert options == Options()
    assert options.events == {"data"}
    assert options.verify is True
    assert options.trust_env is False
    assert options.timeout == Timeout()


def test_an_unknown_option_lists_the_valid_ones() -> None:
    with pytest.raises(InvalidArgumentError, match="There is no option 'tokn'") as caught:
        of(tokn="x")
    for name in NAMES:
        assert name in str(caught.value)


def test_type_checkers_know_the_same_options() -> None:
    known = {"hf_token", *NAMES}
    assert set(ConnectOptions.__annotations__) == known
    assert set(CopyOptions.__annotations__) == known - {"timeout"}
    assert set(CallOptions.__annotations__) == set(NAMES) - _CONNECT_ONLY
    for method in (Client.__init__, Client.connect, AsyncClient.connect):
        assert get_type_hints(method)["options"] == Unpack[ConnectOptions]
    for kind in (Client, AsyncClient):
        assert get_type_hints(kind.with_options)["options"] == Unpack[CallOptions]
        assert inspect.signature(kind.duplicate).parameters["options"].annotation == (
            "Unpack[CopyOptions]"
        )


def test_hf_token_is_the_token() -> None:
    assert of(hf_token="hf_x").token == "hf_x"
    with pytest.raises(InvalidArgumentError, match="same option"):
        of(hf_token="hf_x", token="hf_x")


VALID = [
    ("token", None, None),
    ("auth", None, None),
    ("auth", ("a", "b"), ("a", "b")),
    ("auth", ["a", "b"], ("a", "b")),
    ("cookies", None, {}),
    ("cookies", {"a": "b"}, {"a": "b"}),
    ("cookies", "a=b; c=d", {"a": "b", "c": "d"}),
    ("headers", {"A": "b"}, {"A": "b"}),
    ("headers", None, {}),
    ("limits", None, Limits()),
    ("limits", Limits(answer=1, download=None), Limits(answer=1)),
    ("query_params", {"a": ""}, {"a": ""}),
    ("session_hash", "abc", "abc"),
    ("events", "log", {"log"}),
    ("events", ["data", "status"], {"data", "status"}),
    ("events", (), set()),
    ("with_null_state", True, True),
    ("timeout", None, Timeout()),
    ("timeout", 5, Timeout(total=5.0)),
    ("timeout", Timeout(read=None), Timeout(read=None)),
    ("max_retries", 0, 0),
    ("verify", False, False),
    ("proxy", "http://p:1", "http://p:1"),
    ("trust_env", True, True),
    ("download_dir", "x", Path("x")),
    ("download_dir", Path("x"), Path("x")),
    ("download_dir", None, None),
    ("observer", None, ()),
    ("observer", [], ()),
]


@pytest.mark.parametrize(("name", "value", "expected"), VALID)
def test_a_valid_option(name: str, value: Any, expected: Any) -> None:
    assert getattr(of(**{name: value}), name) == expected


def test_an_ssl_context() -> None:
    context = ssl.create_default_context()
    assert of(verify=context).verify is context


@pytest.mark.parametrize("kind", [str, Path])
def test_the_path_of_a_ca_file(kind: type) -> None:
    """It is read at once, so that a wrong one is refused before anything is sent."""
    (certificate,) = Path(__file__, "../../../certs").resolve().glob("*.pem")
    assert isinstance(of(verify=kind(certificate)).verify, ssl.SSLContext)


INVALID = [
    ("token", 7),
    ("token", ""),
    ("token", "hf_s3cret\n"),
    ("token", "hf s3cret"),
    ("token", b"hf_s3cret"),
    ("oauth_token", "s3cret\x7f"),
    ("auth", "s3cret"),
    ("auth", ("s3cret",)),
    ("auth", ("ada", "s3cret", "x")),
    ("auth", ("ada", 7)),
    ("cookies", "no cookie here"),
    ("cookies", {"a": 7}),
    ("cookies", ["a=b"]),
    ("headers", "A: b"),
    ("headers", {"A": 7}),
    ("headers", {7: "a"}),
    ("headers", {"A": "s3cret\r\nB: c"}),
    ("headers", {"A\nB": "c"}),
    ("query_params", [("a", "b")]),
    ("session_hash", 7),
    ("session_hash", "a b"),
    ("events", "logs"),
    ("events", ["data", "logs"]),
    ("events", 7),
    ("events", [7]),
    ("events", [[]]),
    ("with_null_state", 1),
    ("timeout", 0),
    ("timeout", -1),
    ("timeout", "5"),
    ("timeout", True),
    ("timeout", float("nan")),
    ("limits", 1000),
    ("limits", {"answer": 1000}),
    ("max_retries", -1),
    ("max_retries", 1.5),
    ("max_retries", True),
    ("verify", "/no/such/file.pem"),
    ("verify", __file__),
    ("verify", None),
    ("proxy", "socks5://p"),
    ("proxy", ""),
    ("trust_env", "yes"),
    ("download_dir", 7),
]


@pytest.mark.parametrize(("name", "value"), INVALID)
def test_an_invalid_option(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        of(**{name: value})
    assert name in str(caught.value)
    assert "s3cret" not in str(caught.value)


WRONG_WHEN_MADE: list[tuple[type, dict[str, Any]]] = [
    (Timeout, {"total": -1}),
    (Timeout, {"read": 0}),
    (Timeout, {"connect": "5"}),
    (Timeout, {"upload": True}),
    (Timeout, {"total": float("nan")}),
    (Timeout, {"total": 1e9}),
    (Limits, {"answer": 0}),
    (Limits, {"event": -1}),
    (Limits, {"kept_events": 1.5}),
    (Limits, {"kept_bytes": True}),
    (Limits, {"download": "1 GB"}),
    (Limits, {"download": 2**70}),
]


@pytest.mark.parametrize(("kind", "given"), WRONG_WHEN_MADE)
def test_wrong_deadlines_and_limits_are_refused_when_they_are_made(
    kind: type, given: dict[str, Any]
) -> None:
    (name,) = given
    with pytest.raises(InvalidArgumentError, match=f"^{kind.__name__.lower()[:5]}.*: {name} must"):
        kind(**given)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.sampled_from([*NAMES, "hf_token", "other"]), ANYTHING)
def test_any_value_is_taken_or_refused(name: str, value: Any) -> None:
    with suppress(InvalidArgumentError):
        of(**{name: value})


def test_secrets_are_not_shown() -> None:
    secret = "s3cret"
    options = of(
        token=secret,
        auth=("ada", secret),
        cookies={"a": secret},
        headers={"a": secret},
        query_params={"a": secret},
        oauth_token=secret,
        proxy=f"http://ada:{secret}@p",
    )
    assert secret not in repr(options)


# -- with_options ----------------------------------------------------------------------------------


def test_changes_come_on_top() -> None:
    options = of(headers={"A": "1", "B": "2"}, timeout=5, max_retries=1)
    changed = options.changed({"headers": {"b": "3", "C": "4"}, "max_retries": 7})
    assert changed.headers == {"A": "1", "b": "3", "C": "4"}
    assert (changed.timeout, changed.max_retries) == (Timeout(total=5.0), 7)
    assert options.headers == {"A": "1", "B": "2"}
    assert options.changed({}) == options


@pytest.mark.parametrize("name", [*SETTLED, "query_params", "hf_token"])
def test_what_is_settled_when_connecting(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="set when connecting"):
        of().changed({name: None})


def test_changes_are_checked_as_well() -> None:
    with pytest.raises(InvalidArgumentError, match="max_retries"):
        of().changed({"max_retries": -1})
    with pytest.raises(InvalidArgumentError, match="There is no option 'x'") as caught:
        of().changed({"x": 1})
    assert "cookies" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "over", "merged"),
    [
        ({}, {}, {}),
        ({"A": "1"}, {}, {"A": "1"}),
        ({"A": "1"}, {"a": "2"}, {"a": "2"}),
        ({"x-ip-token": "1", "B": "2"}, {"X-IP-Token": "3"}, {"X-IP-Token": "3", "B": "2"}),
    ],
)
def test_merging_headers(base: Any, over: Any, merged: Any) -> None:
    before = dict(base)
    assert merge_headers(base, over) == merged
    assert base == before


# -- cookies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "cookies"),
    [
        ("a=b", {"a": "b"}),
        (" a = b ;c=d; ", {"a": "b", "c": "d"}),
        ("a=b=c==", {"a": "b=c=="}),
        ("a=", {"a": ""}),
        ("a=1; a=2", {"a": "2"}),
        ("a=b; Path=/; HttpOnly; SameSite=none; Max-Age=7; Secure", {"a": "b"}),
        ("a=b; expires=Thu, 01 Jan 2099 00:00:00 GMT; path=/", {"a": "b"}),
        ("a=b; Path=/, c=d; Path=/", {"a": "b", "c": "d"}),
        ("a=b; Path=/\nc=d; Secure\r\ne=f", {"a": "b", "c": "d", "e": "f"}),
        ("access-token-unsecure=x.y_z; access-token=q", None),
    ],
)
def test_raw_cookies(raw: str, cookies: dict[str, str] | None) -> None:
    expected = cookies or {"access-token-unsecure": "x.y_z", "access-token": "q"}
    assert parse_cookies(raw) == expected


@pytest.mark.parametrize("raw", ["", ";", "a", "Path=/", "=b", "; Secure", "\n"])
def test_a_string_without_a_cookie(raw: str) -> None:
    with pytest.raises(InvalidArgumentError, match="name=value"):
        parse_cookies(raw)


@pytest.mark.parametrize("raw", [None, 7, b"a=b", {"a": "b"}])
def test_cookies_that_are_no_string(raw: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        parse_cookies(raw)


@given(st.text(max_size=40))
def test_any_cookie_string(raw: str) -> None:
    try:
        cookies = parse_cookies(raw)
    except InvalidArgumentError:
        return
    for name, value in cookies.items():
        assert name
        assert name == name.strip()
        assert not set("\r\n;") & set(name + value)
