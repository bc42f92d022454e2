from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire import ProtocolError
from gradwire.hub.address import app_address


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("https://ada-space.hf.space", "https://ada-space.hf.space/"),
        ("HTTP://127.0.0.1:7860/", "http://127.0.0.1:7860/"),
        ("https://host/sub/", "https://host/sub/"),
    ],
)
def test_an_address_of_the_hub(host: str, address: str) -> None:
    assert app_address(host, "ada/space") == address


@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://",
        "https://[",
        "https://a b",
        "//127.0.0.1",
        "ftp://host",
        "ada/space",
        "ada-space.hf.space",
        "https://huggingface.co/spaces/ada/space",
        "http://127.0.0.1:99999",
        "http://127.0.0.1\\@evil",
        "http://ada:s3cret@127.0.0.1",
        "http://@127.0.0.1",
        "http://127.0.0.1/?token=s3cret",
        "http://127.0.0.1/#f",
        "http://127.0.0.1:1\r\nX: y",
        "http://127.0.0.1\n",
        " http://127.0.0.1",
        "http://127.0.0.1\x00",
        "http://127.0.0.1/\u202e",
        "http://\u2100.hf.space",
        "http://xn--\u00e9.x",
        "http://\ud800.x",
        "http://" + "a" * 300,
        "http://" + "a" * 64 + ".x",
        "http://a..x",
    ],
)
def test_what_the_hub_may_not_say(host: str) -> None:
    with pytest.raises(ProtocolError, match="The hub says that ada/space is at") as caught:
        app_address(host, "ada/space")
    assert "s3cret" not in str(caught.value)


TOKENS = "http:// https:// @ \\ : 80 [ ] ::1 % \r\n ? # / é ℀ xn-- . a"
PIECES = st.sampled_from(TOKENS.split(" "))


@given(st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join))
def test_any_text(text: str) -> None:
    try:
        address = app_address(text, "ada/space")
    except ProtocolError:
        return
    assert address.startswith(("http://", "https://"))
    assert address.endswith("/")
