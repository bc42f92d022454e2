"""Names for parameters are identifiers, and unique."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradwire.app.names import ParameterNames


@pytest.mark.parametrize(
    ("given", "label", "name"),
    [
        ("text", "Label", "text"),
        ("", "Negative prompt", "negative_prompt"),
        ("", "class", "class_"),
        ("class", "", "class_"),
        ("", "2nd image", "_2nd_image"),
        ("", "输入", "输入"),
        ("", "ﬁle", "file"),
        ("", "🎉", "param_7"),
        ("", "", "param_7"),
        ("a b", "Label", "a_b"),
        ("", "Which ones?", "which_ones"),
    ],
)
def test_names(given: str, label: str, name: str) -> None:
    assert ParameterNames().take(given, label, 7) == name


@given(st.lists(st.tuples(st.text(), st.text())))
def test_names_are_identifiers_and_unique(wanted: list[tuple[str, str]]) -> None:
    names = ParameterNames()
    found = [names.take(given, label, place) for place, (given, label) in enumerate(wanted)]
    assert len(set(found)) == len(found)
    for name in found:
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)  # refuses keywords and non-names
        assert eval(f"dict({name}=1)") == {name: 1}
