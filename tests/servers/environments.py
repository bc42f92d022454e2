"""The environments in `.servers` that Gradio apps run in, one for each release."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENVS = HERE.parent.parent / ".servers"


class ServerError(Exception):
    """A server could not be started; the message holds what it printed."""


def interpreter(version: str) -> Path:
    """Return the interpreter of a version's environment.

    Raises:
        ServerError: The environment is not there.
    """
    path = VENVS / version / "bin" / "python"
    if os.name == "nt":
        path = VENVS / version / "Scripts" / "python.exe"
    if not (VENVS / version / ".pins-sha256").exists():
        raise ServerError(f"gradio {version} is not installed: run make servers-subset")
    return path


def environment(version: str, home: Path) -> dict[str, str]:
    """Return the variables a server runs with: no network, no ffmpeg, its own files only."""
    proxies = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    kept = {
        key: value
        for key, value in os.environ.items()
        if key.lower() not in proxies and not key.upper().startswith(("GRADIO_", "HF_", "PYTHON"))
    }
    return kept | {
        "PATH": str(bare_path(home)),
        "HOME": str(home),
        "TMPDIR": str(home),
        "GRADIO_TEMP_DIR": str(home / "files"),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "MPLCONFIGDIR": str(home),
        "NO_PROXY": "*",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }


def bare_path(home: Path) -> Path:
    """Make a folder of programs that hides ffmpeg and node, so that every machine acts alike.

    Gradio 5.0 runs `which node` and falls over when there is no `which`.
    """
    folder = home / "bin"
    folder.mkdir(exist_ok=True)
    which = folder / "which"
    which.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    which.chmod(0o755)
    return folder
