"""A client for every Gradio app.

```python
from gradwire import Client

with Client.connect("http://127.0.0.1:7860") as client:
    print(client.view_api())
    print(client.predict("/greet", name="Ada").value)
```

Importing this package loads nothing but this file: each name is imported when it is first used, so
that `import gradwire` costs next to nothing, and no HTTP library is loaded before a client is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradwire.version import VERSION as __version__

if TYPE_CHECKING:
    from gradwire.app.api_info import ApiInfo
    from gradwire.app.config import Component, Config
    from gradwire.app.dependencies import Dependency
    from gradwire.app.endpoint import Endpoint, Parameter, Return
    from gradwire.batch.checkpoint import Checkpoint
    from gradwire.batch.pool import AsyncPool
    from gradwire.batch.progress import TableProgress
    from gradwire.batch.replica import Replica
    from gradwire.batch.run import (
        FailedRow,
        failed_rows,
        map_table,
        map_table_async,
    )
    from gradwire.batch.settings import PoolOptions
    from gradwire.batch.sync_pool import Pool
    from gradwire.batch.table_job import TableOptions
    from gradwire.batch.table_run import TableSummary
    from gradwire.client.async_client import AsyncClient
    from gradwire.client.async_job import AsyncJob
    from gradwire.client.files import AsyncFile, File
    from gradwire.client.job import Job
    from gradwire.client.mapping_async import AsyncMap
    from gradwire.client.mapping_sync import SyncMap
    from gradwire.client.metrics import EndpointMetrics, Histogram, Metrics, MetricsSnapshot
    from gradwire.client.observing import ObservedJob, Observer
    from gradwire.client.option_types import CallOptions, ConnectOptions, CopyOptions
    from gradwire.client.sync import Client
    from gradwire.client.uploading import UploadResponse
    from gradwire.data.files import FileData, TransferProgress
    from gradwire.data.frames import to_frame
    from gradwire.data.inputs import FileInput, handle_file
    from gradwire.errors import (
        AccessError,
        AppError,
        AuthenticationError,
        ClientClosedError,
        ConnectError,
        ConnectionLostError,
        ConnectTimeout,
        DeadlineExceededError,
        DownloadError,
        EndpointNotFoundError,
        FileTooLargeError,
        GradwireError,
        InvalidArgumentError,
        JobCancelledError,
        LocalFileNotFoundError,
        MissingLibraryError,
        ProtocolError,
        QueueFullError,
        QuotaExceededError,
        SessionNotFoundError,
        SpaceError,
        SpaceNotFoundError,
        UploadError,
        ValidationError,
    )
    from gradwire.hub.status import SpaceStatus
    from gradwire.transport.base import Limits, Timeout
    from gradwire.wire.events import (
        DataEvent,
        Event,
        LogEvent,
        ProgressData,
        RenderEvent,
        StatusEvent,
    )
    from gradwire.wire.prediction import Prediction

_PLACES = {
    "gradwire.app.api_info": ("ApiInfo",),
    "gradwire.app.config": ("Component", "Config"),
    "gradwire.app.dependencies": ("Dependency",),
    "gradwire.app.endpoint": ("Endpoint", "Parameter", "Return"),
    "gradwire.batch.checkpoint": ("Checkpoint",),
    "gradwire.batch.pool": ("AsyncPool",),
    "gradwire.batch.progress": ("TableProgress",),
    "gradwire.batch.replica": ("Replica",),
    "gradwire.batch.run": (
        "FailedRow",
        "failed_rows",
        "map_table",
        "map_table_async",
    ),
    "gradwire.batch.settings": ("PoolOptions",),
    "gradwire.batch.sync_pool": ("Pool",),
    "gradwire.batch.table_job": ("TableOptions",),
    "gradwire.batch.table_run": ("TableSummary",),
    "gradwire.client.async_client": ("AsyncClient",),
    "gradwire.client.async_job": ("AsyncJob",),
    "gradwire.client.files": ("AsyncFile", "File"),
    "gradwire.client.job": ("Job",),
    "gradwire.client.mapping_async": ("AsyncMap",),
    "gradwire.client.mapping_sync": ("SyncMap",),
    "gradwire.client.metrics": ("EndpointMetrics", "Histogram", "Metrics", "MetricsSnapshot"),
    "gradwire.client.observing": ("ObservedJob", "Observer"),
    "gradwire.client.option_types": ("CallOptions", "ConnectOptions", "CopyOptions"),
    "gradwire.client.sync": ("Client",),
    "gradwire.client.uploading": ("UploadResponse",),
    "gradwire.data.files": ("FileData", "TransferProgress"),
    "gradwire.data.frames": ("to_frame",),
    "gradwire.data.inputs": ("FileInput", "handle_file"),
    "gradwire.errors": (
        "AccessError",
        "AppError",
        "AuthenticationError",
        "ClientClosedError",
        "ConnectError",
        "ConnectTimeout",
        "ConnectionLostError",
        "DeadlineExceededError",
        "DownloadError",
        "EndpointNotFoundError",
        "FileTooLargeError",
        "GradwireError",
        "InvalidArgumentError",
        "JobCancelledError",
        "LocalFileNotFoundError",
        "MissingLibraryError",
        "ProtocolError",
        "QueueFullError",
        "QuotaExceededError",
        "SessionNotFoundError",
        "SpaceError",
        "SpaceNotFoundError",
        "UploadError",
        "ValidationError",
    ),
    "gradwire.hub.status": ("SpaceStatus",),
    "gradwire.transport.base": ("Limits", "Timeout"),
    "gradwire.wire.events": (
        "DataEvent",
        "Event",
        "LogEvent",
        "ProgressData",
        "RenderEvent",
        "StatusEvent",
    ),
    "gradwire.wire.prediction": ("Prediction",),
}
_MODULE_OF = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "AccessError",
    "ApiInfo",
    "AppError",
    "AsyncClient",
    "AsyncFile",
    "AsyncJob",
    "AsyncMap",
    "AsyncPool",
    "AuthenticationError",
    "CallOptions",
    "Checkpoint",
    "Client",
    "ClientClosedError",
    "Component",
    "Config",
    "ConnectError",
    "ConnectOptions",
    "ConnectTimeout",
    "ConnectionLostError",
    "CopyOptions",
    "DataEvent",
    "DeadlineExceededError",
    "Dependency",
    "DownloadError",
    "Endpoint",
    "EndpointMetrics",
    "EndpointNotFoundError",
    "Event",
    "FailedRow",
    "File",
    "FileData",
    "FileInput",
    "FileTooLargeError",
    "GradwireError",
    "Histogram",
    "InvalidArgumentError",
    "Job",
    "JobCancelledError",
    "Limits",
    "LocalFileNotFoundError",
    "LogEvent",
    "Metrics",
    "MetricsSnapshot",
    "MissingLibraryError",
    "ObservedJob",
    "Observer",
    "Parameter",
    "Pool",
    "PoolOptions",
    "Prediction",
    "ProgressData",
    "ProtocolError",
    "QueueFullError",
    "QuotaExceededError",
    "RenderEvent",
    "Replica",
    "Return",
    "SessionNotFoundError",
    "SpaceError",
    "SpaceNotFoundError",
    "SpaceStatus",
    "StatusEvent",
    "SyncMap",
    "TableOptions",
    "TableProgress",
    "TableSummary",
    "Timeout",
    "TransferProgress",
    "UploadError",
    "UploadResponse",
    "ValidationError",
    "__version__",
    "failed_rows",
    "handle_file",
    "map_table",
    "map_table_async",
    "to_frame",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'gradwire' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
