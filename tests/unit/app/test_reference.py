"""Addresses, with whatever people leave on them."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.app.reference import AppReference, parse_reference, public_address
from gradwire.errors import InvalidArgumentError


@pytest.mark.parametrize(
    ("text", "base_url"),
    [
        ("http://127.0.0.1:7860", "http://127.0.0.1:7860/"),
        ("http://127.0.0.1:7860/", "http://127.0.0.1:7860/"),
        ("  https://host/sub/path \n", "https://host/sub/path/"),
        ("https://host/sub/path/", "https://host/sub/path/"),
        ("https://host//sub///path//", "https://host/sub/path/"),
        ("HTTPS://Owner-Name.HF.space", "https://owner-name.hf.space/"),
        ("https://host/sub#part", "https://host/sub/"),
        ("https://host/a;b", "https://host/a;b/"),
        ("https://host/%7Eada/ä", "https://host/%7Eada/%C3%A4/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://0.0.0.0:7860", "http://127.0.0.1:7860/"),
        ("http://[::1]:7860/x", "http://[::1]:7860/x/"),
        ("http://[FE80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
        ("http://my_host:80", "http://my_host:80/"),
        ("localhost:7860", "http://localhost:7860/"),
        ("localhost", "http://localhost/"),
        ("localhost/sub", "http://localhost/sub/"),
        ("127.0.0.1:7860/sub", "http://127.0.0.1:7860/sub/"),
        ("0.0.0.0:7860", "http://127.0.0.1:7860/"),
        ("[::1]:7860", "http://[::1]:7860/"),
        ("owner-name.hf.space", "https://owner-name.hf.space/"),
        ("host.example:8443/sub", "https://host.example:8443/sub/"),
        ("host.example?a=b", "https://host.example/"),
    ],
)
def test_addresses(text: str, base_url: str) -> None:
    assert parse_reference(text).base_url == base_url


def test_the_query_is_kept() -> None:
    reference = parse_reference("https://host/sub?__theme=dark&a=1%20%26&b=")
    assert reference.base_url == "https://host/sub/"
    assert reference.query == {"__theme": "dark", "a": "1 &", "b": ""}


@pytest.mark.parametrize(
    ("user_info", "pair"),
    [
        ("ada:pw", "ada:pw"),
        ("ada", "ada:"),
        ("ada:", "ada:"),
        (":pw", ":pw"),
        ("a%40b:p%3Aw", "a@b:p:w"),
        ("ada:p@ss", "ada:p@ss"),
        ("ä:ö", "ä:ö"),
    ],
)
def test_user_info_becomes_a_header(user_info: str, pair: str) -> None:
    reference = parse_reference(f"https://{user_info}@host:8443/sub")
    assert reference.base_url == "https://host:8443/sub/"
    assert reference.authorization is not None
    assert reference.authorization.startswith("Basic ")
    assert base64.b64decode(reference.authorization[6:]).decode() == pair


def test_no_user_info_no_header() -> None:
    assert parse_reference("https://host") == AppReference("https://host/")


def test_secrets_are_not_shown() -> None:
    shown = repr(parse_reference("https://ada:s3cret@host/?token=s3cret"))
    assert "s3cret" not in shown
    assert base64.b64encode(b"ada:s3cret").decode() not in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "/",
        "http://",
        "http:///path",
        "https:/host",
        "ftp://host",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "host with blanks",
        "http://host with blanks/",
        "http://host/a b",
        "http://host/a\x00b",
        "http://host\\evil/",
        "http://ho<st/",
        "http://host:port",
        "http://host:99999",
        "http://[::1",
        "http://[not an address]/",
        "http://\ud800/",
        "http://host/\ud800",
        "http://host/?a=\ud800",
        "http://\ud800@host/",
        "http://" + "a" * 70 + "é.example",
        "http://" + "a" * 64 + ".example",
        "http://host..example",
        "predict",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="is not the address of an app"):
        parse_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://ada:s3cret@host/",
        "http://ada:s3@cret@ho st/",
        "ada:s3cret@ho st",
        "http://ada:s3#cret@host/",
        "http://ada:s3?cret@host/",
        "ftp://host/?token=s3cret",
        "http://ho st/?a=1&__sign=s3cret",
    ],
)
def test_a_refusal_shows_no_secret(text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        parse_reference(text)
    assert "s3" not in str(caught.value)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 7, b"http://host", ["http://host"], object()])
def test_what_is_no_string(value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=type(value).__name__):
        parse_reference(value)


@pytest.mark.parametrize(
    "text",
    [
        "Owner/My_Space.v2",
        " Owner/My_Space.v2 ",
        "https://huggingface.co/spaces/Owner/My_Space.v2",
        "http://www.huggingface.co/spaces/Owner/My_Space.v2/",
        "huggingface.co/spaces/Owner/My_Space.v2/blob/main/app.py#L1",
        "https://hf.co/spaces/Owner/My_Space.v2?logs=build",
        "https://HuggingFace.co/spaces/Owner/My_Space.v2",
        "HTTPS://huggingface.co:443/spaces/Owner/My_Space.v2/",
    ],
)
def test_the_name_of_a_space(text: str) -> None:
    reference = parse_reference(text)
    assert (reference.space, reference.base_url) == ("Owner/My_Space.v2", "")
    assert reference.at("https://owner.hf.space").base_url == "https://owner.hf.space/"


@pytest.mark.parametrize("name", ["localhost-fan/demo", "localhosts/demo", "127-0/demo"])
def test_an_owner_whose_name_looks_like_this_machine(name: str) -> None:
    assert parse_reference(name).space == name


@pytest.mark.parametrize(
    ("text", "base_url"),
    [
        ("localhost/demo", "http://localhost/demo/"),
        ("localhost:7860/demo", "http://localhost:7860/demo/"),
        ("127.0.0.1/demo", "http://127.0.0.1/demo/"),
        ("localhost.example/demo", "https://localhost.example/demo/"),
    ],
)
def test_this_machine_and_what_looks_like_it(text: str, base_url: str) -> None:
    assert parse_reference(text).base_url == base_url


@pytest.mark.parametrize(
    ("text", "subdomain"),
    [
        ("https://owner-name.hf.space/sub?x=1", "owner-name"),
        ("owner-name.hf.space", "owner-name"),
        ("https://hf.space", None),
        ("https://a.b.hf.space", None),
        ("https://owner-name.hf.space.example", None),
    ],
)
def test_the_address_of_a_space(text: str, subdomain: str | None) -> None:
    reference = parse_reference(text)
    assert (reference.subdomain, reference.space) == (subdomain, None)


TOKENS = "http:// https:// host localhost : // / @ ? # [ ] ::1 % %20 .. . a=b & é \\ 7860 a/b"
PIECES = st.sampled_from(TOKENS.split(" ")) | st.sampled_from(" \n\ud800")


@given(st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join))
def test_any_text(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidArgumentError:
        return
    base_url = reference.base_url
    assert (base_url == "") == (reference.space is not None)
    if reference.space is not None:
        return
    parts = urlsplit(base_url)
    assert base_url.isascii()
    assert base_url.endswith("/")
    assert parts.scheme in ("http", "https")
    assert parts.hostname
    assert "@" not in parts.netloc
    assert not parts.query
    assert not parts.fragment
    assert not any(char.isspace() for char in base_url)
    assert parse_reference(base_url).base_url == base_url


@pytest.mark.parametrize("hub", ["http://127.0.0.1:5000", "https://hub.example/sub"])
@pytest.mark.parametrize("end", ["", "/", "/tree/main", "?logs=build", "#x"])
def test_a_page_of_another_hub(hub: str, end: str) -> None:
    for address in (f"{hub}/spaces/ada/Space_1.0{end}", f" {hub}/spaces/ada/Space_1.0{end} "):
        assert parse_reference(address, hub).space == "ada/Space_1.0"
    assert parse_reference(f"{hub.partition('://')[2]}/spaces/ada/x", hub).space == "ada/x"
    assert parse_reference(f"{hub}/spaces/ada", hub).space is None
    assert parse_reference(f"{hub}/spaces/ada/x").space is None
    assert parse_reference("https://elsewhere.example/spaces/ada/x", hub).space is None
    assert parse_reference("https://huggingface.co/spaces/ada/x", hub).space == "ada/x"


@pytest.mark.parametrize(
    ("given", "address", "missing"),
    [
        ("http://h/app/?theme=dark", "http://h/app/?theme=dark", []),
        (" http://u:PW@h/?__sign=S&a=b#PW", "http://h/?a=b", ["name:password@", "__sign="]),
        ("https://h?%5F_sign=S", "https://h", ["__sign="]),
        ("https://h?a=hf_PWPWPWPWPW&x%0Atoken=S", "https://h", ["a=", "x%0Atoken="]),
        ("https://h/a@b", "https://h/a@b", []),
        ("owner/name", "owner/name", []),
    ],
)
def test_an_address_for_the_eyes_of_others(given: str, address: str, missing: list[str]) -> None:
    assert public_address(given) == (address, missing)
