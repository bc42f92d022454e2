"""The option `observer`: what may be given."""

from __future__ import annotations

from typing import Any

import pytest

from gradwire import AsyncClient, InvalidArgumentError, Metrics, ObservedJob, Observer
from gradwire.client.options import Options

NOWHERE = "http://127.0.0.1:9"


class Waits(Observer):
    async def on_end(self, job: ObservedJob) -> None:  # type: ignore[override]
        """Wait for something."""


class Half:
    def on_submit(self, job: ObservedJob) -> None:
        """Be the only method."""


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (5, "on_submit, on_accept, on_start, on_end"),
        ("metrics", "not str"),
        (Half(), "not Half"),
        (Metrics, r"observer=Metrics\(\)"),
        ([Metrics(), Metrics], r"observer=Metrics\(\)"),
        (Waits(), "plain functions"),
    ],
)
def test_what_is_no_observer(value: Any, says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"observer.*{says}"):
        AsyncClient.connect(NOWHERE, observer=value)


def test_one_several_and_none() -> None:
    one, other = Metrics(), Metrics()
    options = Options.of({"observer": one})
    assert options.observer == (one,)
    assert options.changed({"observer": [one, other]}).observer == (one, other)
    assert options.changed({}).observer == (one,)
    assert options.changed({"observer": None}).observer == ()


def test_an_observer_of_which_nothing_is_written() -> None:
    class Idle(Observer):
        pass

    job = ObservedJob(NOWHERE, "/f", True, 0.0)
    idle = Idle()
    assert idle.on_submit(job) is None
    for hook in (idle.on_accept, idle.on_start, idle.on_end):
        hook(job)
