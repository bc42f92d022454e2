"""What a server says when something fails, as errors; with answers of real servers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import Recording, names, posts, versions

from gradwire.errors import (
    AppError,
    AuthenticationError,
    ConnectError,
    GradwireError,
    ProtocolError,
    QueueFullError,
    QuotaExceededError,
    SessionNotFoundError,
    ValidationError,
)
from gradwire.wire.failures import (
    failed_output,
    not_authenticated,
    refused_request,
    unexpected_error,
)
from gradwire.wire.messages import Output

URL = "https://host/gradio_api/queue/join?__sign=secret"


def refused(status: int, answer: Any) -> GradwireError:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return refused_request(status, body, URL, "/fn")


def failed(error: Any, title: str | None = None, **fields: Any) -> AppError:
    return failed_output(Output(error=error, **fields), title, "/fn", "e")


REFUSED = [
    pytest.param(recording, id=f"{version}-{name}-{number}")
    for version in versions()
    for name in names(version)
    for number, recording in enumerate(posts(version, name))
    if recording.status >= 400
]


@pytest.mark.parametrize("recording", REFUSED)
def test_every_recorded_refusal(recording: Recording) -> None:
    answer = recording.answer
    body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
    error = refused_request(recording.status, body, f"http://h{recording.path}", "/fn")
    assert (error.status, error.endpoint) in [(recording.status, "/fn"), (None, "/fn")]
    if recording.status == 503:
        assert isinstance(error, QueueFullError)
        assert "queue full" in str(error)
    elif isinstance(answer, dict) and "error" in answer:
        assert type(error) is AppError
        assert error.args[0] == (answer["error"] or error.args[0]).strip("'")
        assert str(error) == error.args[0]
    elif "validate" in str(answer):
        assert isinstance(error, ValidationError)
        assert error.problems
        assert error.problems[0][1] in str(error)


@pytest.mark.parametrize("status", [401, 403, 404, 418, 422, 500, 503])
@pytest.mark.parametrize(
    "answer",
    [
        {"detail": "you sent Bearer hf_abcdefgh"},
        {"detail": {"auth_message": "you sent hf_abcdefgh"}},
        {"detail": [{"is_valid": False, "message": "you sent hf_abcdefgh"}]},
        {"error": "you sent hf_abcdefgh"},
        b"<html>you sent hf_abcdefgh",
        b"<html>" + b"x" * 65 + b" hf_abcdefgh",
    ],
)
def test_a_refusal_does_not_repeat_the_token(status: int, answer: Any) -> None:
    error = refused(status, answer)
    assert "hf_a" not in str(error)
    assert "hf_a" not in repr(vars(error))


def test_a_failed_job_does_not_repeat_the_token() -> None:
    assert str(failed("you sent hf_abcdefgh, key=5")) == "you sent hf_…, key=5"


# -- a job's output ------------------------------------------------------------------------------


def test_an_error_without_a_reason_says_what_to_do() -> None:
    assert "show_error=True" in str(failed(None))


@pytest.mark.parametrize(
    ("error", "title", "text"),
    [
        ("'gr boom'", None, "gr boom"),
        ("'gr boom'", "Error", "'gr boom'"),
        ("gr boom", "Error", "gr boom"),
        ("'", None, "'"),
        ("''", None, ""),
        ("it's", None, "it's"),
        ("", None, ""),
        (["a", 1], None, "['a', 1]"),
        (0, None, "0"),
    ],
)
def test_the_text_of_an_error(error: Any, title: str | None, text: str) -> None:
    found = failed(error, title=None) if title is None else _titled(error, title)
    assert found.args == (text,)
    assert str(found) == text


def test_the_text_of_an_error_of_a_function_without_a_name() -> None:
    assert "an error in function 3 and" in str(failed_output(Output(), None, 3, "e"))


def _titled(error: Any, title: str) -> AppError:
    return failed_output(Output(error=error, title=title), None, "/fn", "e")


def test_the_facts_of_an_error() -> None:
    error = failed_output(Output(error="x", duration=5, visible=False), "Outer", "/fn", "e")
    assert (error.title, error.duration, error.visible) == ("Outer", 5, False)
    assert (error.endpoint, error.event_id) == ("/fn", "e")
    assert _titled("x", "Inner").title == "Inner"
    assert failed("x").visible


def test_quota() -> None:
    error = failed(
        "You have exceeded your free GPU quota (60s requested vs. 12s left). "
        "Try again in 1 day, 3:04:05"
    )
    assert isinstance(error, QuotaExceededError)
    assert (error.requested, error.left) == (60, 12)
    assert error.retry_after == ((24 + 3) * 60 + 4) * 60 + 5
    error = failed("GPU quota exceeded")
    assert isinstance(error, QuotaExceededError)
    assert (error.requested, error.left, error.retry_after) == (None, None, None)
    error = failed_output(Output(error="no"), "ZeroGPU quota: GPU quota exceeded", "/fn", None)
    assert isinstance(error, QuotaExceededError)


def test_quota_with_a_number_out_of_all_reason() -> None:
    error = failed(f"GPU quota exceeded, try again in {'9' * 5000}:00:00")
    assert isinstance(error, QuotaExceededError)


@pytest.mark.parametrize(
    ("message", "flag", "kind"),
    [
        ("404: Session not found.", False, SessionNotFoundError),
        ("404: Not Found", False, SessionNotFoundError),
        ("x", True, SessionNotFoundError),
        (None, True, SessionNotFoundError),
        (None, False, AppError),
        ("", False, AppError),
        ("disk full", False, AppError),
    ],
)
def test_unexpected_errors(message: str | None, flag: bool, kind: type) -> None:
    error = unexpected_error(message, flag, endpoint="/fn", event_id="e")
    assert type(error) is kind
    assert (message or "") in str(error)
    assert (error.endpoint, error.event_id) == ("/fn", "e")


# -- a refused request ---------------------------------------------------------------------------


def test_a_login_is_asked_for() -> None:
    error = refused(401, {"detail": {"error": "x", "auth_message": "Members only"}})
    assert isinstance(error, AuthenticationError)
    assert error.auth_message == "Members only"
    assert "Members only" in str(error)
    assert "auth=(username, password)" in str(error)
    error = refused(401, {"detail": "Not authenticated"})
    assert isinstance(error, AuthenticationError)
    assert error.auth_message is None
    assert not_authenticated(None, URL).status == 401


@pytest.mark.parametrize("detail", ["too short", "", "x" * 999])
def test_a_refusal_whose_detail_is_text(detail: str) -> None:
    error = refused(422, {"detail": detail})
    assert isinstance(error, ValidationError)
    assert detail in str(error)
    assert error.problems == ()


def test_refused_inputs_are_listed() -> None:
    detail = [
        {"__type__": "validate", "is_valid": True, "message": "", "parameter_name": "a"},
        {"__type__": "validate", "is_valid": False, "message": "no", "parameter_name": "b"},
        {"__type__": "validate", "is_valid": False, "message": None, "parameter_name": None},
        "odd",
    ]
    error = refused(422, {"detail": detail})
    assert isinstance(error, ValidationError)
    assert error.problems == (("b", "no"), ("", ""))
    assert "b: no" in str(error)


def test_a_body_that_the_server_does_not_understand() -> None:
    error = refused(422, {"detail": [{"type": "missing", "loc": ["body", "data"]}]})
    assert isinstance(error, ProtocolError)
    assert "missing" in str(error)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_an_app(status: int) -> None:
    error = refused(status, b"<html>Bad Gateway \xff</html>")
    assert isinstance(error, ConnectError)
    assert str(error).startswith("Could not connect")
    assert "secret" not in str(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[1]", b"7", b"null", b"{"])
def test_an_answer_that_is_not_gradios(body: bytes) -> None:
    error = refused(404, body)
    assert isinstance(error, ProtocolError)
    assert "secret" not in str(error)
    assert error.url is not None
    assert "secret" not in error.url


def test_other_refusals_repeat_what_the_server_said() -> None:
    error = refused(400, {"detail": "No function index provided."})
    assert type(error) is AppError
    assert "No function index provided." in str(error)
    assert type(refused(503, {"detail": "maintenance"})) is AppError


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
ANSWERS = st.dictionaries(
    st.sampled_from(["detail", "error", "title", "duration", "visible", "auth_message"]), JSON
)


@given(st.integers(300, 599), JSON | ANSWERS | st.builds(lambda a: {"detail": a}, ANSWERS))
def test_any_answer_is_an_error_of_ours(status: int, answer: Any) -> None:
    error = refused(status, answer)
    assert isinstance(error, GradwireError)
    assert isinstance(str(error), str)


@given(st.integers(300, 599), st.binary(max_size=99))
def test_any_body_is_an_error_of_ours(status: int, body: bytes) -> None:
    assert isinstance(refused(status, body), GradwireError)


@given(JSON, st.none() | st.text())
def test_any_output_is_an_error_of_ours(error: Any, title: str | None) -> None:
    assert isinstance(failed(error, title), AppError)


def test_a_server_that_fails_without_json_is_an_app_error() -> None:
    """Gradio answers so when its own code raises, as for an unknown function before 5."""
    error = refused_request(500, b"Internal Server Error", "http://h/queue/join", "/f")
    assert isinstance(error, AppError)
    assert "Internal Server Error" in str(error)
    assert "log" in str(error)
