"""The errors: one tree, facts as attributes, no secrets."""

from __future__ import annotations

import inspect
import pickle
import re
from typing import Any

import pytest

import gradwire
from gradwire import errors
from gradwire.errors import ConnectError, GradwireError, redact_url

EVERY: list[type[GradwireError]] = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, GradwireError)
]


def drawn_tree() -> dict[str, tuple[str, ...]]:
    """Read the tree in the module's docstring: the names of each error's bases."""
    tree: dict[str, tuple[str, ...]] = {}
    above: list[tuple[int, str]] = []
    drawing = (errors.__doc__ or "").split("```")[1]
    for line in drawing.splitlines():
        match = re.match(r"([│├└─ ]*)(\w+)(?: \(([\w, ]+)\))?", line)
        if not match or not match[2][0].isupper():
            continue
        depth, name, builtins = len(match[1]), match[2], match[3]
        above = [(d, n) for d, n in above if d < depth]
        parent = (above[-1][1],) if above else ("Exception",)
        tree[name] = parent + (tuple(builtins.split(", ")) if builtins else ())
        above.append((depth, name))
    return tree


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    actual = {kind.__name__: tuple(base.__name__ for base in kind.__bases__) for kind in EVERY}
    assert drawn_tree() == actual


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_error_is_public_and_documented(kind: type[GradwireError]) -> None:
    assert getattr(gradwire, kind.__name__) is kind
    assert kind.__name__ in gradwire.__all__
    assert kind.__doc__
    assert kind.__doc__ is not GradwireError.__doc__ or kind is GradwireError


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_was_told(kind: type[GradwireError]) -> None:
    error = kind(
        "Could not connect: x", url="http://a:s3cret@h/", status=7, endpoint="/fn", event_id="e"
    )
    named = issubclass(kind, (errors.QueueFullError, errors.ConnectionLostError))
    before = "/fn: " if named else ""
    assert str(error) == f"{before}Could not connect: x"
    assert error.args == ("Could not connect: x",)
    assert (error.url, error.status) == ("http://h/", 7)
    assert (error.endpoint, error.event_id) == ("/fn", "e")
    bare: Any = kind("x")
    assert (bare.url, bare.status, bare.endpoint, bare.event_id) == (None,) * 4
    assert isinstance(error, GradwireError)
    # Every fact that the docstring promises is there.
    for name in re.findall(r"^        (\w+): ", kind.__doc__ or "", re.MULTILINE):
        assert hasattr(bare, name)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_error_can_go_to_another_process(kind: type[GradwireError]) -> None:
    error = kind("Could not connect: x", url="http://h/", status=7, event_id="e")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_what_a_python_user_would_catch() -> None:
    assert issubclass(errors.ConnectTimeout, (TimeoutError, ConnectionError))
    assert issubclass(errors.DeadlineExceededError, TimeoutError)
    assert issubclass(errors.ConnectionLostError, ConnectionError)
    assert issubclass(errors.AuthenticationError, PermissionError)
    assert issubclass(errors.LocalFileNotFoundError, FileNotFoundError)
    for kind in (errors.EndpointNotFoundError, errors.ValidationError, errors.FileTooLargeError):
        assert issubclass(kind, ValueError)
    assert issubclass(errors.InvalidArgumentError, TypeError)
    assert issubclass(errors.InvalidArgumentError, ValueError)


def test_connect_errors_begin_alike() -> None:
    assert str(ConnectError(" to h: refused")) == "Could not connect to h: refused"
    assert str(ConnectError("Could not connect: x")) == "Could not connect: x"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h/a?b=c#d", "http://h/a?b=c#d"),
        ("http://ada:pw@h/a", "http://h/a"),
        ("http://ada:p@w@h/a", "http://h/a"),
        ("http://ada@h", "http://h"),
        ("http://h/a@b", "http://h/a@b"),
        ("http://h?a=x@y", "http://h?a=x@y"),
        ("http://h/?token=x&a=b", "http://h/?token=…&a=b"),
        ("http://h/?a=b&__sign=x.y#z", "http://h/?a=b&__sign=…#z"),
        ("http://h/?ACCESS_TOKEN=x&key=y", "http://h/?ACCESS_TOKEN=…&key=…"),
        ("http://h/?jwt=x&auth=y&db_pwd=z&pass=w", "http://h/?jwt=…&auth=…&db_pwd=…&pass=w"),
        ("http://h/queue/data?a=b&session_hash=x", "http://h/queue/data?a=b&session_hash=…"),
        ("no url", "no url"),
        ("", ""),
    ],
)
def test_redacting(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact_url(shown) == shown


def test_a_message_shows_addresses_without_their_query() -> None:
    url = "http://ada:pw@h/queue/data?session_hash=abc&__sign=x.y"
    shown = "http://h/queue/data?session_hash=…&__sign=…"
    for given in (url, shown):
        error = GradwireError(f"{given} failed.", url=url)
        assert str(error) == "http://h/queue/data failed."
        assert error.url == shown


def test_the_endpoint_is_said_once() -> None:
    assert str(errors.QueueFullError("/fn failed", endpoint="/fn")) == "/fn failed"
    assert str(errors.QueueFullError("failed", endpoint="/fn")) == "/fn: failed"
    assert str(errors.QueueFullError("failed", endpoint="")) == "failed"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand ümläute 名前 👋", "two\nlines\tand ümläute 名前 👋"),
        ("dos\r\nline", "dos\r\nline"),
        ("over\rwritten", "over\\rwritten"),
        ("\x1b]0;title\x07\x1b[31m", "\\x1b]0;title\\x07\\x1b[31m"),
        ("\x9b31m\x7f\0", "\\x9b31m\\x7f\\x00"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_shown_is_safe_on_a_terminal(text: str, shown: str) -> None:
    error = errors.AppError(text)
    assert str(error) == shown
    assert error.args[0] == text
    assert str(pickle.loads(pickle.dumps(error))) == shown
