"""What a server says when something fails, as errors.

Two sources: the `output` of a job that ended without success, and the HTTP answer to a request that
was refused. Both carry text of the app's author, or none at all.
"""

from __future__ import annotations

import re
from typing import Any

from gradwire.data.json import JSONDecodeFailure, beginning, decode
from gradwire.errors import (
    AppError,
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    DeadlineExceededError,
    GradwireError,
    ProtocolError,
    QueueFullError,
    QuotaExceededError,
    SessionNotFoundError,
    ValidationError,
    endpoint_text,
    shown_url,
)
from gradwire.logs import redact_tokens
from gradwire.wire.messages import Output

_QUOTA = re.compile(r"exceeded your (?:\w+ )*GPU quota|GPU quota exceeded", re.IGNORECASE)
_QUOTA_SECONDS = re.compile(r"\(?(\d+(?:\.\d+)?)s requested vs\.? (-?\d+(?:\.\d+)?)s left\)?")
_QUOTA_RETRY = re.compile(
    r"try again in (?:(\d{1,9}) days?, )?(\d{1,9}):(\d\d):(\d\d)", re.IGNORECASE
)

OUTCOME_UNKNOWN = (
    "The app may have stopped, or the network failed: reconnect() tells which. Whether the "
    "function ran is unknown; submit it again if it is safe to run twice."
)
TRY_LATER = "Try again later, or let with_options(retry_queue_full=True) do that."
_NO_REASON = (
    "The app raised an error in {} and does not show it to callers. Look into the app's own log, "
    "or start the app with launch(show_error=True)."
)


def failed_output(
    output: Output, title: str | None, endpoint: str | int, event_id: str | None
) -> AppError:
    """Return the error of a job that ended without success."""
    facts: dict[str, Any] = {
        "title": output.title or title,
        "duration": output.duration,
        "visible": output.visible is not False,
        "endpoint": str(endpoint),
        "event_id": event_id,
    }
    if output.error is None:
        return AppError(_NO_REASON.format(endpoint_text(endpoint)), **facts)
    message = redact_tokens(str(output.error))
    if output.title is None and len(message) > 1 and message[0] == message[-1] == "'":
        # Servers that give errors no title (up to 5.0) send the text of gr.Error in quotes.
        message = message[1:-1]
    if _QUOTA.search(message) or _QUOTA.search(str(facts["title"])):
        return _quota_error(message, facts)
    return AppError(message, **facts)


def _quota_error(message: str, facts: dict[str, Any]) -> QuotaExceededError:
    seconds = _QUOTA_SECONDS.search(message)
    wait = _QUOTA_RETRY.search(message)
    retry_after = None
    if wait:
        days, hours, minutes, rest = (int(part or 0) for part in wait.groups())
        retry_after = float(((days * 24 + hours) * 60 + minutes) * 60 + rest)
    return QuotaExceededError(
        message,
        requested=float(seconds[1]) if seconds else None,
        left=float(seconds[2]) if seconds else None,
        retry_after=retry_after,
        **facts,
    )


# What servers around 5.0 say when they stumble over a job that was cancelled: its quoted id.
_LOST_ID = re.compile(r"'[0-9a-f]{32}'")


def unexpected_error(
    message: str | None, session_not_found: bool, **facts: Any
) -> AppError | ConnectionLostError:
    """Return the error for an `unexpected_error` message.

    Only the text tells that the server is being stopped, and up to 5.0 that the session is gone
    ("404: Session not found.").
    """
    text = redact_tokens(message or "")
    if text.startswith("Server stopped") or _LOST_ID.fullmatch(text):
        return ConnectionLostError(
            "The app was stopped, or lost the job, while it was pending; its outcome is unknown. "
            "Submit it again when the app is back, if it is safe to run twice.",
            event_ids=(facts["event_id"],) if facts.get("event_id") else (),
            **facts,
        )
    if session_not_found or text.startswith("404"):
        return SessionNotFoundError(
            "The server no longer knows this session, most likely because the app restarted. "
            f"Connect again. (The server said {text!r}.)",
            **facts,
        )
    return AppError(f"The server broke off the job: {text or 'it gave no reason'}.", **facts)


def broken_by(error: GradwireError) -> str:
    """Say what broke a stream of events in words that can stand after "broke:"."""
    if isinstance(error, DeadlineExceededError) and not isinstance(error, ConnectError):
        return "the server stayed silent for longer than Timeout.read allows"
    return getattr(error, "reason", None) or str(error)


