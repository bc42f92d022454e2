"""From the columns of a table to the inputs of a call."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradwire.app.endpoint import Endpoint, Parameter
from gradwire.app.texts import WrongTextError, base_type, json_of, short, value_of
from gradwire.app.words import did_you_mean
from gradwire.batch.cells import plain
from gradwire.batch.option_words import PYTHON, OptionWords
from gradwire.data.inputs import FileInput, handle_file
from gradwire.data.urls import is_http_url
from gradwire.errors import GradwireError, InvalidArgumentError

_FILE_TYPES = ("FileData", "list[FileData]")


_SEPARATED = {";": "write commas in their place.", "\t": "that is the format tsv."}


class WrongRowError(ValueError):
    """A row that cannot be sent; the message goes on after `row 7: `."""


class Columns:
    """Which column goes where, and how its values are read.

    Attributes:
        used: From a parameter's name to the column that gives it.
        constants: From a parameter's name to the value that all rows have.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        columns: Sequence[str] | None,
        texts: bool,
        folder: Path,
        mapping: Mapping[str, str],
        constants: Mapping[str, Any],
        files: Collection[str],
        words: OptionWords = PYTHON,
    ) -> None:
        """Work out the columns of an endpoint.

        Args:
            endpoint: What is called.
            columns: Those of the table; None: not known yet. `check` has to be called then.
            texts: Whether all values of the table are texts.
            folder: What paths of files are relative to.
            mapping: From columns to parameters, where their names differ.
            constants: Values by parameter.
            files: Columns with paths of files, beside those whose parameter takes nothing else.
            words: What options are called in messages.

        Raises:
            InvalidArgumentError: A name is wrong, or something is missing.
        """
        self.endpoint = endpoint
        self._parameters = {parameter.name: parameter for parameter in endpoint.parameters}
        self._texts = texts
        self._folder = folder
        self._mapping = dict(mapping)
        self._files = frozenset(files)
        self._words = words
        self.constants = {self._known(name): value for name, value in constants.items()}
        explicit = self._explicit()
        self.used = dict(explicit)
        for name in self._parameters:
            if name not in self.used and name not in self.constants:
                self.used[name] = name
        self._demanded = frozenset(explicit.values())
        if columns is not None:
            self.check(columns)

    def check(self, columns: Collection[str]) -> None:
        """Make sure that the table has what is needed; forget what it does not have.

        Raises:
            InvalidArgumentError: A column is not there.
        """
        for column in [*self._mapping, *self._files]:
            if column not in columns:
                raise InvalidArgumentError(
                    f"The table has no column {column!r}.{did_you_mean(column, list(columns))} "
                    f"It has {_listed(columns)}."
                )
        unknown = [name for name, column in self.used.items() if column not in columns]
        for name in unknown:
            del self.used[name]
        given = {*self.used, *self.constants}
        missing = [n for n, p in self._parameters.items() if not p.has_default and n not in given]
        if missing or (self._parameters and not self.used):
            raise self._nothing_for(missing, columns)
        unused = self._files - set(self.used.values())
        if unused:
            raise InvalidArgumentError(
                f"The column {min(unused)!r} is said to name files, and no parameter takes it; "
                f"say which ({self._words.mapped(min(unused))}). {self._valid()}"
            )

    def _nothing_for(
        self, missing: Sequence[str], columns: Collection[str]
    ) -> InvalidArgumentError:
        what = _listed(missing) if missing else "any parameter"
        return InvalidArgumentError(
            f"No column of the table is for {what} of {self.endpoint.address}. The table has "
            f"{_listed(columns)}.{self._hint(missing, columns)} {self._valid()} Say which goes "
            f"where ({self._words.mapped('COLUMN')}), or give all rows the same value "
            f"({self._words.same_for_all}).",
            endpoint=str(self.endpoint.address),
        )

    def _hint(self, missing: Sequence[str], columns: Collection[str]) -> str:
        """Say what may be the matter with the table's names."""
        alone = next(iter(columns)) if len(columns) == 1 else ""
        for mark, word in ((";", "semicolons"), ("\t", "tabs")):
            if self._texts and mark in alone:
                return f" Its cells seem to be separated by {word}; {_SEPARATED[mark]}"
        for name in missing or self._parameters:
            for column in columns:
                if column != name and column.strip().casefold() == name.casefold():
                    return (
                        f" {column!r} is not {name!r}: case and blanks count "
                        f"({self._words.mapped(column, name)})."
                    )
        return ""

    def _explicit(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for column, name in self._mapping.items():
            name = self._known(name)
            if name in found or name in self.constants:
                other = repr(found[name]) if name in found else "a value for all rows"
                raise InvalidArgumentError(f"{name} is given twice: by {column!r} and by {other}.")
            found[name] = column
        return found

    def _known(self, name: str) -> str:
        for parameter in self.endpoint.parameters:
            if name in (parameter.name, parameter.wire_name):
                return parameter.name
        hint = did_you_mean(name, list(self._parameters))
        raise InvalidArgumentError(
            f"{self.endpoint.address} has no parameter {name!r}.{hint} {self._valid()}",
            endpoint=str(self.endpoint.address),
        )

    def _valid(self) -> str:
        names = _listed(self._parameters)
        return f"The parameters are {names}." if self._parameters else "It takes none."

    def describe(self) -> list[tuple[str, str]]:
        """Return, for each parameter, where it comes from, in words."""
        return [(name, self._origin(parameter)) for name, parameter in self._parameters.items()]

    def _origin(self, parameter: Parameter) -> str:
        if parameter.name in self.used:
            return f"column {self.used[parameter.name]}"
        if parameter.name in self.constants:
            return "the same for all rows"
        return "left out: its default"

    # -- rows --------------------------------------------------------------------------------------

    def inputs(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs of a row's call, by name.

        Raises:
            WrongRowError: It cannot be sent.
        """
        inputs = dict(self.constants)
        for name, column in self.used.items():
            parameter = self._parameters[name]
            missing = column not in row
            if missing or (self._texts and row[column] == "" and not _is_text(parameter)):
                if not parameter.has_default:
                    what = "missing" if missing else "empty"
                    needed = "it" if column == name else name
                    raise WrongRowError(f"{column} is {what}, and {needed} is needed.")
                continue
            try:
                inputs[name] = self._value(parameter, column, row[column])
            except (WrongTextError, GradwireError) as error:
                where = name if column == name else f"{column}: {name}"
                raise WrongRowError(f"{where} {error}") from error
        return inputs

    def _value(self, parameter: Parameter, column: str, value: Any) -> Any:
        if column in self._files or base_type(parameter) in _FILE_TYPES:
            found = self._file(parameter, value)
            several = base_type(parameter).startswith("list[")
            return [found] if several and not isinstance(found, list | None) else found
        if self._texts:
            return value_of(parameter, value)
        if isinstance(value, bytes):
            raise WrongTextError("takes no bytes; only a parameter for a file does.")
        if isinstance(value, float) and not math.isfinite(value):
            raise WrongTextError(f"cannot be {value}, which JSON does not have; leave it empty.")
        return plain(value)

    def _file(self, parameter: Parameter, value: Any) -> Any:
        if value is None or isinstance(value, bytes):
            return value if value is None else handle_file(value)
        if isinstance(value, list):
            return [self._file(parameter, item) for item in value]
        if isinstance(value, dict):
            return self._described(parameter, value)
        if not isinstance(value, str) or not value:
            raise WrongTextError(f"takes a file's path, not {short(repr(value))}.")
        if self._texts and value[0] in "[{":
            return self._file(parameter, json_of(parameter, value))
        return handle_file(value if is_http_url(value) else self._folder / value)

    def _described(self, parameter: Parameter, value: dict[str, Any]) -> Any:
        """Take a file as collections of pictures have it in Parquet, or as Gradio describes it."""
        if not value.keys() <= {"bytes", "path"}:
            return value
        if isinstance(value.get("bytes"), bytes):
            name = Path(value["path"]).name if value.get("path") else None
            return handle_file(value["bytes"], name=name)
        return self._file(parameter, value.get("path"))


def check_files(inputs: Mapping[str, Any]) -> None:
    """Make sure that the files of a row can be read.

    Raises:
        WrongRowError: One cannot.
    """
    for value in inputs.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, FileInput):
                try:
                    item.check()
                except GradwireError as error:
                    raise WrongRowError(str(error)) from error


def _is_text(parameter: Parameter) -> bool:
    return base_type(parameter) == "str"


def _listed(names: Collection[str], most: int = 20) -> str:
    shown = [repr(name) for name in list(names)[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(shown) + more) or "none"
