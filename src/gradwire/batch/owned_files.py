"""Files among the inputs that a replica has given out: only there they can be used again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from gradwire.batch.replica import Member
from gradwire.client.async_client import AsyncClient
from gradwire.client.files import BoundFile
from gradwire.data.walk import MAX_DEPTH, PLAIN
from gradwire.errors import InvalidArgumentError


def home_of_files(
    values: object, members: Iterable[Member], session: AsyncClient | None = None
) -> Member | None:
    """Return the replica that has the files among the values; None: any may have the call.

    Args:
        values: The inputs of a call.
        members: The replicas.
        session: The client of a session of its own, if the call belongs to one.

    Raises:
        InvalidArgumentError: There are files of two replicas.
    """
    addresses = {file._reader()._requests.base_url for file in _files(values, MAX_DEPTH)}
    if not addresses:
        return None
    homes = [
        member
        for member in members
        if member.client is not None and member.client._requests.base_url in addresses
    ]
    if len(addresses) > 1:
        named = " and ".join(sorted(addresses))
        raise InvalidArgumentError(
            f"The inputs hold files of {named}, and each can be used only where it is. Download "
            "one, and pass its path."
        )
    if session is not None and session._requests.base_url not in addresses:
        raise InvalidArgumentError(
            f"The inputs hold a file of {addresses.pop()}, and this session is at "
            f"{session._requests.base_url}. Download it, and pass its path."
        )
    return homes[0] if homes else None


def _files(value: object, depth: int) -> Iterator[BoundFile]:
    if isinstance(value, BoundFile):
        yield value
    elif isinstance(value, list | tuple | Mapping) and depth:
        items = value.values() if isinstance(value, Mapping) else value
        kinds = set(map(type, items))
        if kinds <= PLAIN:
            return
        if kinds == {list} and PLAIN.issuperset(map(type, chain.from_iterable(items))):
            return  # the rows of a table, of which there are many
        for item in items:
            if type(item) not in PLAIN:
                yield from _files(item, depth - 1)
