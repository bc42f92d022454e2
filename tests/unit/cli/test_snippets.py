"""Code to paste, for apps that are only described here."""

from __future__ import annotations

from typing import Any

from gradwire.app.config import parse_config
from gradwire.cli.snippets import App, javascript
from gradwire.wire.requests import Requests


def app(version: str = "6.0.0", **more: Any) -> App:
    config = parse_config({"version": version, "components": [], "dependencies": []}, "http://h/")
    return App("http://h", config, Requests("http://h/"), **more)


def test_a_password_may_have_colons_in_javascript() -> None:
    """What is split there is `name:pass:word`; JavaScript's own limit throws the rest away."""
    source = javascript(app(login=True), [])
    assert "auth: process.env.GRADWIRE_AUTH.split(/:(.*)/s, 2)" in source
