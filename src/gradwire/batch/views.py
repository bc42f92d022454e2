"""What the views of a pool share, and what each has for itself: options, and a session."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gradwire.batch.replica import Member
from gradwire.client.async_client import AsyncClient
from gradwire.client.options import Options
from gradwire.errors import GradwireError, SessionNotFoundError

if TYPE_CHECKING:
    from gradwire.batch.dispatch import Core


class Holder:
    """Held by every view and job of a pool; closes the pool when the last one is gone."""

    __slots__ = ("__weakref__", "core")

    def __init__(self, core: Core) -> None:
        self.core = core
        weakref.finalize(self, _close_unowned, core).atexit = False


def _close_unowned(core: Core) -> None:
    """Close a pool that nobody holds; garbage collection can call this in any thread."""
    if core.closed:
        return
    with suppress(RuntimeError):  # the loop is closed: its tasks and sockets have gone with it
        core.loop.call_soon_threadsafe(lambda: core.loop.create_task(core.close()))


class Session:
    """Where the State of calls is kept: at one replica, from the first call on.

    Attributes:
        home: The replica; None: no call has needed one so far.
        client: A session of its own there; None: the one that all jobs of the pool share.
    """

    __slots__ = ("_losses", "client", "home")

    def __init__(self, home: Member | None = None, client: AsyncClient | None = None) -> None:
        self.client = client
        self.home: Member | None = None
        self._losses = 0
        if home is not None:
            self.settle(home)

    def settle(self, home: Member) -> None:
        """The replica is chosen."""
        if self.home is None:
            self.home, self._losses = home, home.losses

    def lost(self) -> bool:
        """Tell whether the State is gone."""
        return self.home is not None and self.home.losses != self._losses

    def loss(self) -> GradwireError:
        """Return the error that says so; a pool's own session begins anew by that."""
        home = self.home
        assert home is not None
        why = "" if home.error is None else f" ({home.error})"
        step = "Open another with pool.session()."
        if self.client is None:
            self.home, step = None, "The next call begins a new one, at a replica that is there."
        error = SessionNotFoundError(
            f"The session was at the replica {home.address}, which went down{why}; its State is "
            f"lost. {step}"
        )
        error.replica = home.address
        return error


class View:
    """A pool with certain options.

    Attributes:
        holder: Keeps the pool alive.
        options: In force.
        session: Where the State is.
    """

    __slots__ = ("_changes", "_clients", "holder", "options", "session")

    def __init__(
        self,
        holder: Holder,
        options: Options,
        session: Session,
        changes: tuple[Mapping[str, Any], ...] = (),
    ) -> None:
        self.holder = holder
        self.options = options
        self.session = session
        self._changes = changes
        self._clients: dict[Member, tuple[AsyncClient, AsyncClient]] = {}

    def changed(self, given: Mapping[str, Any]) -> View:
        """Return a view with other options; see `AsyncClient.with_options`."""
        changes = (*self._changes, given)
        return View(self.holder, self.options.changed(given), self.session, changes)

    def with_session(self, session: Session) -> View:
        """Return a view with the same options and another session."""
        return View(self.holder, self.options, session, self._changes)

    def client_of(self, member: Member) -> AsyncClient:
        """Return the client of a replica, with the options of this view."""
        base = self.session.client or member.client
        assert base is not None
        if not self._changes:
            return base
        found = self._clients.get(member)
        if found is None or found[0] is not base:
            client = base
            for given in self._changes:
                client = client.with_options(**given)
            found = self._clients[member] = base, client
        return found[1]
