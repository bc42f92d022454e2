"""The API as a page for a terminal: quiet, and as wide as the window."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradwire.app.describe import REMARKS, remarks
from gradwire.app.endpoint import Endpoint, Parameter, Return
from gradwire.app.words import clean
from gradwire.cli.snippets import App
from gradwire.cli.usage import default_text, example_line, kind_text

_HERE = {
    REMARKS["generator"]: "Yields while it runs: `gradwire stream` shows each step.",
    REMARKS["stream"]: "Takes its input in chunks; from here it gets one.",
    REMARKS["state"]: "Remembers between the calls of one client; each command is a new one.",
}
"""What Python users are told otherwise."""

NAME, KIND, QUIET = "bold cyan", "green", "dim"


def app_page(app: App, endpoints: Sequence[Endpoint]) -> RenderableType:
    """Return the page of a whole app."""
    parts: list[RenderableType] = [_heading(app, len(endpoints))]
    widths = _widths(endpoints)
    for endpoint in endpoints:
        parts += ["", _title(endpoint), *_about(endpoint, short=True), _table(endpoint, widths)]
    if endpoints:
        first = example_line(endpoints[0], app.name, _verb(endpoints[0]))
        parts += ["", _hint("call one", first), _hint("more", f"gradwire view {app.name} ENDPOINT")]
    else:
        parts += ["", Text("This app lists no endpoints.", QUIET)]
    return Group(*parts)


def endpoint_page(app: App, endpoint: Endpoint) -> RenderableType:
    """Return the page of one endpoint."""
    view = f"gradwire view {app.name} {endpoint.address}"
    return Group(
        _title(endpoint),
        *_about(endpoint, short=False),
        _table(endpoint, _widths([endpoint])),
        "",
        _hint("call it", example_line(endpoint, app.name, _verb(endpoint))),
        _hint("code", f"{view} --python | --js | --curl"),
    )


def _verb(endpoint: Endpoint) -> str:
    return "stream" if endpoint.is_generator else "predict"


def _heading(app: App, number: int) -> RenderableType:
    count = "1 endpoint" if number == 1 else f"{number} endpoints"
    title = Text(clean(app.config.title) or "A Gradio app", "bold")
    facts = f"  Gradio {clean(app.config.version)}, {count}"
    return Group(title.append(facts, f"not bold {QUIET}"), Text(clean(app.name), QUIET))


def _title(endpoint: Endpoint) -> Text:
    return Text(clean(str(endpoint.address)), NAME)


def _about(endpoint: Endpoint, *, short: bool) -> list[RenderableType]:
    told = [] if short else [_HERE.get(text, text) for text in remarks(endpoint)]
    texts = [clean(endpoint.description), *told]
    return [Padding(Text(text), (0, 0, 0, 2), expand=False) for text in texts if text]


def _widths(endpoints: Sequence[Endpoint]) -> tuple[int, int, int]:
    """Return the widths of the columns, the same for all endpoints of a page."""
    found = [p for endpoint in endpoints for p in endpoint.parameters]
    kinds = [kind_text(p) for p in found]
    kinds += [_return_kind(r) for endpoint in endpoints for r in endpoint.returns]
    return (
        min(max((cell_len(p.name) for p in found), default=1), 24),
        min(max(map(cell_len, kinds), default=0), 20),
        min(max((cell_len(_default(p)) for p in found), default=0), 20),
    )


def _table(endpoint: Endpoint, widths: tuple[int, int, int]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for width, style in zip(widths, ("", KIND, QUIET), strict=True):
        table.add_column(style=style, overflow="fold", min_width=width, max_width=max(width, 24))
    table.add_column(overflow="fold")
    for parameter in endpoint.parameters:
        table.add_row(
            Text(parameter.name),
            Text(kind_text(parameter)),
            Text(_default(parameter)),
            Text(_note(parameter)),
        )
    for returned in endpoint.returns:
        table.add_row(Text("→", QUIET), Text(_return_kind(returned)), "", Text(_note(returned)))
    return Padding(table, (0, 0, 0, 2), expand=False)


def _default(parameter: Parameter) -> str:
    return "required" if not parameter.has_default else default_text(parameter, 28)


def _note(described: Parameter | Return) -> str:
    label = clean(described.label)
    name = getattr(described, "name", "")
    same = label.lower().replace(" ", "_") == name
    parts = ["" if same else label, clean(described.description)]
    return "; ".join(part for part in parts if part)


def _return_kind(returned: Return) -> str:
    return {"str": "text", "float": "number", "int": "number", "FileData": "file"}.get(
        returned.type, clean(returned.type)
    )


def _hint(what: str, text: str) -> RenderableType:
    """Return a line to copy: the terminal may break it, but no line break of ours is in it."""
    return Text.assemble((f"{what:<10}", QUIET), clean(text), no_wrap=True, overflow="ignore")
