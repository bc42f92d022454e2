"""What belongs to the caller and is called in the event loop: callbacks, and the `read()` of files.

Whatever these raise goes to whom it concerns, and no further. An exit or an interrupt would end the
loop, which all clients of a process share, and a cancellation would be taken for one of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from gradwire.errors import GradwireError


@contextmanager
def fenced(failed: Callable[[BaseException], object]) -> Iterator[None]:
    """Call something of the caller's inside of this.

    Args:
        failed: Gets what was raised, of any kind: tells of it, or raises what shall come out.
    """
    try:
        yield
    except BaseException as error:
        failed(error)


def raising(kind: type[GradwireError], what: str) -> Callable[[BaseException], NoReturn]:
    """Return what raises an error of ours in the place of another, which is its cause.

    Args:
        kind: The error's class.
        what: What did not work because of whom, such as `"The upload was stopped: on_progress"`.
    """

    def failed(error: BaseException) -> NoReturn:
        if isinstance(error, GradwireError):
            raise error
        raise kind(f"{what} raised {error!r:.200}.") from error

    return failed


def shown(loop: asyncio.AbstractEventLoop, message: str) -> Callable[[BaseException], None]:
    """Return what shows an error as asyncio shows those of its own callbacks."""
    return lambda error: loop.call_exception_handler({"message": message, "exception": error})
