"""A Hugging Face hub on this machine, and the gate that stands in front of each Space.

    with Hub() as hub:
        hub.users["hf_ada"] = "ada"
        with hub.serve("ada/space", server.url) as space:
            Client.connect("ada/space")            # with HF_ENDPOINT=hub.origin

The hub answers the calls that `gradwire/hub/api.py` lists, as the real one is documented to. What
it is not documented to do, and is guessed here, is marked GUESS. Stages follow a script: each look
at a Space takes the next, and the last one stays.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from proxy import Listener, Proxy, Reply, Seen, read_body, send

SIGNED = ("/queue/data", "/queue/join", "/heartbeat/", "/file=", "/stream/")


@dataclass
class Space:
    """One Space.

    `stages` is the script; `woken` takes its place when somebody asks the app of a Space that
    sleeps.
    """

    id: str
    host: str = ""
    private: bool = False
    stages: list[str] = field(default_factory=lambda: ["RUNNING"])
    woken: list[str] = field(default_factory=lambda: ["APP_STARTING", "RUNNING"])
    hardware: str | None = "cpu-basic"
    discussions: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
    wakes: int = 0
    gate: Proxy | None = None

    @property
    def stage(self) -> str:
        """What it is doing now."""
        return self.stages[0]

    def look(self) -> str:
        """Return the stage, and go on to the next one."""
        return self.stages.pop(0) if len(self.stages) > 1 else self.stages[0]

    @property
    def subdomain(self) -> str:
        return self.id.lower().replace("/", "-").replace("_", "-").replace(".", "-")


class Hub(Listener):
    """The hub; `users` are names by token, `spaces` by id."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, str] = {}
        self.spaces: dict[str, Space] = {}
        self.signatures: dict[str, tuple[str, float]] = {}
        self.sign_seconds = 600.0
        self.busy: list[Reply] = []
        """Answers that are given first, to whatever is asked."""
        self.holds: Callable[[Seen], bool] = lambda seen: False
        """Which requests are never answered."""
        self.answers: dict[str, Reply] = {}
        """Answers in the place of the usual ones, by path."""
        self.copies_at: str | None = None
        """The page that it names in the place of a copy's, which it does not make."""
        self.tells_host = False
        """Whether a Space's info has its `host`: the real hub's does, as of today."""

    def add(self, name: str, **facts: Any) -> Space:
        """Make a Space."""
        self.spaces[name] = Space(name, **facts)
        return self.spaces[name]

    @contextlib.contextmanager
    def serve(self, name: str, app_url: str, **facts: Any) -> Iterator[Space]:
        """Make a Space whose app runs at an address, behind a gate of its own."""
        space = self.add(name, **facts)
        with Proxy(app_url) as gate:
            gate.rules["*"] = lambda seen: self._gate(space, seen)
            space.host, space.gate = gate.origin, gate
            yield space

    # -- the gate ----------------------------------------------------------------------------------

    def _gate(self, space: Space, seen: Seen) -> Reply | None:
        """Let a request through to the app, or answer it.

        GUESS: what a Space answers that does not run is a page with status 503; the real one has
        been seen to. GUESS: streams and files of a private one need the signature even where the
        token is sent; the real one may take either.
        """
        if space.private and not self._may_pass(space, seen):
            return Reply(404, b"<html>404</html>", {"content-type": "text/html"})
        if not space.stage.startswith("RUNNING"):
            if space.stage in ("SLEEPING", "STOPPED"):
                space.wakes += 1
                if space.wakes == 1:
                    space.stages = list(space.woken)
            return Reply(503, b"<html>asleep</html>", {"content-type": "text/html"})
        return None

    def _may_pass(self, space: Space, seen: Seen) -> bool:
        if seen.method == "GET" and any(part in seen.path for part in SIGNED):
            owner, end = self.signatures.get(seen.query.get("__sign", ""), ("", 0.0))
            return owner == space.id and end > time.time()
        return self._user(seen) is not None

    def _user(self, seen: Seen) -> str | None:
        return self.users.get(seen.headers.get("authorization", "").removeprefix("Bearer "))

    # -- the API -----------------------------------------------------------------------------------

    async def _handle(
        self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_body(seen, reader)
        if self.holds(seen):
            await self._stop.wait()
        reply = self.busy.pop(0) if self.busy else self.answer(seen)
        if seen.method == "HEAD":
            reply = replace(reply, body=b"")
        await send(reply, writer)

    def answer(self, seen: Seen) -> Reply:
        """Answer one call."""
        if seen.path in self.answers:
            return self.answers[seen.path]
        if "authorization" in seen.headers and self._user(seen) is None:
            return _error(401, "Invalid credentials in Authorization header")
        parts = urlsplit(seen.target).path.removeprefix("/api/").split("/")
        if parts == ["whoami-v2"]:
            user = self._user(seen)
            return _json({"name": user}) if user else _error(401, "Invalid username or password.")
        if parts[:2] == ["spaces", "by-subdomain"]:
            space = next((s for s in self.spaces.values() if s.subdomain == parts[2]), None)
            return self._call(seen, space, "")
        return self._call(seen, self.spaces.get("/".join(parts[1:3])), "/".join(parts[3:]))

    def _call(self, seen: Seen, space: Space | None, what: str) -> Reply:
        user = self._user(seen)
        hidden = space is None or (space.private and space.id.split("/")[0] != user)
        if hidden and user is None:
            # GUESS: the words. That it is 401 for a Space that does not exist, too, is known.
            return _error(401, "Invalid username or password.", code="RepoNotFound")
        if hidden:
            return _error(404, "Repository not found", code="RepoNotFound")
        assert space is not None
        if seen.method == "POST":
            return self._post(seen, space, what, user)
        answers = {
            "": self._info,
            "host": lambda space: _json({"host": space.host, "subdomain": space.subdomain}),
            "runtime": lambda space: _json(self._runtime(space)),
            "jwt": lambda space: _json({"token": self.sign(space)}),
            "discussions": self._discussions,
        }
        return answers[what](space) if what in answers else _error(404, "no such call")

    def _info(self, space: Space) -> Reply:
        facts = {"id": space.id, "private": space.private, "runtime": self._runtime(space)}
        return _json(facts | ({"host": space.host} if self.tells_host else {}))

    def _runtime(self, space: Space) -> dict[str, Any]:
        hardware = {"current": None, "requested": space.hardware}
        return {"stage": space.look(), "hardware": hardware, "gcTimeout": 172800}

    def _discussions(self, space: Space) -> Reply:
        if space.discussions:
            return Reply(200)
        return _error(403, "Discussions are disabled for this repo")  # GUESS: the status

    def sign(self, space: Space) -> str:
        """Make a signature: a JSON Web Token whose own signature is nonsense."""
        end = time.time() + self.sign_seconds
        claims = json.dumps({"exp": end, "sub": space.id, "nonce": secrets.token_hex(4)})
        middle = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
        token = f"e30.{middle}.c2lnbmVk"
        self.signatures[token] = space.id, end
        return token

    def _post(self, seen: Seen, space: Space, what: str, user: str | None) -> Reply:
        body = json.loads(bytes(seen.body))
        if user is None:
            return _error(401, "Invalid username or password.")
        if what == "sleeptime":
            if space.hardware == "cpu-basic":
                return _error(400, "cpu-basic always sleeps after 48 hours")  # GUESS
            space.settings["sleeptime"] = body["seconds"]
            return _json({})
        if what != "duplicate":
            return _error(404, "no such call")
        target = body["repository"]
        if target.split("/")[0] != user:
            return _error(403, f"You may not create Spaces for {target.split('/')[0]}")  # GUESS
        if target in self.spaces:
            return _error(409, "You already created this Space")
        if self.copies_at is not None:
            return _json({"url": self.copies_at})
        self.add(
            target,
            host=space.host,
            private=body.get("private", False),
            hardware=body.get("hardware"),
            stages=["BUILDING", "APP_STARTING", "RUNNING"],
            settings=body,
        )
        return _json({"url": f"https://huggingface.co/spaces/{target}"})


def _json(value: Any) -> Reply:
    return Reply(200, json.dumps(value).encode())


def _error(status: int, message: str, code: str = "") -> Reply:
    headers = {"x-error-message": message} | ({"x-error-code": code} if code else {})
    return Reply(status, json.dumps({"error": message}).encode(), headers)


@contextlib.contextmanager
def hub_here(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Hub]:
    """Run a hub, and have this process use it, and no token of whoever runs the tests."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(home))
    with Hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.origin)
        yield hub
