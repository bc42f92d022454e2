"""What the pure core costs, in instructions of the interpreter.

Times depend on the machine and on what else it does; these counts do not. They differ from one
Python to the next, so there is a table for each; on others only the shape of the growth is tested.

A change that makes something dearer than the table allows has to say why, and one that makes it
much cheaper writes the new count here: the test names it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import gradwire
from gradwire.app.api_info import build_api_info
from gradwire.app.arguments import bind_arguments
from gradwire.app.config import parse_config
from gradwire.client.outputs import NOTHING, OutputReader
from gradwire.data.files import FileData
from gradwire.data.walk import collect_files
from gradwire.transport.heads import Heads
from gradwire.transport.http11 import AnswerReader
from gradwire.wire.events import DataEvent, Event
from gradwire.wire.requests import Requests
from gradwire.wire.run import Run
from gradwire.wire.session import Session
from gradwire.wire.sse import EventStreamParser

SOURCE = str(Path(gradwire.__file__).parent)
DEARER, CHEAPER = 1.04, 0.9

#: Instructions of gradwire's own code for one of each, by minor version of Python.
COSTS: dict[tuple[int, int], dict[str, int]] = {
    (3, 11): {
        "call": 280,
        "head": 29,
        "answer": 522,
        "chunk": 64,
        "function": 136,
        "prediction": 994,
        "message": 180,
        "addition": 243,
        "chat addition": 243,
        "step": 687,
    },
}


def spent(work: Callable[[], object]) -> int:
    """Return how many instructions of gradwire `work` takes."""
    count = 0

    def local(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "opcode"
        return local

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return local

    work()  # caches fill
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def check(name: str, count: float) -> None:
    """Compare a count with the table."""
    known = COSTS.get(sys.version_info[:2])
    if known is None or sys.implementation.name != "cpython":
        pytest.skip("there are no counts for this Python")
    assert count <= known[name] * DEARER, f"{name}: {count:.0f} instead of {known[name]}"
    assert count >= known[name] * CHEAPER, f"{name}: cheaper; write {count:.0f} into the table"


# -- fixed traffic ---------------------------------------------------------------------------------


def stream(*messages: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in messages)


def output(kind: str, data: list[Any]) -> dict[str, Any]:
    facts = {"data": data, "is_generating": kind == "process_generating", "duration": 0.002}
    facts |= {"average_duration": 0.002, "render_config": None, "changed_state_ids": []}
    return {"msg": kind, "event_id": "e", "output": facts, "success": True}


def plain(data: list[Any]) -> list[bytes]:
    """What a server says of a job without steps, in one piece."""
    return [
        stream(
            {"msg": "estimation", "event_id": "e", "rank": 0, "queue_size": 1, "rank_eta": 0.1},
            {"msg": "process_starts", "event_id": "e", "eta": 0.1},
            output("process_completed", data),
            {"msg": "close_stream", "event_id": None},
        )
    ]


def generator(first: Any, edit: list[Any], steps: int) -> list[bytes]:
    """What a server says of steps that are all made by the same edit, a hundred in a piece."""
    step = stream(output("process_generating", [[edit]]))
    whole = stream(output("process_generating", [first]))
    return [whole, *[step * 100] * (steps // 100)]


def receive(pieces: list[bytes]) -> list[Event]:
    """Take a stream from its opening on; return the events of its one job."""
    session, parser, events = Session("s", announces_end=True), EventStreamParser(), []
    reader = OutputReader(NOTHING, FileData.from_dict)
    session.accept(Run("/f", 0, finish=reader), "e")
    session.opening()
    for piece in pieces:
        for news in session.receive_all(parser.feed(piece)).values():
            events += news
    return events


def deltas(pieces: list[bytes]) -> list[Any]:
    return [event.delta for event in receive(pieces) if isinstance(event, DataEvent)]


def values(pieces: list[bytes]) -> list[Any]:
    return [event.data for event in receive(pieces) if isinstance(event, DataEvent)]


WORD = ["append", [], " word"]
CHAT = ["append", [1, "content"], " word"]
HISTORY = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": ""}]


# -- counts ----------------------------------------------------------------------------------------


def test_a_call_is_made_ready_to_be_sent() -> None:
    config = {
        "version": "6.31.0",
        "protocol": "sse_v3",
        "components": [{"id": n, "type": "textbox", "props": {}} for n in (1, 2, 3)],
        "dependencies": [{"id": 0, "inputs": [1, 2], "outputs": [3], "api_name": "f"}],
    }
    api = build_api_info(parse_config(config, "http://h/"), None, "http://h/")
    requests = Requests("http://h/", "/gradio_api")

    def call() -> None:
        inputs, _ = collect_files(bind_arguments(api.find("/f"), ["a", "b"], {}))
        requests.join({"data": inputs, "fn_index": 0, "session_hash": "s"})

    check("call", spent(call))


def test_a_function_of_an_app_that_is_connected_to() -> None:
    def connect(functions: int) -> None:
        each = range(functions)
        config = {
            "version": "6.31.0",
            "protocol": "sse_v3",
            "components": [{"id": n, "type": "textbox", "props": {}} for n in each],
            "dependencies": [
                {"id": n, "inputs": [n], "outputs": [n], "api_name": f"f{n}"} for n in each
            ],
        }
        info = {"named_endpoints": {f"/f{n}": {"parameters": [], "returns": []} for n in each}}
        build_api_info(parse_config(config, "http://h/"), info, "http://h/").find("/f0")

    check("function", (spent(lambda: connect(1100)) - spent(lambda: connect(100))) / 1000)


HEAD = (
    b"HTTP/1.1 200 OK\r\ndate: Fri, 27 Nov 2026 22:00:00 GMT\r\nserver: uvicorn\r\n"
    b"content-type: application/json\r\n"
)


def answer(*pieces: bytes) -> bytes:
    reader = AnswerReader()
    for piece in pieces:
        reader.receive(piece)
    assert reader.complete
    return reader.take()


def test_an_answer() -> None:
    whole = HEAD + b"content-length: 36\r\n\r\n" + b"x" * 36
    check("answer", spent(lambda: answer(whole)))


def test_a_chunk_of_an_answer() -> None:
    chunk = b"64\r\n" + b"x" * 100 + b"\r\n"
    pieces = [HEAD + b"transfer-encoding: chunked\r\n\r\n", *[chunk * 100] * 10, b"0\r\n\r\n"]
    check("chunk", spent(lambda: answer(*pieces)) / 1000)


def test_the_head_of_a_request() -> None:
    heads = Heads("h", {"User-Agent": "us"})
    check("head", spent(lambda: heads.head("POST", "http://h/a", "/a", {"x": "y"}, "", 12)))


def test_a_prediction() -> None:
    check("prediction", spent(lambda: values(plain(["Hello"]))))


def test_a_streamed_message() -> None:
    pieces = generator("", WORD, 1000)
    check("message", spent(lambda: receive(pieces)) / 1000)


def test_a_word_that_a_step_adds() -> None:
    pieces = generator("", WORD, 1000)
    check("addition", spent(lambda: deltas(pieces)) / 1000)


def test_a_word_that_a_step_adds_to_a_chat() -> None:
    pieces = generator(HISTORY, CHAT, 1000)
    check("chat addition", spent(lambda: deltas(pieces)) / 1000)


def test_a_step_as_a_whole() -> None:
    pieces = generator("", WORD, 1000)
    check("step", spent(lambda: values(pieces)) / 1000)


# -- growth ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [receive, deltas, values])
@pytest.mark.parametrize(("first", "edit"), [("", WORD), (HISTORY, CHAT)], ids=["text", "chat"])
def test_twice_the_steps_cost_twice_as_much(
    read: Callable[[list[bytes]], Any], first: Any, edit: list[Any]
) -> None:
    once, twice = (spent(lambda: read(generator(first, edit, n))) for n in (500, 1000))  # noqa: B023
    assert twice < 2.02 * once


def test_the_length_of_a_text_costs_no_instructions() -> None:
    short, long = (spent(lambda: deltas(generator("x" * n, WORD, 500))) for n in (1, 100_000))  # noqa: B023
    assert long == pytest.approx(short, rel=0.01)


def test_an_event_in_many_pieces_is_joined_once() -> None:
    def feed(pieces: int) -> int:
        parser = EventStreamParser()
        parts = [b"data: ", *[b"x" * 1000] * pieces, b"\n\n"]
        return spent(lambda: [parser.feed(part) for part in parts])

    assert feed(2000) < 2.02 * feed(1000)


def test_memory_of_a_kept_step() -> None:
    pieces = generator("", WORD, 1000)
    receive(pieces)
    before = sys.getallocatedblocks()
    events = receive(pieces)
    kept = (sys.getallocatedblocks() - before) / len(events)
    assert kept < 4, "an event and the bytes of its step"
