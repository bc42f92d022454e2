"""JSON schemas to types in source: built-in types, and definitions that are written once.

`gradwire.app.schema` makes short types for people, and cuts what is long. Here nothing is cut: a
choice has all its values, and an object becomes a `TypedDict`. What makes no sense is `Any`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gradwire.app import schema as schemas
from gradwire.app.schema import SCALARS
from gradwire.codegen.reserved import WORDS
from gradwire.codegen.source import Names, camel, spread, string, subscript

_DEEPEST = 12
_MOST_PARTS = 2000
_MOST_CHOICES = 1000
_INNER = 60
"""Columns of a type inside another."""
_STRINGS = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""")


class Type(NamedTuple):
    """A union of types; none at all is `Never`.

    Attributes:
        members: Sources, each once; `("Any",)` has no other beside it.
        choices: What stands in its `Literal`.
    """

    members: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    def parts(self) -> list[str]:
        """Return the sources that the union is made of, `None` last."""
        rest = [member for member in self.members if member != "None"]
        chosen = [f"Literal[{', '.join(self.choices)}]"] if self.choices else []
        return chosen + rest + (["None"] if "None" in self.members else [])

    def __str__(self) -> str:
        return " | ".join(self.parts()) or "Never"

    def __or__(self, other: Type) -> Type:
        members = dict.fromkeys(self.members + other.members)
        if "Any" in members:
            return ANY
        choices = tuple(dict.fromkeys(self.choices + other.choices))
        # A choice of texts and any text: any text.
        return Type(tuple(members), () if "str" in members else choices)


ANY = Type(("Any",))
NONE = Type(("None",))


class Place(NamedTuple):
    """Where a type is written.

    Attributes:
        file: What a file is there, such as `"File"`.
        name: What its definitions are called where the schema has no title.
        before: Goes before their names, to tell those of the asynchronous client.
        behind: Goes behind them, to tell what is given from what comes back.
    """

    file: str
    name: str
    before: str = ""
    behind: str = ""


