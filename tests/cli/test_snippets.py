"""What `gradwire view` prints to be pasted is run as printed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from servers.launch import Server, running

from cli.terminal import run

#: Endpoints of the demo, with what they answer to the values in a snippet.
DEMO = {
    "/greet": "Hello, world.",
    "/divide": 3.0,
    "/train": "4 steps done",
    "/remember": "Hello!!",
}


def printed(url: str, *words: str) -> str:
    done = run("view", url, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def python(source: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, source + done.stderr
    return done.stdout


def shell(source: str, folder: Path) -> str:
    done = subprocess.run(
        ["sh", "-euc", source], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, source + done.stderr
    return done.stdout


def result(events: str) -> list[Any]:
    """Return the data of the last event that curl has printed."""
    assert "event: complete" in events, events
    return list(json.loads(events.strip().rpartition("data: ")[2]))


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")


@pytest.fixture
def folder(tmp_path: Path, picture: Path) -> Path:
    """Work in a folder where `path/to/file` is a picture."""
    (tmp_path / "path" / "to").mkdir(parents=True)
    shutil.copy(picture, tmp_path / "path" / "to" / "file")
    return tmp_path


def test_python(demo_url: str, folder: Path) -> None:
    assert python(printed(demo_url, "/greet", "--python"), folder) == "Hello, world.\n"
    assert "image.png" in python(printed(demo_url, "/invert", "--python"), folder)


@pytest.mark.slow
def test_python_for_each_endpoint(demo_url: str, folder: Path) -> None:
    for endpoint, value in DEMO.items():
        assert python(printed(demo_url, endpoint, "--python"), folder) == f"{value}\n"
    assert python(printed(demo_url, "/counted", "--python"), folder).strip().isdecimal()
    steps = python(printed(demo_url, "/tell", "--python"), folder).splitlines()
    assert steps[0] == "['Once']"


@pytest.mark.slow
def test_python_for_a_whole_app(demo_url: str) -> None:
    source = printed(demo_url, "--python")
    compile(source, "snippet", "exec")
    assert source.count("client.") == 8


@needs_curl
@pytest.mark.slow
def test_curl(demo_url: str, folder: Path) -> None:
    for endpoint, value in DEMO.items():
        # State is an output here, and null.
        assert result(shell(printed(demo_url, endpoint, "--curl"), folder))[0] == value
    (file,) = result(shell(printed(demo_url, "/invert", "--curl"), folder))
    assert isinstance(file, dict)
    assert file["url"].startswith(demo_url)
    assert shell(printed(demo_url, "/tell", "--curl"), folder).count("event: generating") > 5


@pytest.mark.slow
@needs_curl
def test_curl_with_all_kinds_of_values(server: Server, folder: Path) -> None:
    assert result(shell(printed(server.url, "/multi", "--curl"), folder)) == ["dflt|3|True|a", 6]
    (values,) = result(shell(printed(server.url, "/defaults", "--curl"), folder))
    assert values == ["dflt", 1.5, 5, False, "r1", ["x", "z"], {"a": [1, None]}]
    assert "Grüße" in str(result(shell(printed(server.url, "/begrüße", "--curl"), folder)))


@needs_curl
@pytest.mark.slow
@pytest.mark.parametrize("version", ["4.10.0", "4.21.0"])
def test_curl_for_older_apps(version: str, folder: Path) -> None:
    """Before 4.20 a call is one request; State is to be sent before 6.18."""
    with running(version) as older:
        answer = shell(printed(older.url, "/multi", "--curl"), folder)
        if version == "4.10.0":
            joined, double = json.loads(answer)["data"]
        else:
            joined, double = result(answer)
            source = printed(older.url, "/remember", "--curl")
            assert "null" in source
            assert result(shell(source, folder))[0] == "Hello!!"
        assert (joined.replace("3.0", "3"), double) == ("dflt|3|True|a", 6)
        assert "dflt|3" in python(printed(older.url, "/multi", "--python"), folder)


@pytest.mark.slow
@needs_curl
def test_an_old_app(ws_server: Server, folder: Path) -> None:
    assert "dflt|3" in python(printed(ws_server.url, "/multi", "--python"), folder)
    assert "dflt|3" in shell(printed(ws_server.url, "/multi", "--curl"), folder)


@needs_curl
def test_curl_sends_files_to_an_old_app(ws_server: Server, folder: Path) -> None:
    """Pictures as their content, which may be longer than a command line; others by a name."""
    path = folder / "path" / "to" / "file"
    Image.effect_noise((512, 512), 100).save(path, "PNG")
    assert path.stat().st_size > 150_000
    answer = shell(printed(ws_server.url, "/image_io", "--curl"), folder)
    assert json.loads(answer)["data"][0].startswith("data:image/png;base64,")
    answer = shell(printed(ws_server.url, "/file_size", "--curl"), folder)
    assert json.loads(answer)["data"] == [path.stat().st_size]
    answer = shell(printed(ws_server.url, "/files_io", "--curl"), folder)
    assert json.loads(answer)["data"][0][0]["orig_name"]
    source = printed(ws_server.url, "/stream", "--curl")
    assert source.startswith("# One request gets one answer: the first step")


@needs_curl
def test_a_login_is_read_from_the_environment(auth_server: Server, folder: Path) -> None:
    env = {"GRADWIRE_AUTH": "ada:pw"}
    for form, program in (("--curl", ["sh", "-euc"]), ("--python", [sys.executable, "-c"])):
        source = run("view", auth_server.url, "/hello", form, env=env).stdout
        assert "pw" not in source.replace("password", "")
        done = subprocess.run(
            [*program, source],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={**os.environ, **env},
        )
        assert "Hello" in done.stdout, source + done.stderr


@needs_node
@pytest.mark.parametrize("endpoint", [None, "/invert"])
def test_javascript_is_javascript(endpoint: str | None, demo_url: str, folder: Path) -> None:
    source = printed(demo_url, *([endpoint] if endpoint else []), "--js")
    (folder / "snippet.mjs").write_text(source, encoding="utf-8")
    done = subprocess.run(
        ["node", "--check", "snippet.mjs"], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, source + done.stderr
    assert 'from "@gradio/client"' in source


@pytest.fixture
def javascript(folder: Path) -> Callable[..., str]:
    """Return a function that runs a module with `@gradio/client`, which `make test-cli` installs.

    A module that does not end by itself fails the test: nobody wants to end a snippet by hand.
    """
    package = Path(__file__).parents[2] / ".servers" / "node" / "node_modules"
    assert package.is_dir(), "make test-cli installs the package @gradio/client"
    (folder / "node_modules").symlink_to(package, target_is_directory=True)

    def run_module(source: str, env: dict[str, str] | None = None) -> str:
        (folder / "snippet.mjs").write_text(source, encoding="utf-8")
        done = subprocess.run(
            ["node", "snippet.mjs"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={**os.environ, **(env or {})},
            timeout=60,
        )
        assert done.returncode == 0, source + done.stdout + done.stderr
        return done.stdout

    return run_module


@needs_node
@pytest.mark.slow
def test_javascript(demo_url: str, javascript: Callable[..., str]) -> None:
    for endpoint, value in DEMO.items():
        shown = f"'{value}'" if isinstance(value, str) else f"{value:g}"
        assert javascript(printed(demo_url, endpoint, "--js")) == f"[ {shown} ]\n"
    assert javascript(printed(demo_url, "/tell", "--js")).startswith("[ 'Once' ]\n[ 'Once there' ]")
    assert "image.png" in javascript(printed(demo_url, "/invert", "--js"))


@needs_node
@pytest.mark.slow
def test_javascript_with_all_kinds_of_values(
    server: Server, javascript: Callable[..., str]
) -> None:
    assert "dflt|3|True|a" in javascript(printed(server.url, "/multi", "--js"))
    assert "r1" in javascript(printed(server.url, "/defaults", "--js"))
    assert "Grüße" in javascript(printed(server.url, "/begrüße", "--js"))


@needs_node
@pytest.mark.slow
def test_javascript_reads_a_login_from_the_environment(
    auth_server: Server, javascript: Callable[..., str]
) -> None:
    env = {"GRADWIRE_AUTH": "ada:pw"}
    source = run("view", auth_server.url, "/hello", "--js", env=env).stdout
    assert "ada" not in source
    assert "Hello" in javascript(source, env)


def test_json_is_the_schema(demo_url: str) -> None:
    whole = json.loads(printed(demo_url, "--json"))
    one = json.loads(printed(demo_url, "/greet", "--json"))
    assert whole["named_endpoints"]["/greet"] == one
    assert one["parameters"][0]["parameter_name"] == "name"


@pytest.mark.slow
def test_what_has_no_snippet(server: Server) -> None:
    done = run("view", server.url, "/stream_in", "--curl")
    assert done.returncode == 2
    assert "takes its input in chunks" in done.stderr


def test_secrets_of_the_address_are_left_out(demo_url: str, tmp_path: Path) -> None:
    address = demo_url.replace("://", "://u:PASSWD@") + "?__sign=PASSWD&__theme=dark"
    forms = {"--python": "# ", "--js": "// ", "--curl": "# "}
    for form, mark in forms.items():
        source = printed(address, "/greet", form)
        assert source.startswith(f"{mark}Left out of the address, as others may read this: ")
        assert "name:password@, __sign=\n" in source
        assert "PASSWD" not in source
        assert "__theme=dark" in source
    assert result(shell(printed(address, "/greet", "--curl"), tmp_path)) == ["Hello, world."]
    module = run("codegen", address).stdout
    assert "PASSWD" not in module
    assert "Give `connect` the whole" in " ".join(module.split())
    assert "__sign" not in module.partition("_address")[2]
