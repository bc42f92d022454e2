"""Ray: an app's endpoint as a class for `ray.data.Dataset.map_batches`.

```python
import ray

from gradwire.ray import AppBatches, ClusterCheckpoint, ClusterLimit

ray.data.read_parquet("prompts/").map_batches(
    AppBatches,
    batch_format="pyarrow",
    batch_size=100,
    compute=ray.data.ActorPoolStrategy(size=2),
    fn_constructor_kwargs={
        "app": "http://127.0.0.1:7860",
        "endpoint": "/greet",
        "checkpoint": ClusterCheckpoint("answers.sqlite"),
        "limit": ClusterLimit(16),
    },
).write_parquet("answers/")
```

Each worker is a Ray actor with one client. What all workers share are two small actors: one lends
slots, one has the checkpoint. The extra is `ray`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from gradwire.batch.arrow_batches import ArrowRows, with_outputs
from gradwire.batch.checkpoint import Counts, Key
from gradwire.batch.columns import Columns
from gradwire.batch.keeper import Keeper, counts_of, errors_of, prepare
from gradwire.batch.leases import BorrowedSlots, Leases
from gradwire.batch.results import output_names
from gradwire.batch.sync_pool import Pool
from gradwire.batch.table_job import Unknown
from gradwire.batch.worker import Note, RowId, RowResult, Worker, digest_of
from gradwire.client.checks import checked_seconds
from gradwire.client.mapping_checks import checked_settings
from gradwire.client.sync import Client
from gradwire.errors import GradwireError, InvalidArgumentError, MissingLibraryError

try:
    import pyarrow
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as missing:
    raise MissingLibraryError(
        "gradwire.ray needs Ray Data. Install it: pip install 'gradwire[ray]'."
    ) from missing

_NAMESPACE = "gradwire"


# -- the limit -------------------------------------------------------------------------------------


class _Limiter:
    """The actor that lends slots."""

    def __init__(self, most: int, lease: float) -> None:
        self._leases = Leases(most, lease)

    async def acquire(self, holder: str) -> None:
        await self._leases.acquire(holder)

    async def release(self, holder: str) -> None:
        self._leases.release(holder)

    async def renew(self, holder: str, slots: int) -> None:
        self._leases.renew(holder, slots)

    async def facts(self) -> tuple[int, int]:
        return self._leases.most, self._leases.lent


class ClusterLimit:
    """How many calls all workers together have in flight, at most.

    Made in the driver, and given to each `AppBatches`. A worker that is lost gives its slots back
    when its lease ends.

    Args:
        calls: The number.
        name: Under which other drivers of the cluster share the limit. It then lives until
            `remove()`. Default: it belongs to this driver, and ends with it.
        lease: Seconds after which a worker that says nothing is taken for lost.

    Raises:
        InvalidArgumentError: A limit of that name is there, with another number.
    """

    def __init__(self, calls: int, *, name: str | None = None, lease: float = 30.0) -> None:
        if not isinstance(calls, int) or isinstance(calls, bool) or calls < 1:
            raise InvalidArgumentError(f"calls must be a number from 1 on, not {calls!r:.80}.")
        if not checked_seconds("lease", lease):
            raise InvalidArgumentError("lease must be more than 0 seconds.")
        options: dict[str, Any] = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
        if name is not None:
            options |= {"name": name, "namespace": _NAMESPACE, "lifetime": "detached"}
            options["get_if_exists"] = True
        # Each worker waits for one slot at a time, and the others must get through to it.
        options["max_concurrency"] = 10_000
        self.lease = lease
        self.actor: Any = ray.remote(_Limiter).options(**options).remote(calls, lease)
        most, _ = ray.get(self.actor.facts.remote())
        if most != calls:
            raise InvalidArgumentError(
                f"The cluster has a limit {name!r} of {most} calls, not {calls}. Remove that one "
                "first, or name another."
            )

    def in_use(self) -> int:
        """Return how many slots are lent now."""
        return int(ray.get(self.actor.facts.remote())[1])

    def remove(self) -> None:
        """End it, for all who share it."""
        ray.kill(self.actor)


class _Lender:
    """A worker's way to the limiter."""

    def __init__(self, limit: ClusterLimit) -> None:
        self._actor = limit.actor

    async def acquire(self, holder: str) -> None:
        """Wait for a slot."""
        await self._actor.acquire.remote(holder)

    async def renew(self, holder: str, slots: int) -> None:
        """Say that a holder is there."""
        await self._actor.renew.remote(holder, slots)

    def release(self, holder: str) -> None:
        """Give a slot back; nobody waits for that."""
        self._actor.release.remote(holder)