class Types:
    """The definitions of one module.

    Attributes:
        definitions: Their sources by name, each after those that it needs.
    """

    def __init__(self, names: Names) -> None:
        self.definitions: dict[str, str] = {}
        self._names = names
        self._by_content: dict[str, str] = {}
        self._holding_files: set[str] = set()
        self._root: Any = None
        self._open: list[str] = []
        self._left = 0

    def of(self, schema: object, place: Place) -> Type:
        """Return the type that a schema describes."""
        self._root, self._left, self._open = schema, _MOST_PARTS, []
        return self._type(schema, place, _DEEPEST)

    def define(self, wanted: str, make: Callable[[str], str]) -> str:
        """Return the name of a definition; one of the same content is written only once.

        Args:
            wanted: Its name, if that is free.
            make: Returns the source for a name.
        """
        content = make("_")
        known = self._by_content.get(content)
        if known is None:
            known = self._by_content[content] = self._names.take(wanted)
            self.definitions[known] = make(known)
        return known

    def short(self, kind: Type, room: int, wanted: str) -> str:
        """Return a type in `room` columns: itself, or the name of a definition of it."""
        text = str(kind)
        if len(text) <= room:
            return text
        if kind.choices and not kind.members:
            choices = list(kind.choices)
            return self.define(wanted, lambda name: subscript(name, "Literal", choices))
        parts = kind.parts()
        if len(parts) == 1:
            return self.define(wanted, lambda name: f"{name} = {text}")
        if kind.choices:
            parts[0] = self.short(Type(choices=kind.choices), _INNER, f"{wanted}Choice")
        return self.define(wanted, lambda name: subscript(name, "Union", parts))

    def choice(self, values: Iterable[Any]) -> Type:
        """Return the type of what may be chosen."""
        values = list(values)
        kinds = [_choice(value) for value in values[:_MOST_CHOICES]]
        found = Type() if len(kinds) == len(values) else Type(("str",))
        for kind in kinds:
            found |= kind
        return found

    def _type(self, schema: Any, place: Place, depth: int) -> Type:
        self._left -= 1
        if not isinstance(schema, dict) or depth < 0 or self._left < 0:
            return Type() if schema is False else ANY
        if "$ref" in schema:
            return self._referenced(schema, place, depth)
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list) and schema[key]:
                return self._union(schema[key], place, depth)
        if isinstance(schema.get("allOf"), list) and schema["allOf"]:
            return self._type(schema["allOf"][0], place, depth - 1)
        if "const" in schema:
            return self.choice([schema["const"]])
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self.choice(schema["enum"])
        return self._by_kind(schema, place, depth)

    def _referenced(self, schema: dict[str, Any], place: Place, depth: int) -> Type:
        name = str(schema["$ref"])
        if name in self._open:
            return ANY  # it contains itself
        self._open.append(name)
        try:
            return self._type(schemas.resolve(schema, self._root), place, depth - 1)
        finally:
            self._open.pop()

    def _union(self, parts: list[Any], place: Place, depth: int) -> Type:
        found = Type()
        for part in parts:
            found |= self._type(part, place, depth - 1)
        if place.file in found.members:
            # 3.x: "a path or URL, or a file". A plain string is never taken for a file here.
            return Type(tuple(m for m in found.members if m != "str"), found.choices)
        return found

    def _by_kind(self, schema: dict[str, Any], place: Place, depth: int) -> Type:
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._union([{**schema, "type": one} for one in kind], place, depth)
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema, place, depth)
        if kind == "array" or (kind is None and ("items" in schema or "prefixItems" in schema)):
            return self._array(schema, place, depth)
        return Type((SCALARS.get(kind, "Any"),)) if isinstance(kind, str) else ANY

    def _array(self, schema: dict[str, Any], place: Place, depth: int) -> Type:
        parts = schema.get("prefixItems")
        if isinstance(parts, list) and parts:
            item = self._union(parts, place, depth)
        else:
            item = self._type(schema.get("items"), place, depth - 1)
        inner = self.short(item, _INNER, self._named(schema, place, "Item"))
        return Type((f"list[{inner}]",))

    def _object(self, schema: dict[str, Any], place: Place, depth: int) -> Type:
        root = self._root if isinstance(self._root, dict) else {}
        if schemas.is_file({**schema, "$defs": root.get("$defs")}):
            return Type((place.file,))
        properties = schema.get("properties")
        if isinstance(properties, dict) and properties.keys() - {"$defs"}:
            return Type((self._record(schema, properties, place, depth),))
        values = self._type(schema.get("additionalProperties"), place, depth - 1)
        inner = self.short(values, _INNER, self._named(schema, place, "Value"))
        return Type((f"dict[str, {inner}]",))

    def _record(
        self, schema: dict[str, Any], properties: dict[str, Any], place: Place, depth: int
    ) -> str:
        needed = schema.get("required")
        needed = needed if isinstance(needed, list) else []
        wanted = self._named(schema, place, "")
        fields: dict[str, str] = {}
        for key, value in properties.items():
            if key == "$defs":
                continue
            inner = place._replace(name=wanted + camel(key, "Field"))
            kind = self.short(self._type(value, inner, depth - 1), _INNER, inner.name)
            fields[str(key)] = kind if key in needed else f"NotRequired[{kind}]"
        if not _words(fields.values()) & {
            place.file,
            *self._holding_files,
        }:  # the same in all places
            wanted = self._named(schema, place._replace(before="", behind=""), "")
            return self.define(wanted, lambda name: _typed_dict(name, fields))
        found = self.define(wanted, lambda name: _typed_dict(name, fields))
        self._holding_files.add(found)
        return found

    def _named(self, schema: dict[str, Any], place: Place, end: str) -> str:
        title = schema.get("title")
        titled = isinstance(title, str) and title.isascii() and title.isidentifier()
        if not titled:
            return f"{place.name}{end}"
        return f"{place.before}{camel(str(title), place.name)}{place.behind}{end}"


def _typed_dict(name: str, fields: dict[str, str]) -> str:
    words = WORDS | _words(fields.values())
    if all(_is_field(key) and key not in words for key in fields):
        lines = [f"    {key}: {kind}" for key, kind in fields.items()]
        # Final, so that type checkers tell the members of a union by `"key" in value`.
        return "\n".join(["@final", f"class {name}(TypedDict):", *lines])
    items = spread("{", [f"{string(key)}: {kind}" for key, kind in fields.items()], "}")
    return spread(f"{name} = TypedDict(", [f'"{name}"', items], ")")


def _words(sources: Iterable[str]) -> set[str]:
    """Return the names in types, those in the texts of a `Literal` left out."""
    return {word for source in sources for word in re.findall(r"\w+", _STRINGS.sub("", source))}


def _is_field(key: str) -> bool:
    plain = key.isascii() and key.isidentifier() and not keyword.iskeyword(key)
    return plain and not key.startswith("__")


def _choice(value: Any) -> Type:
    if value is None:
        return NONE
    if isinstance(value, bool | int):
        return Type(choices=(repr(value),)) if abs(value) < 2**63 else Type(("int",))
    if isinstance(value, float):
        return Type(("float",))
    if isinstance(value, str):
        encodable = value.encode(errors="replace").decode() == value
        return Type(choices=(string(value),)) if encodable else Type(("str",))
    return ANY
