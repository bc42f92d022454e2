"""Code to paste, for apps that are only described here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradwire.app.config import parse_config
from gradwire.app.example import NO_PATH
from gradwire.cli.curl_files import data_option, file_lines, file_value
from gradwire.cli.snippets import App, javascript
from gradwire.wire.requests import Requests


def app(version: str = "6.0.0", **more: Any) -> App:
    config = parse_config({"version": version, "components": [], "dependencies": []}, "http://h/")
    return App("http://h", config, Requests("http://h/"), **more)


def test_a_password_may_have_colons_in_javascript() -> None:
    """The second argument of JavaScript's `split` throws the rest away."""
    source = javascript(app(login=True), [])
    found = re.search(r"auth: (process\.env\.GRADWIRE_AUTH\.split\(.*\)) }", source)
    assert found is not None
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    for login in ("ada:p:w:", "ada:", "ada:pw", "ada::"):
        done = subprocess.run(
            [node, "-e", f"console.log(JSON.stringify({found[1]}))"],
            env={**os.environ, "GRADWIRE_AUTH": login}, capture_output=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout) == login.split(":", 1)


@pytest.mark.parametrize(
    ("version", "picture", "body", "lines"),
    [
        ("3.50.2", True, '"data:image/png;base64,PW"', 1),
        ("3.50.2", False, '{"name": "PW", "orig_name": "file", "is_file": true, "data": null}', 1),
        ("3.9", False, '{"name": "file", "data": "data:application/octet-stream;base64,PW"}', 1),
        ("4.0.2", False, '{"path": "PW", "meta": {"_type": "gradio.FileData"}}', 1),
    ],
)
def test_a_file_for_each_time(
    version: str, picture: bool, body: str, lines: int, tmp_path: Path
) -> None:
    config = SimpleNamespace(is_old=version < "4", takes_uploads=version != "3.9")
    value = json.dumps(file_value(config, NO_PATH, picture=picture))  # type: ignore[arg-type]
    before, option = data_option(value)
    assert len(file_lines(value, "curl")) == lines
    command = f"{before}cat" if before else f"printf %s {option.removeprefix('-d ')}"
    script = f"FILE=PW; CONTENT=PW; {command}"
    assert subprocess.check_output(["sh", "-c", script], text=True) == body
