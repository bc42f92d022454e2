"""Every error that gradwire raises.

```
GradwireError
├── ConnectError (ConnectionError)           the app could not be reached
│   └── ConnectTimeout (DeadlineExceededError)
├── ConnectionLostError (ConnectionError)    a connection broke while jobs were waiting on it
├── DeadlineExceededError (TimeoutError)     a deadline of the caller's passed
├── ProtocolError                            the server said something that is not Gradio's protocol
├── AccessError (PermissionError)
│   ├── AuthenticationError                  a login is needed, or it was refused
│   ├── SpaceNotFoundError                   no such Space, or it is private
│   └── SpaceError                           the Space does not run
├── AppError                                 the app's function failed, usually by `raise
gr.Error(...)`
│   ├── QueueFullError
│   ├── ValidationError (ValueError)         a validator of the app refused the input
│   ├── SessionNotFoundError                 the server no longer knows this session
│   └── QuotaExceededError                   no ZeroGPU quota left
├── EndpointNotFoundError (KeyError, ValueError)
├── InvalidArgumentError (TypeError, ValueError)
├── UploadError (OSError)
│   ├── LocalFileNotFoundError (FileNotFoundError)
│   └── FileTooLargeError (ValueError)
├── DownloadError (OSError)
├── MissingLibraryError (ImportError)        what was asked for needs a package that is not here
├── JobCancelledError
└── ClientClosedError
```

Facts are attributes (`url`, `status`, `endpoint`, `event_id`, …; None where unknown). Messages say
what to do next and never hold a token or a session: URLs are shown without user info and query, and
in `url` without the values of what is secret in the query. What a server said is in some of them;
`str(error)` has control characters as escapes, so that an error that nobody catches cannot write to
the terminal. `error.args[0]` has the words as they came.
"""

from __future__ import annotations

import re
from typing import Any

_SECRET_WORD = r"(?:sig|token|key|secret|passw|pwd|credential|auth|jwt|session)"
_SECRET_NAME = re.compile(_SECRET_WORD, re.IGNORECASE)
_SECRET_QUERY = re.compile(rf"([?&][\w.-]*{_SECRET_WORD}[\w.-]*=)[^&#]*", re.IGNORECASE)
# All of C0 and C1 but tabs and line ends, what turns the direction of text, and surrogates.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    "|\r(?!\n)"
)
_TOKEN = re.compile(r"\bhf_\w{8,}")
_USER_INFO = re.compile(r"^(\w+://)[^/?#]*@")


def redact_url(url: str) -> str:
    """Return `url` without user info and without the values of secret query parameters."""
    return _TOKEN.sub("hf_…", _SECRET_QUERY.sub(r"\1…", _USER_INFO.sub(r"\1", url)))


def is_secret(name: str, value: str) -> bool:
    """Tell whether a query parameter is nobody else's business."""
    return bool(_SECRET_NAME.search(name) or _TOKEN.search(value))


def shown_url(url: str) -> str:
    """Return `url` as messages show it: without user info, and without its query."""
    return _USER_INFO.sub(r"\1", url).partition("?")[0]


def escaped(text: str) -> str:
    """Return `text` with control characters as escapes."""
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def endpoint_text(endpoint: str | int) -> str:
    """Return what messages call an endpoint: its name, or "function 3"."""
    return str(endpoint) if str(endpoint)[:1] == "/" else f"function {endpoint}"


class GradwireError(Exception):
    """Base of all errors of this library.

    Attributes:
        url: The address that was asked, redacted.
        status: The HTTP status that was answered.
        endpoint: The endpoint that was called, such as `"/predict"`.
        event_id: The server's id of the job.
        row: The place of its inputs among those of a `map`, counted from 0.
        replica: The address of the replica, where a `Pool` has sent the job.
    """

    row: int | None = None
    replica: str | None = None
    _names_endpoint = False
    """Whether the text begins with the endpoint if it does not name it anywhere else."""

    def __init__(
        self,
        message: str,
        *,
        url: str | None = None,
        status: int | None = None,
        endpoint: str | None = None,
        event_id: str | None = None,
    ) -> None:
        if url is not None:
            shown, redacted = shown_url(url), redact_url(url)
            message, url = message.replace(url, shown).replace(redacted, shown), redacted
        super().__init__(message)
        self.url = url
        self.status = status
        self.endpoint = endpoint
        self.event_id = event_id

    def __str__(self) -> str:
        # OSError among the bases would print "[Errno …]" for more than one argument.
        text = str(self.args[0]) if self.args else ""
        if self._names_endpoint and self.endpoint:
            what = endpoint_text(self.endpoint)
            text = text if what in text else f"{what}: {text}"
        return escaped(text)


