"""One endpoint as a method: its signature, its docstring, its call."""

from __future__ import annotations

from typing import NamedTuple

from gradwire.app.endpoint import Endpoint, Parameter
from gradwire.app.words import clean
from gradwire.codegen.reserved import FIELDS
from gradwire.codegen.source import (
    WIDTH,
    Names,
    camel,
    docstring,
    identifier,
    literal,
    public,
    spread,
    string,
)
from gradwire.codegen.types import NONE, Place, Type, Types
from gradwire.data.values import use_of

_INPUT_FILES = {
    "picture": "PictureLike",
    "sound": "SoundLike",
    "media": "MediaLike",
    "table": "FileLike",
    "file": "FileLike",
    "list": "FileLike",
}
_TABLE = Type(("FrameLike", "ArrayLike"))
_DATE = Type(("date",))
_ROOM = 48
"""Columns of a type in a signature."""


class Argument(NamedTuple):
    """A parameter as it is written."""

    name: str
    type: str
    default: str | None
    """Source; None: required."""
    parameter: Parameter


class Method(NamedTuple):
    """What both clients have in common."""

    name: str
    endpoint: Endpoint
    arguments: list[Argument]
    title: str
    """The endpoint's name in the names of definitions."""


def method_name(endpoint: Endpoint) -> str:
    """Return what the method of an endpoint would be called, if that is free."""
    fallback = f"fn_{endpoint.fn_index}"
    return fallback if endpoint.name is None else identifier(endpoint.name.strip("/"), fallback)


def argument_names(endpoint: Endpoint) -> list[str]:
    """Return what the arguments of an endpoint are called."""
    names = Names({"self"})
    return [
        names.take(identifier(parameter.name, f"param_{place}"))
        for place, parameter in enumerate(endpoint.parameters)
    ]


def method_of(endpoint: Endpoint, name: str, types: Types) -> Method:
    """Work out the types of what an endpoint takes.

    Args:
        endpoint: What is called.
        name: The method's.
        types: Where definitions are written.
    """
    title = camel(name, f"Fn{endpoint.fn_index}")
    pairs = zip(endpoint.parameters, argument_names(endpoint), strict=True)
    arguments = [_argument(parameter, each, title, types) for parameter, each in pairs]
    return Method(name, endpoint, arguments, title)


def _argument(parameter: Parameter, name: str, title: str, types: Types) -> Argument:
    wanted = title + camel(name, "Param")
    file = _INPUT_FILES[use_of(parameter)]
    place = Place(file, f"{wanted}Input", behind="Input")
    kind = types.of(parameter.schema, place)
    if parameter.choices and kind == Type(("str",)):
        kind = types.choice(parameter.choices)  # told by the config, not by the schema
    default = _default(parameter, kind)
    if default == "None" and kind.members != ("Any",):
        kind |= NONE
    if use_of(parameter) == "table":
        kind |= _TABLE
    if parameter.component.lower() == "datetime":
        kind |= _DATE
    return Argument(name, types.short(kind, _ROOM, wanted), default, parameter)


def _default(parameter: Parameter, kind: Type) -> str | None:
    """Return the source of a default; `DEFAULT` for what source cannot say, or the type not."""
    if not parameter.has_default:
        return None
    value, text = parameter.default, literal(parameter.default)
    fits = value is None or kind.members == ("Any",) or text in kind.choices
    name = type(value).__name__
    fits = fits or name in kind.members or (name == "int" and "float" in kind.members)
    return text if fits and text is not None else "DEFAULT"


class Kind(NamedTuple):
    """What makes the two clients different."""

    file: str
    before: str
    define: str
    wait: str
    job: str
    iterator: str


SYNC = Kind("File", "", "def", "", "Job", "Iterator")
ASYNC = Kind("AsyncFile", "Async", "async def", "await ", "AsyncJob", "AsyncIterator")