# -- the checkpoint --------------------------------------------------------------------------------


class ClusterCheckpoint:
    """What is done of the work of all workers, in one SQLite file.

    Made in the driver, on whose machine the file is. An actor there has it; workers ask that actor
    before each batch, and return a batch when it has taken all results.

    Args:
        path: The file; made if it is not there. Whoever runs the same again goes on with it.
        restart: Forget what is done, and begin anew.
        retry_failed: Call rows again that have failed.
        unknown: What becomes of rows whose batch was with a worker that was lost: `"retry"` calls
            those again of which no result is kept, `"fail"` lets them fail.

    Raises:
        InvalidArgumentError: Another process has the file, or it is no checkpoint.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        restart: bool = False,
        retry_failed: bool = False,
        unknown: Unknown = "retry",
    ) -> None:
        if unknown not in get_args(Unknown):
            raise InvalidArgumentError(f"unknown must be 'retry' or 'fail', not {unknown!r:.80}.")
        self.path = Path(path).absolute()
        self.unknown: Unknown = unknown
        if not self.path.parent.is_dir():
            raise InvalidArgumentError(f"There is no folder {self.path.parent}.")
        prepare(self.path, restart=restart, retry_failed=retry_failed)
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self.actor: Any = (
            ray.remote(Keeper)
            .options(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here)
            .remote(str(self.path), unknown)
        )

    def counts(self) -> Counts:
        """Return how many rows are in each state, also while the run goes on."""
        return counts_of(self.path)

    def failed(self) -> dict[Key, str]:
        """Return the errors of the rows that have failed, by their keys."""
        return errors_of(self.path)


class _Ledger:
    """A worker's side of the checkpoint."""

    def __init__(self, checkpoint: ClusterCheckpoint, identity: Mapping[str, Any]) -> None:
        self._actor = checkpoint.actor
        self._identity = dict(identity)

    async def begin(self, rows: Sequence[RowId]) -> list[RowResult | None]:
        """Claim rows; see `Ledger`."""
        found: list[RowResult | None] = await _answer(
            self._actor.begin.remote(self._identity, list(rows))
        )
        return found

    async def note(self, notes: Sequence[Note]) -> None:
        """Keep what has become of rows; see `Ledger`."""
        await _answer(self._actor.note.remote(self._identity, list(notes)))


async def _answer(asked: Any) -> Any:
    """Wait for an actor's answer; an error of ours comes as it is."""
    try:
        return await asked
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, GradwireError):
            raise error.cause from None
        raise


# -- batches ---------------------------------------------------------------------------------------


