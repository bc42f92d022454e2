"""Outputs over the steps of a job: any order of reading, any number of readers, any server."""

from __future__ import annotations

import copy
import gc
import random
import sys
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.data import outputs as outputs_module
from gradwire.data.outputs import OutputSteps, added
from gradwire.errors import ProtocolError


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def steps_of(full: list[Any], *diffs: Any) -> OutputSteps:
    steps = OutputSteps(raw(full))
    for number, diff in enumerate(diffs, 1):
        assert steps.add_diff(raw(diff)) == steps.last_step == number
    return steps


def full_steps(*values: list[Any]) -> list[OutputSteps]:
    """Make steps that are all full, as up to sse_v1."""
    made: list[OutputSteps] = []
    for value in values:
        made.append(OutputSteps(raw(value), made[-1] if made else None))
    return made


def grow(text: str) -> list[Any]:
    return [["append", [], text]]


def test_step_by_step() -> None:
    steps = steps_of(["a", 1], [grow("b"), []], [[], [["replace", [], 2]]], [[], []])
    assert [steps.values(n) for n in range(4)] == [["a", 1], ["ab", 1], ["ab", 2], ["ab", 2]]


def test_nothing_is_decoded_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[msgspec.Raw] = []
    as_list = outputs_module._as_list

    def counting(raw: msgspec.Raw) -> list[Any]:
        decoded.append(raw)
        return as_list(raw)

    monkeypatch.setattr(outputs_module, "_as_list", counting)
    steps = steps_of(["a"], *([grow("b")] for _ in range(50)))
    assert decoded == []
    assert steps.delta(7) == ["b"]
    assert len(decoded) <= 1, "a delta needs its own step only"
    decoded.clear()
    for _ in range(2):
        assert steps.values(50) == ["a" + "b" * 50]
        assert len(decoded) == 51


def test_an_output_that_a_reloaded_app_has_gained() -> None:
    steps = steps_of(["a"], [grow("b"), [["replace", [], "new"]]], [grow("c"), grow("er")])
    assert [steps.values(n) for n in range(3)] == [["a"], ["ab", "new"], ["abc", "newer"]]
    assert [steps.delta(n) for n in range(3)] == [["a"], ["b", "new"], ["c", "er"]]
    assert steps_of(["a"], [[], []]).values(1) == ["a", None]


def test_an_output_that_a_reloaded_app_has_lost_stays_what_it_was() -> None:
    steps = steps_of(["a", "x"], [grow("b")], [])
    assert [steps.values(n) for n in range(3)] == [["a", "x"], ["ab", "x"], ["ab", "x"]]
    assert steps.delta(2) == []


def test_a_diff_that_does_not_fit_keeps_the_last_value() -> None:
    bad = [["append", [0], "x"]]
    steps = steps_of(["a", "p"], [grow("b"), grow("q")], [bad, grow("r")], [grow("c"), grow("s")])
    expected = [["a", "p"], ["ab", "pq"], ["ab", "pqr"], ["ab", "pqrs"]]
    assert [steps.values(n) for n in range(4)] == expected
    assert steps_of(["a"], [grow("b")], [bad]).values(2) == ["ab"]


def test_a_whole_value_heals() -> None:
    bad: list[Any] = [["delete", [], None]]
    whole: list[Any] = [["replace", [], "w"]]
    steps = steps_of(["a"], [bad], [grow("b")], [whole], [grow("c")], [bad + whole], [grow("d")])
    expected = [["a"], ["a"], ["a"], ["w"], ["wc"], ["w"], ["wd"]]
    assert [steps.values(n) for n in range(7)] == expected
    assert [steps.values(n) for n in reversed(range(7))] == expected[::-1]


def test_a_whole_value_in_place_of_edits() -> None:
    """As 4.19 sends it when an app's own event has cancelled the function."""
    steps = steps_of(["8"], ["9"], [grow("!")], [[{"role": "user"}]], [None], [[[1, 2]]])
    expected = [["8"], ["9"], ["9!"], [[{"role": "user"}]], [None], [[[1, 2]]]]
    assert [steps.values(n) for n in range(6)] == expected
    assert steps.values(5) == expected[5]
    assert [steps.delta(n) for n in range(6)] == [["8"], ["9"], ["!"], *expected[3:]]


def test_outputs_that_are_no_list() -> None:
    assert steps_of("text").values(0) == ["text"]  # type: ignore[arg-type]
    assert steps_of(["a"], None).values(1) == [None]
    assert steps_of(["a"], "b").values(1) == ["b"]


