"""What `map` is given, checked before anything is sent."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Literal, Self, get_args

from gradwire.client.checks import checked_flag
from gradwire.errors import InvalidArgumentError

OnError = Literal["raise", "return", "skip"]


def checked_inputs(inputs: Any) -> Iterator[Any] | AsyncIterator[Any]:
    """Take an iterable of rows, asynchronous or not; return what iterates over copies of them.

    Raises:
        InvalidArgumentError: It is none, or surely not the one that was meant.
    """
    kind = type(inputs).__name__
    if isinstance(inputs, str | bytes | bytearray | Mapping):
        raise InvalidArgumentError(
            f"inputs must be an iterable of rows, not one {kind}. For a single row: [row]."
        )
    # Iterating over a frame or a table gives its columns, or none of its rows' names.
    if hasattr(inputs, "columns") and hasattr(inputs, "shape"):
        way = _ROWS_OF.get(type(inputs).__module__.partition(".")[0], "its rows as mappings")
        raise InvalidArgumentError(
            f"inputs is a {kind}, which is not iterated by rows: give {way}."
        )
    if isinstance(inputs, AsyncIterable):
        return _Copies(aiter(inputs))
    if isinstance(inputs, Iterable):
        return map(_copied, inputs)
    raise InvalidArgumentError(
        f"inputs must be an iterable of rows, asynchronous or not: a list, a generator; not {kind}."
    )


def _copied(item: Any) -> Any:
    """Return a row that stays as it is when its maker fills the same object with the next one."""
    if isinstance(item, Mapping):
        return dict(item)
    return list(item) if isinstance(item, list) else item


class _Copies:
    """The rows of an asynchronous iterator, each copied when it comes."""

    def __init__(self, items: AsyncIterator[Any]) -> None:
        self._items = items

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return _copied(await anext(self._items))


_ROWS_OF = {
    "pandas": 'frame.to_dict("records")',
    "polars": "frame.iter_rows(named=True)",
    "pyarrow": "table.to_pylist()",
}


def checked_settings(concurrency: Any, ordered: Any, retry: Any) -> dict[str, Any]:
    """Take the settings that both kinds of `map` have in common; return them by name."""
    return {
        "concurrency": _checked_concurrency(concurrency),
        "ordered": checked_flag("ordered", ordered),
        "retry": _checked_retry(retry),
    }


def _checked_concurrency(concurrency: Any) -> int | None:
    """Take a number of calls from 1 on, or None."""
    if concurrency is None:
        return None
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
        raise InvalidArgumentError(
            "concurrency must be the number of calls in flight at most, from 1 on, or None for as "
            f"many as are of use; not {concurrency!r:.80}."
        )
    return concurrency


def _checked_retry(retry: Any) -> int:
    """Take a number of tries from 0 on."""
    if not isinstance(retry, int) or isinstance(retry, bool) or retry < 0:
        raise InvalidArgumentError(
            f"retry must be how often a row is sent again, from 0 on; not {retry!r:.80}."
        )
    return retry


def checked_on_error(on_error: Any) -> OnError:
    """Take one of the words for what becomes of a row that fails."""
    for word in get_args(OnError):
        if on_error == word:
            return word  # type: ignore[no-any-return]
    raise InvalidArgumentError(
        f"on_error must be one of {', '.join(map(repr, get_args(OnError)))}; not {on_error!r:.80}."
    )
