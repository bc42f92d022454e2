"""Streaming inputs: chunks that are sent while the job runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradwire.app.arguments import bind_arguments
from gradwire.client.finite import refuse_not_finite
from gradwire.data.walk import collect_files
from gradwire.errors import InvalidArgumentError
from gradwire.wire.failures import refused_request
from gradwire.wire.requests import Request

if TYPE_CHECKING:
    from gradwire.client.async_job import AsyncJob
    from gradwire.client.engine import Engine


async def send_chunk(engine: Engine, job: AsyncJob[Any], payload: Any) -> None:
    """Send one; see `AsyncJob.send_chunk`."""
    event_id = await _streaming_id(job)
    if isinstance(payload, Mapping) and set(payload) == {"data"}:
        payload = payload["data"]
    data, files = collect_files(bind_arguments(job.endpoint, payload, {}), endpoint=job.endpoint)
    if files:
        sizes = engine.uploads.check(files)
        data = await engine.uploads.put_in(
            data, sizes, job.endpoint.pictures, job.requests, job.options.timeout
        )
    body = {
        "data": data,
        "fn_index": job.run.fn_index,
        "session_hash": engine.session.session_hash,
    }
    request = job.requests.send_chunk(event_id, body)
    refuse_not_finite(request, body, job.endpoint)
    await _post(engine, job, request)


async def close_stream(engine: Engine, job: AsyncJob[Any]) -> None:
    """End a streaming input; see `AsyncJob.close_stream`."""
    await _post(engine, job, job.requests.close_stream(await _streaming_id(job)))


async def _streaming_id(job: AsyncJob[Any]) -> str:
    if not job.endpoint.streaming_input:
        raise InvalidArgumentError(
            f"{job.run.endpoint!r} takes its input at once; only endpoints with streaming "
            "input take chunks."
        )
    event_id = await job.wait_for_id()
    if job.done() or event_id is None:
        job.log.result()
        raise InvalidArgumentError("The job has ended; it takes no more chunks.")
    return event_id


async def _post(engine: Engine, job: AsyncJob[Any], request: Request) -> None:
    answer = await engine.transport.request(request, job.options.timeout)
    if answer.status == 404:
        raise InvalidArgumentError(
            "The server says that the job has ended (its time limit may have passed); it takes "
            "no more chunks.",
            url=request.url,
            status=404,
        )
    if answer.status != 200:
        raise refused_request(answer.status, answer.body, request.url, job.run.endpoint)
