"""Small apps: configs and what `/info` says of them."""

from __future__ import annotations

from typing import Any

from gradwire.app.api_info import ApiInfo, build_api_info
from gradwire.app.config import parse_config
from gradwire.app.endpoint import Endpoint

URL = "http://app/info"


def component(number: int, kind: str, /, skip_api: bool = False, **props: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": kind,
        "props": props,
        "skip_api": skip_api,
        "api_info": {"type": "string"},
        "example_inputs": "Hello!!",
    }


TEXT = component(0, "textbox", label="Your name")
STATE = component(1, "state", skip_api=True)
NUMBER = component(2, "number", label="n", value=3)
BUTTON = component(3, "button", skip_api=True, value="Go")


def build(
    components: list[dict[str, Any]],
    *dependencies: dict[str, Any],
    info: object = None,
    **extra: Any,
) -> ApiInfo:
    listed = [{"id": i, "outputs": [], **d} for i, d in enumerate(dependencies)]
    answer = {"protocol": "sse_v3", "components": components, "dependencies": listed, **extra}
    config = parse_config(answer, URL)
    return build_api_info(config, info, URL)


def one(*inputs: int, entry: dict[str, Any] | None = None, **extra: Any) -> Endpoint:
    info = None if entry is None else {"named_endpoints": {"/run": entry}}
    dependency = {"api_name": "run", "inputs": list(inputs), **extra}
    return build([TEXT, STATE, NUMBER, BUTTON], dependency, info=info).find("run")


def app(*parameters: dict[str, Any], returns: Any = (), **dependency: Any) -> ApiInfo:
    """Build an app of one endpoint, `/run`, out of entries of `/info`."""
    components = [{"id": i, "type": "textbox", "props": {}, "skip_api": False} for i in range(50)]
    listed = {
        "id": 0,
        "api_name": "run",
        "inputs": list(range(len(parameters))),
        "outputs": list(range(len(returns))),
        **dependency,
    }
    answer = {"protocol": "sse_v3", "components": components, "dependencies": [listed]}
    config = parse_config(answer, URL)
    entry = {"parameters": list(parameters), "returns": list(returns)}
    entry |= {k: v for k, v in dependency.items() if k in ("description", "oauth_token")}
    return build_api_info(config, {"named_endpoints": {"/run": entry}}, URL)


def parameter(name: str, schema: object = None, /, **more: Any) -> dict[str, Any]:
    has_default = "parameter_default" in more
    return {
        "parameter_name": name,
        "label": name,
        "type": schema or {"type": "string"},
        "parameter_has_default": has_default,
        **more,
    }
