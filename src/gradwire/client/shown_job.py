"""What a notebook asks a job for; see `live.py`, which is loaded when one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob


class ShownJob:
    """A job as a notebook shows it: live while it runs, then as its result or its error."""

    __slots__ = ()

    @property
    def _worker(self) -> AsyncJob[Any]:
        """The job that the event loop knows."""
        return self  # type: ignore[return-value]

    def _call_soon(self, function: Callable[[], object]) -> None:
        """Call a function in the thread of the job's event loop."""
        function()

    def _repr_html_(self) -> str:
        from gradwire.client.live import job_html

        return job_html(self._worker)

    def _ipython_display_(self) -> None:
        from gradwire.client.live import show_job

        show_job(self._worker, self.__repr__, self._call_soon)
