"""`gradwire stream`."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from gradwire.cli.connection import (
    Connection,
    app_argument,
    connection_options,
    endpoint_argument,
    endpoint_key,
)

if TYPE_CHECKING:
    from gradwire.cli.watching import Watcher
    from gradwire.wire.events import DataEvent, Event


@click.command("stream")
@app_argument
@endpoint_argument()
@click.argument("values", nargs=-1, metavar="[NAME=VALUE | NAME=@FILE]…")
@click.option("--json", "given", metavar="JSON", help="Inputs as an object or a list; - for stdin.")
@click.option("--events", is_flag=True, help="Print all events, one JSON object a line.")
@connection_options
def command(
    connection: Connection,
    app: str,
    endpoint: str,
    values: tuple[str, ...],
    given: str | None,
    events: bool,
) -> None:
    """Call an endpoint and print what it yields, as it comes.

    A text that grows is printed piece by piece; anything else, one JSON value a line. Values are
    given as for `gradwire predict`.
    """
    from gradwire.cli.calling import events_of, inputs_of, start
    from gradwire.cli.watching import watcher

    with connection.open(app) as client, watcher() as watch:
        called = client.view_api().find(endpoint_key(endpoint))
        inputs = inputs_of(called, values, given, watch.transfer)
        printer: EventPrinter | DeltaPrinter = EventPrinter() if events else DeltaPrinter()
        try:
            with closing(events_of(start(client, called, inputs), watch)) as steps:
                for event in steps:
                    _show(event, printer, watch, everything=events)
        finally:
            printer.end_line()  # what is said of an error begins a line of its own


def _show(
    event: Event, printer: EventPrinter | DeltaPrinter, watch: Watcher, *, everything: bool
) -> None:
    if everything or event.type == "data":
        watch.stop()  # the screen belongs to the stream from here
        printer.show(event)
        return
    if event.type == "log":
        printer.end_line()
    watch.tell(event)


class DeltaPrinter:
    """Prints what each step adds to the first output."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._open = False
        self._seen = False

    def show(self, event: Event) -> None:
        """Print what a step has added; nothing for the result, if its steps have been printed."""
        if event.type != "data" or not event.delta:
            return
        added = event.delta[0]
        alone = event.final and not self._seen  # of a function that yields nothing before
        self._seen = True
        if isinstance(added, str) and isinstance(event.data[0], str):
            self._add(event, added)
        elif alone or (added is not None and not event.final):
            self.end_line()
            self._print(f"{_json(added if len(event.data) == 1 else event.data)}\n")

    def _add(self, event: DataEvent, added: str) -> None:
        if not added:
            return
        if self._open and len(added) == len(event.data[0]):
            self.end_line()  # another text has taken the place of the one so far
        self._print(added)
        self._open = not added.endswith("\n")

    def end_line(self) -> None:
        """End a line that was begun."""
        if self._open:
            self._open = False
            self._print("\n")

    def _print(self, text: str) -> None:
        from gradwire.app.words import shown

        sys.stdout.write(shown(text) if self._terminal else text)
        sys.stdout.flush()


class EventPrinter:
    """Prints each event as one line of JSON."""

    def show(self, event: Event) -> None:
        """Print an event."""
        print(_json(_event_dict(event)), flush=True)

    def end_line(self) -> None:
        """Do nothing: lines are whole here."""


def _event_dict(event: Event) -> dict[str, Any]:
    if event.type == "data":
        return {
            "type": "data",
            "data": event.data,
            "delta": event.delta,
            "final": event.final,
            "endpoint": event.endpoint,
        }
    import msgspec

    facts = msgspec.to_builtins(event)
    said = {name: value for name, value in facts.items() if value not in (None, [], ())}
    return {"type": event.type, **said}


def _json(value: Any) -> str:
    from gradwire.cli.calling import plain_json

    return plain_json(value)
