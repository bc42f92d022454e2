"""JSON schemas, as Gradio sends them, to short Python types for people.

`/info` describes each value by the JSON schema of its component. Pydantic wrote some of them (with
`$defs` and recursion), people wrote others by hand (`{"type": {}}`, a bare `True`), and they differ
by release. Nothing here raises, whatever the schema: what cannot be read is `Any`.

The type is text, and a valid Python expression: `Literal['a']`, `list[FileData]`, `str | None`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

_LONGEST = 200
"""Characters of a type; a longer one is told with less depth."""
_DEPTHS = (8, 6, 4, 3, 2, 1)
_MOST_PARTS = 300
"""Parts of a schema that are looked at: recursion through `$ref` may branch at every step."""
_MOST_CHOICES = 40
_LONGEST_CHOICE = 60

SCALARS = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}
_FILE_TITLES = {"FileData", "ImageData"}


class _Walk:
    """One reading of one schema: its definitions, and how much more may be looked at."""

    def __init__(self, root: object) -> None:
        self.root = root
        self.left = _MOST_PARTS

    def spend(self) -> bool:
        """Take one part; False: there is no more to take."""
        self.left -= 1
        return self.left >= 0


class Field(NamedTuple):
    """One property of an object."""

    name: str
    type: str


def type_text(schema: object, *, longest: int = _LONGEST) -> str:
    """Return the Python type that a JSON schema describes.

    Args:
        schema: Any JSON value; `True`, `{}` and what makes no sense are `Any`.
        longest: Characters that the answer may have, 9 at least.

    Returns:
        A Python expression such as `"list[str] | None"`; files of all releases are `FileData`.
    """
    for depth in _DEPTHS:
        text = _type(schema, _Walk(schema), depth)
        if len(text) <= longest:
            return text
    return _outline(text, longest)


def choices(schema: object) -> tuple[Any, ...]:
    """Return what may be chosen: the `enum` of the schema or of its items, else `()`."""
    for part in (schema, _get(schema, "items")):
        found = _get(part, "enum")
        if isinstance(found, list) and found:
            return tuple(found)
    return ()


def description(schema: object) -> str:
    """Return what a schema says of itself; a file's boilerplate does not count."""
    for key in ("additional_description", "description"):
        text = _get(schema, key)
        if isinstance(text, str) and text and not is_file(schema):
            return text
    return ""


def fields(schema: object) -> tuple[Field, ...]:
    """Return the properties of an object, or of the objects in a list, each with its type.

    Of several kinds of objects, it is the first that counts; a file has no fields.
    """
    walk = _Walk(schema)
    for part in (schema, _get(schema, "items")):
        for found in _members(_resolve(part, walk), walk):
            properties = _get(found, "properties")
            if isinstance(properties, dict) and not _is_file(found, walk):
                return tuple(
                    Field(str(name), _type(value, walk, 3))
                    for name, value in list(properties.items())[:_MOST_CHOICES]
                    if name != "$defs"
                )
    return ()


def is_file(schema: object) -> bool:
    """Tell whether a schema is that of one file, as any release of Gradio describes it."""
    return _type(schema, _Walk(schema), 1) == "FileData"


def resolve(schema: object, root: object) -> object:
    """Follow a `$ref` of a part of the schema `root`; a loop or a dead end is `True`, for any."""
    return _resolve(schema, _Walk(root))


def _type(schema: object, walk: _Walk, depth: int) -> str:
    if not isinstance(schema, dict) or depth < 0 or not walk.spend():
        return "Never" if schema is False else "Any"
    if "$ref" in schema:
        return _type(_resolve(schema, walk), walk, depth - 1)
    for key, read in _COMBINATIONS.items():
        parts = schema.get(key)
        if isinstance(parts, list) and parts:
            return read(_type(part, walk, depth - 1) for part in parts)
    if "const" in schema:
        return _literal([schema["const"]])
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return _literal(schema["enum"])
    return _by_type(schema, walk, depth)


def _by_type(schema: dict[str, Any], walk: _Walk, depth: int) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union(_type({**schema, "type": one}, walk, depth - 1) for one in kind)
    if kind == "object" or (kind is None and "properties" in schema):
        return _object(schema, walk, depth)
    if kind == "array" or (kind is None and ("items" in schema or "prefixItems" in schema)):
        return _array(schema, walk, depth)
    if kind == "string" and _is_old_image(schema):
        return "FileData"
    return SCALARS.get(kind, "Any") if isinstance(kind, str) else "Any"


