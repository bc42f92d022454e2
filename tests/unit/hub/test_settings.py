from __future__ import annotations

from pathlib import Path

import pytest

from gradwire import InvalidArgumentError
from gradwire.hub.settings import HUB, HubSettings, token_path


def read(environ: dict[str, str], token: str | bool | None = None) -> HubSettings:
    return HubSettings.read(token, {"HF_HOME": "/nowhere"} | environ)


def value(settings: HubSettings) -> str | None:
    return settings.token and settings.token.value


def test_nothing_is_set() -> None:
    assert read({}) == HubSettings(HUB, None, False)


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
def test_a_token_of_the_environment(name: str) -> None:
    settings = read({name: " hf_a\r\n"})
    assert value(settings) == "hf_a"
    assert settings.token is not None
    assert name in settings.token.source
    assert not settings.token.given


def test_the_newer_name_counts() -> None:
    assert value(read({"HF_TOKEN": "hf_new", "HUGGING_FACE_HUB_TOKEN": "hf_old"})) == "hf_new"


def test_a_token_that_is_passed_counts_most() -> None:
    settings = read({"HF_TOKEN": "hf_env"}, "hf_mine")
    assert value(settings) == "hf_mine"
    assert settings.token is not None
    assert settings.token.given


def test_no_token() -> None:
    assert value(read({"HF_TOKEN": "hf_env"}, False)) is None
    implicit = {"HF_TOKEN": "hf_env", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
    assert value(read(implicit)) is None
    assert value(read(implicit, True)) == "hf_env"
    assert value(read({"HF_TOKEN": " \n"})) is None


def test_the_token_that_must_be_there() -> None:
    settings = read({"HF_TOKEN": "hf_env"}, True)
    assert settings.token is not None
    assert settings.token.given
    with pytest.raises(InvalidArgumentError, match="hf auth login"):
        read({}, True)


def test_the_token_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hf_file\n", encoding="utf-8")
    assert value(read({"HF_HOME": str(tmp_path)})) == "hf_file"
    (tmp_path / "other").write_bytes(b"\xff\xfe")
    assert value(read({"HF_TOKEN_PATH": str(tmp_path / "other")})) is None


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({}, "~/.cache/huggingface/token"),
        ({"XDG_CACHE_HOME": "/cache"}, "/cache/huggingface/token"),
        ({"HF_HOME": "/home", "XDG_CACHE_HOME": "/cache"}, "/home/token"),
        ({"HF_TOKEN_PATH": "~/mine", "HF_HOME": "/home"}, "~/mine"),
    ],
)
def test_where_the_token_file_is(environ: dict[str, str], path: str) -> None:
    assert token_path(environ) == Path(path).expanduser()


def test_another_hub() -> None:
    assert read({"HF_ENDPOINT": "http://127.0.0.1:1/hub/"}).endpoint == "http://127.0.0.1:1/hub"
    with pytest.raises(InvalidArgumentError, match="HF_ENDPOINT"):
        read({"HF_ENDPOINT": "huggingface.co"})


@pytest.mark.parametrize(
    ("text", "offline"), [("1", True), ("ON", True), ("0", False), ("", False)]
)
def test_offline(text: str, offline: bool) -> None:
    assert read({"HF_HUB_OFFLINE": text}).offline is offline


def test_a_token_is_not_shown() -> None:
    assert "hf_secret" not in repr(read({"HF_TOKEN": "hf_secret"}))
