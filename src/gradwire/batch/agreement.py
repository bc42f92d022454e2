"""Whether two apps serve the same endpoints: names, parameters and types. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradwire.app.api_info import ApiInfo
from gradwire.app.endpoint import Endpoint
from gradwire.errors import EndpointNotFoundError

MOST_SHOWN = 5


def differences(
    ours: ApiInfo, theirs: ApiInfo, addresses: Sequence[str | int] | None = None
) -> list[str]:
    """Return in words what an app serves otherwise than the first one does.

    Values that a call may leave out are filled in by each replica for itself, so what they are is
    not compared; only whether they may be left out.

    Args:
        ours: What the first app serves.
        theirs: What the other serves.
        addresses: The endpoints that count; None: all that either lists.
    """
    if addresses is None:
        addresses = _listed(ours)
        more = [address for address in _listed(theirs) if address not in set(addresses)]
        found = [f"it has {address!r}, which the first has not" for address in more]
    else:
        found = []
    for address in addresses:
        try:
            other = theirs.find(address)
        except EndpointNotFoundError:
            found.append(f"it has no {address!r}")
        else:
            found += [f"{address!r} {text}" for text in _unlike(ours.find(address), other)]
    return found


def in_words(found: Sequence[str]) -> str:
    """Return differences as one text that is not too long."""
    more = len(found) - MOST_SHOWN
    return "; ".join(found[:MOST_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _listed(api: ApiInfo) -> list[str | int]:
    return [*api.named_endpoints, *api.unnamed_endpoints]


def _unlike(ours: Endpoint, theirs: Endpoint) -> Iterable[str]:
    mine, other = _inputs(ours), _inputs(theirs)
    if [name for name, _, _ in mine] != [name for name, _, _ in other]:
        yield f"takes {_names(other)}, where the first takes {_names(mine)}"
    else:
        for (name, kind, optional), (_, their_kind, their_optional) in zip(
            mine, other, strict=True
        ):
            if kind != their_kind:
                yield f"takes {name}: {their_kind}, where the first takes {kind}"
            if optional != their_optional:
                word = "may" if their_optional else "may not"
                yield f"{word} be called without {name}, other than the first"
    mine_out, other_out = _outputs(ours), _outputs(theirs)
    if mine_out != other_out:
        yield f"returns {_names(other_out)}, where the first returns {_names(mine_out)}"
    if ours.keeps_state != theirs.keeps_state:
        yield f"keeps {'State' if theirs.keeps_state else 'no State'}, other than the first"


def _inputs(endpoint: Endpoint) -> list[tuple[str, str, bool]]:
    return [(each.name, each.type, each.has_default) for each in endpoint.parameters]


def _outputs(endpoint: Endpoint) -> list[str]:
    return [each.type for each in endpoint.returns]


def _names(values: Sequence[object]) -> str:
    texts = [value[0] if isinstance(value, tuple) else value for value in values]
    return f"({', '.join(map(str, texts))})"
