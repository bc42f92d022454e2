"""`/info` and `/config` together: what can be called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from apps import NUMBER, TEXT, URL, build, component, one
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradwire.app.api_info import ApiInfo, build_api_info
from gradwire.app.arguments import bind_arguments
from gradwire.app.config import parse_config
from gradwire.app.describe import to_markdown, to_text
from gradwire.errors import (
    EndpointNotFoundError,
    GradwireError,
    InvalidArgumentError,
    ProtocolError,
)

RECORDINGS = Path(__file__).parents[2] / "recordings"
VERSIONS = sorted(path.name for path in RECORDINGS.glob("*") if (path / "info.json").is_file())


def recorded(version: str, *, with_info: bool = True) -> ApiInfo:
    config = json.loads((RECORDINGS / version / "config.json").read_bytes())
    info = json.loads((RECORDINGS / version / "info.json").read_bytes()) if with_info else None
    return build_api_info(parse_config(config, URL), info, URL)


# --- which endpoints ----------------------------------------------------------------------------

APP: list[dict[str, Any]] = [
    {"api_name": "hello", "inputs": [0]},
    {"api_name": "secret", "inputs": [0], "api_visibility": "private"},
    {"api_name": "quiet", "inputs": [], "show_api": False},
    {"api_name": None, "inputs": [2]},
    {"api_name": False, "inputs": [2]},
    {"api_name": "in_browser", "inputs": [], "backend_fn": False},
]


def test_without_info_the_config_lists() -> None:
    info = build([TEXT, NUMBER], *APP)
    assert list(info.named_endpoints) == ["/hello"]
    assert list(info.unnamed_endpoints) == [3]
    assert list(build([TEXT, NUMBER], *APP, info={}).named_endpoints) == ["/hello"]


def test_info_lists_what_the_config_knows() -> None:
    answer: dict[str, Any] = {
        "named_endpoints": {"/hello": {}, "/gone": {}, "/": {}},
        "unnamed_endpoints": {"3": {}, "77": {}, "x": {}},
    }
    info = build([TEXT, NUMBER], *APP, info=answer)
    assert list(info.named_endpoints) == ["/hello"]
    assert list(info.unnamed_endpoints) == [3]
    assert "/hello" in info.named_endpoints
    assert "/gone" not in info.named_endpoints
    with pytest.raises(KeyError):
        info.named_endpoints["/gone"]


@pytest.mark.parametrize("address", ["hello", "/hello", 0])
def test_find(address: str | int) -> None:
    assert build([TEXT, NUMBER], *APP).find(address).name == "/hello"


def test_find_what_is_not_listed() -> None:
    info = build([TEXT, NUMBER], *APP)
    assert info.find("secret").visibility == "private"
    assert info.find("/quiet").visibility == "undocumented"
    assert info.find(4).name is None
    assert info.find(4).address == 4
    assert info.find(4).parameters[0].default == 3


def test_find_prefers_what_is_listed_among_equal_names() -> None:
    private = {"api_name": "run", "inputs": [], "api_visibility": "private"}
    info = build([TEXT], private, {"api_name": "run", "inputs": [0]})
    assert info.find("run").fn_index == 1
    assert info.find(0).visibility == "private"
    assert info.named_endpoints["/run"].fn_index == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/helo", ['no endpoint "/helo"', "Did you mean '/hello'?", "/hello, 3"]),
        ("3", ["is a number, not text"]),
        ("", ["It has"]),
        (77, ["function index 77", "0 (/hello)", "3"]),
        (-1, ["function index -1"]),
        ("in_browser", ["browser only"]),
        ("\x1b[2J", [r"\x1b"]),
    ],
)
def test_find_nothing(address: str | int, words: list[str]) -> None:
    with pytest.raises(EndpointNotFoundError) as caught:
        build([TEXT, NUMBER], *APP).find(address)
    for word in words:
        assert word in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("address", [True, 1.0, None, b"hello", ["hello"], object()])
def test_find_takes_text_or_a_number(address: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="a name such as"):
        build([TEXT], *APP).find(address)


@pytest.mark.parametrize("answer", [[], "info", 5, True, 1.5])
def test_an_info_that_is_no_object(answer: object) -> None:
    with pytest.raises(ProtocolError, match="http://app/info") as caught:
        build([TEXT], *APP, info=answer)
    assert caught.value.url == URL


@pytest.mark.parametrize(
    "answer",
    [
        {"named_endpoints": []},
        {"named_endpoints": {"/hello": None}},
        {"named_endpoints": {"/hello": {"parameters": {}, "returns": 5}}},
        {"named_endpoints": {"/hello": {"parameters": [None, 5]}}},
        {"named_endpoints": {"/hello": {"parameters": [{"type": True, "label": 5}]}}},
        {"named_endpoints": {"/hello": {"parameters": [{"parameter_name": "a b"}]}}},
        {"named_endpoints": {"/hello": {"parameters": [{"parameter_name": []}]}}},
    ],
)
def test_odd_infos_leave_what_can_be_read(answer: object) -> None:
    info = build([TEXT, NUMBER], *APP, info=answer)
    assert len(info.find("hello").parameters) == 1
    assert "/hello" in str(info)


def test_endpoints_are_built_when_asked_for_and_once() -> None:
    components = [component(i, "textbox", label=f"l{i}") for i in range(1000)]
    info = build(components, *({"api_name": f"e{i}", "inputs": [i]} for i in range(1000)))
    assert len(info.named_endpoints) == 1000
    assert info._built == {}
    assert info.find("e7") is info.named_endpoints["/e7"]
    assert list(info._built) == [7]


def test_endpoints_are_values() -> None:
    assert one(0) == one(0)
    assert hash(one(0, 2)) == hash(one(0, 2))
    assert repr(one(0, 2)) == "<Endpoint /run(your_name, n)>"


def test_to_dict_is_json_in_the_shape_of_info() -> None:
    answer = build([TEXT, NUMBER], *APP).to_dict()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["named_endpoints"]["/hello"]["parameters"][0]["parameter_name"] == "your_name"
    assert list(answer["unnamed_endpoints"]) == ["3"]


# --- recorded servers ---------------------------------------------------------------------------


def test_there_are_recordings() -> None:
    assert VERSIONS, f"no recorded servers in {RECORDINGS}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("with_info", [True, False])
def test_recorded_servers(version: str, with_info: bool) -> None:
    info = recorded(version, with_info=with_info)
    assert {"/hello", "/multi", "/file_io", "/count"} <= set(info.named_endpoints)
    multi = info.find("multi")
    assert [p.name for p in multi.parameters] == ["text", "n", "flag", "choice"]
    assert [p.default for p in multi.parameters] == ["dflt", 3, True, "a"]
    assert multi.parameters[3].choices == ("a", "b")
    assert multi.return_type == "tuple[str, float]"
    assert info.find("stream").is_generator or not with_info
    assert [p.type for p in info.find("file_io").parameters] == ["FileData"]
    assert [p.type for p in info.find("image_io").parameters] == ["FileData"]
    count = info.find("count")
    assert [slot.kind for slot in count.slots] == ["state"]
    assert count.state_outputs == (False, True)
    assert bind_arguments(count, [], {}) == [None]
    assert not info.find("noqueue").queued


# --- anything -----------------------------------------------------------------------------------

WORDS = (
    "id type props value label info choices skip_api api_info api_info_as_input serialized_info "
    "components dependencies inputs outputs api_name api_visibility show_api queue types generator "
    "connection stream named_endpoints unnamed_endpoints parameters returns parameter_name "
    "parameter_has_default parameter_default example_input description oauth_token /a a state "
    "component_prop_inputs deep_link_state valid properties path meta url _type enum"
)
words = st.sampled_from(WORDS.split())
leaves = (
    st.none() | st.booleans() | st.integers(-1, 4) | st.integers() | st.floats() | st.text() | words
)
any_json = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=6),
    max_leaves=40,
)


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects that have some of the fields, mostly of the right kind, and others."""
    return st.fixed_dictionaries({}, optional={k: v | any_json for k, v in fields.items()})


