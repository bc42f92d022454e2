"""The logger: silent, or on stderr as GRADWIRE_LOG says; never with a secret."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys

import pytest

from gradwire.logs import RedactingFilter, redact, redact_tokens

SCRIPT = """
import logging
from gradwire import logs
logs.configure_logging()
logs.configure_logging()
log = logging.getLogger("gradwire")
log.debug("fine point")
log.warning("see https://u:secret@host/file?__sign=secret&x=1 \\x1b[31m")
"""


def stderr_with(value: str | None, script: str = SCRIPT) -> str:
    environment = {key: text for key, text in os.environ.items() if key != "GRADWIRE_LOG"}
    if value is not None:
        environment["GRADWIRE_LOG"] = value
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("value", [None, "", "  "])
def test_silent_unless_asked(value: str | None) -> None:
    assert stderr_with(value) == ""


@pytest.mark.parametrize(
    ("value", "debug", "warning"),
    [("debug", 1, 1), ("DEBUG ", 1, 1), ("info", 0, 1), ("warning", 0, 1), ("error", 0, 0)],
)
def test_the_variable_sets_the_level(value: str, debug: int, warning: int) -> None:
    shown = stderr_with(value)
    assert (shown.count("fine point"), shown.count("see https://")) == (debug, warning)


def test_an_unknown_level_is_said_and_shows_warnings() -> None:
    shown = stderr_with("loud")
    assert "GRADWIRE_LOG=loud is unknown; it takes debug, info, warning, error." in shown
    assert "see https://" in shown
    assert "fine point" not in shown


def test_lines_hold_no_secret_and_no_control_character() -> None:
    shown = stderr_with("warning")
    assert "https://host/file?__sign=…&x=1" in shown
    assert "secret" not in shown
    assert "\x1b" not in shown
    assert r"\x1b[31m" in shown


def test_making_a_client_configures_the_logger() -> None:
    script = """
from gradwire import AsyncClient
AsyncClient.connect("http://127.0.0.1:1")
import logging
logging.getLogger("gradwire").debug("seen")
"""
    assert "seen" in stderr_with("debug", script)


def test_importing_gradwire_loads_no_logging() -> None:
    script = "import sys, gradwire; assert 'logging' not in sys.modules"
    assert stderr_with("debug", script) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET https://h/f?a=1&__sign=abc.def&b=2", "GET https://h/f?a=1&__sign=…&b=2"),
        ("GET https://h/f?jwt=abc&x_pwd=d&q=auth", "GET https://h/f?jwt=…&x_pwd=…&q=auth"),
        ("Pass auth=(username, password) when connecting", None),
        ("cookie access-token=abc; theme=dark", "cookie access-token=…; theme=dark"),
        ("{'Authorization': 'Bearer abc.def'}", "{'Authorization': 'Bearer …'}"),
        ("Authorization: Basic dTpw", "Authorization: Basic …"),
        ("cpu-basic always sleeps", None),
        ("the token hf_abcDEF12345 was refused", "the token hf_… was refused"),
        ("http://user:pass@host:1/x", "http://host:1/x"),
        ("mail ada@example.org", "mail ada@example.org"),
        ("connected to http://127.0.0.1:7860/: Gradio 6", None),
    ],
)
def test_redact(text: str, expected: str | None) -> None:
    assert redact(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("you sent Bearer abc.def-123", "you sent Bearer …"),
        ("you sent hf_abcDEF12345", "you sent hf_…"),
        ("see /file=a?__sign=abc.def&x=1", "see /file=a?__sign=…&x=1"),
        ("key=5 is no basic colour, the bearer of bad news said", None),
    ],
)
def test_an_apps_own_words_lose_tokens_only(text: str, expected: str | None) -> None:
    assert redact_tokens(text) == (text if expected is None else expected)


def test_the_filter_takes_secrets_out_of_arguments_and_tracebacks() -> None:
    stream = io.StringIO()
    logger = logging.Logger("test")
    logger.addFilter(RedactingFilter())
    logger.addHandler(logging.StreamHandler(stream))
    try:
        raise ValueError("https://h/?token=secret")
    except ValueError:
        logger.exception("%s broke, %d%%", "https://h/?__sign=secret", 5)
    shown = stream.getvalue()
    assert "https://h/?__sign=… broke, 5%" in shown
    assert "ValueError: https://h/?token=…" in shown
    assert "=secret" not in shown