def refused_request(
    status: int,
    body: bytes,
    url: str,
    endpoint: str | int,
    retry_after: float | None = None,
) -> GradwireError:
    """Return the error for an HTTP answer that accepts no job.

    Args:
        status: The HTTP status.
        body: The answer's body, JSON with `detail` or `error` if it comes from Gradio.
        url: What was asked.
        endpoint: The endpoint that was called.
        retry_after: Seconds that the answer asks callers to wait.
    """
    answer = _json_object(body)
    facts: dict[str, Any] = {"url": url, "status": status, "endpoint": str(endpoint)}
    if status == 429:
        return too_many_requests(retry_after, **facts)
    if answer is None:
        return _foreign_answer(status, body, {**facts, "retry_after": retry_after})
    detail = _redacted(answer.get("detail", answer.get("error")))
    if status == 401:
        return not_authenticated(detail, url)
    if status == 422:
        return _refused_input(detail, facts)
    if status == 503 and "full" in str(detail).lower():
        return QueueFullError(
            f"The app has its queue full: {detail} {TRY_LATER}", title="Queue full", **facts
        )
    if status == 500 and "error" in answer:
        return failed_output(_output_of(answer), None, endpoint, None)
    return AppError(f"The server refused the call ({status}): {detail}", **facts)


def _redacted(value: Any) -> Any:
    """Return a part of an answer without tokens: some servers repeat what they were sent."""
    if isinstance(value, str):
        return redact_tokens(value)
    if isinstance(value, dict):
        return {key: _redacted(each) for key, each in value.items()}
    return [_redacted(each) for each in value] if isinstance(value, list) else value


def not_authenticated(detail: object, url: str) -> AuthenticationError:
    """Return the error for a 401; `detail` holds the app's `auth_message` from 5.49 on."""
    words = detail.get("auth_message") if isinstance(detail, dict) else None
    said = f" The app says: {words}" if words else ""
    return AuthenticationError(
        f"This app asks for a login. Pass auth=(username, password) when connecting.{said}",
        auth_message=words,
        url=url,
        status=401,
    )


def too_many_requests(retry_after: float | None, **facts: Any) -> ConnectError:
    """Return the error for a 429."""
    when = "later" if retry_after is None else f"in {retry_after:.0f} seconds"
    return ConnectError(
        f": {shown_url(facts['url'])} has had too many requests. Try again {when}.",
        retry_after=retry_after,
        **facts,
    )


def _refused_input(detail: object, facts: dict[str, Any]) -> GradwireError:
    problems = tuple(
        (str(item.get("parameter_name") or ""), str(item.get("message") or ""))
        for item in (detail if isinstance(detail, list) else ())
        if isinstance(item, dict) and item.get("is_valid") is False
    )
    if problems:
        text = "; ".join(f"{name}: {message}" if name else message for name, message in problems)
        return ValidationError(f"The app refused the input: {text}", problems=problems, **facts)
    if isinstance(detail, str):
        return ValidationError(f"The app refused the input: {detail}", **facts)
    return ProtocolError(f"The server did not understand the call (422): {detail!r:.300}", **facts)


def _foreign_answer(status: int, body: bytes, facts: dict[str, Any]) -> GradwireError:
    """Return the error for an answer without JSON: of a proxy, or of a server that failed."""
    start = beginning(body, 80)
    where = shown_url(facts["url"])
    wait = facts.pop("retry_after")
    if status in (502, 503, 504):
        return ConnectError(
            f": {where} answered {status}; the app behind it does not run. It said {start!r}.",
            retry_after=wait,
            **facts,
        )
    if status == 500:
        return AppError(
            f"The server failed in the call (500), saying only {start!r}. Look into the app's log.",
            **facts,
        )
    return ProtocolError(
        f"{where} answered {status}, which no Gradio server says here. It begins with {start!r}.",
        **facts,
    )


def _output_of(answer: dict[str, Any]) -> Output:
    title, duration, visible = (answer.get(key) for key in ("title", "duration", "visible"))
    return Output(
        error=answer.get("error"),
        title=title if isinstance(title, str) else None,
        duration=duration if isinstance(duration, int | float) else None,
        visible=visible if isinstance(visible, bool) else None,
    )


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = decode(body)
    except JSONDecodeFailure:
        return None
    return answer if isinstance(answer, dict) else None
