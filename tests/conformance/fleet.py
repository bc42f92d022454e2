"""The servers of the conformance suite."""

from __future__ import annotations

from servers.launch import Server


class Fleet:
    """Runs one server at a time."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._kind: tuple[str, str] | None = None

    def get(self, release: str, mode: str) -> Server:
        """Return the server of a release in a mode; the one before is stopped."""
        if self._kind != (release, mode):
            self.close()
            # A server that shall come back is mounted: before 3.36 Gradio's own launcher refuses a
            # port on which a killed one has just been.
            self._server = Server(release, "mount" if mode == "killed" else mode)
            self._server.start()
            self._kind = (release, mode)
        assert self._server is not None
        return self._server

    def close(self) -> None:
        """Stop what runs."""
        if self._server is not None:
            self._server.close()
        self._server = self._kind = None
