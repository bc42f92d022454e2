"""What only a terminal has: Ctrl-C, questions, progress that moves."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.launch import Server

from cli.screens import check
from cli.terminal import COMMAND, Terminal, run
from gradwire import Client


def frames(name: str, pattern: str, *words: str) -> None:
    """Compare what a running command shows when something is on the screen; then press Ctrl-C."""
    for columns in (80, 140):
        with Terminal(*words, columns=columns) as terminal:
            terminal.wait_for(pattern)
            check(f"{name}-{columns}-colours", terminal.marked())
            terminal.type("\x03")
            assert terminal.finish() == 130
            check(f"{name}-{columns}-interrupted", terminal.text())


def test_progress(demo_url: str) -> None:
    frames("live-progress", "2/8 steps", "predict", demo_url, "/train", "steps=8")


@pytest.mark.slow
def test_running(demo_url: str) -> None:
    frames("live-running", "running", "predict", demo_url, "/count", "seconds=30")


@pytest.mark.slow
def test_the_queue(server: Server) -> None:
    with Client.connect(server.url) as client:
        before = [client.submit("/slow_gen", [60, "before"]) for _ in range(2)]
        before[0].wait_for_id()
        before[1].wait_for_id()
        try:
            frames(
                "live-queue",
                "in the queue",
                "predict",
                server.url,
                "/slow_gen",
                "seconds=1",
                "name=x",
            )
        finally:
            for job in before:
                job.cancel()


def journal(server: Server) -> list[str]:
    with Client.connect(server.url) as client:
        return list(client.predict("/journal").value)


def wait_for(server: Server, what: Callable[[list[str]], bool]) -> None:
    end = time.monotonic() + 30
    while not what(journal(server)):
        assert time.monotonic() < end, journal(server)[-20:]
        time.sleep(0.1)


@pytest.mark.parametrize("command", ["predict", "stream"])
def test_ctrl_c_ends_the_job_on_the_server(command: str, server: Server) -> None:
    name = f"ctrl-c-{command}-{time.time_ns()}"
    with Terminal(command, server.url, "/slow_gen", "seconds=60", f"name={name}") as terminal:
        wait_for(server, lambda lines: f"tick {name} 3" in lines)
        terminal.type("\x03")
        assert terminal.finish() == 130
        assert "Interrupted." in terminal.text()
        assert "Traceback" not in terminal.text()
    wait_for(server, lambda lines: f"closed {name}" in lines)
    ticks = [line for line in journal(server) if line.startswith(f"tick {name} ")]
    assert len(ticks) < 300


def test_ctrl_c_while_connecting(server: Server) -> None:
    server.pause()
    try:
        with Terminal("predict", server.url, "/hello", "name=x") as terminal:
            time.sleep(1.5)
            terminal.type("\x03")
            assert terminal.finish() == 130
            assert "Traceback" not in terminal.text()
    finally:
        server.resume()


# -- logins ----------------------------------------------------------------------------------------


def test_a_login_from_the_environment(auth_server: Server) -> None:
    done = run("predict", auth_server.url, "/hello", "name=x", env={"GRADWIRE_AUTH": "ada:pw"})
    assert (done.returncode, done.stdout) == (0, '"Hello x"\n')
    done = run("predict", auth_server.url, "/hello", "name=x", env={"GRADWIRE_AUTH": "ada:no"})
    assert done.returncode == 4
    assert "Check --auth or GRADWIRE_AUTH" in done.stderr
    done = run("predict", auth_server.url, "/hello", "name=x", "--auth", "ada:pw")
    assert done.returncode == 0


@pytest.mark.slow
def test_no_login(auth_server: Server) -> None:
    done = run("predict", auth_server.url, "/hello", "name=x")
    assert done.returncode == 4
    assert "--auth NAME" in done.stderr
    done = run("doctor", auth_server.url)
    assert done.returncode == 4
    done = run("doctor", auth_server.url, env={"GRADWIRE_AUTH": "ada:pw"})
    assert "logged in as ada" in done.stdout


@pytest.mark.slow
def test_the_environment_answers_only_apps_that_ask(server: Server) -> None:
    done = run("view", server.url, "-v", env={"GRADWIRE_AUTH": "ada:pw"})
    assert done.returncode == 0
    assert "login" not in done.stderr


@pytest.mark.slow
def test_a_login_is_asked_for(auth_server: Server) -> None:
    with Terminal("predict", auth_server.url, "/hello", "name=x") as terminal:
        terminal.wait_for("Username")
        check("login-asked", terminal.text())
        terminal.type("ada\r")
        terminal.wait_for("Password")
        terminal.type("pw\r")
        assert terminal.finish() == 0
        check("login-done", terminal.text())
        assert "pw" not in re.sub("Password", "", terminal.text())


def test_a_password_is_asked_for(auth_server: Server) -> None:
    with Terminal("predict", auth_server.url, "/hello", "name=x", "--auth", "ada") as terminal:
        terminal.wait_for("Password of ada")
        command_line = Path(f"/proc/{terminal.process.pid}/cmdline")
        terminal.type("pw\r")
        if command_line.exists():
            words = command_line.read_bytes().split(b"\0")
            assert b"ada" in words
            assert not any(b"pw" in word for word in words)
        assert terminal.finish() == 0


@pytest.mark.slow
def test_a_token_is_asked_for(server: Server) -> None:
    with Terminal("predict", server.url, "/whoami", "--token", "-", columns=140) as terminal:
        terminal.wait_for("Token")
        terminal.type("hf_typed\r")
        assert terminal.finish() == 0
        assert "Bearer hf_typed" in terminal.text()  # this app tells what it is sent
        assert terminal.text().splitlines()[0] == "Token:"


# -- files -----------------------------------------------------------------------------------------


def test_an_upload_moves(server: Server, tmp_path: Path) -> None:
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(200_000_000)
    with Terminal("upload", server.url, "large.bin", cwd=tmp_path) as terminal:
        terminal.wait_for(r"large\.bin +━+.* of 200 MB")
        assert terminal.finish() == 0
        assert re.match(r"large\.bin  200 MB  application/octet-stream\n", terminal.text())
        assert "━" not in terminal.text()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_the_endpoint_of_an_address(demo_url: str) -> None:
    assert demo_url.count(":") == 2  # where bash cuts
    folder = str(Path(COMMAND).parent)
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "PS1": "ready> "}
    bash = shutil.which("bash") or ""
    with Terminal("--norc", "--noprofile", "-i", command=bash, env=env) as terminal:
        terminal.type('eval "$(gradwire completion bash)"; echo lear""ned\r')
        terminal.wait_for("learned\n")
        terminal.type(f"echo; gradwire predict {demo_url} /gre\t")
        terminal.wait_for(f"{demo_url} /greet")
