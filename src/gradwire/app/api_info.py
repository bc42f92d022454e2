"""What can be called: `/info`, filled up from `/config`, as an `ApiInfo`.

`/info` lists the public endpoints with labels, types, names and defaults, but leaves State out,
knows no names and no defaults before 4.23, and is missing before 3.26. `/config` has every
endpoint and every component. So the config says what can be called, and `/info` what of it is
listed; how one endpoint looks is worked out in `building.py`. Whatever is missing or odd in either
becomes a default and never an error.

Nothing is built before somebody asks for it: an app may have a thousand endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Generic, TypeVar

from gradwire.app.building import build_endpoint
from gradwire.app.config import Config
from gradwire.app.dependencies import Dependency
from gradwire.app.endpoint import Endpoint
from gradwire.app.json_values import JsonObject, json_object
from gradwire.errors import EndpointNotFoundError, InvalidArgumentError, ProtocolError

K = TypeVar("K", str, int)


class _LazyEndpoints(Mapping[K, Endpoint], Generic[K]):
    """Endpoints by name or by index, each built when first asked for."""

    def __init__(self, indexes: Mapping[K, int], build: Callable[[int], Endpoint]) -> None:
        self._indexes: Mapping[K, int] = indexes
        self._build = build

    def __getitem__(self, key: K) -> Endpoint:
        return self._build(self._indexes[key])

    def __iter__(self) -> Iterator[K]:
        return iter(self._indexes)

    def __len__(self) -> int:
        return len(self._indexes)

    def __contains__(self, key: object) -> bool:
        return key in self._indexes

    def __repr__(self) -> str:
        return f"<endpoints {list(self._indexes)}>"


class ApiInfo:
    """The endpoints of an app."""

    def __init__(
        self, config: Config, named: Mapping[str, object], unnamed: Mapping[int, object]
    ) -> None:
        """Keep what `/info` says of the endpoints that it lists, by name or function index."""
        self._config = config
        self._named, self._unnamed = named, unnamed
        self._built: dict[int, Endpoint] = {}

    @cached_property
    def _names(self) -> dict[str, int]:
        return _names(self._config, self._unnamed)

    # The views are not kept: they hold this, and in a circle its config would outlive its client.
    @property
    def named_endpoints(self) -> Mapping[str, Endpoint]:
        """The public ones by name, such as `"/predict"`."""
        # What the config does not know cannot be called: its function index is not known.
        stripped = (name.strip("/") for name in self._named)
        known = {f"/{name}": self._names[name] for name in stripped if name in self._names}
        return _LazyEndpoints(known, self._endpoint)

    @property
    def unnamed_endpoints(self) -> Mapping[int, Endpoint]:
        """The public ones that have no name (before 4.0), by function index."""
        return _LazyEndpoints({index: index for index in self._unnamed}, self._endpoint)

    def find(self, endpoint: str | int) -> Endpoint:
        """Return an endpoint, also one that the app does not list.

        Args:
            endpoint: A name with or without its slash, or a function index.

        Raises:
            EndpointNotFoundError: The app has none such; the message says which it has.
            InvalidArgumentError: `endpoint` is neither text nor a whole number.
        """
        if isinstance(endpoint, str):
            index = self._names.get(endpoint.strip("/"))
        elif isinstance(endpoint, int) and not isinstance(endpoint, bool):
            index = endpoint if endpoint in self._config.dependencies else None
        else:
            raise InvalidArgumentError(
                'An endpoint is a name such as "/predict" or a function index such as 0, '
                f"not {type(endpoint).__name__}."
            )
        if index is None:
            raise self._not_found(endpoint)
        if not self._config.dependencies[index].has_function:
            raise _no_function(endpoint)
        return self._endpoint(index)

    def to_dict(self) -> JsonObject:
        """Return all listed endpoints as JSON values, in the shape of `/info`."""
        unnamed = self.unnamed_endpoints.items()
        return {
            "named_endpoints": {
                name: endpoint.to_dict() for name, endpoint in self.named_endpoints.items()
            },
            "unnamed_endpoints": {str(index): endpoint.to_dict() for index, endpoint in unnamed},
        }

    def __str__(self) -> str:
        from gradwire.app.describe import to_text

        return to_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from gradwire.app.describe_html import to_html

        return to_html(self)

    def _repr_markdown_(self) -> str:
        from gradwire.app.describe import to_markdown

        return to_markdown(self)

    def _endpoint(self, index: int) -> Endpoint:
        found = self._built.get(index)
        if found is None:
            dependency = self._config.dependencies[index]
            found = build_endpoint(self._config, dependency, self._entry(dependency))
            # Two threads may build it at once; both results are the same.
            found = self._built.setdefault(index, found)
        return found

    def _entry(self, dependency: Dependency) -> JsonObject:
        """Return what `/info` says of an endpoint; nothing if it does not list it."""
        name = dependency.api_name
        if name is not None and self._names[name] == dependency.id:
            entry = self._named.get(f"/{name}", self._named.get(name))
            if entry is not None:
                return json_object(entry)
        return json_object(self._unnamed.get(dependency.id))

    def _not_found(self, endpoint: str | int) -> EndpointNotFoundError:
        return EndpointNotFoundError(
            _what_there_is(self, endpoint, self._names), endpoint=str(endpoint)
        )


def build_api_info(config: Config, info: object | None, url: str) -> ApiInfo:
    """Read the JSON of `/info`.

    Args:
        config: The config of the same app.
        info: The decoded JSON; None for servers that have no `/info` (before 3.26).
        url: Where it came from, for the error.

    Raises:
        ProtocolError: It is not a JSON object.
    """
    if info is not None and not isinstance(info, dict):
        raise ProtocolError(
            f"{url} should answer with an object that lists the endpoints of the app, "
            f"not {_JSON_WORDS.get(type(info), 'this')}.",
            url=url,
        )
    listed = [
        json_object(json_object(info).get(key)) for key in ("named_endpoints", "unnamed_endpoints")
    ]
    if not any(listed):
        return ApiInfo(config, *_public(config))
    named, unnamed = listed
    known = {_known(config, index): entry for index, entry in unnamed.items()}
    return ApiInfo(config, named, {i: entry for i, entry in known.items() if i is not None})


_JSON_WORDS = {
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def _known(config: Config, text: object) -> int | None:
    """Return the function index that a key of `unnamed_endpoints` (in JSON: text) stands for."""
    index = int(text) if isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}", text) else text
    return index if isinstance(index, int) and index in config.dependencies else None


def _names(config: Config, listed: Iterable[int]) -> dict[str, int]:
    """Return all names, of private endpoints too.

    Of equal ones it is that which is among `listed`, else the first public one, or the first.
    """
    called = config.dependencies.names()
    backwards = called[::-1]  # of equal keys the last one stays
    chosen = {name: index for index, name, _ in backwards}
    chosen |= {name: index for index, name, public in backwards if public}
    ours = {index: config.dependencies.name(index) for index in listed}
    chosen |= {name: index for index, name in reversed(ours.items()) if name is not None}
    return {name: chosen[name] for _, name, _ in called}


def _public(config: Config) -> tuple[dict[str, None], dict[int, None]]:
    """Tell what `/info` would list, named and unnamed, for a server that has no `/info`."""
    shown = [d for d in config.dependencies.values() if d.has_function and d.visibility == "public"]
    names = _names(config, ())
    named = [d.api_name for d in shown if d.api_name is not None and names[d.api_name] == d.id]
    # null is "no name given"; from 4.0 to 4.10 false is "do not show".
    unnamed = [d for d in shown if d.api_name is None and d.raw.get("api_name") is not False]
    return dict.fromkeys(named), dict.fromkeys(d.id for d in unnamed)


def _no_function(endpoint: str | int) -> EndpointNotFoundError:
    return EndpointNotFoundError(
        f"Endpoint {endpoint!r} runs in the browser only: "
        "the server has no function for it that could be called.",
        endpoint=str(endpoint),
    )


def _what_there_is(info: ApiInfo, endpoint: str | int, names: Mapping[str, int]) -> str:
    """Return the message for an endpoint that is not there: what was meant, and what there is."""
    from gradwire.app.words import clean, did_you_mean

    if isinstance(endpoint, str):
        shown = clean(f'"/{endpoint.strip("/")}"')
        hint = did_you_mean(f"/{endpoint.strip('/')}", [f"/{name}" for name in names])
        hint = " A function index is a number, not text." if endpoint.isdecimal() else hint
        valid = [str(address) for address in (*info.named_endpoints, *info.unnamed_endpoints)]
    else:
        shown, hint = f"with function index {endpoint}", ""
        valid = [f"{index} (/{name})" for name, index in names.items()]
        valid += [str(index) for index in info.unnamed_endpoints]
    most = 20
    more = f" and {len(valid) - most} more; view_api() shows them" if len(valid) > most else ""
    listed = ", ".join(map(clean, valid[:most])) or "none that it lists"
    return f"The app has no endpoint {shown}.{hint} It has: {listed}{more}."
