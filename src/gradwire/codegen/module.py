"""A typed client for an app, as the source of one module."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from gradwire.app.api_info import ApiInfo
from gradwire.app.endpoint import Endpoint
from gradwire.codegen.methods import (
    ASYNC,
    SYNC,
    Kind,
    Method,
    argument_names,
    method_name,
    method_of,
    written,
)
from gradwire.codegen.reserved import IMPORTS, OWN, PRIVATE, WORDS
from gradwire.codegen.source import Names, camel, docstring, string
from gradwire.codegen.types import Types

MADE_BY = "Made by `gradwire codegen"
"""Stands in the docstring of every generated module, where a line may be broken at its blanks."""


def generate(
    api: ApiInfo,
    address: str,
    *,
    title: str = "",
    class_name: str | None = None,
    left_out: Sequence[str] = (),
) -> str:
    """Return the source of a module with a typed client for an app.

    The same app gives the same text: endpoints are in the order of their names, and nothing in it
    tells when or by what release it was made.

    Args:
        api: The app's endpoints.
        address: Where it is; the default of `connect`. Must hold no secret.
        title: The app's own name.
        class_name: Of the client; the asynchronous one has `Async` before it. Default: made of the
            title.
        left_out: Parts of the address that are secret, by name.
    """
    endpoints = _sorted(api)
    names = Names(OWN | PRIVATE | WORDS)
    named = [(endpoint, names.take(method_name(endpoint))) for endpoint in endpoints]
    used = {each for endpoint, name in named for each in (name, *argument_names(endpoint))}
    module_names = Names(WORDS | used)
    own = class_name or camel("" if title == "Gradio" else title, "App")
    classes = {SYNC: module_names.take(own), ASYNC: module_names.take(f"Async{own}")}
    types = Types(module_names)
    methods = [method_of(endpoint, name, types) for endpoint, name in named]
    bodies = [_class(name, kind, methods, types, address) for kind, name in classes.items()]
    code = "\n\n\n".join([*types.definitions.values(), *bodies])
    told = [
        f"A typed client for {title or 'an app'}.",
        f"`{classes[SYNC]}` is for scripts and threads, `{classes[ASYNC]}` for asyncio. "
        f"{MADE_BY} {address}`. Do not edit: make it anew when the app has changed.",
    ]
    if left_out:
        told.append(
            f"Left out of the address, as others may read this: {', '.join(left_out)}. Give "
            "`connect` the whole address."
        )
    head = [docstring(told, indent=0), "from __future__ import annotations", _imports(code)]
    return "\n\n".join(head) + f"\n\n\n{code}\n"


def _sorted(api: ApiInfo) -> list[Endpoint]:
    endpoints = [*api.named_endpoints.values(), *api.unnamed_endpoints.values()]
    return sorted(endpoints, key=lambda each: (each.name is None, each.name or "", each.fn_index))


def _class(name: str, kind: Kind, methods: list[Method], types: Types, address: str) -> str:
    base = "TypedClient" if kind is SYNC else "TypedAsyncClient"
    call = "with" if kind is SYNC else "async with"
    about = [f"The app's endpoints: `{call} {name}.connect() as app`."]
    names = Names({method.name for method in methods} | OWN | PRIVATE | WORDS)
    parts = [
        docstring(about, indent=4),
        f"_address = {string(address)}",
        *(text for method in methods for text in written(method, kind, types, names)),
    ]
    body = textwrap.indent("\n\n".join(parts), "    ", lambda line: line.strip() != "")
    return f"class {name}({base}):\n{body}"


def _imports(code: str) -> str:
    used = set(re.findall(r"\w+", code))
    lines: list[str] = []
    ours = False
    for module, names in IMPORTS.items():
        wanted = [name for name in names if name in used]
        line = f"from {module} import {', '.join(wanted)}"
        if module.startswith("gradwire") and wanted and not ours:
            ours = True
            lines += [""] if lines else []
        if wanted and (len(line) <= 88 and module != "gradwire.client.typed"):
            lines.append(line)
        elif wanted:
            inner = "".join(f"    {name},\n" for name in wanted)
            lines.append(f"from {module} import (\n{inner})")
    return "\n".join(lines)
