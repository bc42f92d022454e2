"""The logger `gradwire`: silent by default, shown on stderr by `GRADWIRE_LOG=debug`.

Secrets are taken out of every record of this logger, whoever reads it: this library's handler or
one that the program has set up.
"""

from __future__ import annotations

import logging
import os
import re
import threading

LEVELS = ("debug", "info", "warning", "error")
VARIABLE = "GRADWIRE_LOG"

_SECRETS = (
    (re.compile(r"((?:__sign|token|key|session_hash)=)[^&#\s;,'\")\]}]+", re.IGNORECASE), r"\1…"),
    (
        re.compile(
            r"([?&][\w.-]*(?:sig|secret|passw|pwd|credential|auth|jwt)[\w.-]*=)[^&#\s;,'\")\]}]+",
            re.IGNORECASE,
        ),
        r"\1…",
    ),
    # Not after a hyphen: cpu-basic is a kind of hardware.
    (re.compile(r"(?<![\w-])(Bearer|Basic) +[^\s,'\"]+", re.IGNORECASE), r"\1 …"),
    (re.compile(r"\bhf_\w{8,}"), "hf_…"),
    (re.compile(r"(\w+://)[^/@?#\s]*@"), r"\1"),
)
# Of what an app says to its users, only what can be nothing else is taken out.
_TOKENS = (
    (re.compile(r"(__sign=)[^&#\s;,'\")\]}]+"), r"\1…"),
    (re.compile(r"\b(Bearer) +[\w.~+/=-]{8,}", re.IGNORECASE), r"\1 …"),
    (re.compile(r"\bhf_\w{8,}"), "hf_…"),
)
_lock = threading.Lock()
_configured = False


def redact(text: str) -> str:
    """Return a text without tokens, signatures of addresses, and user info in addresses."""
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text


def redact_tokens(text: str) -> str:
    """Return an app's own words without tokens and signatures, should it repeat what it was sent.

    Less is taken for a secret than by `redact`: `key=5` is none in a message about inputs.
    """
    for pattern, shown in _TOKENS:
        text = pattern.sub(shown, text)
    return text


class RedactingFilter(logging.Filter):
    """Takes the secrets out of a record's message and traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            # Formatters show this text, if there is one, in place of the traceback.
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


class _SafeFormatter(logging.Formatter):
    """Escapes control characters: parts of a message can be a server's words."""

    def format(self, record: logging.LogRecord) -> str:
        return "".join(
            char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode()
            for char in super().format(record)
        )


def configure_logging() -> None:
    """Prepare the logger, once in a process; called when the first client is made."""
    global _configured
    with _lock:
        if _configured:
            return
        _configured = True
    logger = logging.getLogger("gradwire")
    logger.addFilter(RedactingFilter())
    logger.addHandler(logging.NullHandler())
    wanted = os.environ.get(VARIABLE, "").strip().lower()
    if wanted:
        _show(logger, wanted)


def _show(logger: logging.Logger, wanted: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_SafeFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(wanted.upper() if wanted in LEVELS else "WARNING")
    if wanted not in LEVELS:
        logger.warning("%s=%s is unknown; it takes %s.", VARIABLE, wanted, ", ".join(LEVELS))
