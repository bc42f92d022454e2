"""What an app can do, for people and for programs."""

from __future__ import annotations

import ast
import inspect
import json
import pydoc
import rlcompleter
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import asynchronous
from proxy import Proxy, Reply
from servers.launch import Server

from gradwire import ApiInfo, AsyncClient, Client, Endpoint, handle_file


@pytest.fixture(scope="module")
def client(any_server: Server) -> Iterator[Client]:
    with Client.connect(any_server.url) as client:
        yield client


@pytest.fixture(scope="module")
def newest(server: Server) -> Iterator[Client]:
    with Client.connect(server.url) as client:
        yield client


def endpoint_of(client: Client, name: str) -> Endpoint:
    return client.view_api().named_endpoints[name]


# --- text -----------------------------------------------------------------------------------------


def test_the_text_shows_every_endpoint_that_the_app_lists(client: Client) -> None:
    text = str(client.view_api())
    for name in client.view_api().named_endpoints:
        assert f"\n{name}(" in text


def test_the_text_fits_a_terminal_and_holds_no_control_character(client: Client) -> None:
    for line in str(client.view_api()).splitlines():
        assert line.isprintable()
        assert len(line) <= 100 or "https://" in line  # an address cannot be broken


def test_the_text_of_an_endpoint(newest: Client) -> None:
    assert (
        str(endpoint_of(newest, "/multi"))
        == """\
/multi(text="dflt", n=3, flag=True, choice="a") -> (str, float)
  takes  text    str                "dflt"
         n       float              3
         flag    bool               True
         choice  Literal['a', 'b']  "a"
  gives  [0]     str    joined
         [1]     float  double

    client.predict("/multi", text="dflt", n=3, flag=True, choice="a")"""
    )


def test_the_text_says_what_is_special(newest: Client) -> None:
    remarks = {
        "/stream": "Yields while it runs",
        "/stream_in": "in chunks",
        "/count": "session state",
        "/noqueue": "Does not wait in the queue",
        "/batched": "batches",
    }
    for name, words in remarks.items():
        assert words in str(endpoint_of(newest, name))


def test_printing_it_and_showing_it_in_a_console_is_the_same(client: Client) -> None:
    assert repr(client.view_api()) == str(client.view_api())


def test_a_notebook_shows_tables(client: Client) -> None:
    markdown = client.view_api()._repr_markdown_()
    assert "### `/multi`" in markdown
    assert "| parameter | type | default | about |" in markdown


def test_every_example_is_a_call_in_python(client: Client) -> None:
    for endpoint in client.view_api().named_endpoints.values():
        [statement] = ast.parse(endpoint.example_call()).body
        assert isinstance(statement, ast.Expr)
        assert isinstance(statement.value, ast.Call)


@pytest.mark.parametrize(
    "name", ["/hello", "/multi", "/defaults", "/begrüße", "/noqueue", "/count", "/remember"]
)
def test_an_example_can_be_pasted(client: Client, name: str) -> None:
    call = endpoint_of(client, name).example_call()
    names = {"client": client, "handle_file": handle_file}
    assert eval(call, names).data


# --- objects --------------------------------------------------------------------------------------


def test_it_is_typed(client: Client) -> None:
    api = client.view_api()
    assert isinstance(api, ApiInfo)
    assert all(isinstance(endpoint, Endpoint) for endpoint in api.named_endpoints.values())
    assert not api.unnamed_endpoints


def test_parameters_have_names_types_and_defaults(client: Client) -> None:
    text, n, flag, choice = endpoint_of(client, "/multi").parameters
    assert [p.name for p in (text, n, flag, choice)] == ["text", "n", "flag", "choice"]
    assert [p.type for p in (text, n, flag)] == ["str", "float", "bool"]
    assert choice.choices == ("a", "b")
    assert [p.default for p in (text, n, flag, choice)] == ["dflt", 3, True, "a"]
    assert all(p.has_default for p in (text, n, flag, choice))


