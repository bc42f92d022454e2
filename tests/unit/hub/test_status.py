from __future__ import annotations

import pytest

from gradwire.hub.status import status_of


@pytest.mark.parametrize(
    ("stage", "status", "load_status"),
    [
        ("RUNNING", "running", "complete"),
        ("RUNNING_BUILDING", "running", "complete"),
        ("SLEEPING", "sleeping", "pending"),
        ("STOPPED", "sleeping", "pending"),
        ("BUILDING", "building", "pending"),
        ("APP_STARTING", "starting", "pending"),
        ("PAUSED", "paused", "error"),
        ("BUILD_ERROR", "space_error", "error"),
        ("NEVER_HEARD_OF", "space_error", "error"),
    ],
)
def test_what_a_stage_means(stage: str, status: str, load_status: str) -> None:
    found = status_of(stage)
    assert (found.status, found.load_status, found.detail) == (status, load_status, stage)
    assert found.message.endswith(".")
    assert found.discussions_enabled is None


def test_an_unknown_stage_is_named() -> None:
    assert "NEVER_HEARD_OF" in status_of("NEVER_HEARD_OF").message
