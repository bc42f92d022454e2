"""Python names for parameters, out of what the server calls them and what people see."""

from __future__ import annotations

import keyword
import re
import unicodedata


class ParameterNames:
    """Gives out identifiers, none of them twice."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, given: str, label: str, place: int) -> str:
        """Return the identifier of a parameter.

        Args:
            given: The server's name for it, or `""`.
            label: What people see beside it, or `""`.
            place: Its place among the inputs: the last resort, as for the server, is `param_3`.
        """
        name = given if _is_name(given) else _identifier(given or label) or f"param_{place}"
        number, wanted = 1, name
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def _identifier(text: str) -> str:
    """Return `text` as an identifier, or `""`: "Negative prompt" is `negative_prompt`."""
    # NFKC is how Python reads names: what is typed must be what is looked up.
    text = unicodedata.normalize("NFKC", text[:100]).lower()
    name = unicodedata.normalize("NFKC", re.sub(r"\W+", "_", text).strip("_"))
    name = f"_{name}" if name[:1].isdigit() else name
    name = f"{name}_" if keyword.iskeyword(name) else name
    return name if name.isidentifier() else ""
