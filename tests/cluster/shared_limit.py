"""A limit that two pieces of work share, and what is refused; run by `test_ray.py`."""

import sys

import pytest
import ray

from gradwire import InvalidArgumentError
from gradwire.ray import AppBatches, ClusterCheckpoint, ClusterLimit

app, folder = sys.argv[1:]

for calls in (0, True, "8", 1.5):
    with pytest.raises(InvalidArgumentError, match="calls must be a number from 1 on"):
        ClusterLimit(calls)  # type: ignore[arg-type]
with pytest.raises(InvalidArgumentError, match="lease"):
    ClusterLimit(8, lease=0)
with pytest.raises(InvalidArgumentError, match="unknown must be"):
    ClusterCheckpoint(f"{folder}/x.sqlite", unknown="ask")  # type: ignore[arg-type]
with pytest.raises(InvalidArgumentError, match="There is no folder"):
    ClusterCheckpoint(f"{folder}/nowhere/x.sqlite")
with pytest.raises(InvalidArgumentError, match="on_error"):
    AppBatches(app, "/work_16", on_error="skip")  # type: ignore[arg-type]
with pytest.raises(InvalidArgumentError, match="concurrency"):
    AppBatches(app, "/work_16", concurrency=0)
batches = AppBatches([app, app.replace("127.0.0.1", "localhost")], "/work_16")
with pytest.raises(InvalidArgumentError, match='batch_format="pyarrow"'):
    batches({"name": ["x"]})
batches._client.close()

ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100 * 1024 * 1024)
one = ClusterLimit(2, name="shared")
other = ClusterLimit(2, name="shared")
ray.get([one.actor.acquire.remote("a"), one.actor.acquire.remote("b")])
assert other.in_use() == 2
waiting = other.actor.acquire.remote("c")
assert ray.wait([waiting], timeout=1) == ([], [waiting])
ray.get(one.actor.release.remote("a"))
ray.get(waiting, timeout=30)
with pytest.raises(InvalidArgumentError, match="a limit 'shared' of 2 calls, not 3"):
    ClusterLimit(3, name="shared")
one.remove()
assert ClusterLimit(3, name="shared").in_use() == 0
ray.shutdown()
print("all as it should be")
