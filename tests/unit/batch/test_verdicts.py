"""What a failure says of the replica, and of the job."""

from __future__ import annotations

import pytest

from gradwire import errors as e
from gradwire.batch.verdicts import not_taken, verdict
from gradwire.wire.failures import refused_request

URL = "http://replica/gradio_api/queue/join"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (e.AppError("boom"), "answer"),
        (e.ValidationError("no"), "answer"),
        (e.QuotaExceededError("no"), "answer"),
        (e.QueueFullError("queue full"), "busy"),
        (e.ConnectError(": too many", status=429), "busy"),
        (e.ConnectError(" to it"), "fault"),
        (e.ConnectTimeout(" to it"), "fault"),
        (e.ConnectionLostError("gone"), "fault"),
        (e.DeadlineExceededError("silent"), "fault"),
        (e.SessionNotFoundError("restarted"), "fault"),
        (e.AuthenticationError("login", status=401), "fault"),
        (e.ProtocolError("no Gradio", status=404), "fault"),
        (e.ProtocolError("a message cannot be read"), "answer"),
        (e.UploadError("refused", status=507), "fault"),
        (e.UploadError("a file cannot be read"), "answer"),
        (e.FileTooLargeError("large", status=413), "answer"),
        (e.JobCancelledError("cancelled"), "own"),
        (e.ClientClosedError("closed"), "own"),
        (e.InvalidArgumentError("wrong"), "own"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_verdicts(error: e.GradwireError, said: str) -> None:
    assert verdict(error) == said


@pytest.mark.parametrize(
    ("status", "body", "said", "untaken"),
    [
        (503, b'{"detail": "Queue is full."}', "busy", True),
        (429, b"", "busy", True),
        (503, b"<html>", "fault", True),
        (502, b"<html>", "fault", False),
        (504, b"<html>", "fault", False),
        (500, b"Internal Server Error", "fault", False),
        (500, b'{"detail": "no"}', "fault", False),
        (500, b'{"error": "boom"}', "answer", False),
        (401, b'{"detail": "Not authenticated"}', "fault", True),
        (422, b'{"detail": "bad"}', "answer", False),
    ],
)
def test_what_servers_and_proxies_answer(
    status: int, body: bytes, said: str, untaken: bool
) -> None:
    error = refused_request(status, body, URL, "/predict")
    assert verdict(error) == said
    assert not_taken(error, handed_in=True, accepted=False) is untaken
    assert not not_taken(error, handed_in=True, accepted=True)
    assert not_taken(error, handed_in=False, accepted=False)


def test_a_job_is_untaken_only_where_that_is_certain() -> None:
    def untaken(error: e.GradwireError) -> bool:
        return not_taken(error, handed_in=True, accepted=False)

    assert untaken(e.ConnectError(" to it"))
    assert not untaken(e.ConnectionLostError("gone"))
    assert not untaken(e.DeadlineExceededError("silent"))
    assert not untaken(e.SessionNotFoundError("restarted"))
