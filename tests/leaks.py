"""A fixture that fails a test which leaves something behind: a thread, a descriptor, a complaint.

What lives longer than a test (servers of the session, clients of a module) is there before it
begins, and does not count.

    from leaks import nothing_is_left  # in a conftest.py
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DESCRIPTORS = Path("/proc/self/fd")
WITHIN = 10.0
"""Seconds in which everything has to be gone; what is closed is gone after a turn of some loop."""


@pytest.fixture(autouse=True)
def nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, a socket, an open file, or a task that nobody awaited.

    A test that wants asyncio to complain has the marker `complains`.
    """
    threads, files = set(threading.enumerate()), open_descriptors()
    # A client of the module may open connections in any of its tests.
    shared = any(thread.name == "gradwire" for thread in threads)
    complaints = Complaints()
    logging.getLogger("asyncio").addHandler(complaints)
    try:
        yield
        left = wait_until_gone(threads, None if shared else files)
    finally:
        logging.getLogger("asyncio").removeHandler(complaints)
    assert left == [], f"the test has left behind: {left}"
    if request.node.get_closest_marker("complains") is None:
        assert complaints.heard == []


def wait_until_gone(threads: set[threading.Thread], files: dict[str, str] | None) -> list[str]:
    """Return what is still there, and was not before, after some time."""
    deadline = time.monotonic() + WITHIN
    while left := news(threads, files):
        # What is dropped and not closed shows now, and in this test.
        gc.collect()
        if time.monotonic() > deadline:
            return left
        time.sleep(0.02)
    gc.collect()
    return news(threads, files)


def news(threads: set[threading.Thread], files: dict[str, str] | None) -> list[str]:
    """Name the threads and open descriptors that were not there before."""
    found = [f"thread {thread.name}" for thread in threading.enumerate() if thread not in threads]
    if files is not None:
        now = open_descriptors()
        found += [now[each] for each in now.keys() - files.keys()]
    return found


def open_descriptors() -> dict[str, str]:
    """Return this process's open sockets, pipes and files; none where the system does not say."""
    found = {}
    for entry in DESCRIPTORS.iterdir() if DESCRIPTORS.is_dir() else ():
        try:
            target = os.readlink(entry)
        except OSError:
            continue  # that of the listing itself
        found[f"{entry.name} {target}"] = target
    return found


class Complaints(logging.Handler):
    """What asyncio says of tasks and connections that nobody has cared for."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.heard.append(record.getMessage())
