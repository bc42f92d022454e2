"""Completion: what a server calls its endpoints does not run in the shell of who presses Tab."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from gradwire.cli import completion, completion_words

EVIL = ["/weird $(touch X) name'; touch Y; '", "/a;b", "/a\nb", "/a`b`", "/a*", "/ü b", "/a\\b", ""]
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def offered(monkeypatch: pytest.MonkeyPatch, names: dict[str, str], word: str) -> list[str]:
    endpoints = {name: SimpleNamespace(description=about) for name, about in names.items()}
    api = SimpleNamespace(named_endpoints=endpoints)
    monkeypatch.setattr(completion_words, "_api", lambda ctx: api)
    context, argument = click.Context(click.Command("predict")), click.Argument(["endpoint"])
    items = completion_words.complete_endpoint(context, argument, word)
    return [f"{item.value}|{item.help}" for item in items]


def test_only_harmless_names_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    names = dict.fromkeys([*EVIL, "/greet", "/a-b.c/d_e", "/begrüße"], "")
    expected = ["/greet|None", "/a-b.c/d_e|None", "/begrüße|None"]
    assert offered(monkeypatch, names, "") == expected


def test_a_description_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"/greet": "Greets.\nplain\n$(touch X)\n_\x1b[2J"}
    assert offered(monkeypatch, names, "gr") == [r"/greet|Greets. plain $(touch X) _\x1b[2J"]


def completed(tmp_path: Path, said: str, line: str, *words: str) -> tuple[str, str]:
    """Complete a line in bash, where `gradwire` says this; return what it was asked and replied."""
    fake = tmp_path / "gradwire"
    fake.write_text(f'#!/bin/sh\nprintf "%s|%s" "$COMP_WORDS" "$COMP_CWORD" >asked\n{said}\n')
    fake.chmod(0o755)
    script = CliRunner().invoke(completion.command, ["bash"]).output
    source = (
        f'{script}\nIFS=,\nCOMP_LINE=$1; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
        '_gradwire_completion gradwire; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", source, "bash", line, *words],
        capture_output=True, text=True, check=True, cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.stderr == ""
    return (tmp_path / "asked").read_text(), done.stdout


@needs_bash
def test_bash_quotes_what_it_inserts(tmp_path: Path) -> None:
    evil = "/x $(touch X);'*"
    said = f'cat <<"END"\nplain,{evil}\nplain,/begrüße\nEND'
    _, reply = completed(tmp_path, said, "gradwire view h /", "gradwire", "view", "h", "/")
    first, second = reply.splitlines()
    assert second == "/begrüße"
    run = subprocess.run(["bash", "-c", f"printf %s {first}"], capture_output=True, cwd=tmp_path)
    assert run.stdout.decode() == evil
    assert sorted(path.name for path in tmp_path.iterdir()) == ["asked", "gradwire"]


@needs_bash
@pytest.mark.parametrize(
    ("line", "words", "asked"),
    [
        (
            "gradwire  predict http://h:7860  /gr",
            ["gradwire", "predict", "http", ":", "//h", ":", "7860", "/gr"],
            "gradwire predict http://h:7860 /gr|3",
        ),
        (
            "gradwire predict 'http://h:1' ",
            ["gradwire", "predict", "'http://h:1'", ""],
            "gradwire predict 'http://h:1' |3",
        ),
        (
            "gradwire predict h --proxy=http://p:1 /",
            ["gradwire", "predict", "h", "--proxy", "=", "http", ":", "//p", ":", "1", "/"],
            "gradwire predict h --proxy=http://p:1 /|4",
        ),
        ("gradwire st", ["gradwire", "st"], "gradwire st|1"),
    ],
)
def test_bash_puts_addresses_together(
    line: str, words: list[str], asked: str, tmp_path: Path
) -> None:
    assert completed(tmp_path, "", line, *words)[0] == asked