def _object(schema: dict[str, Any], walk: _Walk, depth: int) -> str:
    if _is_file(schema, walk):
        return "FileData"
    value = schema.get("additionalProperties")
    if schema.get("properties") or not isinstance(value, dict):
        return "dict[str, Any]"
    return f"dict[str, {_type(value, walk, depth - 1)}]"


def _array(schema: dict[str, Any], walk: _Walk, depth: int) -> str:
    items = schema.get("items")
    for holder in (schema, items):
        parts = _get(holder, "prefixItems")
        if isinstance(parts, list) and parts:
            # Gradio's hand-written schemas of 3.x put the pair of a list of pairs into `items`.
            pair = f"tuple[{', '.join(_type(part, walk, depth - 1) for part in parts)}]"
            return f"list[{pair}]" if holder is items and _get(items, "type") == "array" else pair
    return f"list[{_type(items, walk, depth - 1)}]"


def _all_of(texts: Iterable[str]) -> str:
    # All apply at once, so the first that says something is true; Python has no word for "and".
    return next((text for text in texts if text != "Any"), "Any")


def _union(texts: Iterable[str]) -> str:
    found = dict.fromkeys(text for text in texts if text != "Never")
    if "Any" in found:
        return "Any"
    if "FileData" in found:
        # 3.x: "a path or URL, or a file". A plain string is never taken for a file here.
        found.pop("str", None)
    if "None" in found:
        found["None"] = found.pop("None")
    return " | ".join(found) or "Never"


_COMBINATIONS = {"anyOf": _union, "oneOf": _union, "allOf": _all_of}


def _literal(values: list[Any]) -> str:
    if not all(isinstance(value, str | int | float | None) for value in values):
        return "Any"
    if values == [None]:
        return "None"
    texts = dict.fromkeys(_choice(value) for value in values[:_MOST_CHOICES])
    more = ", ..." if len(values) > _MOST_CHOICES else ""
    return f"Literal[{', '.join(texts)}{more}]"


def _choice(value: object) -> str:
    if isinstance(value, str) and len(value) > _LONGEST_CHOICE:
        value = value[: _LONGEST_CHOICE - 1] + "…"
    try:
        return repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "..."


def _outline(text: str, longest: int) -> str:
    """Cut a long `Literal`; anything else that is long at depth 1 has no short form."""
    if not text.startswith("Literal[") or not text.endswith("]"):
        return "Any"
    kept = text[: longest - len(", ...]")].rpartition(", ")[0]
    return f"{kept}, ...]" if kept else "Any"


def _is_file(schema: object, walk: _Walk) -> bool:
    properties = _get(schema, "properties")
    if not isinstance(properties, dict):
        return False
    if "path" in properties:
        titled = _get(schema, "title")
        meta = _resolve(properties.get("meta"), walk)
        return (
            (isinstance(titled, str) and titled in _FILE_TITLES)
            or "orig_name" in properties
            or _get(_get(_get(meta, "properties"), "_type"), "const") == "gradio.FileData"
            or _get(_get(meta, "default"), "_type") == "gradio.FileData"
        )
    # 3.x
    return {"name", "data"} <= properties.keys() and (
        "is_file" in properties or "orig_name" in properties
    )


def _members(schema: object, walk: _Walk) -> list[object]:
    """Return a schema, or what it is a union of."""
    for key in ("anyOf", "oneOf"):
        parts = _get(schema, key)
        if isinstance(parts, list):
            return [_resolve(part, walk) for part in parts[:_MOST_CHOICES]]
    return [schema]


def _is_old_image(schema: dict[str, Any]) -> bool:
    """Tell whether a string is the data URL that 3.x sends for an image or a sound."""
    text = schema.get("description")
    return isinstance(text, str) and text.startswith("base64 representation of")


def _resolve(schema: object, walk: _Walk) -> object:
    """Follow `$ref`s within the document; a loop or a dead end is `True`, which is `Any`."""
    for _ in range(20):
        reference = _get(schema, "$ref")
        if reference is None:
            return schema
        schema = _definition(reference, walk.root)
    return True


def _definition(reference: object, root: object) -> object:
    if not isinstance(reference, str) or not reference.startswith("#"):
        return True
    found = root
    for step in reference[1:].strip("/").split("/"):
        found = _get(found, step.replace("~1", "/").replace("~0", "~")) if step else found
    return True if found is None else found


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
