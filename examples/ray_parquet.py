"""Call an app for each row of a folder of Parquet files, on all machines of a Ray cluster.

python examples/ray_parquet.py APP ENDPOINT INPUT OUTPUT [--key COLUMN] [--workers 2] [--calls 16]

Run the same again to go on where it ended. Without a cluster, it starts Ray on this machine.
"""

import argparse
import os

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray tells its makers nothing

import ray
from ray.data import SaveMode

from gradwire.ray import AppBatches, ClusterCheckpoint, ClusterLimit

arguments = argparse.ArgumentParser()
for name in ("app", "endpoint", "input", "output"):
    arguments.add_argument(name)
arguments.add_argument("--key", help="column that names a row; default: its inputs do")
arguments.add_argument("--workers", type=int, default=2)
arguments.add_argument("--calls", type=int, default=16, help="in flight, of all workers together")
arguments.add_argument("--batch", type=int, default=100, help="rows")
arguments.add_argument("--lease", type=float, default=30, help="seconds")
arguments.add_argument("--cpus", type=int, help="start Ray here, with so many")
arguments.add_argument("--restart", action="store_true")
arguments.add_argument("--retry-failed", action="store_true")
given = arguments.parse_args()

if given.cpus:
    store = 150 * 1024 * 1024
    ray.init(num_cpus=given.cpus, include_dashboard=False, object_store_memory=store)
else:
    ray.init(include_dashboard=False)
checkpoint = ClusterCheckpoint(
    given.output.rstrip("/") + ".sqlite", restart=given.restart, retry_failed=given.retry_failed
)
limit = ClusterLimit(given.calls, lease=given.lease)

rows = ray.data.read_parquet(given.input)
# Ray puts small files together; what is in one block is one worker's, and is lost with it.
blocks = rows.repartition(target_num_rows_per_block=given.batch)
blocks.map_batches(
    AppBatches,
    batch_format="pyarrow",
    batch_size=given.batch,
    # Two batches at a time in each worker: the last rows of one do not hold up the next.
    compute=ray.data.ActorPoolStrategy(
        size=given.workers, max_concurrent_calls_per_actor=2, enable_true_multi_threading=True
    ),
    num_cpus=0.1,  # a worker mostly waits
    fn_constructor_kwargs={
        "app": given.app,
        "endpoint": given.endpoint,
        "key": given.key,
        "checkpoint": checkpoint,
        "limit": limit,
    },
).write_parquet(given.output, mode=SaveMode.OVERWRITE)

counts = checkpoint.counts()
print(f"{counts.done} rows done, {counts.failed} failed; {limit.in_use()} calls in flight")
for key, error in list(checkpoint.failed().items())[:5]:
    print(key, error)
ray.shutdown()
