"""Where fuzzing begins: small inputs that reach deep, and the words of the protocol."""

from __future__ import annotations

import json
from typing import Any


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _message(msg: str, event_id: str | None = "a", **fields: Any) -> bytes:
    return _json({"msg": msg, "event_id": event_id, **fields})


def _output(msg: str, data: list[Any], event_id: str = "a", **fields: Any) -> bytes:
    return _message(msg, event_id, output={"data": data, "is_generating": True}, **fields)


_DIFF = [["append", [], "b"], ["replace", [0], 1], ["add", ["k"], {}], ["delete", [0], None]]
_TALK = (
    _message("estimation", rank=0, queue_size=1, rank_eta=0.1),
    _output("process_generating", ["x", {"a": [1]}], "b"),
    b"accept",
    _message("process_starts", eta=1),
    _message("progress", progress_data=[{"index": 1, "length": 2, "unit": "s", "desc": "d"}]),
    _message("log", log="hi", level="info", duration=3, visible=True),
    _output("process_generating", ["a", 1, {"path": "x", "meta": {"_type": "gradio.FileData"}}]),
    _output("process_generating", [[["append", [], "b"]], [], [["replace", ["path"], "y"]]]),
    _output("process_generating", [["c"], [["add", ["z"], 1]], []]),
    _output("process_streaming", ["s", 2, None], time_limit=3.5),
    _message("heartbeat", None),
    _output("process_completed", ["abc", 1, None], success=True),
    _message("process_completed", "b", output={"error": "boom"}, success=False, title="Error"),
    _message("unexpected_error", None, message="404: x", session_not_found=True),
    _message("close_stream", None),
)
_COMPONENT = {"id": 1, "type": "textbox", "props": {"label": "Name", "value": "x"}}
_STATE = {"id": 2, "type": "state", "props": {}}
_DEPENDENCY = {
    "id": 0,
    "targets": [[1, "click"]],
    "inputs": [1, 2],
    "outputs": [1],
    "api_name": "greet",
    "queue": None,
    "types": {"generator": True, "cancel": False},
    "api_visibility": "public",
}
_CONFIG = {
    "version": "6.31.0",
    "protocol": "sse_v3",
    "api_prefix": "/gradio_api",
    "components": [_COMPONENT, _STATE],
    "dependencies": [_DEPENDENCY],
    "page": {"": {"components": [1], "dependencies": [0], "layout": {}}},
    "pages": [["", "Home", True], ["about", "About"]],
}
_SCHEMA = {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}], "$defs": {"A": {"enum": ["a", 1]}}}
_PARAMETER = {
    "label": "Name",
    "parameter_name": "name",
    "parameter_has_default": True,
    "parameter_default": "x",
    "type": _SCHEMA,
    "python_type": {"type": "str", "description": ""},
    "component": "Textbox",
    "example_input": "Hello!!",
}
_INFO = {"named_endpoints": {"/greet": {"parameters": [_PARAMETER], "returns": [_PARAMETER]}}}

SEEDS: dict[str, tuple[bytes, ...]] = {
    "sse": (
        b"\x01\x20\x40\x60\x80\xa0\xc0\xff" + b"data: a\n\ndata: b\r\n\r\n:c\ndata\rdata:d\r\r",
        bytes(8) + b"\xef\xbb\xbfdata: {}\n\nid: 1\ndata: " + b"x" * 1200 + b"\n\n",
    ),
    "http": (
        bytes(8) + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\nok",
        b"\x01\x20\x40\x60\x80\xa0\xc0\xff" + b"HTTP/1.0 404 Not Found\na: b\n c\n\nok",
        b"\x10\x20\x40\x60\x80\xa0\xc0\xff"
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2;a=b\r\nok\r\n0\r\nx: y\r\n\r\n",
    ),
    "messages": (b"\n".join(_TALK), b"\n".join(reversed(_TALK)), *_TALK),
    "diffs": (
        _json([["a", {"k": [1, 2]}], _DIFF]),
        _json(["abc", [["append", [], "d"]]]),
        _json([{"a": [{"b": "c"}]}, [["append", ["a", 0, "b"], "d"], ["delete", ["a", 0], 0]]]),
    ),
    "api": (
        _json([_CONFIG, _INFO, {"name": "Ada"}]),
        _json([{**_CONFIG, "protocol": "ws"}, None, ["Ada"]]),
        _json([{"dependencies": [{"targets": [1], "inputs": []}], "mode": "blocks"}, {}, []]),
    ),
}
WORDS = sorted(
    {
        *(
            "msg",
            "event_id",
            "output",
            "data",
            "error",
            "success",
            "is_generating",
            "meta",
            "_type",
        ),
        *("process_generating", "process_completed", "process_starts", "process_streaming"),
        *("estimation", "progress", "log", "heartbeat", "close_stream", "unexpected_error"),
        *("send_hash", "send_data", "queue_full", "append", "replace", "add", "delete", "accept"),
        *("gradio.FileData", "path", "url", "NaN", "Infinity", "null", "true", "false", "1e999"),
        *(str(key) for part in (_CONFIG, _DEPENDENCY, _COMPONENT, _PARAMETER) for key in part),
        *(
            "_type",
            "$ref",
            "$defs",
            "anyOf",
            "allOf",
            "items",
            "prefixItems",
            "properties",
            "enum",
            "const",
        ),
        *("render_id", "renderable", "rendered_in", "render_config", "show_api", "cancels"),
    }
)