def test_what_is_required_has_no_default(newest: Client) -> None:
    [name] = endpoint_of(newest, "/hello").parameters
    assert not name.has_default


def test_returns_have_types(client: Client) -> None:
    endpoint = endpoint_of(client, "/multi")
    assert [r.label for r in endpoint.returns] == ["joined", "double"]
    assert endpoint.return_type == "tuple[str, float]"


def test_state_is_not_among_parameters_and_returns(client: Client) -> None:
    endpoint = endpoint_of(client, "/remember")
    assert len(endpoint.parameters) == 1
    assert len(endpoint.returns) == 1


def test_hidden_endpoints_are_not_listed_but_can_be_called(client: Client) -> None:
    hidden = {d.api_name for d in client.config.dependencies.values() if d.api_name == "hidden"}
    for name in hidden:
        assert f"/{name}" not in client.view_api().named_endpoints
        assert client.predict(name, ["Ada"]).value == "Hello Ada"


def test_it_can_be_written_as_json(client: Client) -> None:
    found = client.view_api().to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["named_endpoints"]["/multi"]["parameters"][0]["parameter_name"] == "text"


@asynchronous
async def test_the_asynchronous_client_sees_the_same(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        assert "/multi" in (await client.view_api()).named_endpoints


# --- endpoints as callables -----------------------------------------------------------------------


def test_endpoints_can_be_called_by_name_and_by_index(client: Client) -> None:
    endpoint = client.endpoints["/hello"]
    assert endpoint("Ada").value == "Hello Ada"
    assert client.endpoints["hello"](name="Ada").value == "Hello Ada"
    assert client.endpoints[endpoint.endpoint.fn_index]("Ada").value == "Hello Ada"


def test_endpoints_can_be_called_as_attributes(client: Client) -> None:
    assert client.api.hello("Ada").value == "Hello Ada"
    assert client.api.multi(n=4).value[1] == 8
    assert client.api.begrüße("Ada").value == "Grüße, Ada 👋"


def test_endpoints_can_be_submitted(client: Client) -> None:
    assert [event.data for event in client.api.stream.submit("ab", 0)][-1] == ["ab"]


@asynchronous
async def test_asynchronous_endpoints_are_awaited(any_server: Server) -> None:
    async with AsyncClient.connect(any_server.url) as client:
        assert (await client.api.hello("Ada")).value == "Hello Ada"
        assert (await client.endpoints["/hello"](name="Ada")).value == "Hello Ada"
        assert (await client.api.hello.submit("Ada")).value == "Hello Ada"


def test_endpoints_are_a_mapping(client: Client) -> None:
    assert "/hello" in client.endpoints
    assert "hello" in client.endpoints
    assert "/nonsense" not in client.endpoints
    assert list(client.endpoints) == list(client.view_api().named_endpoints)
    assert len(client.endpoints) == len(list(client.endpoints.values()))


def test_signatures_are_real(client: Client) -> None:
    signature = inspect.signature(client.api.multi)
    assert list(signature.parameters) == ["text", "n", "flag", "choice"]
    assert signature.parameters["n"].default == 3
    assert signature.bind("x", flag=False).arguments == {"text": "x", "flag": False}
    with pytest.raises(TypeError):
        signature.bind(nonsense=1)


def test_help_shows_the_endpoint(client: Client) -> None:
    text = pydoc.plain(pydoc.render_doc(client.api.multi))
    assert '/multi(text="dflt", n=3' in text
    assert 'client.predict("/multi"' in text


def test_dir_lists_the_endpoints(client: Client) -> None:
    assert {"hello", "multi", "begrüße"} <= set(dir(client.api))
    assert all(name.isidentifier() for name in dir(client.api))


def test_a_console_completes_the_names(client: Client) -> None:
    completer = rlcompleter.Completer({"client": client})
    found = [completer.complete("client.api.stream", state) for state in range(2)]
    assert found[0] is not None
    assert found[0].startswith("client.api.stream")


def test_a_notebook_completes_what_stands_in_brackets(client: Client) -> None:
    assert "/hello" in client.endpoints._ipython_key_completions_()


def test_callables_say_what_they_are(client: Client) -> None:
    assert repr(client.api.hello).startswith("<endpoint '/hello' (name: str)")
    assert "'/hello'" in repr(client.endpoints)


# --- odd schemas ----------------------------------------------------------------------------------

DEEP: dict[str, Any] = {"type": "string"}
for _ in range(200):
    DEEP = {"type": "array", "items": DEEP}

SCHEMAS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "empty": {},
    "text": "string",
    "list": ["string"],
    "number": 7,
    "type-list": {"type": ["string", "null"]},
    "type-odd": {"type": 7},
    "items-true": {"type": "array", "items": True},
    "items-list": {"type": "array", "items": [{"type": "string"}, True]},
    "properties-true": {"type": "object", "properties": {"a": True, "b": False}},
    "properties-list": {"type": "object", "properties": ["a"]},
    "additional": {"type": "object", "additionalProperties": {"type": "integer"}},
    "any-of-true": {"anyOf": [True, {"type": "null"}]},
    "any-of-text": {"anyOf": "x"},
    "all-of": {"allOf": [{"type": "string"}, {"minLength": 1}]},
    "enum-odd": {"enum": [None, 1, "a", ["b"], {"c": 1}]},
    "enum-text": {"enum": "abc"},
    "const": {"const": {"a": 1}},
    "ref-missing": {"$ref": "#/$defs/Nowhere"},
    "ref-odd": {"$ref": 7},
    "ref-self": {"$ref": "#"},
    "recursive": {
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
        "$ref": "#/$defs/Node",
    },
    "deep": DEEP,
    "description-odd": {"type": "string", "description": 7},
    "markup": {"type": "string", "description": "\x1b[31m<b>red</b>|`x`\n\n| a |"},
}


