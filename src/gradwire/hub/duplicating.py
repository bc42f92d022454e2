"""Copying a Space: the caller gets one of the same, under the caller's own name."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from gradwire.errors import AuthenticationError, GradwireError, InvalidArgumentError, ProtocolError
from gradwire.hub.api import Hub

_log = logging.getLogger("gradwire")

HardwareName = Literal[
    "cpu-basic",
    "cpu-upgrade",
    "cpu-xl",
    "t4-small",
    "t4-medium",
    "a10g-small",
    "a10g-large",
    "a10g-largex2",
    "a10g-largex4",
    "a100-large",
    "zero-a10g",
    "h100",
    "h100x8",
]
HARDWARE: tuple[str, ...] = get_args(HardwareName)
FREE_HARDWARE = "cpu-basic"

_PAGE = re.compile(r"(?:/[^/]+)*?/spaces/([\w-]+/[\w.-]+)/?")
_NAME = re.compile(r"(?:[\w-]+/)?[\w.-]+")


@dataclass(frozen=True, slots=True)
class Copy:
    """What a copy is to be like; see `AsyncClient.duplicate`."""

    to: str | None = None
    private: bool = False
    hardware: str | None = None
    sleep_seconds: int | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        to: Any = None,
        private: Any = False,
        hardware: Any = None,
        timeout: Any = None,
        secrets: Any = None,
        variables: Any = None,
    ) -> Copy:
        """Check what a caller wants.

        Raises:
            InvalidArgumentError: It cannot be had; the message says what can.
        """
        if to is not None and not (isinstance(to, str) and _NAME.fullmatch(to)):
            raise InvalidArgumentError(f"to={to!r:.80} cannot be a Space's name: [owner/]name.")
        if not isinstance(private, bool):
            raise InvalidArgumentError(f"private must be True or False, not {private!r:.80}.")
        if hardware is not None and hardware not in HARDWARE:
            raise InvalidArgumentError(
                f"There is no hardware {hardware!r:.80}. Valid: {', '.join(HARDWARE)}."
            )
        return cls(
            to,
            private,
            hardware,
            _seconds(timeout),
            _texts("secrets", secrets),
            _texts("variables", variables),
        )


def _seconds(timeout: Any) -> int | None:
    if timeout is None:
        return None
    if isinstance(timeout, timedelta):
        seconds = timeout.total_seconds()
    elif isinstance(timeout, int | float) and not isinstance(timeout, bool):
        seconds = timeout * 60
    else:
        raise InvalidArgumentError(
            f"timeout must be minutes or a timedelta, not {type(timeout).__name__}: the time "
            "without visitors after which the copy goes to sleep. with_options sets deadlines."
        )
    if not 0 < seconds < 1e9:
        raise InvalidArgumentError(f"timeout must be more than no time at all; got {timeout!r}.")
    return max(1, round(seconds))


def _texts(name: str, given: Any) -> dict[str, str]:
    texts = {} if given is None else given
    if not isinstance(texts, Mapping) or not all(
        isinstance(key, str) and key and isinstance(value, str) for key, value in texts.items()
    ):
        # No value is shown: these are secrets.
        raise InvalidArgumentError(f"{name} must be a mapping of names to texts.")
    return dict(texts)


async def duplicate(hub: Hub, source: str, copy: Copy) -> str:
    """Copy a Space, or find the copy that was made before; return its name.

    Raises:
        AuthenticationError: There is no token, or it may not do this.
        SpaceNotFoundError: There is no such Space.
    """
    if hub.settings.token is None:
        raise AuthenticationError(
            "To duplicate a Space, a Hugging Face token is needed that may write. Pass "
            "token='hf_…' or set HF_TOKEN."
        )
    target = await _target(hub, source, copy.to)
    hardware = copy.hardware or await _hardware(hub, source)
    page = await hub.duplicate(source, _payload(target, hardware, copy))
    if page is None:
        await _reuse(hub, target, copy)
        return target
    target = _named_by(page, target)
    _log.info("%s was duplicated as %s, on %s", source, target, hardware)
    if copy.sleep_seconds is not None:
        await _set_sleeptime(hub, target, copy.sleep_seconds, hardware)
    return target


def _named_by(page: str, target: str) -> str:
    """Return the Space whose page the hub has named."""
    try:
        found = _PAGE.fullmatch(urlsplit(page).path)
    except ValueError:
        found = None
    if found is None:
        raise ProtocolError(
            f"The hub was asked for a copy named {target}, and says that it is at {page!r:.200}: "
            "no page of a Space. See on the hub whether it was made.",
            url=page,
        )
    return found[1]


async def _target(hub: Hub, source: str, to: str | None) -> str:
    name = to or source.split("/")[1]
    target = name if "/" in name else f"{await hub.whoami()}/{name}"
    if target.lower() == source.lower():
        raise InvalidArgumentError(
            f"{source} is the token's owner's own Space. Give its copy another name: to='…'."
        )
    return target


async def _hardware(hub: Hub, source: str) -> str:
    """Return what the original runs on, or is to run on; the free kind if that is not told."""
    try:
        hardware = (await hub.runtime(source)).hardware
    except GradwireError as error:
        _log.debug("the hardware of %s is unknown: %s", source, error)
        return FREE_HARDWARE
    return hardware.requested or hardware.current or FREE_HARDWARE


def _payload(target: str, hardware: str, copy: Copy) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "repository": target,
        "private": copy.private,
        "hardware": hardware,
    }
    for name, texts in (("secrets", copy.secrets), ("variables", copy.variables)):
        if texts:
            payload[name] = [{"key": key, "value": value} for key, value in texts.items()]
    return payload


async def _reuse(hub: Hub, target: str, copy: Copy) -> None:
    """Say what an older copy does not have of what is wanted now."""
    _log.info("%s exists already and is used", target)
    info = await hub.info(target)
    has = info.runtime.hardware.requested or info.runtime.hardware.current
    differs = [name for name in ("secrets", "variables") if getattr(copy, name)]
    if copy.sleep_seconds is not None:
        differs.append("timeout")  # the hub does not tell what it is
    if copy.hardware is not None and has is not None and has != copy.hardware:
        differs.append(f"hardware ({has})")
    if copy.private != info.private:
        differs.append(f"private ({info.private})")
    if differs:
        _log.warning(
            "%s exists already; these stay as they are: %s. They can be changed at %s/settings",
            target,
            ", ".join(differs),
            hub.page(target),
        )


async def _set_sleeptime(hub: Hub, target: str, seconds: int, hardware: str) -> None:
    try:
        await hub.set_sleeptime(target, seconds)
    except GradwireError as error:
        if hardware != FREE_HARDWARE:
            raise  # hardware that is paid for by the hour must not run for ever unnoticed
        _log.warning("the sleep timeout of %s was not set: %s", target, error)
