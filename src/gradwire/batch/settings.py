"""The options of a pool, beside those that all its clients have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradwire.app.api_info import ApiInfo
from gradwire.app.reference import parse_reference
from gradwire.client.checks import checked_flag, checked_seconds
from gradwire.client.option_types import ConnectOptions
from gradwire.errors import EndpointNotFoundError, InvalidArgumentError, shown_url
from gradwire.hub.settings import hub_address

PATIENCE = 30.0


class PoolOptions(ConnectOptions, total=False):
    """Options of `AsyncPool.connect`."""

    endpoints: str | int | Sequence[str | int] | None
    patience: float | None
    sticky: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """What only the pool as a whole has; see `AsyncPool.connect`."""

    endpoints: tuple[str | int, ...] | None = None
    patience: float | None = PATIENCE
    sticky: bool = True
    addresses: tuple[str | int, ...] | None = None
    """The endpoints as the first replica calls them."""

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Settings:
        """Take the pool's own options out of those of `connect`."""
        patience = options.pop("patience", PATIENCE)
        if patience != 0:  # which means: not at all
            checked_seconds("patience", patience)
        return cls(
            _endpoints(options.pop("endpoints", None)),
            patience,
            checked_flag("sticky", options.pop("sticky", True)),
        )

    def known_by(self, api: ApiInfo) -> Settings:
        """Find the endpoints in what the first replica serves.

        Raises:
            EndpointNotFoundError: One is not there.
        """
        if self.endpoints is None:
            return self
        return replace(self, addresses=tuple(api.find(each).address for each in self.endpoints))

    def check(self, address: str | int) -> None:
        """Refuse an endpoint on which the replicas need not agree.

        Raises:
            EndpointNotFoundError: It is not among those named when connecting.
        """
        if self.addresses is not None and address not in self.addresses:
            named = ", ".join(map(str, self.addresses))
            raise EndpointNotFoundError(
                f"The pool was connected for {named} (endpoints=[...]), and nobody has checked "
                f"that all replicas serve {address!r}.",
                endpoint=str(address),
            )


def _endpoints(given: Any) -> tuple[str | int, ...] | None:
    if given is None:
        return None
    named = (given,) if isinstance(given, str | int) else given
    if not isinstance(named, Iterable) or not (found := tuple(named)):
        raise InvalidArgumentError(
            'endpoints must name those that you call, such as ["/predict"], or be None for all; '
            f"not {given!r:.80}."
        )
    return found


def checked_references(given: Any) -> list[str]:
    """Return the apps of a pool, each once.

    Raises:
        InvalidArgumentError: There is none, or one twice.
    """
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise InvalidArgumentError(
            f"A pool is given a list of apps: Pool([address, address, ...]), not {given!r:.80}. "
            "For a single one use Client."
        )
    references = list(given)
    if not references:
        raise InvalidArgumentError("A pool needs at least one app: Pool([address, ...]).")
    seen: dict[tuple[str, str | None], int] = {}
    for place, text in enumerate(references):
        reference = parse_reference(text, hub_address())
        if seen.setdefault((reference.base_url, reference.space), place) != place:
            raise InvalidArgumentError(
                f"{shown_url(text)} is in the list twice. Each app has one queue; name it once."
            )
    return references
