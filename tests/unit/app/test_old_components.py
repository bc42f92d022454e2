"""What 3.x says of its endpoints, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest
from dialogue_recording import FOLDER, config, info

from gradwire.app.api_info import ApiInfo, build_api_info
from gradwire.app.arguments import bind_arguments
from gradwire.app.config import Component, parse_config
from gradwire.app.old_components import is_picture, old_schema
from gradwire.app.schema import type_text

RELEASES = sorted(path.name for path in FOLDER.iterdir() if path.name.startswith("3."))


def api(version: str) -> ApiInfo:
    return build_api_info(parse_config(config(version), "u"), info(version), "u")


def component(kind: str, **props: Any) -> Component:
    return Component(1, kind, props, False, {})


def test_with_and_without_info() -> None:
    assert [info(version) is None for version in ("3.9.1", "3.16.2", "3.36.1", "3.50.2")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("version", RELEASES)
def test_endpoints_look_alike_on_all_releases(version: str) -> None:
    found = api(version)
    multi = found.named_endpoints["/multi"]
    assert [p.name for p in multi.parameters] == ["text", "n", "flag", "choice"]
    assert [p.type for p in multi.parameters] == ["str", "float", "bool", "Literal['a', 'b']"]
    assert [p.default for p in multi.parameters] == ["dflt", 3, True, "a"]
    assert [r.type for r in multi.returns] == ["str", "float"]
    assert bind_arguments(multi, None, {"n": 1}) == ["dflt", 1, True, "a"]
    count = found.named_endpoints["/count"]
    assert (count.parameters, count.keeps_state) == ((), True)
    assert bind_arguments(count, None, {}) == [None]
    for name, picture in (("/file_io", False), ("/image_io", True)):
        endpoint = found.named_endpoints[name]
        assert endpoint.parameters[0].type == "FileData"
        assert endpoint.returns[0].type == "FileData"
        assert endpoint.slots[0].pictures is picture
        assert endpoint.picture_outputs == (picture,)


@pytest.mark.parametrize("version", RELEASES)
def test_what_the_config_says_of_queue_and_steps(version: str) -> None:
    found = api(version)
    assert found.named_endpoints["/hello"].queued
    assert not found.named_endpoints["/noqueue"].queued
    assert found.named_endpoints["/batched"].queued
    told = version.startswith(("3.36", "3.50"))
    assert found.named_endpoints["/stream"].is_generator is told
    # Where it is not told, every function may be one.
    assert found.named_endpoints["/hello"].steps_in_session is not told
    assert found.named_endpoints["/stream"].steps_in_session
    assert parse_config(config(version), "u").takes_uploads is told


def test_a_queue_that_was_not_switched_on() -> None:
    """Up to 3.x `enable_queue` is null where nobody has asked for one."""
    for said, queued in ((None, False), (False, False), (True, True)):
        raw = {**config("3.9.1"), "enable_queue": said}
        found = build_api_info(parse_config(raw, "u"), None, "u")
        assert found.named_endpoints["/hello"].queued is queued


@pytest.mark.parametrize(
    ("protocol", "queued"),
    [("sse", False), ("sse_v1", False), ("sse_v2", False), ("sse_v2.1", True), ("sse_v3", True)],
)
def test_batches_that_would_harm_the_queue_go_around_it(protocol: str, queued: bool) -> None:
    raw = {**config("4.0.2"), "protocol": protocol}
    found = build_api_info(parse_config(raw, "u"), info("4.0.2"), "u")
    assert found.named_endpoints["/batched"].queued is queued
    assert found.named_endpoints["/hello"].queued


@pytest.mark.parametrize(
    ("kind", "props", "type_"),
    [
        ("textbox", {}, "str"),
        ("slider", {}, "float"),
        ("checkbox", {}, "bool"),
        ("radio", {"choices": ["x", "y"]}, "Literal['x', 'y']"),
        ("radio", {"choices": [["shown", "sent"]]}, "Literal['sent']"),
        ("dropdown", {"choices": ["x"], "multiselect": True}, "list[Literal['x']]"),
        ("dropdown", {"choices": ["x"], "allow_custom_value": True}, "str"),
        ("dropdown", {}, "str"),
        ("checkboxgroup", {"choices": ["x"]}, "list[Literal['x']]"),
        ("file", {}, "FileData"),
        ("file", {"file_count": "multiple"}, "list[FileData]"),
        ("file", {"file_count": "directory"}, "list[FileData]"),
        ("audio", {}, "FileData"),
        ("video", {}, "FileData"),
        ("json", {}, "Any"),
        ("dataframe", {}, "dict[str, Any]"),
        ("somethingnew", {}, "Any"),
    ],
)
def test_types(kind: str, props: dict[str, Any], type_: str) -> None:
    assert type_text(old_schema(component(kind, **props), {})) == type_


def test_what_a_server_says_of_others_is_believed() -> None:
    assert old_schema(component("json"), {"type": "boolean"}) == {"type": "boolean"}


def test_pictures() -> None:
    assert is_picture(component("image"))
    assert not is_picture(component("file"))
    assert not is_picture(None)
