"""What an endpoint is: what it takes and gives, and what is sent in its call.

An `Endpoint` is a value, built by `building.py` and found in an `ApiInfo`. A call's values become
what is sent by `arguments.py`; texts about it are made by `describe.py` and `example.py`.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from gradwire.app.arguments import BindingPlan, make_plan, make_signature
from gradwire.app.json_values import JsonObject


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that an endpoint takes.

    `default`, `example` and `schema` are the server's own objects: read them, do not change them.
    """

    name: str
    """A Python identifier, unique in its endpoint; what keyword arguments are called."""
    wire_name: str
    """The server's name or, where it has none, the label; accepted as well as `name`."""
    label: str
    type: str
    """A Python type as text, such as `"str"` or `"list[FileData]"`."""
    schema: Any = field(hash=False)
    """The JSON schema as it came, without the choices where others may be given too."""
    component: str
    """The kind of component, such as `"Textbox"`."""
    has_default: bool
    default: Any = field(hash=False)
    """JSON; None where there is no default."""
    description: str
    example: Any = field(hash=False)
    """A JSON value of the right kind; None where the server gives none."""
    choices: tuple[Any, ...] = field(hash=False)
    """What may be chosen; `()`: anything of the type."""


@dataclass(frozen=True, slots=True)
class Return:
    """One value that an endpoint gives back. State is not among them."""

    label: str
    type: str
    schema: Any = field(hash=False)
    component: str
    description: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in the list that is sent.

    The server leaves State and buttons out of `/info`, but counts them among the inputs.
    """

    kind: Literal["parameter", "state", "fixed"]
    """The caller's value; null, for the server keeps State itself; or `value`."""
    index: int = -1
    """Of a parameter: its place among the parameters."""
    value: Any = field(default=None, hash=False)
    """Of a fixed slot: the component's value, which a browser would send."""
    props: dict[str, Any] | None = field(default=None, hash=False)
    """Of a parameter whose function takes the whole component (6.x): what to send around it."""
    pictures: bool = False
    """Of a parameter of 3.x: whether its files are sent as `data:` URLs."""


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
    picture_outputs: tuple[bool, ...] = ()
    """For each value that comes back from 3.x: whether it is a picture, sent as a `data:` URL."""
    steps_in_session: bool = False
    """Whether the server keeps a generator's steps by session and function (3.x), so that two calls
    in one session would get each other's."""

    @property
    def address(self) -> str | int:
        """What to pass to `predict`: the name or else the index."""
        return self.fn_index if self.name is None else self.name

    @property
    def pictures(self) -> list[bool]:
        """For each value that is sent: whether its files are sent as `data:` URLs."""
        return [slot.pictures for slot in self.slots]

    @property
    def keeps_state(self) -> bool:
        """Whether it uses a State, which lives in the session."""
        return any(self.state_outputs) or any(slot.kind == "state" for slot in self.slots)

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

    @cached_property
    def hidden_outputs(self) -> frozenset[int]:
        """The places of the outputs where a State sits."""
        return frozenset(place for place, state in enumerate(self.state_outputs) if state)

    def signature(self) -> inspect.Signature:
        """Return a signature with defaults, and with annotations as text.

        A required parameter after an optional one is keyword-only here, and so are all after it,
        for Python has no other way to say it. Calls may give them by position all the same.
        """
        return make_signature(self)

    def example_call(self) -> str:
        """Return a call that can be pasted, such as `client.predict("/multi", n=3)`."""
        from gradwire.app.example import example_call

        return example_call(self)

    def to_dict(self) -> JsonObject:
        """Return the endpoint in the shape of `/info`, as JSON values."""
        from gradwire.app.describe import endpoint_dict

        return endpoint_dict(self)

    def __str__(self) -> str:
        from gradwire.app.describe import endpoint_text

        return endpoint_text(self)

    def _repr_html_(self) -> str:
        from gradwire.app.describe_html import endpoint_html

        return endpoint_html(self, unfolded=True)

    def __repr__(self) -> str:
        names = ", ".join(parameter.name for parameter in self.parameters)
        return f"<Endpoint {self.address}({names})>"
