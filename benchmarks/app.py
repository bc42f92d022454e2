"""What the benchmark server says about its app: `/config` and `/gradio_api/info`.

The shapes are those of Gradio 6.31, with every key that a client may look at and none of the
theming. The app has these functions, in this order (`fn_index` 0, 1, …):

    /echo(text)           -> text               a plain function that takes no time
    /tokens(n)            -> text               a generator of n steps
    /wait(text, seconds)  -> text               a plain function that takes a while
    /chat(n)              -> history            a generator of n steps; the last message grows
    /grow(n, size)        -> text               n steps to a text of size characters
    /blob(size)           -> table              a plain function with a large output
    /keep(file)           -> file               a plain function that takes no time
    /file(size)           -> file               a plain function; the file is one of zeros

`more` adds further functions, which make config and API info larger: each about a kilobyte.
"""

from typing import Any

ECHO, TOKENS, WAIT, CHAT, GROW, BLOB, KEEP, FILE = range(8)
API_PREFIX = "/gradio_api"
APP_ID = 1036045766054774794

Json = dict[str, Any]

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
ANY: Json = {}
FILE_DATA = {"type": "object", "title": "ImageData"}

KINDS = {"": "JSON", "string": "Textbox", "number": "Number", "object": "Image"}
PYTHON = {"JSON": "Any", "Textbox": "str", "Number": "float", "Image": "dict(path: str, url: str)"}

# component id -> (label, JSON schema, default value)
COMPONENTS: dict[int, tuple[str, Json, Any]] = {
    1: ("text", TEXT, None),
    2: ("echo", TEXT, None),
    3: ("n", NUMBER, 100),
    4: ("story", TEXT, None),
    5: ("text", TEXT, None),
    6: ("seconds", NUMBER, 0.005),
    7: ("answer", TEXT, None),
    8: ("n", NUMBER, 100),
    9: ("history", ANY, None),
    10: ("n", NUMBER, 100),
    11: ("size", NUMBER, 30_000),
    12: ("text", TEXT, None),
    13: ("size", NUMBER, 1_000),
    14: ("table", ANY, None),
    15: ("file", FILE_DATA, None),
    16: ("kept", FILE_DATA, None),
    17: ("size", NUMBER, 1_000),
    18: ("file", FILE_DATA, None),
}
# name, inputs, outputs, is a generator
FUNCTIONS: list[tuple[str, list[int], list[int], bool]] = [
    ("echo", [1], [2], False),
    ("tokens", [3], [4], True),
    ("wait", [5, 6], [7], False),
    ("chat", [8], [9], True),
    ("grow", [10, 11], [12], True),
    ("blob", [13], [14], False),
    ("keep", [15], [16], False),
    ("file", [17], [18], False),
]


def _functions(more: int) -> list[tuple[str, list[int], list[int], bool]]:
    return FUNCTIONS + [(f"more_{number}", [1], [2], False) for number in range(more)]


def file_data(root: str, size: int) -> Json:
    """What a function answers whose output is a file of so many zeros."""
    path = f"/zeros/{size}"
    return {
        "path": path,
        "url": f"{root}{API_PREFIX}/file={path}",
        "size": size,
        "orig_name": str(size),
        "mime_type": None,
        "is_stream": False,
        "meta": {"_type": "gradio.FileData"},
    }


def config(root: str, more: int = 0) -> Json:
    """What `GET /config` answers for an app that is served at `root`."""
    functions = _functions(more)
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
                "dependencies": list(range(len(functions))),
            }
        },
        "layout": _layout(),
        "dependencies": [_dependency(index, *function) for index, function in enumerate(functions)],
        "username": None,
        "root": root,
    }


def info(more: int = 0) -> Json:
    """What `GET /gradio_api/info` answers."""
    return {
        "named_endpoints": {
            f"/{name}": {
                "parameters": [_parameter(id_) for id_ in inputs],
                "returns": [_value(id_) for id_ in outputs],
                "api_visibility": "public",
                "description": "",
            }
            for name, inputs, outputs, _ in _functions(more)
        },
        "unnamed_endpoints": {},
    }


def _layout() -> Json:
    return {"id": 0, "children": [{"id": id_} for id_ in COMPONENTS]}


def _component(id_: int) -> Json:
    label, schema, default = COMPONENTS[id_]
    kind = KINDS[schema.get("type", "")].lower()
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


def _dependency(
    index: int, name: str, inputs: list[int], outputs: list[int], generator: bool
) -> Json:
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
    kind = KINDS[schema.get("type", "")]
    return {
        "label": label,
        "type": schema,
        "python_type": {"type": PYTHON[kind], "description": ""},
        "component": kind,
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
