"""What can be called: `/info`, filled up from `/config`, as `ApiInfo`, `Endpoint` and `Parameter`.

`/info` lists the public endpoints with labels, types, names and defaults, but leaves State out,
knows no names and no defaults before 4.23, and is missing before 3.26. `/config` has every
endpoint and every component. So the config says which values go over the wire, and `/info` what
they are called. Whatever is missing or odd in either becomes a default and never an error.

Nothing is built before somebody asks for it: an app may have a thousand endpoints.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from gradwire.app import schema as schemas
from gradwire.app.arguments import (
    BindingPlan,
    Parameter,
    ParameterNames,
    Slot,
    make_plan,
    make_signature,
)
from gradwire.app.config import Component, Config, Dependency, JsonObject
from gradwire.errors import EndpointNotFoundError, InvalidArgumentError, ProtocolError

__all__ = ["ApiInfo", "Endpoint", "Parameter", "Return", "Slot", "build_api_info"]

K = TypeVar("K", str, int)


@dataclass(frozen=True, slots=True)
class Return:
    """One value that an endpoint gives back. State is not among them."""

    label: str
    type: str
    schema: Any = field(hash=False)
    component: str
    description: str


@dataclass(frozen=True, repr=False)
class Endpoint:
    """One function of the app."""

    name: str | None
    """Such as `"/predict"`; None: to be called by `fn_index` only."""
    fn_index: int
    parameters: tuple[Parameter, ...]
    returns: tuple[Return, ...]
    """One for each value of the result."""
    description: str
    is_generator: bool
    """Whether it gives several results, one after the other."""
    is_batch: bool
    queued: bool
    """Whether calls wait in the app's queue; else a call is one HTTP request."""
    streaming_input: bool
    """Whether its input comes in chunks while it runs."""
    visibility: str
    """`"public"`, `"undocumented"` or `"private"`: all can be called."""
    oauth_token: str | None
    """`"required"`, `"optional"`, or None: it takes no Hugging Face token."""
    slots: tuple[Slot, ...]
    """One for each value that is sent."""
    state_outputs: tuple[bool, ...]
    """For each value that comes back: whether it is a State, which is null and not in `returns`."""

    @property
    def address(self) -> str | int:
        """What to pass to `predict`: the name or else the index."""
        return self.fn_index if self.name is None else self.name

    @property
    def return_type(self) -> str:
        """The Python type of the result as text: `"None"`, the type, or a tuple of several."""
        types = [returned.type for returned in self.returns]
        if len(types) > 1:
            return f"tuple[{', '.join(types)}]"
        return types[0] if types else "None"

    @cached_property
    def plan(self) -> BindingPlan:
        """How arguments become the list that is sent; see `gradwire.app.arguments`."""
        return make_plan(self.parameters, self.slots)

    def signature(self) -> inspect.Signature:
        """Return a signature with defaults, and with annotations as text.

        A required parameter after an optional one is keyword-only here, and so are all after it,
        for Python has no other way to say it. Calls may give them by position all the same.
        """
        return make_signature(self)

    def example_call(self) -> str:
        """Return a call that can be pasted, such as `client.predict("/multi", n=3)`."""
        from gradwire.app.describe import example_call

        return example_call(self)

    def to_dict(self) -> JsonObject:
        """Return the endpoint in the shape of `/info`, as JSON values."""
        from gradwire.app.describe import endpoint_dict

        return endpoint_dict(self)

    def __str__(self) -> str:
        from gradwire.app.describe import endpoint_text

        return endpoint_text(self)

    def __repr__(self) -> str:
        names = ", ".join(parameter.name for parameter in self.parameters)
        return f"<Endpoint {self.address}({names})>"


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
    """The endpoints of an app.

    Attributes:
        named_endpoints: The public ones by name, such as `"/predict"`.
        unnamed_endpoints: The public ones that have no name (before 4.0), by function index.
    """

    def __init__(
        self, config: Config, named: Mapping[int, JsonObject], unnamed: Mapping[int, JsonObject]
    ) -> None:
        """Keep what `/info` says of the endpoints that it lists, by function index."""
        self._config = config
        self._entries = {**unnamed, **named}
        self._built: dict[int, Endpoint] = {}
        self._names = _names(config, self._entries)
        self.named_endpoints: Mapping[str, Endpoint] = _LazyEndpoints(
            {f"/{config.dependencies[index].api_name}": index for index in named}, self._endpoint
        )
        self.unnamed_endpoints: Mapping[int, Endpoint] = _LazyEndpoints(
            {index: index for index in unnamed}, self._endpoint
        )

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

    def _repr_markdown_(self) -> str:
        from gradwire.app.describe import to_markdown

        return to_markdown(self)

    def _endpoint(self, index: int) -> Endpoint:
        found = self._built.get(index)
        if found is None:
            entry = self._entries.get(index, {})
            found = _build(self._config, self._config.dependencies[index], entry)
            # Two threads may build it at once; both results are the same.
            found = self._built.setdefault(index, found)
        return found

    def _not_found(self, endpoint: str | int) -> EndpointNotFoundError:
        from gradwire.app.describe import endpoint_not_found

        return EndpointNotFoundError(
            endpoint_not_found(self, endpoint, self._names), endpoint=str(endpoint)
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
    listed = [_object(_get(info, key)) for key in ("named_endpoints", "unnamed_endpoints")]
    if not any(listed):
        return ApiInfo(config, *_public(config))
    named, unnamed = listed
    by_name = _names(config, ())
    return ApiInfo(
        config,
        _entries((by_name.get(str(name).strip("/")), entry) for name, entry in named.items()),
        _entries((_known(config, index), entry) for index, entry in unnamed.items()),
    )


_JSON_WORDS = {
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def _entries(found: Iterable[tuple[int | None, object]]) -> dict[int, JsonObject]:
    # What the config does not know cannot be called: its function index is not known.
    return {index: _object(entry) for index, entry in found if index is not None}


def _known(config: Config, text: object) -> int | None:
    """Return the function index that a key of `unnamed_endpoints` (in JSON: text) stands for."""
    index = int(text) if isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}", text) else text
    return index if isinstance(index, int) and index in config.dependencies else None


def _names(config: Config, listed: Iterable[int]) -> dict[str, int]:
    """Return all names, of private endpoints too; of equal ones that which is listed, or first."""
    names: dict[str, int] = {}
    public = (i for i, d in config.dependencies.items() if d.visibility == "public")
    for index in (*listed, *public, *config.dependencies):
        name = config.dependencies[index].api_name
        if name is not None:
            names.setdefault(name, index)
    return names


def _public(config: Config) -> tuple[dict[int, JsonObject], dict[int, JsonObject]]:
    """Tell what `/info` would list, named and unnamed, for a server that has no `/info`."""
    shown = [d for d in config.dependencies.values() if d.has_function and d.visibility == "public"]
    names = _names(config, ())
    named = [d for d in shown if d.api_name is not None and names[d.api_name] == d.id]
    # null is "no name given"; from 4.0 to 4.10 false is "do not show".
    unnamed = [d for d in shown if d.api_name is None and d.raw.get("api_name") is not False]
    return {d.id: {} for d in named}, {d.id: {} for d in unnamed}


def _no_function(endpoint: str | int) -> EndpointNotFoundError:
    return EndpointNotFoundError(
        f"Endpoint {endpoint!r} runs in the browser only: "
        "the server has no function for it that could be called.",
        endpoint=str(endpoint),
    )


# --- one endpoint -------------------------------------------------------------------------------


def _build(config: Config, dependency: Dependency, entry: JsonObject) -> Endpoint:
    parameters, slots = _inputs(config, dependency, _objects(entry.get("parameters")))
    token = entry.get("oauth_token")
    return Endpoint(
        name=None if dependency.api_name is None else f"/{dependency.api_name}",
        fn_index=dependency.id,
        parameters=parameters,
        returns=_returns(config, dependency, _objects(entry.get("returns"))),
        description=_text(entry.get("description")) or _text(dependency.raw.get("api_description")),
        is_generator=dependency.is_generator,
        is_batch=dependency.batch,
        queued=config.is_queued(dependency),
        streaming_input=dependency.connection == "stream",
        visibility=dependency.visibility,
        oauth_token=token if token in ("required", "optional") else None,
        slots=slots,
        state_outputs=tuple(_is_state(config.component(i)) for i in dependency.outputs),
    )


def _inputs(
    config: Config, dependency: Dependency, entries: list[JsonObject]
) -> tuple[tuple[Parameter, ...], tuple[Slot, ...]]:
    components = [config.component(i) for i in dependency.inputs]
    described = _align(components, entries)
    wants_props = _list(dependency.raw.get("component_prop_inputs"))
    names = ParameterNames()
    parameters: list[Parameter] = []
    slots: list[Slot] = []
    for place, component in enumerate(components):
        if place not in described:
            slots.append(_hidden(component))
            continue
        props = component.props if component is not None and place in wants_props else None
        slots.append(Slot("parameter", len(parameters), props=props))
        trust_config = config.deep_link_state == "valid"
        parameters.append(_parameter(described[place], component, place, names, trust_config))
    return tuple(parameters), tuple(slots)


def _align(components: list[Component | None], entries: list[JsonObject]) -> dict[int, JsonObject]:
    """Say which places `/info` shows, and give each of them its entry.

    Where the counts disagree, the config is right about the places, and an entry counts only for a
    component that has its label.
    """
    shown = [place for place, component in enumerate(components) if not _is_hidden(component)]
    if len(shown) == len(entries):
        return dict(zip(shown, entries, strict=True))
    by_label: dict[str, list[JsonObject]] = {}
    for entry in reversed(entries):
        by_label.setdefault(_text(entry.get("label")), []).append(entry)
    found = {}
    for place in shown:
        component = components[place]
        same = by_label.get((component.label or "") if component else "")
        found[place] = same.pop() if same else {}
    return found


# Up to 3.50 the config does not say what /info leaves out; its source names these.
_OLD_HIDDEN = frozenset(
    {"accordion", "box", "column", "dataset", "form", "group", "interpretation", "row", "state"}
    | {"tab", "tabitem", "tabs"}
)


def _is_hidden(component: Component | None) -> bool:
    if component is None:
        return False
    return component.skip_api if "skip_api" in component.raw else component.type in _OLD_HIDDEN


def _is_state(component: Component | None) -> bool:
    return component is not None and component.is_state


def _hidden(component: Component | None) -> Slot:
    if component is None or component.is_state:
        return Slot("state")
    return Slot("fixed", value=component.props.get("value"))


def _parameter(
    entry: JsonObject,
    component: Component | None,
    place: int,
    names: ParameterNames,
    trust_config: bool,
) -> Parameter:
    given = _text(entry.get("parameter_name"))
    label = _label(entry, component)
    has_default, default = _default(entry, component, trust_config)
    schema = entry["type"] if "type" in entry else _schema_of(component, "api_info_as_input")
    return Parameter(
        name=names.take(given, label, place),
        wire_name=given or label or f"param_{place}",
        label=label,
        type=schemas.type_text(schema),
        schema=schema,
        component=_kind(entry, component),
        has_default=has_default,
        default=default,
        description=_about(schema, component),
        example=_example(entry, component),
        choices=_choices(schema, component),
    )


def _returns(
    config: Config, dependency: Dependency, entries: list[JsonObject]
) -> tuple[Return, ...]:
    components = [config.component(i) for i in dependency.outputs]
    described = _align(components, entries)
    # Buttons and layout are not in /info, but their updates are among the values that come back.
    return tuple(
        _return(described.get(place, {}), component)
        for place, component in enumerate(components)
        if not _is_state(component)
    )


def _return(entry: JsonObject, component: Component | None) -> Return:
    schema = entry["type"] if "type" in entry else _schema_of(component, "api_info_as_output")
    return Return(
        label=_label(entry, component),
        type=schemas.type_text(schema),
        schema=schema,
        component=_kind(entry, component),
        description=schemas.description(schema),
    )


def _default(
    entry: JsonObject, component: Component | None, trust_config: bool
) -> tuple[bool, Any]:
    value = None if component is None else component.props.get("value")
    if trust_config and value is not None:
        return True, value  # a deep link: the config holds the values that the link stands for
    has_default = entry.get("parameter_has_default")
    if isinstance(has_default, bool):
        return has_default, entry.get("parameter_default") if has_default else None
    return value is not None, value


def _label(entry: JsonObject, component: Component | None) -> str:
    label = _text(entry.get("label")) or (component.label if component else None) or ""
    # What the server writes for a component that has no label; the number changes with the app.
    return "" if re.fullmatch(r"(parameter|value)_[0-9]+", label) else label


def _kind(entry: JsonObject, component: Component | None) -> str:
    kind = _text(entry.get("component"))
    return kind or (component.type.capitalize() if component else "")


def _schema_of(component: Component | None, key: str) -> Any:
    if component is None:
        return {}
    schema = component.raw.get(key, component.raw.get("api_info"))
    if isinstance(schema, dict) and "serialized_info" in schema:  # 3.x wraps it
        schema = schema.get("info")
    return {} if schema is None else schema


def _example(entry: JsonObject, component: Component | None) -> Any:
    if "example_input" in entry or component is None:
        return entry.get("example_input")
    example = component.raw.get("example_inputs")
    if isinstance(example, dict) and example.keys() == {"raw", "serialized"}:  # 3.x
        return example["serialized"]
    return example


def _about(schema: object, component: Component | None) -> str:
    """Join the hint that people see under the component and the words of its schema."""
    hint = _text(component.props.get("info")) if component else ""
    told = schemas.description(schema)
    return "; ".join(dict.fromkeys(text for text in (hint, told) if text))


def _choices(schema: object, component: Component | None) -> tuple[Any, ...]:
    found = schemas.choices(schema)
    if found or component is None or component.props.get("allow_custom_value"):
        return found
    pairs = _list(component.props.get("choices"))
    # A choice is what people see and what is sent; up to 3.x it is one for both.
    return tuple(pair[-1] if isinstance(pair, list) and pair else pair for pair in pairs)


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[JsonObject]:
    return [_object(item) for item in _list(value)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
