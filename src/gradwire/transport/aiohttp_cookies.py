"""Cookies by aiohttp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aiohttp
from yarl import URL


class Jar:
    """Keeps the cookies of one origin.

    Those of hosts that are addresses are kept, too, which aiohttp calls unsafe: many apps have no
    other name.

    Args:
        base_url: The app's address.
    """

    def __init__(self, base_url: str) -> None:
        self.inner = aiohttp.CookieJar(unsafe=True, quote_cookie=False)
        self._base = URL(base_url)
        self._origin = self._base.origin()

    def add(self, cookies: Mapping[str, str]) -> None:
        """Keep cookies for the whole origin."""
        self.inner.update_cookies(dict(cookies), self._origin / "")

    def present(self) -> dict[str, str]:
        """Return the cookies that go to the app's address."""
        kept = self.inner.filter_cookies(self._base)
        return {name: morsel.value for name, morsel in kept.items()}

    def header(self, url: str) -> str:
        """Return what `Cookie` has to be for an address; nothing if no cookie goes there."""
        kept = self.inner.filter_cookies(URL(url, encoded=True))
        return "; ".join(f"{name}={morsel.coded_value}" for name, morsel in kept.items())

    def keep(self, url: str, said: Sequence[str]) -> None:
        """Keep what an answer has set by `Set-Cookie`."""
        self.inner.update_cookies_from_headers(said, URL(url, encoded=True))
