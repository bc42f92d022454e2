"""What `map_table` is to do: its options, and where its files are."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from gradwire.app.endpoint import Endpoint
from gradwire.app.words import did_you_mean
from gradwire.batch.columns import Columns
from gradwire.batch.option_words import PYTHON, OptionWords
from gradwire.batch.tables import Format, Reader, format_of, open_table
from gradwire.errors import InvalidArgumentError

StrPath = str | os.PathLike[str]
Unknown = Literal["retry", "fail"]
BadRows = Literal["refuse", "fail"]


class TableOptions(TypedDict, total=False):
    """The options of `map_table`, which explains each."""

    form: str | None
    output_form: str | None
    mapping: Mapping[str, str]
    constants: Mapping[str, Any]
    files: Collection[str]
    files_to: StrPath | Literal[False] | None
    checkpoint: StrPath | None
    restart: bool
    retry_failed: bool
    unknown: Unknown
    bad_rows: BadRows
    concurrency: int | None
    retry: int
    max_failed: int | None


@dataclass(frozen=True)
class TableJob:
    """A table to be mapped; see `map_table` for what the options mean."""

    source: Path
    output: Path
    form: Format
    output_form: Format
    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    files: Collection[str] = ()
    files_from: Path = Path()
    files_to: Path | None = None
    checkpoint: Path = Path()
    restart: bool = False
    retry_failed: bool = False
    unknown: Unknown = "retry"
    bad_rows: BadRows = "refuse"
    concurrency: int | None = None
    retry: int = 2
    max_failed: int | None = None
    kept: bool = True
    words: OptionWords = PYTHON

    @property
    def folder(self) -> Path:
        """Where the lock of the output is, and the checkpoint unless it is elsewhere."""
        return folder_of(self.output)

    @property
    def partial(self) -> Path:
        """Where the output is written before it takes its place."""
        return partial_of(self.output)

    def table(self) -> Reader:
        """Open the table to be read."""
        return open_table(self.source, self.form)

    def columns(self, endpoint: Endpoint, table: Reader) -> Columns:
        """Work out what goes where."""
        return Columns(
            endpoint,
            columns=table.columns,
            texts=table.texts,
            folder=self.files_from,
            mapping=self.mapping,
            constants=self.constants,
            files=self.files,
            words=self.words,
        )


def real(output: Path) -> Path:
    """Return the file that a link leads to: that is what is written, and the link stays."""
    return Path(os.path.realpath(output)) if output.is_symlink() else output


def partial_of(output: Path) -> Path:
    """Return where an output is written before it takes its place."""
    return output.with_name(f"{output.name}.gradwire-partial")


def folder_of(output: Path) -> Path:
    """Return the folder beside an output that belongs to it."""
    output = real(output)
    return output.with_name(f"{output.name}.gradwire")


def database_in(folder: Path) -> Path:
    """Return where the database of a checkpoint's folder is."""
    return folder / "rows.sqlite"


def table_job(
    source: StrPath,
    output: StrPath,
    options: TableOptions,
    *,
    files_from: Path | None = None,
    kept: bool = True,
    words: OptionWords = PYTHON,
) -> TableJob:
    """Check the options of `map_table`, and fill in what they leave open.

    Args:
        source: The table.
        output: The table to write.
        options: Those of `map_table`.
        files_from: What paths in the table are relative to; None: the table's folder.
        kept: Whether the output stays where it is.
        words: What options are called in messages.

    Raises:
        InvalidArgumentError: One is wrong; or the input is not there.
    """
    _check_options(options, words)
    given: dict[str, Any] = dict(options)
    source, output = Path(source), real(Path(output))
    _check_places(source, output)
    form, output_form = given.pop("form", None), given.pop("output_form", None)
    files_to, checkpoint = given.pop("files_to", None), given.pop("checkpoint", None)
    beside = output.with_name(f"{output.name}_files")
    return TableJob(
        source,
        output,
        format_of(source, form, words("form")),
        format_of(output, output_form, words("output_form")),
        files_from=source.parent if files_from is None else files_from,
        files_to=None if files_to is False else Path(files_to or beside),
        checkpoint=Path(checkpoint or folder_of(output)),
        kept=kept,
        words=words,
        **given,
    )


def _check_options(options: TableOptions, words: OptionWords) -> None:
    for name in options:
        if name not in TableOptions.__annotations__:
            valid = list(TableOptions.__annotations__)
            hint = did_you_mean(name, valid)
            raise InvalidArgumentError(
                f"There is no option {name!r}.{hint} There are {', '.join(valid)}."
            )
    for name, kind in (("unknown", Unknown), ("bad_rows", BadRows)):
        choices = get_args(kind)
        if options.get(name, choices[0]) not in choices:
            raise InvalidArgumentError(
                f"{name} must be one of {', '.join(choices)}, not {options.get(name)!r:.80}."
            )
    for name, least in (("concurrency", 1), ("retry", 0), ("max_failed", 1)):
        _check_number(name, words(name), options.get(name, least), least)
    for name in ("mapping", "constants"):
        if not isinstance(options.get(name, {}), Mapping):
            raise InvalidArgumentError(f"{name} must be a mapping.")


def _check_places(source: Path, output: Path) -> None:
    if output.is_dir() or not output.name:
        raise InvalidArgumentError(f"{output} is a folder; name a file to write.")
    if not output.parent.is_dir():
        raise InvalidArgumentError(f"There is no folder {output.parent} to write {output.name} to.")
    for written in (output, partial_of(output)):
        if source.exists() and written.exists() and source.samefile(written):
            raise InvalidArgumentError(
                f"{written.name} would be written over the input; name another file."
            )


def _check_number(name: str, shown: str, value: Any, least: int) -> None:
    number = isinstance(value, int) and not isinstance(value, bool)
    if not (number and value >= least) and (value is not None or name == "retry"):
        raise InvalidArgumentError(f"{shown} must be a number from {least} on, not {value!r:.80}.")