def written(method: Method, kind: Kind, types: Types, names: Names) -> list[str]:
    """Return the methods of an endpoint in one client, without their indent.

    One; of a generator there is a second, which gives each step.
    """
    endpoint = method.endpoint
    if endpoint.streaming_input:
        about = ["Returns:", "    A job that takes more by send_chunk(...)."]
        call = "return self._job({})"
        return [_method(method, "def", method.name, f"{kind.job}[DataEvent]", call, about)]
    result = _result(method, kind, types)
    single = f"return {kind.wait}self._value({{}})"
    call = {"None": f"{kind.wait}self._nothing({{}})"}.get(result.type, single)
    if result.several:
        call = f"return {kind.wait}self._values({{}})"
    parts = [_method(method, kind.define, method.name, result.type, call, result.about, result)]
    if endpoint.is_generator and result.type != "None":
        call = f"return self._{'steps_of' if result.several else 'steps'}({{}})"
        returns = f"{kind.iterator}[{result.type}]"
        about = ["Yields:", *result.about[1:]]
        name = names.take(f"{method.name}_steps")
        parts.append(_method(method, "def", name, returns, call, about, result))
    return parts


class Result(NamedTuple):
    """What an endpoint returns."""

    type: str
    several: bool
    about: list[str]


def _result(method: Method, kind: Kind, types: Types) -> Result:
    returns = method.endpoint.returns
    if not returns:
        return Result("None", False, [])
    names = Names(FIELDS)
    fields = {}
    about = ["Returns:"]
    for number, returned in enumerate(returns):
        fallback = f"output_{number}"
        name = names.take(public(returned.label.lower(), fallback) if returned.label else fallback)
        inner = f"{kind.before}{method.title}{camel(name, 'Output')}"
        found = types.of(returned.schema, Place(kind.file, inner, before=kind.before))
        fields[name] = types.short(found, _ROOM, inner)
        label = returned.label or returned.component or "A value"
        told = f"{label}: {returned.description}" if returned.description else label
        about.append(f"    {told}")
    if len(returns) == 1:
        (only,) = fields.values()
        return Result(only, False, about)

    def record(name: str) -> str:
        lines = [f"    {field}: {each}" for field, each in fields.items()]
        return "\n".join([f"class {name}(NamedTuple):", *lines])

    wanted = f"{kind.before}{method.title}Result"
    return Result(types.define(wanted, record), True, about)


def _method(
    method: Method,
    define: str,
    name: str,
    returns: str,
    call: str,
    about: list[str],
    result: Result | None = None,
) -> str:
    head = f"{define} {name}(self) -> {returns}:"
    if method.arguments or len(head) > WIDTH - 4:
        head = spread(f"{define} {name}(", _parameters(method.arguments), f") -> {returns}:")
    address = method.endpoint.address
    inputs = spread(
        "{",
        [f"{string(a.parameter.name)}: {a.name}" for a in method.arguments],
        "}",
    )
    first = [result.type] if result is not None and result.several else []
    target = string(address) if isinstance(address, str) else str(address)
    before, after = call.split("{}")
    body = _call(before, [*first, target, inputs], after)
    told = docstring(_about(method, about), indent=8)
    lines = "\n".join([told, body])
    return "\n".join([head, *("    " + line if line else "" for line in lines.split("\n"))])


def _call(before: str, arguments: list[str], after: str) -> str:
    one = f"{before}{', '.join(arguments)}{after}"
    if "\n" not in one and len(one) <= WIDTH - 8:
        return one
    return spread(before, arguments, after)


def _parameters(arguments: list[Argument]) -> list[str]:
    """Return the parameters; a required one after an optional one, and all after it, by name."""
    found, optional, by_name = ["self"], False, False
    for argument in arguments:
        if argument.default is None and optional and not by_name:
            found.append("*")
            by_name = True
        optional = optional or argument.default is not None
        text = f"{argument.name}: {argument.type}"
        found.append(text if argument.default is None else f"{text} = {argument.default}")
    return found


def _about(method: Method, about: list[str]) -> list[str]:
    endpoint = method.endpoint
    told = clean(endpoint.description or "").strip() or f"Call {endpoint.address}."
    told_of = [text for argument in method.arguments if (text := _about_argument(argument))]
    return [told, *(["Args:", *told_of] if told_of else []), *about]


def _about_argument(argument: Argument) -> str:
    """Return what its name and its type do not say, or `""`."""
    parameter = argument.parameter
    same = parameter.label.lower().replace(" ", "_") == argument.name.lower()
    words = ["" if same else parameter.label, parameter.description]
    if argument.default == "DEFAULT":
        words.append("Default: the app's own")
    text = ". ".join(word.strip(". ") for word in words if word.strip(". "))
    return f"    {argument.name}: {text}." if text else ""
