"""The options of all commands: nothing but a person's typing becomes a password."""

from __future__ import annotations

import io

import pytest

from gradwire.cli import connection, main
from gradwire.errors import AuthenticationError


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"auth": "ada"}, "A password is needed; set GRADWIRE_AUTH."),
        ({"token": "-"}, "A token is needed; set HF_TOKEN."),
    ],
)
def test_stdin_is_no_password(
    given: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.StringIO('{"name": "Ada"}\n')
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(AuthenticationError) as caught:
        connection.Connection(**given).options()
    assert str(caught.value) == says
    assert stdin.tell() == 0


def test_a_missing_password_is_a_missing_login(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("x\n"))
    assert main.main(["predict", "http://127.0.0.1:9", "/f", "--auth", "ada"]) == main.ACCESS
    assert capsys.readouterr().err == "Error: A password is needed; set GRADWIRE_AUTH.\n"
