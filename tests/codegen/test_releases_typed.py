"""Typed clients for the test app, on releases of all dialects."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.launch import Server, running

from gradwire.cli.main import main

pytestmark = [pytest.mark.server, pytest.mark.slow]

RELEASES = ["3.50.2", "4.0.2", "4.21.0", "6.31.0"]

USE = """
import asyncio

from {module} import AsyncEndpoints, Endpoints


def use() -> None:
    with Endpoints.connect() as app:
        greeting: str = app.hello("Ada")
        assert greeting == "Hello Ada"
        joined = app.multi("x", choice="b")
        text: str = joined.joined
        double: float = joined.double
        assert text.startswith("x|3") and text.endswith("|True|b")
        assert double == 6
        assert app.file_io(b"abc").read() == b"GOT:abc"
        assert [file.read() for file in app.files_io([b"a", b"b"])] == [b"a", b"b"]
        steps: list[str] = list(app.stream_steps("abc"))
        assert steps[-1] == "abc"
        app.nothing("x")
        assert app.remember("one") == "one"
        assert app.remember("two") == "one, two"
        assert app.noqueue("x") == "nq x"


async def use_async() -> None:
    async with AsyncEndpoints.connect() as app:
        assert await app.hello("Ada") == "Hello Ada"
        assert await (await app.file_io(b"abc")).read() == b"GOT:abc"
        assert (await app.multi()).double == 6
        assert [step async for step in app.stream_steps("abc")][-1] == "abc"
"""


@pytest.fixture(scope="module", params=RELEASES)
def app(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Serve the test app."""
    with running(request.param) as server:
        yield server


def test_it_is_written_checked_and_used(
    app: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = f"made_{app.version.replace('.', '_')}"
    path = tmp_path / f"{module}.py"
    command = ["codegen", app.url, "-o", str(path), "--class-name", "Endpoints"]
    assert main(command) == 0
    (tmp_path / f"use_{module}.py").write_text(USE.format(module=module))
    for words in (["ruff", "format", "--isolated", "--diff", path.name], ["mypy", "--strict", "."]):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    use = importlib.import_module(f"use_{module}")
    use.use()
    asyncio.run(use.use_async())
    assert main([*command, "--check"]) == 0
    assert "up to date" in capsys.readouterr().err
