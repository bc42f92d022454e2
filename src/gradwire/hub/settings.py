"""How the hub is reached: the conventions of the Hugging Face tools.

| variable | meaning |
|---|---|
| `HF_TOKEN` | the token; older: `HUGGING_FACE_HUB_TOKEN` |
| `HF_TOKEN_PATH` | the file with the token; else `$HF_HOME/token` |
| `HF_HOME` | else `$XDG_CACHE_HOME/huggingface`, else `~/.cache/huggingface` |
| `HF_HUB_DISABLE_IMPLICIT_TOKEN` | use no token but one that is passed |
| `HF_ENDPOINT` | the hub's address; else `https://huggingface.co` |
| `HF_HUB_OFFLINE` | do not ask the hub |

They are read when a client is made, not when the package is imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from gradwire.errors import InvalidArgumentError

HUB = "https://huggingface.co"
_TRUE = frozenset({"1", "on", "yes", "true"})


@dataclass(frozen=True, slots=True)
class Token:
    """A Hugging Face token, and where it comes from, for people who have to find it."""

    value: str = field(repr=False)
    source: str
    given: bool = False
    """Whether the caller passed it; else it was found, and only the hub gets it unasked."""


@dataclass(frozen=True, slots=True)
class HubSettings:
    """How the hub is reached.

    Attributes:
        endpoint: Its address, without a slash at the end.
        token: What to show it; None: nothing.
        offline: Whether it is not to be asked.
    """

    endpoint: str = HUB
    token: Token | None = None
    offline: bool = False

    @classmethod
    def read(
        cls, token: str | bool | None = None, environ: Mapping[str, str] | None = None
    ) -> HubSettings:
        """Read the settings of this process.

        Args:
            token: A token; None or True: the environment's, or the token file's; False: none.
            environ: The environment; else that of the process.

        Raises:
            InvalidArgumentError: `HF_ENDPOINT` is no address; or `token` is True, and none is
                found.
        """
        env = os.environ if environ is None else environ
        endpoint = hub_address(env)
        if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).netloc:
            raise InvalidArgumentError(
                f"HF_ENDPOINT={endpoint!r} is not an address such as {HUB}. Correct or unset it."
            )
        offline = any(
            _is_true(env.get(name)) for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
        )
        return cls(endpoint, _token(token, env), offline)


def hub_address(environ: Mapping[str, str] | None = None) -> str:
    """Return the address of the hub, as `HF_ENDPOINT` names it, without a slash at the end."""
    env = os.environ if environ is None else environ
    return env.get("HF_ENDPOINT", "").strip().rstrip("/") or HUB


def _token(given: str | bool | None, env: Mapping[str, str]) -> Token | None:
    if isinstance(given, str):
        return Token(given, "the option token", given=True)
    if given is False:
        return None
    if given is None and _is_true(env.get("HF_HUB_DISABLE_IMPLICIT_TOKEN")):
        return None
    found = _from_environment(env) or _from_file(env)
    if given is None:
        return found
    if found is None:
        raise InvalidArgumentError(
            "token=True: there is no token on this machine. Set HF_TOKEN, run `hf auth login`, or "
            "pass the token itself."
        )
    return replace(found, given=True)


def _from_environment(env: Mapping[str, str]) -> Token | None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        value = _clean(env.get(name, ""))
        if value:
            return Token(value, f"the environment variable {name}")
    return None


def _from_file(env: Mapping[str, str]) -> Token | None:
    path = token_path(env)
    try:
        value = _clean(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return Token(value, f"the file {path}") if value else None


def token_path(env: Mapping[str, str]) -> Path:
    """Return where the Hugging Face tools keep the token."""
    if env.get("HF_TOKEN_PATH"):
        return Path(env["HF_TOKEN_PATH"]).expanduser()
    cache = env.get("XDG_CACHE_HOME") or "~/.cache"
    home = env.get("HF_HOME") or f"{cache}/huggingface"
    return Path(home).expanduser() / "token"


def _clean(text: str) -> str:
    """Drop the line breaks that copying leaves behind."""
    return text.replace("\r", "").replace("\n", "").strip()


def _is_true(text: str | None) -> bool:
    return (text or "").strip().lower() in _TRUE
