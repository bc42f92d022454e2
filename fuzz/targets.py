"""What is fuzzed: functions of bytes that raise when a promise is broken.

They know nothing of a fuzzer. `run.py` feeds them from atheris, `tests/unit/test_fuzz_targets.py`
from hypothesis.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

from gradwire.app.api_info import ApiInfo, build_api_info
from gradwire.app.arguments import bind_arguments
from gradwire.app.config import parse_config
from gradwire.data.diff import DiffError, apply_diff
from gradwire.data.json import JSONDecodeFailure, decode
from gradwire.errors import GradwireError
from gradwire.transport.http11 import AnswerReader, NotHttpError
from gradwire.wire.events import EVENT_TYPES, Event
from gradwire.wire.run import Run
from gradwire.wire.session import Session
from gradwire.wire.sse import EventStreamParser

LIMIT = 1000
PROTOCOLS = ("sse_v1", "sse_v3")


# -- server-sent events ----------------------------------------------------------------------------


def sse(data: bytes) -> None:
    """Split a stream: the same events, whatever pieces it comes in; a limit holds."""
    cuts, stream = data[:8], data[8:]
    whole = _feed(EventStreamParser(), [stream])
    places = sorted(cut * len(stream) // 255 for cut in cuts)
    pieces = [stream[a:b] for a, b in pairwise([0, *places, len(stream)])]
    assert _feed(EventStreamParser(), pieces) == whole == events_of(stream)
    for limited in ([stream], pieces):
        try:
            found = _feed(EventStreamParser(LIMIT), limited)
        except GradwireError:
            assert len(stream) > LIMIT
        else:
            assert found == whole
            assert all(len(event) <= LIMIT for event in whole)


def _feed(parser: EventStreamParser, pieces: list[bytes]) -> list[bytes]:
    return [event for piece in pieces for event in parser.feed(piece)]


def events_of(stream: bytes) -> list[bytes]:
    """Interpret a whole stream as the standard tells it, without a thought for speed."""
    stream = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events, buffer = [], []
    for line in stream.split(b"\n")[:-1]:
        field, _, value = line.partition(b":")
        if line == b"":
            if buffer:
                events.append(b"\n".join(buffer))
            buffer = []
        elif field == b"data":
            buffer.append(value.removeprefix(b" "))
    return events


# -- HTTP ------------------------------------------------------------------------------------------


def http(data: bytes) -> None:
    """Read an answer: the same, or the same refusal, whatever pieces it comes in."""
    cuts, answer = data[:8], data[8:]
    whole = _answer([answer])
    places = sorted(cut * len(answer) // 255 for cut in cuts)
    pieces = [answer[a:b] for a, b in pairwise([0, *places, len(answer)])]
    assert _answer(pieces) == whole
    assert _answer([bytes([byte]) for byte in answer]) == whole


def _answer(pieces: list[bytes]) -> object:
    reader, found = AnswerReader(), b""
    try:
        for piece in pieces:
            reader.receive(piece)
            if reader.complete:
                break  # the next one belongs to another answer
            assert all(reader.pieces), "an empty piece would be taken for the end"
            assert reader.size == sum(map(len, reader.pieces))
            found += reader.take()
        else:
            reader.receive_eof()
    except NotHttpError:
        return None
    assert reader.complete
    return reader.status, dict(reader.headers), reader.headers.cookies, found + reader.take()


# -- messages --------------------------------------------------------------------------------------


def messages(data: bytes) -> None:
    """Say anything, line by line, to a session with two jobs: each ends once, nothing breaks."""
    for protocol in PROTOCOLS:
        session = Session("fuzz")
        runs = {name: _run(protocol) for name in "ab"}
        ends: dict[Run, list[Event]] = {run: [] for run in runs.values()}
        seen: dict[Run, list[Event]] = {run: [] for run in runs.values()}
        _note(runs["a"], session.accept(runs["a"], "a"), seen, ends)
        session.opening()
        for line in data.split(b"\n"):
            if line == b"accept":  # its messages may have come before
                _note(runs["b"], session.accept(runs["b"], "b"), seen, ends)
            for run, events in session.receive(line):
                if run in seen:
                    _note(run, events, seen, ends)
        for run, events in session.ended("the fuzzer is done"):
            _note(run, events, seen, ends)
        assert not list(session.pending)
        _check(runs["a"], seen, ends)
        for run in runs.values():
            _read(seen[run])


def _run(protocol: str) -> Run:
    return Run("/fn", 0, protocol=protocol, wanted=frozenset(EVENT_TYPES))


def _note(
    run: Run,
    events: list[Event],
    seen: dict[Run, list[Event]],
    ends: dict[Run, list[Event]],
) -> None:
    assert not (ends[run] and events), "news after the end"
    seen[run] += events
    ends[run] += [e for e in events if e.type == "status" and e.stage in ("complete", "error")]


def _check(run: Run, seen: dict[Run, list[Event]], ends: dict[Run, list[Event]]) -> None:
    assert run.outcome is not None
    assert len(ends[run]) == 1
    assert seen[run][-1] is ends[run][0]
    if isinstance(run.outcome, GradwireError):
        str(run.outcome)


def _read(events: list[Event]) -> None:
    """Read all that events have, forwards and back: what cannot be read is an error of ours."""
    for event in [*events, *reversed(events)]:
        if event.type != "data":
            repr(event)
            continue
        for read in ("data", "delta"):
            with suppress(GradwireError):
                getattr(event, read)


# -- diffs -----------------------------------------------------------------------------------------


def diffs(data: bytes) -> None:
    """Apply `[value, edits]`: as a simple implementation does, and without changing anything."""
    try:
        given = decode(data)
    except JSONDecodeFailure:
        return
    if not (isinstance(given, list) and len(given) == 2 and isinstance(given[1], list)):
        return
    value, edits = given
    try:
        result = apply_diff(value, edits)
    except DiffError:
        result = DiffError
    assert _text(given) == _text(decode(data))
    expected = simple_diff(*decode(data))
    if expected is DiffError or result is DiffError:
        assert expected is result
    else:
        assert _text(result) == _text(expected)


def _text(value: Any) -> str:
    try:
        return json.dumps(value)
    except RecursionError:
        return "nested so deep that only the decoder can follow"


def simple_diff(value: Any, edits: list[Any]) -> Any:
    """Apply edits one by one in place; `DiffError` (the class) where one does not fit."""
    holder = [value]
    for edit in edits:
        if not (isinstance(edit, list) and len(edit) == 3 and isinstance(edit[1], list)):
            return DiffError
        operation, path, new = edit
        try:
            _simple_edit(holder, operation, [0, *path], new)
        except (LookupError, TypeError, ValueError, OverflowError):
            return DiffError
    return holder[0]


def _simple_edit(holder: list[Any], operation: str, path: list[Any], new: Any) -> None:
    place: Any = holder
    for key in path[:-1]:
        place = place[_key(place, key)]
    key = _key(place, path[-1])
    if operation == "append":
        if not isinstance(place[key], str) or not isinstance(new, str):
            raise TypeError
        place[key] += new
    elif operation == "replace":
        place[key]
        place[key] = new
    elif operation == "add" and len(path) == 1:
        place[0] = new
    elif operation == "add":
        place.insert(key, new) if isinstance(place, list) else place.update({key: new})
    elif operation == "delete" and len(path) > 1:
        place.pop() if isinstance(place, list) else place.pop(key, None)
    else:
        raise ValueError(operation)


def _key(place: Any, key: Any) -> Any:
    kinds = {list: int, dict: str}
    if type(place) not in kinds or not isinstance(key, kinds[type(place)]):
        raise TypeError
    return key


# -- config and API info ---------------------------------------------------------------------------


def api(data: bytes) -> None:
    """Read `[config, info, arguments]`: an app, or an error of ours."""
    try:
        given = decode(data)
    except JSONDecodeFailure:
        return
    if not (isinstance(given, list) and len(given) == 3):
        return
    config_answer, info_answer, arguments = given
    try:
        config = parse_config(config_answer, "http://h/config")
        info = build_api_info(config, info_answer, "http://h/info")
    except GradwireError:
        return
    read_api(info, arguments)
    if isinstance(info_answer, dict):
        changed = config.with_render(info_answer)
        read_api(build_api_info(changed, info_answer, "http://h/info"), arguments)
    for page in ("", "about"):
        config.get_page_config(page)


def read_api(info: ApiInfo, arguments: Any) -> None:
    """Look at all that an API has, and call it with anything."""
    text = str(info) + info._repr_markdown_()
    assert all(char.isprintable() or char in "\n\u200d" for char in text), ascii(text)
    info.to_dict()
    config = info._config
    for address in [*info.named_endpoints, *info.unnamed_endpoints, *config.dependencies]:
        try:
            endpoint = info.find(address)
            endpoint.signature()
            str(endpoint)
            config.is_queued(config.dependencies[endpoint.fn_index])
            bind_arguments(endpoint, arguments, {})
        except GradwireError as error:
            str(error)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "sse": sse,
    "http": http,
    "messages": messages,
    "diffs": diffs,
    "api": api,
}