@pytest.mark.parametrize("data", [b"[1e999]", b'["\xff"]', b"[", b"", b"[1,]", b"[" * 100_000])
def test_bytes_that_cannot_be_decoded(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="cannot be read"):
        OutputSteps(msgspec.Raw(data)).values(0)
    steps = steps_of(["a"])
    steps.add_diff(msgspec.Raw(data))
    with pytest.raises(ProtocolError, match="cannot be read"):
        steps.values(1)
    with pytest.raises(ProtocolError, match="cannot be read"):
        steps.delta(1)
    assert steps.values(0) == ["a"]


EDITS = st.one_of(
    st.text("xy", max_size=3).map(lambda text: ["append", [], text]),
    st.text("xy", max_size=3).map(lambda text: ["replace", [], text]),
    st.text("xy", max_size=3).map(lambda text: ["append", [0], text]),
    st.just(["replace", [], ["q"]]),
    st.just(["add", [1], "r"]),
    st.just(["delete", [0], None]),
    st.just(["other", [], None]),
)
DIFFS = st.lists(
    st.lists(st.lists(EDITS, max_size=3) | st.integers() | st.none(), max_size=3), max_size=8
)


@given(st.lists(st.text("ab", max_size=2) | st.none(), max_size=3), DIFFS, st.randoms())
def test_any_order_of_reading(full: list[Any], diffs: list[Any], random: random.Random) -> None:
    """One after the other, the values are those that any other order gives."""
    steps = steps_of(full, *diffs)
    expected = [copy.deepcopy(steps.values(n)) for n in range(len(diffs) + 1)]
    deltas = [copy.deepcopy(steps.delta(n)) for n in range(len(diffs) + 1)]
    other = steps_of(full, *diffs)
    order = [*range(len(diffs) + 1)] * 2
    random.shuffle(order)
    held = []
    for number in order:
        if random.random() < 0.5:
            assert other.delta(number) == deltas[number]
        held.append((number, other.values(number)))
    for number, values in held:
        assert values == expected[number], "changed after it was handed out"


@given(st.lists(st.text("ab", max_size=3), min_size=1), st.booleans())
def test_deltas_of_growing_text_add_up(parts: list[str], diffs: bool) -> None:
    values = ["".join(parts[: n + 1]) for n in range(len(parts))]
    if diffs:
        steps = steps_of([parts[0]], *([grow(part) if part else []] for part in parts[1:]))
        final = OutputSteps(raw([values[-1]]), steps)
        deltas = [*(steps.delta(n) for n in range(len(parts))), final.delta(0)]
    else:
        deltas = [each.delta(0) for each in full_steps(*([value] for value in values))]
    assert "".join(delta for (delta,) in deltas) == values[-1]


@pytest.mark.parametrize("backwards", [False, True])
def test_deltas_of_full_values_do_not_depend_on_when_they_are_read(backwards: bool) -> None:
    steps = full_steps(["a", 1, "x"], ["ab", 1, "y"], ["abc", 2, "yz"], ["abc", 2, "yz"])
    expected = [["a", 1, "x"], ["b", None, "y"], ["c", 2, "z"], ["", None, ""]]
    order = range(3, -1, -1) if backwards else range(4)
    assert {n: steps[n].delta(0) for n in order} == dict(enumerate(expected))
    fresh = full_steps(["a"], ["ab"])
    later = OutputSteps(raw(["abc"]), fresh[-1])
    assert fresh[1].delta(0) == ["b"]
    assert later.delta(0) == ["c"]


def test_full_values_with_more_outputs_than_before() -> None:
    assert full_steps(["a"], ["ab", "new"])[1].delta(0) == ["b", "new"]


def test_only_the_step_before_is_kept() -> None:
    steps = full_steps(*([str(n)] for n in range(10)))
    before = steps[-1]._before
    assert before is not None
    assert before._before is None


@pytest.mark.parametrize(
    ("edits", "delta"),
    [
        ([], ""),
        ([["append", [], "x"]], "x"),
        ([["append", [], "x"], ["append", [], "y"]], "xy"),
        ([["replace", [], 7]], 7),
        ([["replace", [], "q"], ["append", [], "r"]], "qr"),
    ],
)
def test_the_delta_of_a_text(edits: list[Any], delta: Any) -> None:
    assert steps_of(["t"], [edits]).delta(1) == [delta]


