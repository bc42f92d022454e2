"""What the benchmark server says about its app: `/config` and `/gradio_api/info`.

The shapes are those of Gradio 6.31, with every key that a client may look at and none of the
theming. The app has three functions, in this order (`fn_index` 0, 1, 2):

    /echo(text)           -> text               a plain function that takes no time
    /tokens(n)            -> text               a generator of n steps
    /wait(text, seconds)  -> text               a plain function that takes a while
"""

from typing import Any

ECHO, TOKENS, WAIT = range(3)
API_PREFIX = "/gradio_api"
APP_ID = 1036045766054774794

Json = dict[str, Any]

TEXT = {"type": "string"}
NUMBER = {"type": "number"}

# component id -> (label, JSON schema, default value)
COMPONENTS: dict[int, tuple[str, Json, Any]] = {
    1: ("text", TEXT, None),
    2: ("echo", TEXT, None),
    3: ("n", NUMBER, 100),
    4: ("story", TEXT, None),
    5: ("text", TEXT, None),
    6: ("seconds", NUMBER, 0.005),
    7: ("answer", TEXT, None),
}
# name, inputs, outputs, is a generator
FUNCTIONS: list[tuple[str, list[int], list[int], bool]] = [
    ("echo", [1], [2], False),
    ("tokens", [3], [4], True),
    ("wait", [5, 6], [7], False),
]


def config(root: str) -> Json:
    """What `GET /config` answers for an app that is served at `root`."""
    return {
        "version": "6.31.0",
        "api_prefix": API_PREFIX,
        "mode": "blocks",
        "app_id": APP_ID,
        "dev_mode": False,
        "analytics_enabled": False,
        "components": [_component(id_) for id_ in COMPONENTS],
        "css": None,
        "connect_heartbeat": False,
        "js": None,
        "head": None,
        "title": "benchmark",
        "space_id": None,
        "enable_queue": True,
        "show_error": True,
        "is_colab": False,
        "max_file_size": None,
        "theme": "default",
        "protocol": "sse_v3",
        "pages": [["", "Home", True]],
        "page": {
            "": {
                "layout": _layout(),
                "components": list(COMPONENTS),
                "dependencies": list(range(len(FUNCTIONS))),
            }
        },
        "layout": _layout(),
        "dependencies": [_dependency(index) for index in range(len(FUNCTIONS))],
        "username": None,
        "root": root,
    }


def info() -> Json:
    """What `GET /gradio_api/info` answers."""
    return {
        "named_endpoints": {
            f"/{name}": {
                "parameters": [_parameter(id_) for id_ in inputs],
                "returns": [_value(id_) for id_ in outputs],
                "api_visibility": "public",
                "description": "",
            }
            for name, inputs, outputs, _ in FUNCTIONS
        },
        "unnamed_endpoints": {},
    }


def _layout() -> Json:
    return {"id": 0, "children": [{"id": id_} for id_ in COMPONENTS]}


def _component(id_: int) -> Json:
    label, schema, default = COMPONENTS[id_]
    kind = "number" if schema is NUMBER else "textbox"
    return {
        "id": id_,
        "type": kind,
        "props": {"value": default, "label": label, "visible": True, "name": kind},
        "skip_api": False,
        "component_class_id": kind,
        "key": None,
        "api_info": schema,
        "api_info_as_input": schema,
        "api_info_as_output": schema,
        "example_inputs": default or "Hello!!",
    }


def _dependency(index: int) -> Json:
    name, inputs, outputs, generator = FUNCTIONS[index]
    return {
        "id": index,
        "targets": [[inputs[-1], "submit"]],
        "inputs": inputs,
        "outputs": outputs,
        "backend_fn": True,
        "js": None,
        "queue": True,
        "api_name": name,
        "api_description": None,
        "scroll_to_output": False,
        "show_progress": "full",
        "batch": False,
        "max_batch_size": 4,
        "cancels": [],
        "types": {"generator": generator, "cancel": False},
        "collects_event_data": False,
        "trigger_after": None,
        "trigger_only_on_success": False,
        "trigger_only_on_failure": False,
        "trigger_mode": "once",
        "api_visibility": "public",
        "rendered_in": None,
        "render_id": None,
        "connection": "sse",
        "time_limit": None,
        "stream_every": 0.5,
    }


def _value(id_: int) -> Json:
    label, schema, _ = COMPONENTS[id_]
    return {
        "label": label,
        "type": schema,
        "python_type": {"type": "float" if schema is NUMBER else "str", "description": ""},
        "component": "Number" if schema is NUMBER else "Textbox",
    }


def _parameter(id_: int) -> Json:
    label, _, default = COMPONENTS[id_]
    return {
        **_value(id_),
        "parameter_name": label,
        "parameter_has_default": default is not None,
        "parameter_default": default,
        "example_input": default or "Hello!!",
    }
