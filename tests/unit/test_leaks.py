"""The fixture that finds what a test leaves behind does find it."""

from __future__ import annotations

import logging
import socket
import threading

import leaks
import pytest


def test_nothing_new() -> None:
    before = leaks.open_descriptors()
    assert leaks.news(set(threading.enumerate()), before) == []


@pytest.mark.skipif(not leaks.DESCRIPTORS.is_dir(), reason="this system does not list descriptors")
def test_an_open_socket_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "WITHIN", 0.05)
    threads, files = set(threading.enumerate()), leaks.open_descriptors()
    with socket.socket():
        (left,) = leaks.wait_until_gone(threads, files)
        assert left.startswith("socket:")
        assert leaks.wait_until_gone(threads, None) == []
    assert leaks.wait_until_gone(threads, files) == []


def test_a_thread_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "WITHIN", 0.05)
    threads, over = set(threading.enumerate()), threading.Event()
    thread = threading.Thread(target=over.wait, name="left-over")
    thread.start()
    try:
        assert leaks.wait_until_gone(threads, None) == ["thread left-over"]
    finally:
        over.set()
        thread.join()
    assert leaks.wait_until_gone(threads, None) == []


def test_what_asyncio_says_is_heard() -> None:
    complaints = leaks.Complaints()
    logger = logging.Logger("asyncio")
    logger.addHandler(complaints)
    logger.warning("not this")
    logger.error("Task was destroyed but it is %s!", "pending")
    assert complaints.heard == ["Task was destroyed but it is pending!"]
