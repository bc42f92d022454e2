"""Code that calls an app, to be pasted: Python, JavaScript, and curl. It runs as printed.

Passwords and tokens are never in it: what was given to the command is read from the environment,
and what is secret in the address is left out.
A file to send is `path/to/file`, unless the app's own example is an address.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gradwire.app.config import Config
from gradwire.app.endpoint import Endpoint, Parameter, Slot
from gradwire.app.example import File, file_address, sample
from gradwire.app.reference import public_address
from gradwire.cli.curl_files import data_option, file_lines, file_value
from gradwire.data.files import FILE_TYPE
from gradwire.errors import InvalidArgumentError, is_secret
from gradwire.wire.requests import Requests

if TYPE_CHECKING:
    from gradwire.client.sync import Client

FIRST_SIMPLE = (4, 20)
"""The release that brought `/call`, which needs no open stream."""
FIRST_NAMED = (4, 23)
"""The release that tells the names of parameters."""
STATE_FILLED = (6, 18)
"""The release from which on `/call` fills in State by itself."""


@dataclass(frozen=True)
class App:
    """What snippets need to know of an app.

    Attributes:
        name: What the user called it: an address, or `owner/space`.
        token: Whether a token is needed.
        login: Whether a login is needed.
        left_out: Parts of the address that are secret, by name.
    """

    name: str
    config: Config
    requests: Requests
    token: bool = False
    login: bool = False
    left_out: Sequence[str] = ()


def app_of(client: Client, name: str, *, token: bool) -> App:
    """Return what snippets may know of an app that is connected."""
    address, left_out = public_address(name)
    requests = client._inner._requests
    query = {key: value for key, value in requests.query.items() if not is_secret(key, value)}
    public = Requests(requests.base_url, requests.prefix, query)
    login = client.config.username is not None
    return App(address, client.config, public, token, login, left_out)


def _note(app: App, mark: str) -> str:
    """Return the comment that says what is to be added to the address."""
    if not app.left_out:
        return ""
    return f"{mark} Left out of the address, as others may read this: {', '.join(app.left_out)}\n"


# --- Python ---------------------------------------------------------------------------------------


def python(app: App, endpoints: Sequence[Endpoint]) -> str:
    """Return a script."""
    calls = [_python_call(endpoint) for endpoint in endpoints]
    body = "\n\n".join(calls) or "print(client.view_api())"
    names = "Client, handle_file" if "handle_file(" in body else "Client"
    options = [json.dumps(app.name, ensure_ascii=False)]
    if app.token:
        options.append('token=os.environ["HF_TOKEN"]')
    if app.login:
        options.append('auth=os.environ["GRADWIRE_AUTH"].split(":", 1)')
    head = f"from gradwire import {names}\n\nwith Client.connect({', '.join(options)}) as client:\n"
    head = f"import os\n\n{head}" if app.token or app.login else head
    return _note(app, "#") + head + _indented(body)


def _python_call(endpoint: Endpoint) -> str:
    call = endpoint.example_call()
    if endpoint.streaming_input:
        return f"job = {call}\njob.close_stream()\nprint(job.result().value)"
    if endpoint.is_generator:
        call = call.replace("client.predict(", "client.submit(", 1)
        return f"for event in {call}:\n    print(event.data)"
    return f"result = {call}\nprint(result.value)"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.split("\n"))


# --- JavaScript -----------------------------------------------------------------------------------


def javascript(app: App, endpoints: Sequence[Endpoint]) -> str:
    """Return a module for Node or a browser, for the package `@gradio/client`."""
    body = "\n\n".join(_javascript_call(app, endpoint) for endpoint in endpoints)
    names = "Client, handle_file" if "handle_file(" in body else "Client"
    options = []
    if app.token:
        options.append("token: process.env.HF_TOKEN")
    if app.login:
        # A password may have colons.
        options.append("auth: process.env.GRADWIRE_AUTH.split(/:(.*)/s, 2)")
    more = f", {{ {', '.join(options)} }}" if options else ""
    return (
        f"{_note(app, '//')}"
        f'import {{ {names} }} from "@gradio/client";\n\n'
        f"const app = await Client.connect({_js(app.name)}{more});\n\n"
        f"{body or 'console.log(await app.view_api());'}\n\n"
        # `app.close()` leaves the heartbeat of an app with State open, and Node waits for it.
        "globalThis.process?.exit();"
    )


def _javascript_call(app: App, endpoint: Endpoint) -> str:
    arguments = f"{_js(endpoint.address)}, {_javascript_inputs(app, endpoint)}"
    if endpoint.is_generator or endpoint.streaming_input:
        return (
            f"for await (const event of app.submit({arguments})) {{\n  console.log(event.data);\n}}"
        )
    # In a block, so that several calls do not share the name.
    return f"{{\n  const result = await app.predict({arguments});\n  console.log(result.data);\n}}"


def _javascript_inputs(app: App, endpoint: Endpoint) -> str:
    values = [_javascript_value(parameter) for parameter in endpoint.parameters]
    if app.config.release < FIRST_NAMED:
        return f"[{', '.join(values)}]"
    names = [parameter.wire_name for parameter in endpoint.parameters]
    pairs = [
        f"{name if name.isascii() and name.isidentifier() else _js(name)}: {value}"
        for name, value in zip(names, values, strict=True)
    ]
    return f"{{ {', '.join(pairs)} }}" if pairs else "{}"


def _javascript_value(parameter: Parameter) -> str:
    value = value_of(parameter)
    path = file_of(value)
    if path is not None:
        return f"handle_file({_js(path)})"
    if isinstance(value, list):
        items = [(file_of(item), item) for item in value]
        return f"[{', '.join(f'handle_file({_js(p)})' if p else _js(i) for p, i in items)}]"
    return _js(value)


def _js(value: Any) -> str:
    """Return JSON; what would steer a terminal, or end a line in JavaScript, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


