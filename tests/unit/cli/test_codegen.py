"""`gradwire codegen -o`: what it writes to, and what it leaves alone. No app is asked."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradwire.app.api_info import build_api_info
from gradwire.app.config import parse_config
from gradwire.cli import codegen
from gradwire.errors import InvalidArgumentError

CONFIG = {"protocol": "sse_v3", "components": [], "dependencies": []}


@contextlib.contextmanager
def connect(app: str) -> Iterator[Any]:
    config = parse_config(CONFIG, "http://h/")
    info: dict[str, Any] = {"named_endpoints": {}, "unnamed_endpoints": {}}
    api = build_api_info(config, info, "http://h/info")
    yield SimpleNamespace(config=config, view_api=lambda: api)


def run(output: str | Path | None, **more: Any) -> int:
    return codegen.run("http://h", output, connect=connect, **more)


def test_a_file_is_written_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "client.py"
    path.touch()  # an empty file is nobody's work
    assert run(path) == 0
    before = path.read_text()
    assert run(path, class_name="A" * 200) == 0
    assert run(path) == 0
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["client.py"]


def test_work_of_others_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "precious.py"
    path.write_text("import os\n")
    with pytest.raises(InvalidArgumentError, match="--force"):
        run(path)
    assert path.read_text() == "import os\n"
    assert run(path, force=True) == 0
    assert "TypedClient" in path.read_text()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    link, target = tmp_path / "link.py", tmp_path / "sub" / "target.py"
    target.parent.mkdir()
    link.symlink_to(target)
    assert run(link) == 0
    assert run(link) == 0
    assert link.is_symlink()
    assert "TypedClient" in target.read_text()
    target.write_text("mine")
    with pytest.raises(InvalidArgumentError, match=r"link\.py was not made"):
        run(link)


def test_a_named_pipe_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert run(pipe) == 0
    reader.join(10)
    assert "TypedClient" in read[0]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("output", [".", "", "/", "sub/.."])
def test_a_folder_is_no_file(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    with pytest.raises(InvalidArgumentError, match="is a folder"):
        run(output)


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with contextlib.suppress(InvalidArgumentError):  # or one of the links is written over
        run(tmp_path / "a")


def test_a_dash_is_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("-") == 0
    assert "TypedClient" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert run("./-") == 0
    assert [each.name for each in tmp_path.iterdir()] == ["-"]


@pytest.mark.parametrize("name", ["class", "None", "a b", "1", "Ä", ""])
def test_what_is_no_name_for_a_class(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="is no name for a class"):
        run(None, class_name=name)


def test_imports_are_in_two_groups(capsys: pytest.CaptureFixture[str]) -> None:
    """This app uses neither jobs nor anything of the standard library."""
    assert run(None) == 0
    head = capsys.readouterr().out.partition("\n\n\nclass")[0]
    assert "annotations\n\nfrom gradwire.client.typed import " in head
