"""The first look at a table, before anything is sent: how many rows, and whether all can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gradwire.batch.columns import Columns, WrongRowError, check_files
from gradwire.batch.kinds import Kind, Kinds
from gradwire.batch.option_words import PYTHON, OptionWords
from gradwire.batch.tables import Reader
from gradwire.errors import InvalidArgumentError

_SHOWN = 5


@dataclass(frozen=True)
class Survey:
    """What is known of a table.

    Attributes:
        rows: How many there are.
        columns: Their names, in the order in which they come.
        kinds: Of columns; only where the whole table was looked at.
        wrong: How many rows cannot be sent.
    """

    rows: int
    columns: tuple[str, ...]
    kinds: dict[str, Kind] = field(default_factory=dict)
    wrong: int = 0


def survey(
    table: Reader,
    columns: Columns,
    tick: Callable[[], object],
    *,
    whole: bool,
    refuse: bool,
    words: OptionWords = PYTHON,
) -> Survey:
    """Read a table from its first to its last row, and check what would be sent of each.

    Args:
        table: The table.
        columns: What goes where.
        tick: Called for each row; what it raises ends this.
        whole: Whether to look at columns that are not sent too.
        refuse: Whether rows that cannot be sent are an error.
        words: What options are called in messages.

    Raises:
        InvalidArgumentError: It is no table, or has not the columns; or some rows cannot be sent:
            the message names the first ones.
    """
    only = None if whole or table.columns is None else list(columns.used.values())
    kinds, number, wrong = Kinds(), 0, 0
    told: list[str] = []
    for number, row in enumerate(table.rows(only), 1):
        tick()
        if whole or table.columns is None:
            kinds.see(row)
        try:
            check_files(columns.inputs(row))
        except WrongRowError as error:
            wrong += 1
            if len(told) < _SHOWN:
                told.append(f"row {number}: {error}")
    names = tuple(kinds.of) if table.columns is None else table.columns
    if table.columns is None and number:
        columns.check(names)
    if wrong and refuse:
        raise _cannot_be_sent(wrong, number, told, words)
    return Survey(number, names, kinds.of if whole or table.columns is None else {}, wrong)


def _cannot_be_sent(
    wrong: int, number: int, told: list[str], words: OptionWords
) -> InvalidArgumentError:
    some = f"{wrong:,} of {number:,} rows" if number > 1 else "The row"
    lines = [*told, f"and {wrong - len(told):,} more"] if wrong > len(told) else told
    return InvalidArgumentError(
        f"{some} cannot be sent; nothing was. Correct the table, or let these rows fail "
        f"({words('bad_rows', 'fail')}).\n" + "\n".join(f"  {line}" for line in lines)
    )
