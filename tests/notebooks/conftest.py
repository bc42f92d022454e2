"""A kernel, and what its page has at each moment."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60.0


@dataclass
class Drawn:
    """What a page has had in one place, oldest first: HTML, or the text where there is none."""

    texts: list[str] = field(default_factory=list)


class Kernel:
    """A kernel that runs one cell after another, as a notebook's page does."""

    def __init__(self, folder: Path) -> None:
        from jupyter_client.manager import KernelManager

        # Sockets in the file system: no port can be taken, and nobody else can connect.
        self._manager = KernelManager(
            transport="ipc", ip=str(folder / "kernel"), connection_file=str(folder / "kernel.json")
        )
        self._manager.start_kernel(cwd=str(folder))
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=SECONDS)
        self.places: dict[str, Drawn] = {}

    def close(self) -> None:
        """End it."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def run(self, code: str) -> list[dict[str, str]]:
        """Run a cell; return what it shows, each thing in all its forms as it is at the end."""
        cell = self._client.execute(code)
        shown: list[tuple[str | None, dict[str, str]]] = []
        idle = False
        while not idle:
            message = self._next(time.monotonic() + SECONDS)
            content = message["content"]
            if message["parent_header"].get("msg_id") != cell:
                continue
            if message["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))
            if message["msg_type"] in ("display_data", "execute_result"):
                shown.append(
                    (content.get("transient", {}).get("display_id"), dict(content["data"]))
                )
            elif message["msg_type"] == "update_display_data":
                for place, data in shown:
                    if place == content["transient"]["display_id"]:
                        data.update(content["data"])
            idle = content.get("execution_state") == "idle"
        return [data for _, data in shown]

    def wait_for(self, done: Callable[[str], bool]) -> str:
        """Wait until something that a page has is so; return it."""
        end = time.monotonic() + SECONDS
        while True:
            for place in self.places.values():
                if done(place.texts[-1]):
                    return place.texts[-1]
            self._next(end)

    def _next(self, end: float) -> dict[str, Any]:
        """Return the next message to the page; note what it draws."""
        message: dict[str, Any] = self._client.get_iopub_msg(timeout=max(end - time.monotonic(), 1))
        if message["msg_type"] in ("display_data", "update_display_data"):
            content = message["content"]
            place = content.get("transient", {}).get("display_id")
            data = content["data"]
            if place is not None:
                drawn = self.places.setdefault(place, Drawn())
                drawn.texts.append(data.get("text/html", data["text/plain"]))
        return message


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Start a kernel, in a folder with the picture `photo.png`."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("notebook")
    Image.new("RGB", (40, 30), (200, 10, 90)).save(folder / "photo.png")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of Jupyter's own packages
        started = Kernel(folder)
        try:
            yield started
        finally:
            started.close()
