"""From an address to an app: log in, read its config and its API."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gradwire.app.api_info import ApiInfo, build_api_info
from gradwire.app.config import Config, parse_config
from gradwire.app.reference import AppReference
from gradwire.app.words import exact_seconds
from gradwire.client.options import Options, merge_headers
from gradwire.data.json import decode, decode_answer
from gradwire.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    ConnectTimeout,
    DeadlineExceededError,
    GradwireError,
    ProtocolError,
    SpaceNotFoundError,
    redact_url,
    shown_url,
)
from gradwire.transport.base import Answer, Transport
from gradwire.transport.retrying import ask, retry_after
from gradwire.version import VERSION
from gradwire.wire.failures import not_authenticated, too_many_requests
from gradwire.wire.requests import Request, Requests

_log = logging.getLogger("gradwire")


@dataclass(slots=True)
class App:
    """A connected app; `config` and `api` change when a `gr.render` or `refresh()` changes them."""

    requests: Requests
    config: Config
    api: ApiInfo
    info: Any
    """The `/info` answer that `api` was made from."""
    app_id: str | None
    """What names this run of the app; a restart changes it."""

    def apply_render(self, rendered: dict[str, Any]) -> None:
        """Follow a `gr.render`."""
        self.config = self.config.with_render(rendered)
        self.api = build_api_info(self.config, self.info, self.requests.base_url)


def app_headers(
    reference: AppReference, options: Options, token: str | None = None
) -> dict[str, str]:
    """Return the headers that every request to the app's origin carries."""
    headers = {"User-Agent": f"gradwire/{VERSION}", "x-gradio-user": "api"}
    if reference.authorization:
        headers["Authorization"] = reference.authorization
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return merge_headers(headers, options.headers)


async def connect_app(transport: Transport, reference: AppReference, options: Options) -> App:
    """Log in if asked to, then read config and API.

    Raises:
        ConnectError: Nobody answers there.
        AuthenticationError: A login is needed or was refused.
        ProtocolError: What answers is not a Gradio app.
    """
    query = {**reference.query, **options.query_params}
    requests = Requests(reference.base_url, "", query)
    if options.auth:
        await _login(transport, requests, options)
        _complete_login(transport)
    # Both at once: the prefix is not known before the config is there, so the likeliest is tried.
    likely = requests.with_prefix("/gradio_api")
    guess = asyncio.create_task(_get_quietly(transport, likely.info(), options))
    try:
        requests, config = await _find_config(transport, requests, options)
        same = requests.base_url == reference.base_url and config.api_prefix == likely.prefix
        answer = await guess if same else None
    finally:
        guess.cancel()
        # Its connection may be in the making, and then only it can close that.
        await asyncio.wait([guess])
    _log.debug(
        "connected to %s: Gradio %s, %s",
        redact_url(requests.base_url),
        config.version,
        config.protocol,
    )
    return await _with_api(transport, requests, config, options, answer)


async def refresh_app(transport: Transport, app: App, options: Options) -> None:
    """Read config and API again."""
    requests, config = await _find_config(transport, app.requests, options)
    fresh = await _with_api(transport, requests, config, options, None)
    app.requests, app.config, app.api, app.info, app.app_id = (
        fresh.requests,
        fresh.config,
        fresh.api,
        fresh.info,
        fresh.app_id,
    )


async def _with_api(
    transport: Transport,
    requests: Requests,
    config: Config,
    options: Options,
    answer: Answer | None,
) -> App:
    requests = requests.with_prefix(config.api_prefix)
    info = await _read_info(transport, requests, options, answer)
    try:
        api = build_api_info(config, info, requests.api_url("info"))
    except ProtocolError as error:
        # An app with a broken API page can still be called by what its config says.
        _log.warning("%s", error)
        info = None
        api = build_api_info(config, None, requests.api_url("info"))
    if config.deep_link_state == "invalid" and "deep_link" in requests.query:
        _log.warning("the app does not know this deep link; its values are not used")
    app_id = config.app_id or await read_app_id(transport, requests, options)
    return App(requests, config, api, info, app_id)


async def read_app_id(transport: Transport, requests: Requests, options: Options) -> str | None:
    """Ask what names this run of the app; None if nobody answers that."""
    try:
        answer = await transport.request(requests.app_id(), options.timeout)
        return str(decode(answer.body)["app_id"]) if answer.status == 200 else None
    except (GradwireError, ValueError, TypeError, KeyError):
        return None


async def _read_info(
    transport: Transport, requests: Requests, options: Options, answer: Answer | None
) -> Any:
    """Return the decoded `/info`, or None where the app has none that can be read."""
    request = requests.info()
    try:
        if answer is None or answer.status != 200:
            answer = await _get(transport, request, options)
        if answer.status == 200:
            return decode_answer(answer.body, request.url, "API info")
        _log.debug("%s answered %s", redact_url(request.url), answer.status)
    except ConnectTimeout:
        raise  # an app that says nothing at all
    except (ProtocolError, ConnectError, ConnectionLostError) as error:
        _log.warning("the app's API info cannot be read: %s", error)
    return None


