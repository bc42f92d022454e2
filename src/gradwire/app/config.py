"""The `/config` of an app: components, endpoints, and what the server can do.

Servers of all ages answer here, so everything is optional: a missing or odd value becomes its
default and never an error. Only an answer that is not a JSON object cannot be used (see
`parse_config`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import msgspec

from gradwire.app.dependencies import Dependencies, Dependency
from gradwire.app.json_values import JsonObject, is_int, json_ints, json_object
from gradwire.app.parts import Parts
from gradwire.errors import ProtocolError


class Component(msgspec.Struct, frozen=True):
    """One component of the app, such as a textbox."""

    id: int
    type: str
    props: JsonObject
    skip_api: bool
    raw: JsonObject

    @property
    def label(self) -> str | None:
        """What people see beside the component."""
        label = self.props.get("label")
        return label if isinstance(label, str) else None

    @property
    def is_state(self) -> bool:
        """Whether its value stays on the server: the client sends and gets null in its place."""
        return self.type == "state"


class Components(Parts[Component]):
    """All components of an app, by their id."""

    __slots__ = ()

    @staticmethod
    def _make(number: int, item: JsonObject) -> Component:
        props = json_object(item.get("props"))
        kind = str(item.get("type") or props.get("name") or "")
        skip_api = bool(item.get("skip_api", kind == "state"))
        return Component(number, kind, props, skip_api, item)

    def without_render(self, render_id: int) -> Self:
        """Return those that this `gr.render` has not made."""
        return self.without("renderable", render_id)


@dataclass(frozen=True, slots=True)
class Config:
    """What an app says of itself.

    `raw` holds the answer as it came, for what has no attribute of its own.
    """

    version: str
    protocol: str
    """`"ws"`, `"sse"`, `"sse_v1"`, `"sse_v2"`, `"sse_v2.1"` or `"sse_v3"`."""
    api_prefix: str
    title: str
    mode: str
    app_id: str | None
    root: str
    space_id: str | None
    username: str | None
    enable_queue: bool
    connect_heartbeat: bool
    max_file_size: int | None
    """Bytes of the largest file that may be uploaded; None: no limit."""
    components: Components = field(repr=False)
    dependencies: Dependencies = field(repr=False)
    pages: tuple[tuple[str, str], ...]
    """`(route, title)` of each page; the main page's route is `""`."""
    current_page: str
    deep_link_state: str | None
    raw: JsonObject = field(repr=False)

    @property
    def release(self) -> tuple[int, int]:
        """Major and minor version; a server that says none is taken for new."""
        found = re.match(r"(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else (99, 0)

    @property
    def is_old(self) -> bool:
        """Whether it is of the 3.x series, which had other files and said less of its endpoints."""
        return self.protocol == "ws"

    @property
    def takes_uploads(self) -> bool:
        """Whether files can be uploaded; else their content goes into the call itself."""
        return not self.is_old or self.release >= (3, 19)

    def is_queued(self, dependency: Dependency) -> bool:
        """Tell whether a call goes through the queue (or is one plain HTTP request)."""
        if dependency.batch and self.protocol in _BREAKS_BATCHES:
            return False
        return self.enable_queue if dependency.queue is None else dependency.queue

    def component(self, component_id: int) -> Component | None:
        """Return a component by its id, or None."""
        return self.components.get(component_id)

    def get_page_config(self, page: str) -> Config:
        """Return the part of the config that one page shows; an unknown page gives the main one."""
        layouts = self.raw.get("page")
        if not isinstance(layouts, dict):
            return self
        name = page.strip("/")
        name = name if name in layouts else ""
        layout = json_object(layouts.get(name))
        shown = frozenset(json_ints(layout.get("components")))
        used = frozenset(json_ints(layout.get("dependencies")))
        return replace(
            self,
            current_page=name,
            components=self.components.only(shown),
            dependencies=self.dependencies.only(used),
            raw={**self.raw, "current_page": name, "layout": layout.get("layout")},
        )

    def with_render(self, rendered: JsonObject) -> Config:
        """Return the config after a `gr.render` has replaced what it showed before.

        Source: a `render_config` in an output names the render (`render_id`) and carries its
        new components and dependencies; a component names its render as `renderable`.
        """
        components, dependencies = self.components, self.dependencies
        render_id = rendered.get("render_id")
        if is_int(render_id):
            components = components.without_render(render_id)
            dependencies = dependencies.without_render(render_id)
        components |= Components.read(rendered.get("components"))
        dependencies |= Dependencies.read(rendered.get("dependencies"))
        return replace(
            self,
            components=components,
            dependencies=dependencies,
            connect_heartbeat=self.connect_heartbeat or _needs_heartbeat(components, dependencies),
        )


# A batch makes the first two take a job from the queue twice, and the error ends the queue for
# everybody (seen in 4.0.2 to 4.10.0); the third gives all callers of a batch the same result, that
# of the last (seen in 4.19.2). Outside of the queue each call is a batch of its own.
_BREAKS_BATCHES = frozenset({"sse", "sse_v1", "sse_v2"})


def parse_config(answer: object, url: str) -> Config:
    """Read the JSON of `/config`.

    Args:
        answer: The decoded JSON.
        url: Where it came from, for the error.

    Raises:
        ProtocolError: It is not an object with `components` or `dependencies`.
    """
    if not isinstance(answer, dict) or not ({"components", "dependencies"} & answer.keys()):
        raise ProtocolError(
            f"{url} answered JSON, but not the config of a Gradio app. "
            "Is the address that of the app itself, with its sub-path?",
            url=url,
        )
    root = answer.get("root")
    return Config(
        version=str(answer.get("version") or "").strip(),
        protocol=str(answer.get("protocol") or "ws"),
        api_prefix=_prefix(answer.get("api_prefix")),
        title=str(answer.get("title") or ""),
        mode=str(answer.get("mode") or "blocks"),
        app_id=None if answer.get("app_id") is None else str(answer["app_id"]),
        root=root if isinstance(root, str) else "",
        space_id=_text_or_none(answer.get("space_id")),
        username=_text_or_none(answer.get("username")),
        enable_queue=_enables_queue(answer),
        connect_heartbeat=bool(answer.get("connect_heartbeat")),
        max_file_size=_size(answer.get("max_file_size")),
        components=Components.read(answer.get("components")),
        dependencies=Dependencies.read(answer.get("dependencies")),
        pages=tuple(_pages(answer.get("pages"))),
        current_page=str(answer.get("current_page") or ""),
        deep_link_state=_text_or_none(answer.get("deep_link_state")),
        raw=answer,
    )


def _enables_queue(answer: JsonObject) -> bool:
    # In 3.x the queue is something to be switched on, and null is "no"; later there is always one.
    said = answer.get("enable_queue")
    return said is not False if "protocol" in answer else said is True


def _pages(items: object) -> Iterable[tuple[str, str]]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, list) and len(item) >= 2:
            yield str(item[0]), str(item[1])


def _needs_heartbeat(components: Components, dependencies: Dependencies) -> bool:
    return any(c.is_state for c in components.values()) or any(
        event == "unload" for d in dependencies.values() for _, event in d.targets
    )


def _prefix(value: object) -> str:
    path = value.strip("/") if isinstance(value, str) else ""
    return f"/{path}" if path else ""


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _size(value: object) -> int | None:
    return value if is_int(value) and value > 0 else None
