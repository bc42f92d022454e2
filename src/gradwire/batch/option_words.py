"""What options are called where the reader of a message gives them."""

from __future__ import annotations

from dataclasses import dataclass

_FLAGS = {
    "form": "format",
    "output_form": "output-format",
    "mapping": "map",
    "constants": "set",
}
"""Where the command has a shorter word than Python."""


@dataclass(frozen=True)
class OptionWords:
    """Names options as Python has them, or as the command has them."""

    command: bool = False

    def __call__(self, name: str, value: str | None = None) -> str:
        """Return how an option is given.

        Args:
            name: As Python has it.
            value: One to give it; None: only its name.
        """
        if self.command:
            flag = f"--{_FLAGS.get(name, name).replace('_', '-')}"
            return flag if value in (None, "True") else f"{flag} {value}"
        return name if value is None else f"{name}={value if value == 'True' else repr(value)}"

    def mapped(self, column: str, parameter: str = "PARAMETER") -> str:
        """Return how it is said to which parameter a column goes."""
        if self.command:
            return f"--map {column}={parameter}"
        return f"mapping={{{column!r}: {parameter!r}}}"

    @property
    def same_for_all(self) -> str:
        """How a value is given that all rows have."""
        return "--set PARAMETER=VALUE" if self.command else "constants={'PARAMETER': value}"


PYTHON = OptionWords()
COMMAND = OptionWords(command=True)
