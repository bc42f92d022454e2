from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire import ConnectError
from gradwire.hub.signing import Signature, expiry


def token(claims: Any) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{middle}.sig"


@pytest.mark.parametrize("end", [0, 1_700_000_000, 1_700_000_000.5])
def test_when_a_token_ends(end: float) -> None:
    assert expiry(token({"exp": end, "sub": "ada/space"})) == end


@pytest.mark.parametrize("claims", [{}, {"exp": "soon"}, {"exp": True}, [], None, 7])
def test_a_token_that_does_not_say_when(claims: Any) -> None:
    assert expiry(token(claims)) is None


@pytest.mark.parametrize(
    "claims",
    [
        b'{"exp": ' + b"1" * 400 + b"}",
        b'{"exp": ' + b"1" * 5000 + b"}",
        b'{"exp": NaN}',
        b'{"exp": Infinity}',
        b"[" * 100_000,
        b'{"exp": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["big", "bigger", "NaN", "Infinity", "deep", "deeper"],
)
def test_a_token_that_says_nonsense(claims: bytes) -> None:
    assert expiry(f"e30.{base64.urlsafe_b64encode(claims).decode()}.sig") is None


@given(st.text())
def test_any_token(text: str) -> None:
    assert expiry(text) is None
    expiry(f"a.{text}.b")


class FakeHub:
    """Gives out tokens from a list; an error in it is raised."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)

    async def jwt(self, space: str) -> str:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def values(hub: FakeHub, count: int) -> list[str | None]:
    async def collect() -> list[str | None]:
        signature = Signature(hub, "ada/space")  # type: ignore[arg-type]
        return [await signature.value() for _ in range(count)]

    return asyncio.run(collect())


def test_a_signature_is_used_until_shortly_before_its_end() -> None:
    long = token({"exp": time.time() + 3600})
    assert values(FakeHub(long), 3) == [long] * 3
    assert values(FakeHub("opaque"), 3) == ["opaque"] * 3


def test_a_signature_that_has_ended_is_renewed() -> None:
    first, second = token({"exp": 1}), token({"exp": time.time() + 3600})
    assert values(FakeHub(first, second), 3) == [first, second, second]


def test_a_renewal_that_fails_leaves_the_old_one() -> None:
    old, fresh = token({"exp": 1}), token({"exp": time.time() + 3600})
    hub = FakeHub(old, ConnectError(": no"), fresh)
    assert values(hub, 3) == [old, old, fresh]


def test_a_first_one_that_fails_is_an_error() -> None:
    with pytest.raises(ConnectError):
        values(FakeHub(ConnectError(": no")), 1)
