"""Jobs as contexts: `with client.submit(…) as job:` leaves no job behind that nobody wants."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gradwire.client.checks import refuse_pickling
from gradwire.errors import GradwireError

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob
    from gradwire.client.job import Job


class AsyncContext:
    """What `AsyncJob` does with `async with`."""

    __slots__ = ()
    __reduce__ = refuse_pickling

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(  # type: ignore[misc]
        self: AsyncJob[Any],
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel the job if it is not done, on the server too, however the block is left."""
        try:
            if not self.done():
                await self.cancel()
        except GradwireError:  # not in the place of what the block raised
            self.drop()
        except asyncio.CancelledError:
            self.drop()  # nobody waits any more; the server is told in the background
            raise


class Context:
    """What `Job` does with `with`."""

    __reduce__ = refuse_pickling

    def __enter__(self) -> Self:
        return self

    def __exit__(  # type: ignore[misc]
        self: Job[Any],
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel the job if it is not done, on the server too, however the block is left."""
        try:
            self.cancel()
        except GradwireError:  # not in the place of what the block raised
            with suppress(GradwireError):
                self._call_soon(self._job.drop)
