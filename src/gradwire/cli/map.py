"""`gradwire map`."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradwire.cli.connection import (
    Connection,
    app_argument,
    connection_options,
    endpoint_argument,
    endpoint_key,
)
from gradwire.errors import InvalidArgumentError

if TYPE_CHECKING:
    from gradwire.batch.progress import TableProgress
    from gradwire.batch.sync_pool import Pool
    from gradwire.batch.table_job import TableOptions
    from gradwire.batch.table_run import TableSummary
    from gradwire.cli.map_progress import RowsWatcher
    from gradwire.client.sync import Client

_FORMAT = click.Choice(["jsonl", "csv", "tsv", "parquet"])
_OPTIONS = (
    click.option(
        "-o", "--output", required=True, metavar="OUTPUT", help="The table to write; - for stdout."
    ),
    click.option(
        "--replica",
        "replicas",
        multiple=True,
        metavar="ADDRESS",
        help="Another app that serves the same; rows go where the queue is shortest. Repeatable.",
    ),
    click.option(
        "--map",
        "mapping",
        multiple=True,
        metavar="COLUMN=PARAMETER",
        help="Where a column goes; without this, to the parameter of its name. Repeatable.",
    ),
    click.option(
        "--set",
        "constants",
        multiple=True,
        metavar="PARAMETER=VALUE",
        help="The same value for all rows, as for `gradwire predict`. Repeatable.",
    ),
    click.option(
        "--files",
        multiple=True,
        metavar="COLUMN",
        help="A column with paths of files, where its parameter does not say so. Repeatable.",
    ),
    click.option(
        "--files-to",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Where the outputs' files go; else OUTPUT's name with _files.",
    ),
    click.option(
        "--no-files", is_flag=True, help="Do not fetch the outputs' files; write addresses."
    ),
    click.option("--format", "form", type=_FORMAT, help="INPUT's, if its name does not say it."),
    click.option("--output-format", "output_form", type=_FORMAT, help="OUTPUT's, likewise."),
    click.option("--concurrency", type=int, metavar="NUMBER", help="Calls at a time, at most."),
    click.option(
        "--max-failed", type=int, metavar="NUMBER", help="Stop when so many rows have failed."
    ),
    click.option(
        "--bad-rows",
        default="refuse",
        type=click.Choice(["refuse", "fail"]),
        help="What to do about rows that cannot be sent: send nothing at all, or let them fail.",
    ),
    click.option(
        "--unknown",
        default="retry",
        type=click.Choice(["retry", "fail"]),
        help="What to do about rows that the app had when a run ended: call them again, or let "
        "them fail.",
    ),
    click.option("--retry-failed", is_flag=True, help="Call rows again that have failed."),
    click.option("--list-failed", is_flag=True, help="Only list the rows that have failed."),
    click.option("--restart", is_flag=True, help="Forget what is done; write over OUTPUT."),
    click.option(
        "--checkpoint",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Where to keep what is done; else OUTPUT.gradwire.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Show no progress."),
)


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command("map")
@app_argument
@endpoint_argument()
@click.argument("source", metavar="INPUT")
@_options
@connection_options
def command(
    connection: Connection,
    app: str,
    endpoint: str,
    source: str,
    output: str,
    *,
    replicas: tuple[str, ...],
    mapping: tuple[str, ...],
    constants: tuple[str, ...],
    list_failed: bool,
    quiet: bool,
    no_files: bool,
    **options: Any,
) -> int:
    """Call an endpoint with each row of a table, and write a table with the outputs.

    INPUT and OUTPUT are JSONL, CSV, TSV or Parquet. OUTPUT has the columns of INPUT, one for each
    output, and `error`; it appears when all rows are finished. Until then, what is done is kept in
    OUTPUT.gradwire: after Ctrl-C or a crash, the same command goes on where it ended.

    Exit code 1: some rows have failed. --list-failed shows them, --retry-failed calls them again.
    INPUT may be - for stdin, which is read to its end first. With -o - nothing is kept.
    """
    if list_failed:
        return _list_failed(output, options["checkpoint"])
    from gradwire.batch.option_words import COMMAND
    from gradwire.batch.run import run_here
    from gradwire.batch.table_job import table_job
    from gradwire.cli.map_progress import rows_watcher
    from gradwire.cli.values import read_inputs

    key = endpoint_key(endpoint)
    options["mapping"] = dict(map(_pair, mapping))
    if no_files or (output == "-" and options["files_to"] is None):
        options["files_to"] = False
    if connection.retries is not None:
        options["retry"] = connection.retries
    with (
        _places(source, output, options) as (table, target),
        _open(connection, app, replicas, key) as client,
    ):
        _tell_replicas(client)
        called = client.view_api().find(key)
        options["constants"] = read_inputs(called, constants, complete=False)
        job = table_job(
            table,
            target,
            _as_options(options),
            files_from=Path() if source == "-" else None,
            kept=output != "-",
            words=COMMAND,
        )
        with (
            _telling_replicas(client),
            rows_watcher(quiet=quiet) as watch,
            _telling_how_to_go_on(watch, kept=output != "-"),
        ):
            summary = run_here(client, called.address, job, watch.tell, watch.columns)
        if output == "-":
            _print_file(target)
    _say(summary, watch, to_stdout=output == "-")
    return 1 if summary.failed else 0


def _open(
    connection: Connection, app: str, replicas: tuple[str, ...], endpoint: str | int
) -> AbstractContextManager[Client | Pool]:
    if not replicas:
        return connection.open(app)
    from gradwire.batch.sync_pool import Pool

    # Only on this endpoint do the apps have to agree.
    return Pool.connect([app, *replicas], endpoints=[endpoint], **connection.options())


@contextmanager
def _telling_replicas(client: Client | Pool) -> Iterator[None]:
    try:
        yield
    finally:
        _tell_replicas(client)


def _tell_replicas(client: Client | Pool) -> None:
    """Name the apps that get no rows: who lists six, and has five, wants to know."""
    from gradwire.app.words import clean
    from gradwire.batch.sync_pool import Pool

    for replica in client.replicas if isinstance(client, Pool) else ():
        if not replica.healthy:
            why = clean(replica.error or "it does not answer").replace("\n", " ")
            click.echo(f"The replica {clean(replica.address)} gets no rows: {why}", err=True)


def _as_options(options: dict[str, Any]) -> TableOptions:
    found: Any = {name: value for name, value in options.items() if value is not None}
    options_found: TableOptions = found
    return options_found


def _pair(text: str) -> tuple[str, str]:
    column, equals, parameter = text.rpartition("=")
    if not equals or not column or not parameter:
        raise click.UsageError(f"--map takes COLUMN=PARAMETER, not {text!r:.80}.")
    return column, parameter


@contextmanager
def _places(source: str, output: str, options: dict[str, Any]) -> Iterator[tuple[Path, Path]]:
    """Return files for INPUT and OUTPUT, also where they are stdin and stdout."""
    if source != "-" and output != "-":
        yield Path(source), Path(output)
        return
    with tempfile.TemporaryDirectory(prefix="gradwire-map-") as name:
        table, target = Path(source), Path(output)
        guessed = source == "-" and options["form"] is None
        if source == "-":
            options["form"] = options["form"] or "jsonl"
            table = Path(name, "stdin")
            with table.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        if output == "-":
            options["output_form"] = options["output_form"] or "jsonl"
            target = Path(name, "stdout")
        try:
            yield table, target
        except InvalidArgumentError as error:
            error.args = (_without_places(str(error), name, guessed=guessed), *error.args[1:])
            raise


def _without_places(text: str, folder: str, *, guessed: bool) -> str:
    """Say stdin and stdout where an error names the files that stand for them."""
    for name in ("stdin", "stdout"):
        text = text.replace(str(Path(folder, name)), name)
    hint = "\nstdin is read as JSONL; --format csv (or tsv, parquet) is for others."
    return text + hint if guessed and text.startswith("stdin, ") else text


def _print_file(path: Path) -> None:
    sys.stdout.flush()
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


@contextmanager
def _telling_how_to_go_on(watch: RowsWatcher, *, kept: bool) -> Iterator[None]:
    """Tell whoever interrupts the command, or loses the app, that nothing is lost."""
    try:
        yield
    except BaseException:
        watch.stop()
        if watch.last is not None:
            click.echo(_how_to_go_on(watch.last, kept=kept), err=True)
        raise


def _how_to_go_on(last: TableProgress, *, kept: bool) -> str:
    from gradwire.cli.map_progress import row_word

    are = "is" if last.total == 1 else "are"
    state = f"{last.finished:,} of {last.total:,} {row_word(last.total)} {are} finished"
    if not kept:
        return f"{state}, and lost: with -o - nothing is kept."
    return f"{state}. The same command goes on from there."


def _say(summary: TableSummary, watch: RowsWatcher, *, to_stdout: bool) -> None:
    """Tell what came of it: in words for people, as JSON for scripts."""
    from gradwire.cli.screen import is_terminal

    if is_terminal(sys.stdout) or to_stdout:
        watch.say_end(summary, to_file=not to_stdout)
    else:
        click.echo(json.dumps(summary.to_dict(), ensure_ascii=False))


def _list_failed(output: str, checkpoint: Path | None) -> int:
    from gradwire.app.words import clean
    from gradwire.batch.run import failed_rows
    from gradwire.cli.screen import is_terminal

    for row in failed_rows(output, checkpoint):
        if is_terminal(sys.stdout):
            click.echo(f"row {row.row}: {clean(row.error)}")
        else:
            click.echo(json.dumps(row.to_dict(), ensure_ascii=False))
    return 0
