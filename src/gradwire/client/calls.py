"""From a call, as a user writes it, to a job that is ready to be sent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any

import msgspec

from gradwire.app.arguments import bind_arguments
from gradwire.app.endpoint import Endpoint
from gradwire.client.async_job import AsyncJob
from gradwire.client.checks import checked_id
from gradwire.client.engine import Owner
from gradwire.client.finite import refuse_not_finite
from gradwire.client.job_inputs import Way
from gradwire.client.observing import Watch
from gradwire.client.options import Options, merge_headers
from gradwire.client.outputs import NOTHING, OldOutputReader, OutputReader
from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput
from gradwire.data.old_files import known_files
from gradwire.data.walk import collect_files
from gradwire.errors import EndpointNotFoundError, InvalidArgumentError
from gradwire.hub.space_transport import SpaceTransport
from gradwire.hub.zero_gpu import caller_headers
from gradwire.wire.events import Event, EventType
from gradwire.wire.legacy import PROTOCOLS as LEGACY
from gradwire.wire.requests import Requests
from gradwire.wire.run import Run

Data = Sequence[Any] | Mapping[str, Any] | None


class Call(msgspec.Struct, frozen=True):
    """What one view of a client puts into its calls.

    Attributes:
        owner: Keeps the client's engine alive.
        options: The view's options.
        requests: Makes the view's requests.
        file: Makes a file of an output one that can be fetched.
    """

    owner: Owner
    options: Options
    requests: Requests
    file: Callable[[dict[str, Any]], FileData]

    def job(
        self,
        endpoint: str | int,
        data: Data,
        event_data: Any,
        trigger_id: int | None,
        wanted: frozenset[EventType],
        inputs: Mapping[str, Any],
    ) -> AsyncJob[Event]:
        """Make a job, which has still to be started; see `AsyncClient.submit`.

        Raises:
            InvalidArgumentError, EndpointNotFoundError: The call is wrong.
        """
        engine = self.owner.engine
        config = engine.app.config
        target = self._target(endpoint, inputs)
        if event_data is not None and not isinstance(event_data, Mapping):
            raise _misplaced(target, data, event_data)
        given = bind_arguments(target, data, inputs)
        if config.is_old:
            values, files = collect_files(given, known_files(target.pictures), target)
        else:
            for place in target.plan.file_lists:
                _check_file_list(target, place, given[place])
            values, files = collect_files(given, endpoint=target)
        around = target.is_batch and not target.queued
        payload: dict[str, Any] = {
            "data": [[value] for value in values] if around else values,
            "event_data": event_data,
            "fn_index": target.fn_index,
            "session_hash": engine.session.session_hash,
            "trigger_id": checked_id("trigger_id", trigger_id),
        }
        if around:
            payload["batched"] = True
        self._add_oauth_token(payload, target)
        make_run = partial(
            Run,
            target.address,
            target.fn_index,
            queue=target.queued,
            protocol=config.protocol,
            wanted=wanted,
            finish=partial(_first, self._reader(target)) if around else self._reader(target),
        )
        job: AsyncJob[Event] = AsyncJob(
            self.owner,
            make_run,
            target,
            payload,
            self._caller_requests(),
            self.options,
            way=self._way(target),
            files=files,
        )
        refuse_not_finite(job._request, payload, target)
        if self.options.observer:
            job.watch = Watch(self.options.observer, job)
        return job

    def submit(self, endpoint: str | int, data: Data, /) -> AsyncJob[Event]:
        """Make a job and start it: what `map` does with a row."""
        job = self.job(endpoint, data, None, None, frozenset(), {})
        job.start()
        return job

    def _target(self, endpoint: str | int, inputs: Mapping[str, Any]) -> Endpoint:
        try:
            return self.owner.engine.app.api.find(endpoint)
        except (EndpointNotFoundError, InvalidArgumentError) as error:
            named = inputs.get("api_name", inputs.get("fn_index"))
            if named is None:
                raise
            raise InvalidArgumentError(
                f"The endpoint is the first argument here: client.predict({named!r}, ...), with "
                "the inputs as a list, a mapping or keywords after it."
            ) from error

    def _add_oauth_token(self, payload: dict[str, Any], target: Endpoint) -> None:
        if target.oauth_token is None:
            return
        if self.options.oauth_token is not None:
            payload["oauth_token"] = self.options.oauth_token
        elif target.oauth_token == "required":
            raise InvalidArgumentError(
                f"{target.address!r} acts in the caller's name and needs a Hugging Face token: "
                "client.with_options(oauth_token=...)."
            )

    def _reader(self, target: Endpoint) -> OutputReader:
        skipped = NOTHING if self.options.with_null_state else target.hidden_outputs
        if self.owner.engine.app.config.is_old:
            return OldOutputReader(skipped, self.file, target.picture_outputs)
        return OutputReader(skipped, self.file)

    def _way(self, target: Endpoint) -> Way:
        config = self.owner.engine.app.config
        if not target.queued:
            return "steps" if config.is_old else "call"
        return "dialogue" if config.protocol in LEGACY else "stream"

    def _caller_requests(self) -> Requests:
        """Return what makes this call's requests: for a Space, they name the person behind it."""
        if not isinstance(self.owner.engine.transport, SpaceTransport):
            return self.requests
        found = caller_headers()
        if not found:
            return self.requests
        chosen = merge_headers(found, self.options.headers)  # what the caller set comes first
        return self.requests.with_headers(merge_headers(chosen, self.requests.headers))


def _first(reader: OutputReader, batch: list[Any], may_hold_files: Callable[[], bool]) -> list[Any]:
    """Read the outputs of a batch of one.

    The queue makes batches and takes them apart. Around it servers do so for functions of one input
    and one output only, and get all others wrong; so there the batch is ours.
    """
    values = [column[0] if isinstance(column, list) else column for column in batch]
    return reader(values, may_hold_files)


def _check_file_list(target: Endpoint, place: int, value: object) -> None:
    """Refuse one file, or a text, where the app takes a list of files."""
    items = value if isinstance(value, list | tuple) else ()
    text = next((item for item in items if isinstance(item, str)), None)
    if text is None and not isinstance(value, FileData | FileInput | PathLike | bytes | str):
        return
    name = target.parameters[target.plan.places.index(place)].name
    shown = f"handle_file({text!r:.60})" if text is not None else "handle_file(...)"
    raise InvalidArgumentError(
        f"{target.address} takes a list of files as {name!r}, and a str is never taken for a file: "
        f"pass [{shown}].",
        endpoint=str(target.address),
    )


def endpoint_may_be_missing(client: type) -> None:
    """Let `predict(api_name="/fn")` come as far as to the error that explains it.

    To readers and type checkers the endpoint is required, and here nothing is a default of it that
    could be found.
    """
    for name in ("predict", "submit"):
        method = getattr(client, name)
        method.__signature__ = inspect.signature(method)
        method.__defaults__ = (None, *method.__defaults__)


def _misplaced(target: Endpoint, data: object, event_data: object) -> InvalidArgumentError:
    """Return the error for an input that was given beside the list, where `event_data` stands."""
    listed = len(data) if isinstance(data, list | tuple) else 1
    names = [parameter.name for parameter in target.parameters][: listed + 1]
    named = f", or are named, as in {names[listed]}=..." if listed < len(names) else ""
    return InvalidArgumentError(
        f"{target.address} got {type(event_data).__name__} in the place of event_data, which is a "
        f"mapping. All inputs go into one list, client.predict({target.address!r}, "
        f"[{', '.join(names)}]){named}.",
        endpoint=str(target.address),
    )