def test_the_delta_of_a_chat() -> None:
    chat = [{"role": "user", "content": "hi"}]
    reply = {"role": "assistant", "content": ""}
    steps = steps_of(
        [chat],
        [[["add", [1], reply]]],
        [[["append", [1, "content"], "Hel"]]],
        [[["append", [1, "content"], "lo"], ["append", [0, "content"], "!"]]],
        [[["append", [1, "content"], "."], ["add", [1, "done"], True]]],
        [[]],
    )
    whole = [chat[0] | {"content": "hi!"}, reply | {"content": "Hello.", "done": True}]
    assert [steps.delta(n) for n in range(6)] == [
        [chat],
        [reply],
        ["Hel"],
        ["lo!"],
        [whole],
        [None],
    ]


def test_the_end_after_diffs_adds_nothing() -> None:
    steps = steps_of(["a", 1], [grow("b"), []])
    assert OutputSteps(raw(["ab", 1]), steps).delta(0) == ["", None]


@pytest.mark.parametrize(
    ("old", "new", "delta"),
    [("a", "ab", "b"), ("a", "a", ""), ("ab", "a", "a"), ([1], [1], None), ([1], [2], [2])],
)
def test_what_a_new_value_adds(old: Any, new: Any, delta: Any) -> None:
    assert added(old, new) == delta


@pytest.fixture
def restless() -> Iterator[None]:
    """Let Python change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_many_threads_read_while_one_writes() -> None:
    total, failures = 200, []
    steps = OutputSteps(raw([""]))
    begin = threading.Barrier(5)

    def read(seed: int) -> None:
        order = random.Random(seed)
        begin.wait()
        for _ in range(total * 3):
            number = order.randint(0, steps.last_step)
            if steps.values(number) != ["x" * number]:
                failures.append(number)

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for reader in readers:
        reader.start()
    begin.wait()
    for _ in range(total):
        steps.add_diff(raw([grow("x")]))
    for reader in readers:
        reader.join()
    assert failures == []


# -- letting go of what came before ----------------------------------------------------------------


def test_renewed_steps_go_on_from_the_last_value() -> None:
    old = steps_of(["a", 1, float("inf")], [grow("b"), [], []], [grow("c"), [], []])
    new = old.renewed()
    assert new.last_step == 0
    assert new.add_diff(raw([grow("d"), [["replace", [], 2]], []])) == 1
    assert new.values(1) == ["abcd", 2, None]  # no number in JSON: msgspec writes null
    assert new.delta(1) == ["d", 2, None]
    assert new.values(0) == ["abc", 1, None]
    assert new.values(1) == ["abcd", 2, None]
    assert old.values(1) == ["ab", 1, None]


def test_renewed_steps_keep_nothing_of_the_old_ones() -> None:
    old = steps_of(["a"], *([grow("b")] for _ in range(50)))
    new = old.renewed()
    held = [found for found in gc.get_referents(new) if not isinstance(found, type)]
    assert all(found is not old and found is not old._diffs for found in held)
    assert len(new._diffs) == len(bytes(new._full)) == 0


def test_renewed_steps_know_what_does_not_fit() -> None:
    broken = [["append", ["nowhere"], "x"]]
    new = steps_of(["a"], [broken]).renewed()
    new.add_diff(raw([grow("b")]))
    assert new.values(1) == ["a"]  # only a whole value heals it
    new.add_diff(raw([[["replace", [], "whole"]]]))
    assert new.values(2) == ["whole"]


def test_the_end_after_renewed_steps() -> None:
    new = steps_of(["a"], [grow("b")]).renewed()
    end = OutputSteps(raw(["ab"]), new)
    assert end.delta(0) == [""]
    assert end.values(0) == ["ab"]


def test_steps_without_diffs_need_no_renewing() -> None:
    steps = OutputSteps(raw(["a"]))
    assert steps.renewed() is steps


def test_renewing_what_cannot_be_decoded() -> None:
    steps = OutputSteps(msgspec.Raw(b"[1"))
    steps.add_diff(raw([grow("b")]))
    with pytest.raises(ProtocolError):
        steps.renewed()


# -- files among them ------------------------------------------------------------------------------


def test_files_are_looked_for_up_to_a_step() -> None:
    file = {"path": "/a", "meta": {"_type": "gradio.FileData"}}
    steps = steps_of(
        [[]], [[["add", [0], {"x": 1}]]], [[["add", [1], file]]], [[["append", [0, "x"], 1]]]
    )
    assert [steps.may_hold_files(step) for step in range(4)] == [False, False, True, True]
    assert steps.renewed().may_hold_files(0)
    assert not steps_of([[]], [[["add", [0], {"x": 1}]]]).renewed().may_hold_files(0)
    after = OutputSteps(raw([[file]]), steps)
    assert after.may_hold_files(0)
    assert not OutputSteps(raw([[]]), steps).may_hold_files(0)
