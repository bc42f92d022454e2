"""The command `gradwire`: its words and exit codes; no app is started here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import click
import pytest

from gradwire.app import words
from gradwire.cli import demo, main
from gradwire.cli.checks import _stop_for
from gradwire.cli.group import GROUP
from gradwire.errors import AuthenticationError
from gradwire.version import VERSION


def test_without_arguments_it_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([]) == 0
    assert "demo" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--version"]) == 0
    assert capsys.readouterr().out == f"gradwire {VERSION}\n"


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_the_demo_without_gradio_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main.main(["demo"]) == 1
    assert "pip install 'gradwire[demo]'" in capsys.readouterr().err


def test_ctrl_c_ends_it_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", interrupt)
    assert main.main(["demo"]) == main.INTERRUPTED
    assert "Interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain\ntext", "plain\ntext"), ("\x1b[31mred\r", r"\x1b[31mred\r"), ("名前 👋", "名前 👋")],
)
def test_text_of_a_server_cannot_steer_the_terminal(text: str, expected: str) -> None:
    assert demo.shown(text) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0.0123, "12 ms"), (0.5, "500 ms"), (12, "12.0 s")]
)
def test_seconds(number: float, expected: str) -> None:
    assert demo.seconds(number) == expected


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main.main(["view", "http://h"]) == main.USAGE
    assert "pip install 'gradwire[cli]'" in capsys.readouterr().err
    assert main.main(["--version"]) == main.OK
    assert main.main(["--help"]) == main.OK
    assert "view" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 bytes"), (999, "999 bytes"), (1200, "1.2 kB"), (999_900, "1.0 MB"), (2e12, "2000 GB")],
)
def test_sizes(size: float, expected: str) -> None:
    assert words.bytes_text(size) == expected


def test_every_command_has_its_module() -> None:
    context = click.Context(GROUP)
    for name in main.COMMANDS:
        command = GROUP.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help


def test_a_leading_verbose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADWIRE_LOG", "")
    for given in (["-v", "completion", "zsh"], ["--verbose", "view"], ["-v"], ["-v", "nonsense"]):
        assert main.main(given) == main.USAGE
    assert main.main(["-v", "view", "http://127.0.0.1:9"]) == main.CONNECTION


def test_a_folder_is_not_uploaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["upload", "http://127.0.0.1:9", str(tmp_path)]) == main.USAGE
    assert "is a directory" in capsys.readouterr().err


def test_the_doctor_speaks_of_options() -> None:
    stop = _stop_for(AuthenticationError("Log in: connect with auth=(username, password)."))
    assert stop.detail == "Log in: use --auth NAME."
