"""Spaces by the command line, on a hub of this machine."""

from __future__ import annotations

import json

import pytest
from hub_server import Hub
from servers.launch import Server

from cli.screens import check
from cli.terminal import Terminal, run


@pytest.mark.slow
def test_a_space_is_called_by_its_name(hub: Hub, server: Server) -> None:
    with hub.serve("ada/space", server.url):
        done = run("predict", "ada/space", "/hello", "name=x")
        assert (done.returncode, done.stdout) == (0, '"Hello x"\n')


@pytest.mark.parametrize("columns", [80, pytest.param(140, marks=pytest.mark.slow)])
def test_status_until_it_runs(hub: Hub, server: Server, columns: int) -> None:
    with hub.serve("ada/space", server.url, stages=["SLEEPING"]) as space:
        with Terminal("status", "ada/space", columns=columns) as terminal:
            assert terminal.finish() == 0
            check(f"status-{columns}-colours", terminal.marked())
        assert space.wakes


def test_status_in_a_pipe(hub: Hub, server: Server) -> None:
    with hub.serve("ada/space", server.url, stages=["SLEEPING"]) as space:
        done = run("status", "ada/space", "--once")
        assert (done.returncode, json.loads(done.stdout)["detail"]) == (3, "SLEEPING")
        assert not space.wakes
        done = run("status", "ada/space")
        details = [json.loads(line)["detail"] for line in done.stdout.splitlines()]
        assert (done.returncode, details) == (0, ["SLEEPING", "APP_STARTING", "RUNNING"])
        assert run("status", "ada/space", "--once").returncode == 0


@pytest.mark.slow
def test_status_of_what_does_not_run(hub: Hub) -> None:
    hub.add("ada/broken", stages=["BUILD_ERROR"], host="http://127.0.0.1:9")
    with Terminal("status", "ada/broken") as terminal:
        assert terminal.finish() == 3
        check("status-broken-80", terminal.text().replace(hub.origin, "http://127.0.0.1:54321"))
    done = run("status", "ada/nothing")
    assert done.returncode == 4


@pytest.mark.parametrize("columns", [80, pytest.param(140, marks=pytest.mark.slow)])
def test_duplicate(hub: Hub, server: Server, columns: int) -> None:
    with hub.serve("bob/space", server.url):
        with Terminal(
            "duplicate", "bob/space", "--private", "--secret", "KEY", "--variable", "A=b=c",
            columns=columns, env={"HF_TOKEN": "hf_ada", "KEY": "hidden"},
        ) as terminal:  # fmt: skip
            assert terminal.finish() == 0
            check(f"duplicate-{columns}-colours", terminal.marked())
        settings = hub.spaces["ada/space"].settings
        assert settings["private"] is True
        assert settings["secrets"] == [{"key": "KEY", "value": "hidden"}]
        assert settings["variables"] == [{"key": "A", "value": "b=c"}]


@pytest.mark.slow
def test_duplicate_in_a_pipe(hub: Hub, server: Server) -> None:
    with hub.serve("bob/space", server.url):
        done = run("duplicate", "bob/space", "copy", "--no-wait", env={"HF_TOKEN": "hf_ada"})
        assert (done.returncode, done.stdout) == (0, "ada/copy\n")
        done = run("duplicate", "bob/space")
        assert done.returncode == 4
        assert "HF_TOKEN" in done.stderr
        done = run("duplicate", "bob/space", "--secret", "hidden", env={"HF_TOKEN": "hf_ada"})
        assert done.returncode == 2
        assert "hidden" not in done.stderr


@pytest.mark.slow
def test_the_doctor_asks_the_hub(hub: Hub, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub.serve("ada/space", server.url):
        done = run("doctor", "ada/space")
        assert done.returncode == 0, done.stdout
        assert "hub" in done.stdout
    with hub.serve("ada/asleep", server.url, stages=["SLEEPING"]):
        done = run("doctor", "ada/asleep", "--json")
        last = json.loads(done.stdout.splitlines()[-1])
        assert (done.returncode, last["name"], last["good"]) == (3, "hub", False)
        assert "gradwire status ada/asleep" in last["advice"]
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    done = run("doctor", "ada/space")
    assert done.returncode == 3