# --- curl -----------------------------------------------------------------------------------------


def curl(app: App, endpoints: Sequence[Endpoint]) -> str:
    """Return shell commands.

    Raises:
        InvalidArgumentError: An endpoint cannot be called so.
    """
    calls = [_curl_call(app, endpoint) for endpoint in endpoints]
    return _note(app, "#") + "\n\n".join([*_curl_login(app), *calls])


def _curl_login(app: App) -> list[str]:
    if not app.login:
        return []
    url = shlex.quote(app.requests.url("login"))
    return [
        f"curl -s -o /dev/null -c cookies.txt {url} \\\n"
        '  --data-urlencode "username=${GRADWIRE_AUTH%%:*}" \\\n'
        '  --data-urlencode "password=${GRADWIRE_AUTH#*:}"'
    ]


def _curl_call(app: App, endpoint: Endpoint) -> str:
    if endpoint.name is None or endpoint.streaming_input:
        raise InvalidArgumentError(
            f"{endpoint.address} cannot be called with curl: it "
            + ("has no name." if endpoint.name is None else "takes its input in chunks.")
        )
    values = [_curl_value(app, endpoint, slot) for slot in _slots(app, endpoint)]
    body = _js({"data": values})
    curl_ = f"curl -s{_curl_options(app)}"
    before, data = data_option(body)
    post = f"{before}{curl_} -H 'Content-Type: application/json' {data}"
    name = quote(endpoint.name.strip("/"))
    lines = file_lines(body, f"{curl_} {shlex.quote(app.requests.api_url('upload'))}")
    if app.config.release < FIRST_SIMPLE:
        if endpoint.is_generator:
            lines.insert(0, "# One request gets one answer: the first step that this yields.")
        return "\n".join([*lines, f"{post} {shlex.quote(app.requests.url(f'run/{name}'))}"])
    url = app.requests.api_url(f"call/{name}")
    address, _, query = url.partition("?")
    # Where the event's id stands at the end of the path, the query follows it.
    result = f'{shlex.quote(address)}/"$EVENT"' + (shlex.quote(f"?{query}") if query else "")
    found = 'sed \'s/.*"event_id": *"\\([^"]*\\)".*/\\1/\''
    return "\n".join(
        [*lines, f"EVENT=$({post} \\\n  {shlex.quote(url)} | {found})", f"{curl_} -N {result}"]
    )


def _slots(app: App, endpoint: Endpoint) -> list[Slot]:
    told = [slot for slot in endpoint.slots if slot.kind != "state"]
    return told if app.config.release >= STATE_FILLED else list(endpoint.slots)


def _curl_value(app: App, endpoint: Endpoint, slot: Slot) -> Any:
    if slot.kind != "parameter":
        return None
    value = value_of(endpoint.parameters[slot.index])

    def sent(item: Any) -> Any:
        path = file_of(item)
        return item if path is None else file_value(app.config, path, picture=slot.pictures)

    return [sent(item) for item in value] if isinstance(value, list) else sent(value)


def _curl_options(app: App) -> str:
    token = ' -H "Authorization: Bearer $HF_TOKEN"' if app.token else ""
    return token + (" -b cookies.txt" if app.login else "")


# --- values ---------------------------------------------------------------------------------------


def value_of(parameter: Parameter) -> Any:
    """Return a value to call with: the default, or an example; JSON, with files as they come."""
    return parameter.default if parameter.has_default else sample(parameter)


def file_of(value: Any) -> str | None:
    """Return what a file's example is sent from: an address, else `NO_PATH`; None: no file."""
    if isinstance(value, File):
        return str(value)
    meta = value.get("meta") if isinstance(value, dict) else None
    if not isinstance(meta, dict) or meta.get("_type") != FILE_TYPE:
        return None
    return file_address(value.get("url") or value.get("path"))


MAKERS = {"python": python, "js": javascript, "curl": curl}
"""Each language's, by the option of `gradwire view`."""
