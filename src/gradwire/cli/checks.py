"""What `gradwire doctor` looks at, one step after the other, until one fails.

The first steps use plain sockets, so that each tells its own part of the way; the last ones are
what every command does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from gradwire.app.reference import AppReference, parse_reference
from gradwire.cli.connection import Connection
from gradwire.cli.failures import code_of, for_shells
from gradwire.cli.main import CONNECTION, FAILED, OK
from gradwire.client.options import Options
from gradwire.client.spaces import open_hub
from gradwire.client.sync import Client
from gradwire.errors import AccessError, GradwireError, ProtocolError, redact_url
from gradwire.hub.settings import HubSettings
from gradwire.hub.status import status_of

SECONDS = 10.0
"""How long each step may take."""
PINGS = 5
_UNTIMED = ("address", "proxy", "login", "latency")


@dataclass(frozen=True)
class Check:
    """What came of one step.

    Attributes:
        good: None: only worth knowing.
        detail: What was found, or what is wrong.
        advice: What to do about it.
        seconds: How long it took; None: no time worth telling.
        code: The exit code that it stands for.
    """

    name: str
    good: bool | None
    detail: str
    advice: str = ""
    seconds: float | None = None
    code: int = OK


class _Stop(Exception):
    def __init__(self, detail: str, advice: str, code: int = CONNECTION) -> None:
        super().__init__(detail)
        self.detail, self.advice, self.code = detail, advice, code


class Doctor:
    """Looks at an app; `checks` yields each step as it is done."""

    def __init__(self, app: str, connection: Connection) -> None:
        self._app = app
        self._connection = connection
        self._options = connection.options()
        self._url = ""
        self._host, self._port = "", 0
        self._client: Client | None = None

    def checks(self) -> Iterator[Check]:
        """Yield the steps; the last one may have failed."""
        with ExitStack() as stack:
            self._stack = stack
            for name, step in self._steps():
                began = time.perf_counter()
                try:
                    found, stop = step(), None
                except _Stop as reason:
                    found, stop = reason.detail, reason
                took = None if name in _UNTIMED else time.perf_counter() - began
                if stop is not None:
                    yield Check(name, False, stop.detail, stop.advice, took, stop.code)
                    return
                if found is not None:
                    yield Check(name, None if name == "proxy" else True, found, seconds=took)

    def _steps(self) -> Iterator[tuple[str, Any]]:
        yield "address", self._address
        reference = parse_reference(self._app)
        if not reference.base_url:
            yield "hub", lambda: self._hub(reference)
        yield "proxy", self._proxy
        yield "DNS", self._dns
        yield "TCP", self._tcp
        if self._url.startswith("https") and self._connection.proxy is None:
            yield "TLS", self._tls
        yield "Gradio", self._gradio
        yield "login", self._login
        yield "latency", self._latency

    # -- the way -----------------------------------------------------------------------------------

    def _address(self) -> str:
        try:
            reference = parse_reference(self._app)
        except GradwireError as error:
            raise _Stop(str(error), "", code_of(error) or FAILED) from error
        self._url = reference.base_url
        return redact_url(reference.base_url) or f"the Space {reference.space}"

    def _hub(self, reference: AppReference) -> str:
        try:
            stage, self._url = asyncio.run(self._ask_hub(reference))
        except GradwireError as error:
            raise _stop_for(error) from error
        status = status_of(stage)
        if status.status != "running":
            advice = f"`gradwire status {self._app}` wakes it, and waits."
            raise _Stop(status.message, advice if status.load_status == "pending" else "")
        return f"runs at {redact_url(self._url)}"

    async def _ask_hub(self, reference: AppReference) -> tuple[str, str]:
        options = Options.of({**self._options, "max_retries": 0})
        hub = open_hub(options, HubSettings.read(options.token))
        try:
            info = await hub.info(reference.space or "")
            return info.stage, info.host or await hub.host(info.id)
        finally:
            await hub.close()

    def _proxy(self) -> str | None:
        parts = urlsplit(self._connection.proxy or self._url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        if self._connection.proxy is not None:
            return f"all goes through {redact_url(self._connection.proxy)}"
        found = getproxies().get(urlsplit(self._url).scheme)
        if found is None:
            return None
        return f"{redact_url(found)} is set, and not used; --proxy uses one"

    def _dns(self) -> str | None:
        if _is_ip(self._host):
            return None
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise _Stop(
                f"{self._host}: {error.strerror or error}",
                "Is the name right? Is this machine online, or does it need --proxy?",
            ) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        more = f" and {len(addresses) - 2} more" if len(addresses) > 2 else ""
        return f"{self._host} is {', '.join(addresses[:2])}{more}"

    def _tcp(self) -> str:
        place = f"{self._host}:{self._port}"
        try:
            with socket.create_connection((self._host, self._port), SECONDS) as connection:
                address, port = connection.getpeername()[:2]
        except ConnectionRefusedError as error:
            raise _Stop(
                f"nobody listens at {place}", "Is the app running, and is the port right?"
            ) from error
        except TimeoutError as error:
            raise _Stop(
                f"{place} did not answer within {SECONDS:g} s",
                "A firewall may drop what is sent there, or a --proxy may be needed.",
            ) from error
        except OSError as error:
            raise _Stop(
                f"{place}: {error.strerror or error}", "Is this machine in the right network?"
            ) from error
        return f"connected to {address}:{port}"

    def _tls(self) -> str:
        context = ssl.create_default_context(cafile=self._connection.ca)
        try:
            with (
                socket.create_connection((self._host, self._port), SECONDS) as plain,
                context.wrap_socket(plain, server_hostname=self._host) as secure,
            ):
                certificate = secure.getpeercert() or {}
                return f"{secure.version()}, certificate until {_until(certificate)}"
        except ssl.SSLCertVerificationError as error:
            raise _Stop(
                f"the certificate is not trusted: {error.verify_message}",
                "If it is your own: --ca FILE names what signed it.",
            ) from error
        except OSError as error:  # ssl.SSLError is one
            reason = getattr(error, "reason", None) or error.strerror or error
            raise _Stop(
                f"no TLS: {reason}", "Does the app speak https at this port? Try http://."
            ) from error

    # -- the app -----------------------------------------------------------------------------------

    def _gradio(self) -> str:
        more = {"max_retries": 0, "timeout": self._connection.timeout or SECONDS}
        try:
            opened = self._connection.open(self._app, **more, wake_timeout=SECONDS)
            self._client = client = self._stack.enter_context(opened)
        except GradwireError as error:
            raise _stop_for(error) from error
        api = client.view_api()
        number = len(api.named_endpoints) + len(api.unnamed_endpoints)
        count = "1 endpoint" if number == 1 else f"{number} endpoints"
        return f"{client.config.version}, protocol {client.config.protocol}, {count}"

    def _login(self) -> str:
        assert self._client is not None
        name = self._client.config.username
        return "none needed" if name is None else f"logged in as {name}"

    def _latency(self) -> str:
        assert self._client is not None
        took = []
        for _ in range(PINGS):
            began = time.perf_counter()
            if self._client.reconnect() == "broken":
                raise _Stop("the app stopped answering", "Look at what it prints.")
            took.append(time.perf_counter() - began)
        middle, worst = statistics.median(took) * 1000, max(took) * 1000
        return f"{middle:.0f} ms, at worst {worst:.0f} ms, of {PINGS} requests"


def _stop_for(error: GradwireError) -> _Stop:
    advice = ""
    if isinstance(error, ProtocolError):
        advice = "Open the address in a browser: is a Gradio app there, at this path?"
    elif isinstance(error, AccessError):
        advice = "See --auth and --token."
    return _Stop(for_shells(str(error)), advice, code_of(error) or FAILED)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _until(certificate: Any) -> str:
    end = ssl.cert_time_to_seconds(certificate["notAfter"])
    return time.strftime("%Y-%m-%d", time.gmtime(end))
