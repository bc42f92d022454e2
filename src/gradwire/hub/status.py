"""What a Space is doing: `SpaceStatus`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

StatusName = Literal["sleeping", "running", "building", "starting", "paused", "space_error"]
LoadStatus = Literal["pending", "complete", "error"]


@dataclass(frozen=True, slots=True)
class SpaceStatus:
    """What a Space is doing, in the words of Gradio's own client.

    Attributes:
        status: `"sleeping"`, `"building"`, `"starting"`: it is waited for; `"running"`;
            `"paused"`, `"space_error"`: it does not run, and waiting does not help.
        detail: The hub's name for the stage, such as `"APP_STARTING"`.
        load_status: `"pending"`, `"complete"` or `"error"`.
        message: A sentence for people.
        discussions_enabled: Whether the owner can be told on the Space's page; None: not asked,
            because nothing is wrong.
    """

    status: StatusName
    detail: str
    load_status: LoadStatus
    message: str
    discussions_enabled: bool | None = None


class _Meaning(NamedTuple):
    status: StatusName
    load_status: LoadStatus
    message: str


_ASLEEP = _Meaning("sleeping", "pending", "The Space is asleep and is being woken.")
_STARTING = _Meaning("starting", "pending", "The Space's app is starting.")
_RUNNING = _Meaning("running", "complete", "The Space is running.")

_MEANINGS = {
    "SLEEPING": _ASLEEP,
    "STOPPED": _ASLEEP,
    "BUILDING": _Meaning("building", "pending", "The Space is being built."),
    "APP_STARTING": _STARTING,
    "RUNNING_APP_STARTING": _STARTING,
    "RUNNING": _RUNNING,
    "RUNNING_BUILDING": _RUNNING,  # a new version is being built; the old one answers
    "PAUSED": _Meaning(
        "paused",
        "error",
        "The Space was paused by its owner. Ask there to have it started, or duplicate it.",
    ),
    "NO_APP_FILE": _Meaning("space_error", "error", "The Space has no app file."),
    "CONFIG_ERROR": _Meaning("space_error", "error", "The Space's configuration is wrong."),
    "BUILD_ERROR": _Meaning("space_error", "error", "The Space could not be built."),
    "RUNTIME_ERROR": _Meaning("space_error", "error", "The Space's app has crashed."),
    "DELETING": _Meaning("space_error", "error", "The Space is being deleted."),
}


def status_of(stage: str) -> SpaceStatus:
    """Return what a stage of the hub means."""
    unknown = _Meaning("space_error", "error", f"The Space does not run; the hub says {stage!r}.")
    meaning = _MEANINGS.get(stage, unknown)
    return SpaceStatus(meaning.status, stage, meaning.load_status, meaning.message)
