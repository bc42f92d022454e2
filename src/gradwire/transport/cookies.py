"""The cookies of an app, as long as there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradwire.transport.aiohttp_cookies import Jar


class Cookies:
    """Cookies that belong to one origin.

    Most apps set none. aiohttp, whose jar keeps them, takes longer to be imported than many a
    script takes, and is only loaded for the first one.

    Args:
        base_url: The app's address.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._jar: Jar | None = None

    @property
    def jar(self) -> Jar:
        """What keeps them; made when it is first asked for."""
        if self._jar is None:
            from gradwire.transport.aiohttp_cookies import Jar

            self._jar = Jar(self._base_url)
        return self._jar

    def add(self, cookies: Mapping[str, str]) -> None:
        """Keep cookies for the whole origin."""
        if cookies:
            self.jar.add(cookies)

    def present(self) -> dict[str, str]:
        """Return the cookies that go to the app's address."""
        return {} if self._jar is None else self._jar.present()

    def header(self, url: str) -> str:
        """Return what `Cookie` has to be for an address; nothing if no cookie goes there."""
        return "" if self._jar is None else self._jar.header(url)

    def keep(self, url: str, said: Sequence[str]) -> None:
        """Keep what an answer has set by `Set-Cookie`."""
        self.jar.keep(url, said)
