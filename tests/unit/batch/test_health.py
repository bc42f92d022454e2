"""Whether a replica has to be asked, and what its answer says."""

from __future__ import annotations

from typing import Any

import pytest

from gradwire.batch.health import CHECK, SILENCE, _is_another, _is_doubtful
from gradwire.batch.replica import Member
from gradwire.transport.base import Answer


@pytest.mark.parametrize(
    ("known", "status", "body", "another"),
    [
        ("12", 200, b'{"app_id": 12}', False),
        ("12", 200, b'{"app_id": 13}', True),
        ("12", 404, b'{"detail": "Not Found"}', False),
        ("12", 200, b"<html>", False),
        ("12", 200, b"[]", False),
        ("12", 200, b"{}", False),
        (None, 200, b'{"app_id": 13}', False),
    ],
)
def test_another_run_of_an_app(known: str | None, status: int, body: bytes, another: bool) -> None:
    assert _is_another(known, Answer(status, {}, body, "http://a/app_id")) is another


@pytest.mark.parametrize(
    ("in_flight", "heard", "checked", "doubtful"),
    [
        (0, 0.0, 0.0, False),
        (3, 0.0, 0.0, False),
        (3, SILENCE + 1, 0.0, True),
        (0, SILENCE + 1, 0.0, False),
        (3, 0.0, CHECK + 1, True),
        (0, 0.0, CHECK + 1, True),
    ],
)
def test_who_is_asked(in_flight: int, heard: float, checked: float, doubtful: bool) -> None:
    nobody: Any = None
    member = Member("http://a", nobody, is_space=False)
    member.in_flight, member.heard, member.checked = in_flight, 100.0 - heard, 100.0 - checked
    assert _is_doubtful(member, 100.0) is doubtful
