"""The app that the examples talk to: the one named on the command line, or the demo app."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gradwire.cli.demo import running_app


@contextmanager
def app_address() -> Iterator[str]:
    """Give the address in the first argument; without one, start the demo app for a while."""
    if len(sys.argv) > 1:
        yield sys.argv[1]
        return
    with running_app() as address:
        yield address