ids = st.integers(0, 4)
any_component = shaped(
    id=ids,
    type=st.sampled_from(["textbox", "state", "button"]),
    props=shaped(label=st.text(), value=any_json, info=st.text(), choices=any_json),
    skip_api=st.booleans(),
    api_info=any_json,
)
any_dependency = shaped(
    id=ids, api_name=st.sampled_from(["a", "b"]), inputs=st.lists(ids), outputs=st.lists(ids)
)
any_parameter = shaped(
    label=st.text(),
    parameter_name=st.text(),
    parameter_has_default=st.booleans(),
    parameter_default=any_json,
    type=any_json,
    example_input=any_json,
)
any_entry = shaped(parameters=st.lists(any_parameter), returns=st.lists(any_parameter))
any_config = shaped(
    components=st.lists(any_component, max_size=5),
    dependencies=st.lists(any_dependency, max_size=5),
    deep_link_state=st.just("valid"),
)
any_info = shaped(
    named_endpoints=st.dictionaries(st.sampled_from(["/a", "/b", "/c"]), any_entry),
    unnamed_endpoints=st.dictionaries(st.sampled_from(["0", "1", "x"]), any_entry),
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(any_config | any_json, any_info | any_json)
def test_anything_is_read_or_refused(config: object, answer: object) -> None:
    try:
        info = build_api_info(parse_config(config, URL), answer, URL)
    except GradwireError:
        return
    for text in (to_text(info), to_markdown(info)):
        assert all(character.isprintable() or character in "\n\u200d" for character in text)
    info.to_dict()
    for address in (*range(6), "a", "/b", *info.named_endpoints):
        use(info, address)


def use(info: ApiInfo, address: str | int) -> None:
    """Do all that can be done with an endpoint; only this library's errors may come of it."""
    try:
        endpoint = info.find(address)
    except GradwireError:
        return
    endpoint.signature()
    compile(endpoint.example_call(), "example", "eval")
    names = [parameter.name for parameter in endpoint.parameters]
    values = bind_arguments(endpoint, None, dict.fromkeys(names))
    assert len(values) == len(endpoint.slots)
    assert len(bind_arguments(endpoint, [1] * len(names), {})) == len(values)
