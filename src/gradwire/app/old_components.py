"""Components of Gradio 3.x: what their values are, where the server does not say it well.

`/info` is missing before 3.26, and the config has no schemas then. Where they are there, a file is
described as text, "base64 representation of an image" or "filepath or URL": that is how the clients
of that time took it. Here it is a file, as in later releases; `data/old_files.py` knows what is
sent.

Source: `gradio/components.py` of 3.9.1 and 3.16.2, `gradio/components/` of 3.50.2.
"""

from __future__ import annotations

from typing import Any

from gradwire.app.config import Component

FILE: dict[str, Any] = {
    "title": "FileData",
    "type": "object",
    "properties": {"path": {"type": "string"}, "url": {"type": "string"}},
}
_TEXT, _NUMBER, _FLAG = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
_LIST, _OBJECT = {"type": "array", "items": {}}, {"type": "object"}

_SCHEMAS: dict[str, dict[str, Any]] = {
    "annotatedimage": _LIST,
    "chatbot": _LIST,
    "checkbox": _FLAG,
    "code": _TEXT,
    "colorpicker": _TEXT,
    "dataframe": _OBJECT,
    "gallery": _LIST,
    "highlightedtext": _LIST,
    "html": _TEXT,
    "label": _OBJECT,
    "markdown": _TEXT,
    "number": _NUMBER,
    "slider": _NUMBER,
    "textbox": _TEXT,
}
_FILES = frozenset({"audio", "file", "image", "model3d", "uploadbutton", "video"})
_CHOICES = frozenset({"checkboxgroup", "dropdown", "radio"})


def old_schema(component: Component, said: Any) -> Any:
    """Return the JSON schema of a component's value.

    Args:
        component: Of 3.x.
        said: What the server says it is; empty where it says nothing.
    """
    if component.type in _FILES:
        several = component.props.get("file_count") in ("multiple", "directory")
        return {"type": "array", "items": FILE} if several else FILE
    if component.type in _CHOICES:
        return _choice(component)
    if said:
        return said
    return _SCHEMAS.get(component.type, {})


def _choice(component: Component) -> dict[str, Any]:
    several = component.type == "checkboxgroup" or component.props.get("multiselect") is True
    found = component.props.get("choices")
    one: dict[str, Any] = {"type": "string"}
    if isinstance(found, list) and found and not component.props.get("allow_custom_value"):
        # From 3.47 on, each is a pair: what people see, and what is sent.
        one["enum"] = [each[-1] if isinstance(each, list) and each else each for each in found]
    return {"type": "array", "items": one} if several else one


def is_picture(component: Component | None) -> bool:
    """Tell whether a component's value is a picture, which 3.x sends as a bare `data:` URL."""
    return component is not None and component.type == "image"
