"""Functions that a component runs on the server, such as the listing of a file explorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradwire.client.options import Options
from gradwire.data.inputs import FileInput
from gradwire.data.json import decode_answer
from gradwire.data.multipart import FieldPart, FilePart, MultipartBody
from gradwire.data.walk import collect_files
from gradwire.errors import AppError, InvalidArgumentError
from gradwire.wire.failures import refused_request
from gradwire.wire.requests import Requests

if TYPE_CHECKING:
    from gradwire.client.engine import Engine


async def call_component(
    engine: Engine,
    requests: Requests,
    options: Options,
    component_id: int,
    fn_name: str,
    data: Any,
) -> Any:
    """Call one; see `AsyncClient.component_server`."""
    # A connection of its own: after a function that failed, the server closes it a little late, and
    # the next call would fall into the gap.
    requests = requests.with_headers({**requests.headers, "Connection": "close"})
    _check(engine, component_id, fn_name)
    fields: dict[str, Any] = {
        "component_id": component_id,
        "fn_name": fn_name,
        "session_hash": engine.session.session_hash,
    }
    if (
        isinstance(data, Mapping)
        and data.get("binary") is True
        and isinstance(data.get("data"), Mapping)
    ):
        data = data["data"]  # how the JavaScript client marks a form
    content, files = collect_files(data)
    if not files:
        request = requests.component_server({"data": content, **fields})
        answer = await engine.transport.request(request, options.timeout, options.limits)
    else:
        url = requests.component_server_url()
        body = _form(content, engine.uploads.check(files), fields)
        answer = await engine.transport.upload(url, requests.headers, body, options.timeout)
    if answer.status == 500:
        raise AppError(
            f"{fn_name!r} of component {component_id} failed. Look into the app's own log.",
            url=answer.url,
            status=500,
        )
    if answer.status != 200:
        raise refused_request(answer.status, answer.body, answer.url, fn_name)
    return decode_answer(answer.body, answer.url, f"the result of {fn_name}")


def _check(engine: Engine, component_id: Any, fn_name: Any) -> None:
    components = engine.app.config.components
    known = isinstance(component_id, int) and not isinstance(component_id, bool)
    component = components.get(component_id) if known else None
    if component is None:
        having = [c.id for c in components.values() if c.props.get("server_fns")]
        raise InvalidArgumentError(
            f"There is no component {component_id!r}. Components with server functions: {having}."
        )
    listed = component.props.get("server_fns")  # left out where there is none
    functions = listed if isinstance(listed, list) else []
    if fn_name not in functions:
        raise InvalidArgumentError(
            f"Component {component_id} ({component.type}) has no server function {fn_name!r}; "
            f"it has {', '.join(map(str, functions)) or 'none'}."
        )


def _form(
    content: Any, sizes: Mapping[FileInput, int | None], fields: Mapping[str, Any]
) -> MultipartBody:
    if not isinstance(content, dict):
        raise InvalidArgumentError("Files are sent as a form: data must be a mapping of names.")
    parts: list[FieldPart | FilePart] = []
    for name, value in content.items():
        if isinstance(value, FileInput):
            parts.append(FilePart(name, value, sizes[value]))
        elif isinstance(value, str | int | float):
            parts.append(FieldPart(name, str(value)))
        else:
            raise InvalidArgumentError(
                f"{name!r}: a form holds files, text and numbers, not {type(value).__name__}."
            )
    parts += [FieldPart(name, str(value)) for name, value in fields.items()]
    return MultipartBody(parts)
