"""What `make fuzz` runs, fed by hypothesis: any JSON, and JSON that is nearly right.

It also makes sure that each target can fail.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fuzz"))
import targets
from seeds import SEEDS, WORDS

WORD = st.sampled_from(WORDS)
LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | WORD
    | st.sampled_from([10**400, -1, 1.5, "", "\x1b[31m", "\u202e", "\ud800"])
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORD | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=15,
)
DEEP = st.builds(
    lambda depth, inner, text: text[0] * depth + inner + text[1] * depth,
    st.integers(1, 3000) | st.just(100_000),
    st.sampled_from(["", "1", '"x"']),
    st.sampled_from([("[", "]"), ('{"items":', "}"), ('{"anyOf":[', "]}"), ('["a",', "]")]),
)


def changed(value: Any, chance: random.Random, other: list[Any]) -> Any:
    """Put other things into some places of a value."""
    if chance.random() < 0.08 and other:
        return chance.choice(other)
    if isinstance(value, dict):
        return {key: changed(item, chance, other) for key, item in value.items()}
    if isinstance(value, list):
        return [changed(item, chance, other) for item in value]
    return value


def documents(name: str) -> list[Any]:
    """Return the seeds of a target that are JSON."""
    found = []
    for seed in SEEDS[name]:
        try:
            found.append(json.loads(seed))
        except ValueError:
            continue
    return found


@pytest.mark.parametrize(("name", "seed"), [(n, s) for n in SEEDS for s in SEEDS[n]])
def test_the_seeds(name: str, seed: bytes) -> None:
    targets.TARGETS[name](seed)


def test_every_target_has_seeds() -> None:
    assert SEEDS.keys() == targets.TARGETS.keys()


@pytest.mark.parametrize("name", ["messages", "diffs", "api"])
@given(st.data())
def test_what_is_nearly_right(name: str, data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(documents(name)))
    other = data.draw(st.lists(ANYTHING, max_size=5))
    chance = data.draw(st.randoms(use_true_random=False))
    text = json.dumps(changed(document, chance, other)).encode()
    targets.TARGETS[name](text if name != "messages" else text + b"\naccept\n" + text)


@given(st.lists(ANYTHING, min_size=3, max_size=3))
def test_any_config_info_and_arguments(given: Any) -> None:
    targets.api(json.dumps(given).encode())


@given(ANYTHING, st.lists(ANYTHING | st.tuples(WORD, st.lists(LEAF, max_size=3), ANYTHING)))
def test_any_edits(value: Any, edits: Any) -> None:
    targets.diffs(json.dumps([value, edits]).encode())


@given(st.lists(ANYTHING.map(lambda value: json.dumps(value).encode()) | st.just(b"accept")))
def test_any_messages(lines: list[bytes]) -> None:
    targets.messages(b"\n".join(lines))


@given(st.lists(st.sampled_from([b"data: ", b"data", b":", b"\n", b"\r", b"x" * 90, b"\xff"])))
def test_any_stream(parts: list[bytes]) -> None:
    targets.sse(b"\x10\x20\x30\x40\x80\xa0\xc0\xff" + b"".join(parts))


HTTP = [
    *(b"HTTP/1.1 ", b"HTTP/1.0 ", b"200 ", b"204 ", b"100 ", b"101 ", b"OK", b"\r\n", b"\n", b"\r"),
    *(b"Content-Length: ", b"Transfer-Encoding: ", b"chunked", b"Connection: close", b"a: b"),
    *(b"0\r\n", b"2\r\n", b"ok", b";x", b" ", b":", b"\xff", b", 2"),
]


@given(st.binary(min_size=8, max_size=8), st.lists(st.sampled_from(HTTP), max_size=30))
def test_any_answer(cuts: bytes, parts: list[bytes]) -> None:
    targets.http(cuts + b"".join(parts))
    targets.http(cuts + b"HTTP/1.1 200 OK\r\n" + b"".join(parts))
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    targets.http(cuts + chunked + b"".join(parts))


@settings(max_examples=settings.default.max_examples // 5)  # each is large, and takes long
@given(DEEP)
def test_anything_nested(nested: str) -> None:
    """Deeper than Python can go, and just as deep as it can read but not walk."""
    config = '{"components": [{"id": 1, "props": {"value": %s, "label": %s}}], "dependencies": %s}'
    full = '{"dependencies": [{"inputs": [1], "outputs": [1], "api_name": "x"}], "components": %s}'
    parameter = '{"label": "x", "type": %s, "parameter_has_default": true, "parameter_default": %s}'
    components = '[{"id": 1, "type": "json", "props": {"value": %s}}]'
    info = '{"named_endpoints": {"/x": {"parameters": [' + parameter + '], "returns": [%s]}}}'
    config, full = config % (nested, nested, nested), full % (components % nested)
    targets.api(f"[{config}, {nested}, {nested}]".encode())
    targets.api(f"[{full}, {info % ((nested,) * 3)}, {nested}]".encode())
    targets.api(f"[{full}, {info % ((nested,) * 3)}, [{nested}]]".encode())
    targets.diffs(f"[{nested}, [{nested}]]".encode())
    targets.diffs(f'[{nested}, [["replace", {nested}, {nested}]]]'.encode())
    output = '{"msg": "%s", "event_id": "a", "output": {"data": [%s], "render_config": %s}}'
    steps = [output % (f"process_{word}", nested, nested) for word in ("generating", "completed")]
    targets.messages("\n".join([steps[0], steps[0], steps[1]]).encode())
    targets.messages("\n".join([nested, steps[0], steps[1]]).encode())


# -- the targets can fail --------------------------------------------------------------------------


def test_a_wrong_diff_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = targets.apply_diff

    def in_place(value: Any, edits: Any) -> Any:
        if isinstance(value, list) and value:
            value[0] = "changed"
        return right(value, edits)

    monkeypatch.setattr(targets, "apply_diff", in_place)
    with pytest.raises(AssertionError):
        targets.diffs(SEEDS["diffs"][0])
    monkeypatch.setattr(targets, "apply_diff", lambda value, edits: value)
    with pytest.raises(AssertionError):
        targets.diffs(SEEDS["diffs"][1])


def test_a_wrong_parser_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets.EventStreamParser, "_plain", lambda self, text: [])
    with pytest.raises(AssertionError):
        targets.sse(SEEDS["sse"][0])


def test_a_reader_that_depends_on_pieces_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets.AnswerReader, "_read_chunk_end", lambda self, data: data[1:])
    with pytest.raises(AssertionError):
        targets.http(SEEDS["http"][2])


def test_news_after_the_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = targets.Run.take

    def forgetful(run: Any, message: Any, news: Any) -> None:
        run.outcome = None
        right(run, message, news)

    monkeypatch.setattr(targets.Run, "take", forgetful)
    monkeypatch.setattr(targets.Session, "_forget", lambda self, event_id, why="": None)
    monkeypatch.setattr(targets.Session, "_end", lambda self, run: None)
    end = b'{"msg":"process_completed","event_id":"a","output":{"data":[1]}}'
    with pytest.raises(AssertionError, match="after the end"):
        targets.messages(end + b"\n" + end)


def test_an_escape_in_a_description_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradwire.app.describe.clean", str)
    config = json.loads(SEEDS["api"][0])
    config[0]["components"][0]["props"]["label"] = "\x1b[31m"
    config[1] = None
    with pytest.raises(AssertionError):
        targets.api(json.dumps(config).encode())
