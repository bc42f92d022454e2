"""Names that mean something in a generated module, and are given to nothing else in it.

A method that is called `list` would hide the type of that name from the annotations below it, and
so would a field of a `NamedTuple`.
"""

from __future__ import annotations

IMPORTS: dict[str, tuple[str, ...]] = {
    "collections.abc": ("AsyncIterator", "Iterator"),
    "datetime": ("date",),
    "typing": (
        "Any",
        "Literal",
        "NamedTuple",
        "Never",
        "NotRequired",
        "TypedDict",
        "Union",
        "final",
    ),
    "gradwire": ("AsyncJob", "DataEvent", "Job"),
    "gradwire.client.files": ("AsyncFile", "File"),
    "gradwire.client.typed": (
        "DEFAULT",
        "ArrayLike",
        "FileLike",
        "FrameLike",
        "MediaLike",
        "PictureLike",
        "SoundLike",
        "TypedAsyncClient",
        "TypedClient",
    ),
}
"""What a module may import, by module."""

WORDS = frozenset({name for names in IMPORTS.values() for name in names}) | {
    *("bool", "dict", "float", "int", "list", "str", "tuple")
}
"""What may stand in annotations and defaults, beside the module's own definitions."""

OWN = frozenset({"client", "close", "connect"})
PRIVATE = frozenset(
    {"_address", "_data", "_job", "_nothing", "_predict", "_steps", "_steps_of", "_value"}
    | {"_values"}
)
"""With `OWN`, the attributes of the two base classes, which no endpoint may hide."""

FIELDS = WORDS | frozenset(dir(tuple))
"""What no field of a `NamedTuple` may be called."""
