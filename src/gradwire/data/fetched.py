"""What is shown in a notebook before its files are here, and once more when they are.

An asynchronous client cannot wait for a file while the notebook asks how a value looks: the page
would wait for the loop, and the loop for the page. So the value is shown with links, its small
files are fetched, and then they stand in their places.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradwire.data.files import FileData
from gradwire.data.kernel import Place, in_kernel
from gradwire.data.page import shown_files


def show_with_files(thing: Any, values: list[Any]) -> None:
    """Show something in a notebook, and again when the files in `values` are here.

    Args:
        thing: What is shown; it has `_repr_html_`.
        values: Its outputs.

    Raises:
        NotImplementedError: There is nothing to wait for. IPython then shows it in its usual way.
    """
    if not in_kernel():
        raise NotImplementedError
    html = thing._repr_html_()  # a `Client` waits for its files here, and none is away then
    waiting = files_away(values)
    if not waiting:
        raise NotImplementedError
    place = Place(html, repr(thing))
    fetch_all(waiting, lambda: place.draw(thing._repr_html_(), repr(thing)))


def files_away(values: list[Any]) -> list[FileData]:
    """Return those files which are worth being fetched, and whose client can do it beside."""
    return [file for file in shown_files(values) if file._is_away()]


def fetch_all(files: list[FileData], done: Callable[[], object]) -> None:
    """Begin to fetch files; call `done()` when all are here, or cannot be had.

    In the thread of the event loop that the files' clients work in.
    """
    left = len(files)

    def one_done() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            done()

    for file in files:
        file._fetch_beside(one_done)
