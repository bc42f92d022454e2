from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire import ConnectError, ConnectionLostError, Timeout
from gradwire.transport import retrying
from gradwire.transport.base import Answer
from gradwire.transport.retrying import ask, pause, retry_after
from gradwire.wire.requests import Request

URL = "http://127.0.0.1/x"
GET, POST = Request("GET", URL), Request("POST", URL, {}, b"{}")


class Scripted:
    """A transport that answers with statuses, or fails, as told; then with 200."""

    def __init__(self, *script: int | Exception, headers: dict[str, str] | None = None) -> None:
        self.script = list(script)
        self.headers = {"retry-after": "0"} if headers is None else headers
        self.asked = 0

    async def request(self, request: Request, timeout: Timeout) -> Answer:
        self.asked += 1
        item = self.script.pop(0) if self.script else 200
        if isinstance(item, Exception):
            raise item
        return Answer(item, self.headers, b"", request.url)


def asked(transport: Any, request: Request, retries: int = 2) -> int:
    again = request.method == "GET"
    return asyncio.run(ask(transport, request, Timeout(), retries, repeatable=again)).status


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 0.0)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_get_is_repeated(status: int) -> None:
    transport = Scripted(status, ConnectError(": no"))
    assert asked(transport, GET) == 200
    assert transport.asked == 3


def test_a_get_whose_answer_was_lost_is_repeated() -> None:
    assert asked(Scripted(ConnectionLostError("broke")), GET) == 200


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_what_will_not_pass_is_not_repeated(status: int) -> None:
    transport = Scripted(status)
    assert asked(transport, GET) == status
    assert transport.asked == 1


def test_the_last_answer_counts() -> None:
    transport = Scripted(503, 502, 503, 200)
    assert asked(transport, GET) == 503
    assert transport.asked == 3
    with pytest.raises(ConnectError):
        asked(Scripted(*[ConnectError(": no")] * 3), GET)


def test_none_at_all() -> None:
    assert asked(Scripted(503), GET, retries=0) == 503


@pytest.mark.parametrize("problem", [429, 503, ConnectError(": refused")])
def test_a_post_that_nobody_took_is_repeated(problem: int | Exception) -> None:
    assert asked(Scripted(problem), POST) == 200


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_post_that_somebody_may_have_taken_is_not_repeated(status: int) -> None:
    transport = Scripted(status)
    assert asked(transport, POST) == status
    with pytest.raises(ConnectionLostError):
        asked(Scripted(ConnectionLostError("broke")), POST)


def test_who_asks_for_too_long_a_wait_gets_no_second_try() -> None:
    transport = Scripted(429, headers={"Retry-After": "3600"})
    assert asked(transport, GET) == 429
    assert transport.asked == 1


@given(st.integers(0, 10**6))
def test_pauses_grow_up_to_a_limit(attempt: int) -> None:
    assert 0 <= pause(attempt, 8.0) <= 8.0
    assert 0 <= pause(attempt, 8.0, 1.4) <= 8.0


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("7", 7), (" 120 ", 120)])
def test_a_wait_in_seconds(text: str, seconds: float) -> None:
    assert retry_after({"RETRY-after": text}) == seconds


def test_a_wait_until_a_date() -> None:
    def after(delta: timedelta) -> float | None:
        return retry_after({"Retry-After": format_datetime(datetime.now(UTC) + delta)})

    assert after(timedelta(seconds=-30)) == 0
    wait = after(timedelta(seconds=100))
    assert wait is not None
    assert 90 < wait <= 100


FAR = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "Mon, 99 Foo", FAR])
def test_a_wait_that_cannot_be_read(text: str) -> None:
    assert retry_after({"Retry-After": text}) is None
    assert retry_after({}) is None


@given(st.text())
def test_any_wait(text: str) -> None:
    wait = retry_after({"Retry-After": text})
    assert wait is None or wait >= 0
