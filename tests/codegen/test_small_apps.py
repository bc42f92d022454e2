"""Typed clients for small apps: formatted, type-checked, and used."""

from __future__ import annotations

import importlib
import inspect
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from helpers import asynchronous

from gradwire.cli.codegen import CHANGED, run
from gradwire.cli.main import CONNECTION, USAGE, main
from gradwire.client.typed import TypedAsyncClient, TypedClient

from .conftest import HERE, NAMES

pytestmark = pytest.mark.server
#: What `make test` uses; `make test-cli` uses all. All are type-checked by both.
FEW = {"awkward", "messages", "files"}
each_app = pytest.mark.parametrize(
    "name", [n if n in FEW else pytest.param(n, marks=pytest.mark.slow) for n in NAMES]
)


def tool(*words: str, cwd: Path) -> str:
    """Run a tool of this environment; return what it says if it finds fault."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("width", ["88", pytest.param("100", marks=pytest.mark.slow)])
def test_they_are_formatted(written: Path, width: str) -> None:
    assert (
        tool("ruff", "format", "--isolated", "--line-length", width, "--diff", ".", cwd=written)
        == ""
    )


def test_they_and_their_use_pass_the_type_checker(written: Path, tmp_path: Path) -> None:
    for path in [*written.glob("*.py"), *(HERE / "uses").glob("*.py")]:
        shutil.copy(path, tmp_path)
    assert tool("mypy", "--strict", "--config-file=", ".", cwd=tmp_path) == ""


WRONG = """
from greet_client import AsyncGreet, Greet
from calculator_client import Calculator2000

def wrong(app: Greet, other: AsyncGreet, calculator: Calculator2000) -> None:
    app.greet()
    app.greet(1)
    app.greet("x", times="y")
    app.greet("x", wrong=1)
    number: int = app.greet("x")
    later: str = other.greet("x")
    calculator.calculate(1, "pow", 2)
    calculator.calculate(1).nothing
"""


@pytest.mark.slow
def test_wrong_use_does_not_pass(written: Path, tmp_path: Path) -> None:
    for name in ("greet", "calculator"):
        shutil.copy(written / f"{name}_client.py", tmp_path)
    (tmp_path / "wrong.py").write_text(WRONG)
    found = tool("mypy", "--strict", "--config-file=", "wrong.py", cwd=tmp_path)
    lines = {int(line.split(":")[1]) for line in found.splitlines() if ": error:" in line}
    assert lines == set(range(6, 14))


def module(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


@pytest.fixture
def use(name: str, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import what uses an app, in an empty working directory."""
    monkeypatch.syspath_prepend(HERE / "uses")
    monkeypatch.chdir(tmp_path)
    module(written, f"{name}_client", monkeypatch)
    return module(HERE / "uses", f"use_{name}", monkeypatch)


def client_class(use: ModuleType, base: type) -> type:
    return next(
        each
        for _, each in inspect.getmembers(use, inspect.isclass)
        if issubclass(each, base) and each is not base
    )


@each_app
def test_they_are_used(name: str, use: ModuleType) -> None:
    with client_class(use, TypedClient).connect() as app:  # type: ignore[attr-defined]
        use.use(app)


@each_app
def test_they_are_used_in_asyncio(name: str, use: ModuleType) -> None:
    @asynchronous
    async def work() -> None:
        async with client_class(use, TypedAsyncClient).connect() as app:  # type: ignore[attr-defined]
            await use.use_async(app)

    work()


@each_app
def test_the_same_app_gives_the_same_text(
    name: str, small_apps: str, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written / f"{name}_client.py"
    before = path.read_bytes()
    assert run(f"{small_apps}/{name}", path, check=True) == 0
    assert "up to date" in capsys.readouterr().err
    assert run(f"{small_apps}/{name}") == 0
    assert capsys.readouterr().out.encode() == before == path.read_bytes()


def test_a_change_is_found(
    small_apps: str, written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "client.py"
    address = f"{small_apps}/greet"
    assert run(address, path, check=True) == CHANGED
    assert "no such file" in capsys.readouterr().err
    assert run(address, path, class_name="Greet") == 0
    path.write_text(path.read_text().replace("times: float = 1", "times: str = ''"))
    assert run(address, path, check=True) == CHANGED
    told = capsys.readouterr().err
    assert "the app has changed" in told
    assert "~ greet(name: str, excited: bool=False, times: str='') -> str" in told
    assert "now (name: str, excited: bool=False, times: float=1) -> str" in told
    assert list(tmp_path.iterdir()) == [path]


def test_mistakes(small_apps: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(code: int, word: str, *words: str) -> None:
        assert main(["codegen", *words]) == code
        assert word in capsys.readouterr().err

    address = f"{small_apps}/greet"
    fails(USAGE, "-o FILE", address, "--check")
    fails(USAGE, "no name for a class", address, "--class-name", "a b")
    fails(USAGE, "cannot be written", address, "-o", str(tmp_path / "none" / "x.py"))
    fails(USAGE, "cannot be read", address, "--check", "-o", str(tmp_path))
    fails(CHANGED, "no such file", address, "--check", "-o", str(tmp_path / "x.py"))
    fails(CONNECTION, "Could not connect", "http://127.0.0.1:9", "--retries", "0")
