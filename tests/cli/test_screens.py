"""What people see: each screen at two widths, with colours and without."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.launch import Server

from cli.screens import check
from cli.terminal import Terminal

LOOKS: dict[str, tuple[int, dict[str, str]]] = {
    "80": (80, {}),
    "80-plain": (80, {"NO_COLOR": "1"}),
    "140": (140, {}),
}
"""Columns, and variables of the environment."""

#: What `make test` looks at, at 80 columns; `make test-cli` looks at all.
FEW = [
    "help",
    "view",
    "view-old-multi",
    "predict-two",
    "predict-file",
    "error-app",
    "error-name",
    "stream",
    "map-failed",
    "doctor",
]

#: Name, words, exit code. `DEMO`, `APP` and `OLD` are the addresses of apps.
SCREENS: list[tuple[str, str, int]] = [
    ("help", "--help", 0),
    ("help-predict", "predict --help", 0),
    ("help-view", "view --help", 0),
    ("help-map", "map --help", 0),
    ("help-doctor", "doctor --help", 0),
    ("no-such-command", "prdict", 2),
    ("no-such-option", "view http://h --nope", 2),
    ("view", "view DEMO", 0),
    ("view-train", "view DEMO /train", 0),
    ("view-tell", "view DEMO tell", 0),
    ("view-multi", "view APP /multi", 0),
    ("view-old-multi", "view OLD /multi", 0),
    ("predict-old", "predict OLD /multi text=abc n=2.5 flag=no", 0),
    ("predict-text", "predict DEMO /greet name=Ada excited=true", 0),
    ("predict-number", "predict DEMO /divide dividend=1", 0),
    ("predict-two", "predict APP /multi text=Grüße-名前 flag=off", 0),
    ("predict-json", "predict APP /defaults whole=7 choice=r2 several=x several=y", 0),
    ("predict-logs", "predict APP /logs text=x", 0),
    ("predict-file", "predict DEMO /invert image=@photo.png", 0),
    ("predict-out", "predict DEMO /invert image=@photo.png --out pictures", 0),
    ("error-app", "predict DEMO /divide divisor=0", 1),
    ("error-endpoint", "predict DEMO /gret", 2),
    ("error-name", "predict DEMO /greet nam=Ada", 2),
    ("error-number", "predict DEMO /divide divisor=two", 2),
    ("error-choice", "predict APP /multi choice=c", 2),
    ("error-missing", "predict DEMO /invert", 2),
    ("error-not-a-file", "predict DEMO /invert image=photo.png", 2),
    ("error-control", "predict APP /fail kind=markup", 1),
    ("error-connection", "predict http://127.0.0.1:9 /greet", 3),
    ("stream", "stream DEMO /tell", 0),
    ("stream-values", "stream APP /stream_list text=abc", 0),
    ("stream-fails", "stream APP /fail_gen text=go", 1),
    ("map", "map DEMO /greet people.csv -o greetings.csv --set excited=true", 0),
    ("map-failed", "map DEMO /divide sums.jsonl -o out.csv", 1),
    ("map-wrong", "map DEMO /divide sums.jsonl -o out.csv --map a=divident", 2),
    ("map-rows", "map DEMO /divide people.csv -o out.csv --map name=dividend", 2),
    ("upload", "upload DEMO photo.png", 0),
    ("doctor", "doctor DEMO", 0),
    ("doctor-refused", "doctor http://127.0.0.1:9", 3),
    ("doctor-address", "doctor no\u00a0address", 2),
]


@pytest.fixture
def words_of(request: pytest.FixtureRequest, picture: Path) -> Callable[[str], list[str]]:
    """Return a function that puts addresses and folders into a command."""

    def filled(command: str) -> list[str]:
        places = {"DEMO": "demo_url", "APP": "server", "OLD": "ws_server"}
        words = []
        for word in command.split(" "):
            found = request.getfixturevalue(places[word]) if word in places else word
            words.append(found.url if isinstance(found, Server) else found)
        return words

    return filled


def cases() -> Iterator[object]:
    for name, command, code in SCREENS:
        for look in LOOKS:
            marks = [] if name in FEW and look == "80" else [pytest.mark.slow]
            yield pytest.param(name, command, code, look, id=f"{name}-{look}", marks=marks)


@pytest.mark.server
@pytest.mark.parametrize(("name", "command", "code", "look"), list(cases()))
def test_a_screen(
    name: str,
    command: str,
    code: int,
    look: str,
    words_of: Callable[[str], list[str]],
    picture: Path,
) -> None:
    columns, env = LOOKS[look]
    with Terminal(*words_of(command), columns=columns, env=env, cwd=picture.parent) as terminal:
        assert terminal.finish() == code, terminal.text()
        check(f"{name}-{columns}", terminal.text())
        if env:
            assert re.sub("‹/?(bold)?›", "", terminal.marked()) == terminal.text()
        else:
            check(f"{name}-{columns}-colours", terminal.marked())