async def _find_config(
    transport: Transport, requests: Requests, options: Options
) -> tuple[Requests, Config]:
    """Read the config; where the address is that of a page of the app, from one level up."""
    request = requests.config()
    answer = await _get(transport, request, options)
    if answer.status == 404:
        above = _parent(requests.base_url)
        found = await _config_above(transport, requests, above, options) if above else None
        if found:
            return found
    _check_config_answer(answer, request.url)
    config = parse_config(decode_answer(answer.body, request.url, "app config"), request.url)
    moved = answer.url.split("?")[0]
    if answer.url != request.url and moved.endswith("/config"):
        # The server sent us on, from http to https for example: that is where the app lives.
        requests = requests.with_base(moved.removesuffix("config"))
    return requests, config


async def _config_above(
    transport: Transport, requests: Requests, above: str, options: Options
) -> tuple[Requests, Config] | None:
    page = urlsplit(requests.base_url).path.strip("/").rsplit("/", 1)[-1]
    upper = requests.with_base(above)
    answer = await _get(transport, upper.config(), options)
    if answer.status != 200:
        return None
    try:
        config = parse_config(decode_answer(answer.body, answer.url, "app config"), answer.url)
    except ProtocolError:
        return None
    return (upper, config) if page in {route for route, _ in config.pages} else None


def _parent(base_url: str) -> str | None:
    parts = urlsplit(base_url)
    path = parts.path.strip("/")
    if not path:
        return None
    above = path.rpartition("/")[0]
    return f"{parts.scheme}://{parts.netloc}/" + (f"{above}/" if above else "")


def _check_config_answer(answer: Answer, url: str) -> None:
    status = answer.status
    if status == 200:
        return
    where = redact_url(url)
    facts: dict[str, Any] = {"url": url, "status": status}
    if status == 401:
        raise not_authenticated(_detail(answer), url)
    if status == 403:
        raise AuthenticationError(
            f"{where} answered 403: this caller may not use the app.", **facts
        )
    if status == 404 and str(urlsplit(url).hostname).endswith(".hf.space"):
        raise SpaceNotFoundError(
            f"{where} answered 404: there is no such Space, or it is private and needs token=.",
            **facts,
        )
    if status == 404:
        raise ConnectError(
            f": {where} answered 404. Is this the address of the app, with its sub-path?", **facts
        )
    if status == 429:
        raise too_many_requests(retry_after(answer.headers), **facts)
    raise ConnectError(f": {where} answered {status}. Is the app running?", **facts)


def _detail(answer: Answer) -> object:
    try:
        body = decode_answer(answer.body, answer.url, "error")
    except ProtocolError:
        return None
    return body.get("detail") if isinstance(body, dict) else None


async def _login(transport: Transport, requests: Requests, options: Options) -> None:
    assert options.auth is not None
    request = requests.login(*options.auth)
    answer = await _get(transport, request, options)
    facts: dict[str, Any] = {"url": request.url, "status": answer.status}
    if answer.status in (400, 401, 403, 422):  # 422: one of the two is empty
        raise AuthenticationError(
            "The app refused this username and password. Check auth=(username, password).", **facts
        )
    if answer.status == 302 or (answer.status == 200 and "set-cookie" in answer.headers):
        return  # 302: an app of 3.x, or one without a login
    if answer.status in (404, 405, 500):  # 500: an app of 3.9 without a login
        _log.warning("the app has no login; auth is not used")
        return
    if answer.status != 200:
        raise ConnectError(f": {redact_url(request.url)} answered {answer.status}.", **facts)


def _complete_login(transport: Transport) -> None:
    """Show the WebSockets of Gradio 3.19 to 3.35 the one cookie that they know.

    It is set for https only. For plain http there is a twin of another name and the same value,
    which those servers read everywhere else.
    """
    cookies = transport.cookies()
    twin = cookies.get("access-token-unsecure")
    if twin is not None and "access-token" not in cookies:
        transport.set_cookies({"access-token": twin})


async def _get(transport: Transport, request: Request, options: Options) -> Answer:
    """Ask, again after a passing fault: nothing is lost by asking, or logging in, twice."""
    try:
        return await ask(transport, request, options.timeout, options.max_retries, repeatable=True)
    except ConnectError:
        raise
    except ConnectionLostError as error:
        raise ConnectError(f": {error}", url=error.url) from error
    except DeadlineExceededError as error:
        raise ConnectTimeout(
            f" to {shown_url(request.url)}: somebody takes the connection there, but stayed silent "
            f"for longer than Timeout.read allows ({exact_seconds(options.timeout.read or 0)}). Is "
            "the app busy, or is it another program?",
            url=request.url,
        ) from error


async def _get_quietly(transport: Transport, request: Request, options: Options) -> Answer | None:
    try:
        return await _get(transport, request, options)
    except GradwireError:
        return None  # asked again, and reported, once the config is there
