"""How one endpoint is built, out of what `/config` and `/info` say of it.

The config says which values go over the wire, and `/info` what they are called. Both may leave
things out or be odd: whatever is missing becomes a default and never an error.
"""

from __future__ import annotations

import re
from typing import Any

from gradwire.app import schema as schemas
from gradwire.app.config import Component, Config
from gradwire.app.dependencies import Dependency
from gradwire.app.endpoint import Endpoint, Parameter, Return, Slot
from gradwire.app.json_values import JsonObject
from gradwire.app.names import ParameterNames
from gradwire.app.old_components import is_picture, old_schema


def build_endpoint(config: Config, dependency: Dependency, entry: JsonObject) -> Endpoint:
    """Build an endpoint.

    Args:
        config: The config of its app.
        dependency: What the config says of it.
        entry: What `/info` says of it; empty where it is not listed.
    """
    parameters, slots = _inputs(config, dependency, _objects(entry.get("parameters")))
    outputs = [config.component(i) for i in dependency.outputs]
    token = entry.get("oauth_token")
    return Endpoint(
        name=None if dependency.api_name is None else f"/{dependency.api_name}",
        fn_index=dependency.id,
        parameters=parameters,
        returns=_returns(config, outputs, _objects(entry.get("returns"))),
        description=_text(entry.get("description")) or _text(dependency.raw.get("api_description")),
        is_generator=dependency.is_generator,
        is_batch=dependency.batch,
        queued=config.is_queued(dependency),
        streaming_input=dependency.connection == "stream",
        visibility=dependency.visibility,
        oauth_token=token if token in ("required", "optional") else None,
        slots=slots,
        state_outputs=tuple(_is_state(component) for component in outputs),
        picture_outputs=tuple(map(is_picture, outputs)) if config.is_old else (),
        # Before 3.36 the config does not say which functions are generators.
        steps_in_session=config.is_old
        and (dependency.is_generator or "types" not in dependency.raw),
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
        pictures = config.is_old and is_picture(component)
        slots.append(Slot("parameter", len(parameters), props=props, pictures=pictures))
        parameters.append(_parameter(config, described[place], component, place, names))
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
    config: Config,
    entry: JsonObject,
    component: Component | None,
    place: int,
    names: ParameterNames,
) -> Parameter:
    given = _text(entry.get("parameter_name"))
    label = _label(entry, component)
    has_default, default = _default(entry, component, config.deep_link_state == "valid")
    schema = _schema(config, entry, component, "api_info_as_input")
    if component is not None and component.props.get("allow_custom_value"):
        schema = _open(schema)
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
    config: Config, components: list[Component | None], entries: list[JsonObject]
) -> tuple[Return, ...]:
    described = _align(components, entries)
    # Buttons and layout are not in /info, but their updates are among the values that come back.
    return tuple(
        _return(config, described.get(place, {}), component)
        for place, component in enumerate(components)
        if not _is_state(component)
    )


def _return(config: Config, entry: JsonObject, component: Component | None) -> Return:
    schema = _schema(config, entry, component, "api_info_as_output")
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


def _schema(config: Config, entry: JsonObject, component: Component | None, key: str) -> Any:
    schema = entry["type"] if "type" in entry else _schema_of(component, key)
    return old_schema(component, schema) if config.is_old and component else schema


def _schema_of(component: Component | None, key: str) -> Any:
    if component is None:
        return {}
    schema = component.raw.get(key, component.raw.get("api_info"))
    if isinstance(schema, dict) and "serialized_info" in schema:  # 3.x wraps it
        schema = schema.get("info")
    return {} if schema is None else schema


def _open(schema: Any) -> Any:
    """Return the schema of a choice without the choices: here they are only suggestions."""
    if not isinstance(schema, dict):
        return schema
    inner = {"items": _open(schema["items"])} if "items" in schema else {}
    return {key: value for key, value in schema.items() if key != "enum"} | inner


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


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[JsonObject]:
    return [item if isinstance(item, dict) else {} for item in _list(value)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