def with_schema(server: Server, schema: Any) -> Reply:
    with urllib.request.urlopen(f"{server.url}/gradio_api/info") as answer:
        info = json.load(answer)
    for part in ("parameters", "returns"):
        info["named_endpoints"]["/hello"][part][0]["type"] = schema
    return Reply(body=json.dumps(info).encode())


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS.keys())
def test_an_odd_schema_does_no_harm(server: Server, proxy: Proxy, schema: Any) -> None:
    proxy.rules["*/info"] = with_schema(server, schema)
    with Client.connect(proxy.url) as client:
        endpoint = endpoint_of(client, "/hello")
        assert "/hello(" in str(client.view_api())
        assert "\x1b" not in str(client.view_api()) + client.view_api()._repr_markdown_()
        assert client.view_api()._repr_markdown_()
        assert json.dumps(client.view_api().to_dict())
        assert ast.parse(endpoint.example_call())
        assert inspect.signature(client.api.hello).parameters
        assert pydoc.render_doc(client.api.hello)
        assert client.api.hello("Ada").value == "Hello Ada"


@pytest.mark.parametrize(
    "missing",
    [
        "label",
        "parameter_name",
        "parameter_has_default",
        "type",
        "python_type",
        "component",
        "example_input",
    ],
)
def test_a_missing_key_does_no_harm(server: Server, proxy: Proxy, missing: str) -> None:
    with urllib.request.urlopen(f"{server.url}/gradio_api/info") as answer:
        info = json.load(answer)
    del info["named_endpoints"]["/hello"]["parameters"][0][missing]
    proxy.rules["*/info"] = Reply(body=json.dumps(info).encode())
    with Client.connect(proxy.url) as client:
        assert "/hello(" in str(client.view_api())
        assert client.predict("/hello", name="Ada").value == "Hello Ada"