class ConnectError(GradwireError, ConnectionError):
    """The app could not be reached; the message starts with "Could not connect".

    Attributes:
        retry_after: Seconds that the server asks callers to wait.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, **facts: Any) -> None:
        super().__init__(
            reason if reason.startswith("Could not connect") else f"Could not connect{reason}",
            **facts,
        )
        self.retry_after = retry_after


class ConnectionLostError(GradwireError, ConnectionError):
    """A connection broke while jobs were waiting on it; their outcome is unknown.

    A dropped event stream cannot be resumed, so the jobs fail. The server may have run them.

    Attributes:
        event_ids: The server's ids of all jobs lost with the connection.
        session_hash: The session that they belong to.
        reason: What broke it, in a few words.
    """

    _names_endpoint = True

    def __init__(
        self,
        message: str,
        *,
        event_ids: tuple[str, ...] = (),
        session_hash: str | None = None,
        reason: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.event_ids = event_ids
        self.session_hash = session_hash
        self.reason = reason


class DeadlineExceededError(GradwireError, TimeoutError):
    """A deadline of the caller's passed before the answer came."""


class ConnectTimeout(ConnectError, DeadlineExceededError):
    """The app could not be reached within a deadline: connect, total, or read while connecting."""


class ProtocolError(GradwireError):
    """The server's answer is not what Gradio's protocol says."""


class AccessError(GradwireError, PermissionError):
    """Base of what keeps a caller out."""


class AuthenticationError(AccessError):
    """A login is needed and none was given, or it was refused.

    Attributes:
        auth_message: The app's own words for people who log in.
    """

    def __init__(self, message: str, *, auth_message: str | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.auth_message = auth_message


class SpaceNotFoundError(AccessError):
    """There is no such Space, or it is private and no valid token was given."""


class SpaceError(AccessError):
    """A Space does not run, and waiting does not help, or did not help in time.

    Attributes:
        space: Its name, `owner/name`.
        stage: The hub's name for what it is doing, such as `"BUILD_ERROR"`.
        page: The address of its page, for people.
        discussions_enabled: Whether its owner can be told there; None: unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        space: str | None = None,
        stage: str | None = None,
        page: str | None = None,
        discussions_enabled: bool | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.space = space
        self.stage = stage
        self.page = page
        self.discussions_enabled = discussions_enabled


class AppError(GradwireError):
    """The app's function failed; the message is what the app says.

    Attributes:
        title: The heading that the app gave the error.
        duration: Seconds for which the app would show it; None: until closed.
        visible: Whether the app would show it to people.
    """

    def __init__(
        self,
        message: str,
        *,
        title: str | None = None,
        duration: float | None = None,
        visible: bool = True,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.title = title
        self.duration = duration
        self.visible = visible


class QueueFullError(AppError):
    """The app's queue takes no more jobs now; the message contains "queue full"."""

    _names_endpoint = True


class ValidationError(AppError, ValueError):
    """A validator of the app refused the input before it was queued.

    Attributes:
        problems: One `(parameter name, message)` for each refused value.
    """

    def __init__(
        self, message: str, *, problems: tuple[tuple[str, str], ...] = (), **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.problems = problems


class SessionNotFoundError(AppError):
    """The server does not know this session, most often because it restarted."""


class QuotaExceededError(AppError):
    """The caller has no ZeroGPU quota left for this call.

    Attributes:
        requested: GPU seconds that the call asked for.
        left: GPU seconds that were left.
        retry_after: Seconds until the call can succeed.
    """

    def __init__(
        self,
        message: str,
        *,
        requested: float | None = None,
        left: float | None = None,
        retry_after: float | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.requested = requested
        self.left = left
        self.retry_after = retry_after


class EndpointNotFoundError(GradwireError, KeyError, ValueError):
    """The app has no such endpoint; the message lists those that it has."""


class InvalidArgumentError(GradwireError, TypeError, ValueError):
    """An argument is wrong; nothing was sent."""


class UploadError(GradwireError, OSError):
    """A file could not be read or was not taken by the server."""


class LocalFileNotFoundError(UploadError, FileNotFoundError):
    """A file to upload does not exist; nothing was sent."""


class FileTooLargeError(UploadError, ValueError):
    """A file is larger than the app takes.

    Attributes:
        size: Bytes of the file.
        limit: Bytes that the app takes.
    """

    def __init__(
        self, message: str, *, size: int | None = None, limit: int | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.size = size
        self.limit = limit


class DownloadError(GradwireError, OSError):
    """A file could not be fetched or could not be written; no partial file is left."""


class MissingLibraryError(GradwireError, ImportError):
    """A value was asked for in the shape of a library that is not installed; nothing was sent."""


class JobCancelledError(GradwireError):
    """The job was cancelled."""


class ClientClosedError(GradwireError):
    """The client was closed, before the call or while it waited."""