class AppBatches:
    """Calls an endpoint with each row of a batch, side by side; for `Dataset.map_batches`.

    Ray makes one in each worker, with a client of its own. A batch is a table of pyarrow
    (`batch_format="pyarrow"`). It comes back with a column for each output and one for errors: the
    outputs of a row that has failed are null.

    Args:
        app: The app's address, or the name of a Space; or several that serve the same, in a list,
            which are then a pool in each worker.
        endpoint: Its name, or its function index.
        mapping: From columns to parameters, where their names differ.
        constants: Values that all rows have, by parameter.
        files: Columns with paths of files (on each worker's machine) or their bytes, beside those
            whose parameter takes nothing but files.
        key: The column by which the checkpoint knows a row: a number or a text, each once.
            Default: the row's inputs; rows with the same inputs are then one row, called once.
        checkpoint: Remembers what is done.
        limit: Limits the calls of all workers together.
        concurrency: Calls of one worker at the same time, at most. Default: as many as the app is
            found to take.
        retry: How often a call is tried again that the app has not taken.
        on_error: What becomes of a row that fails: `"return"` says why in its column, `"raise"`
            ends the whole run.
        options: Those of `connect`. They travel to the workers with what is secret in them.

    Raises:
        InvalidArgumentError: An argument is wrong; nothing was called.
        GradwireError: The app cannot be reached.
    """

    def __init__(
        self,
        app: str | Sequence[str],
        endpoint: str | int,
        *,
        mapping: Mapping[str, str] | None = None,
        constants: Mapping[str, Any] | None = None,
        files: Collection[str] = (),
        key: str | None = None,
        checkpoint: ClusterCheckpoint | None = None,
        limit: ClusterLimit | None = None,
        concurrency: int | None = None,
        retry: int = 2,
        on_error: Literal["return", "raise"] = "return",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if on_error not in ("return", "raise"):
            raise InvalidArgumentError(
                f"on_error must be 'return' or 'raise', not {on_error!r:.80}."
            )
        checked_settings(concurrency, False, retry)
        self._key = key
        self._on_error = on_error
        self._checked = False
        connect: Any = Client.connect if isinstance(app, str) else Pool.connect
        self._client: Client | Pool = connect(app, **dict(options or {}))
        try:
            self._endpoint = self._client.view_api().find(endpoint)
            self._columns = Columns(
                self._endpoint,
                columns=None,
                texts=False,
                folder=Path(),
                mapping=mapping or {},
                constants=constants or {},
                files=files,
            )
            job = {
                "endpoint": self._endpoint.address,
                "outputs": output_names(self._endpoint),
                "map": dict(sorted((mapping or {}).items())),
                "set": digest_of(constants or {}),
                "key": key,
            }
            ledger = None if checkpoint is None else _Ledger(checkpoint, job)
            slots = None if limit is None else BorrowedSlots(_Lender(limit), limit.lease)
            self._worker = Worker(
                self._client._inner,
                self._endpoint.address,
                concurrency=concurrency,
                retry=retry,
                resubmit=checkpoint is not None and checkpoint.unknown == "retry",
                ledger=ledger,
                slots=slots,
            )
        except BaseException:
            self._client.close()
            raise

    def __call__(self, batch: Any) -> Any:
        """Call the endpoint with each row of a table; return the table with its outputs.

        Raises:
            InvalidArgumentError: It is no table, or has not what the endpoint needs.
            GradwireError: The app cannot be reached any more, or the like; or a row has failed,
                and `on_error` is `"raise"`.
        """
        if not isinstance(batch, pyarrow.Table):
            raise InvalidArgumentError(
                f"A batch is a table of pyarrow, not {type(batch).__name__}: give map_batches "
                'batch_format="pyarrow".'
            )
        self._check(batch.column_names)
        rows = ArrowRows(batch, self._columns, self._key)
        called = self._client._run(self._worker.call(rows.inputs, rows.ids))
        results = rows.results(called)
        if self._on_error == "raise":
            error = next((result.error for result in results if result.error is not None), None)
            if error is not None:
                raise GradwireError(f"A row has failed: {error}")
        return with_outputs(batch, self._endpoint, results)

    def _check(self, names: Sequence[str]) -> None:
        if self._checked:
            return
        self._columns.check(names)
        if self._key is not None and self._key not in names:
            raise InvalidArgumentError(
                f"There is no column {self._key!r} for the key; there are {', '.join(names)}."
            )
        self._checked = True
