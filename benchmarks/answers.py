"""Whole answers of the benchmark server, as bytes."""

import json

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nserver: benchmark\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def response(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A whole response with its head."""
    head = f"HTTP/1.1 {status}\r\nserver: benchmark\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + f"content-type: {kind}\r\n\r\n".encode() + body


def json_response(value: object, status: str = "200 OK") -> bytes:
    """A whole response that says `value` in JSON."""
    return response(json.dumps(value, separators=(",", ":")).encode(), status)
