"""Multipart bodies, read back by two parsers: the one that Gradio uses and the one of `email`."""

from __future__ import annotations

import email.policy
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.data.inputs import FileInput
from gradwire.data.multipart import FieldPart, FilePart, MultipartBody, encode_header
from gradwire.errors import InvalidArgumentError

python_multipart: Any = pytest.importorskip("python_multipart.multipart")


def body_of(multipart: MultipartBody) -> bytes:
    pieces = []
    for segment in multipart.segments:
        if isinstance(segment, FilePart):
            pieces += list(segment.file.chunks(7, expected=segment.size))
        else:
            pieces.append(segment)
    return b"".join(pieces)


def read_as_gradio(multipart: MultipartBody) -> list[dict[str, Any]]:
    """Parse as Gradio's `/upload` does; one dict for each part, with `data` and its headers."""
    parts: list[dict[str, Any]] = []
    header: list[bytes] = [b"", b""]

    def begin() -> None:
        parts.append({"data": b""})

    def add(index: int) -> Any:
        def take(data: bytes, start: int, end: int) -> None:
            header[index] += data[start:end]

        return take

    def header_end() -> None:
        parts[-1][header[0].decode().lower()] = header[1]
        header[:] = [b"", b""]

    def data(data: bytes, start: int, end: int) -> None:
        parts[-1]["data"] += data[start:end]

    _, options = python_multipart.parse_options_header(multipart.content_type)
    callbacks = {
        "on_part_begin": begin,
        "on_header_field": add(0),
        "on_header_value": add(1),
        "on_header_end": header_end,
        "on_part_data": data,
    }
    parser = python_multipart.MultipartParser(options[b"boundary"], callbacks)
    parser.write(body_of(multipart))
    parser.finalize()
    for part in parts:
        _, options = python_multipart.parse_options_header(part["content-disposition"])
        part.update({key.decode(): value.decode() for key, value in options.items()})
    return parts


def file_part(content: bytes = b"x", name: str = "a.txt", **options: Any) -> FilePart:
    file = FileInput(content, name=name, **options)
    return FilePart("files", file, file.check())


def test_what_is_sent() -> None:
    parts: list[FieldPart | FilePart] = [file_part(b"hello", "a b#ü.txt"), FieldPart("id", "7")]
    body = MultipartBody(parts, boundary="B")
    assert body.content_type == "multipart/form-data; boundary=B"
    assert body_of(body) == (
        b'--B\r\nContent-Disposition: form-data; name="files"; filename="a b#\xc3\xbc.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n"
        b'--B\r\nContent-Disposition: form-data; name="id"\r\n\r\n7\r\n--B--\r\n'
    )
    assert body.content_length == len(body_of(body))


def test_segments_hold_the_files_in_turn() -> None:
    first, second = file_part(), file_part()
    kinds = [type(s).__name__ for s in MultipartBody([first, second]).segments]
    assert kinds == ["bytes", "FilePart", "bytes", "FilePart", "bytes"]


def test_boundaries_differ() -> None:
    assert MultipartBody([]).content_type != MultipartBody([]).content_type


def test_an_unknown_size_makes_the_length_unknown() -> None:
    body = MultipartBody([file_part(), FilePart("files", FileInput(b"abc"), None)])
    assert body.content_length is None
    assert read_as_gradio(body)[1]["data"] == b"abc"


def test_mime_type() -> None:
    known = MultipartBody([file_part(mime_type="model/x-own")])
    unknown = MultipartBody([file_part(name="noext")])
    assert read_as_gradio(known)[0]["content-type"] == b"model/x-own"
    assert read_as_gradio(unknown)[0]["content-type"] == b"application/octet-stream"


def test_escapes() -> None:
    header = encode_header('a"\nb', 'c"\r\nd\ne\\f')
    assert header == (
        b'Content-Disposition: form-data; name="a%22%0D%0Ab"; '
        b'filename="c%22%0D%0Ad%0Ae\\\\f"\r\n\r\n'
    )


@pytest.mark.parametrize("mime_type", ["a/b\r\nX-Evil: 1", "", "ä/b"])
def test_a_header_cannot_be_smuggled_in(mime_type: str) -> None:
    with pytest.raises(InvalidArgumentError):
        encode_header("files", "a", mime_type)


def escaped(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


file_names = st.text(
    st.sampled_from("ab. ;=\"'\\\r\n\t%#ü/:") | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=60,
).filter(lambda name: "\0" not in name)


@given(st.lists(st.tuples(file_names, st.binary(max_size=40)), min_size=1, max_size=4))
def test_gradio_reads_names_and_contents(files: list[tuple[str, bytes]]) -> None:
    body = MultipartBody([file_part(content, name) for name, content in files])
    assert body.content_length == len(body_of(body))
    parts = read_as_gradio(body)
    assert [part["data"] for part in parts] == [content for _, content in files]
    # Gradio's parser drops the folder of what looks like a path of Windows.
    for part, (name, _) in zip(parts, files, strict=True):
        windows = name[1:3] == ":\\" or name.startswith("\\\\")
        assert part["filename"] == escaped(name.split("\\")[-1] if windows else name)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary(max_size=50))
def test_fields_are_sent_as_they_are(text: str, data: bytes) -> None:
    parts = read_as_gradio(MultipartBody([FieldPart("a", text), FieldPart("b", data)]))
    assert [part["data"] for part in parts] == [text.encode(), data]
    assert [part["name"] for part in parts] == ["a", "b"]


def test_email_reads_it_too() -> None:
    body = MultipartBody([file_part(b"\0\xff\r\n", 'a "q" ü.bin'), FieldPart("k", "v")])
    head = f"Content-Type: {body.content_type}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body_of(body))
    first, second = list(message.iter_parts())
    assert first.get_payload(decode=True) == b"\0\xff\r\n"
    assert second.get_payload(decode=True) == b"v"
