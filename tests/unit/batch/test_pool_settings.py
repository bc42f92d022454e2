"""What a pool is given, refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from gradwire import AsyncPool, EndpointNotFoundError, InvalidArgumentError, Pool
from gradwire.batch.settings import Settings

ONE = "http://127.0.0.1:9"
WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (ONE, {}, "given a list of apps"),
    ({"a": 1}, {}, "given a list of apps"),
    (7, {}, "given a list of apps"),
    ([], {}, "at least one app"),
    ([ONE, 7], {}, "An app is named by its address"),
    ([ONE, f"{ONE}/"], {}, "in the list twice"),
    (["a/b", "https://huggingface.co/spaces/a/b"], {}, "in the list twice"),
    ([ONE], {"patients": 1}, "There is no option 'patients'"),
    ([ONE], {"timeout": "long"}, "timeout must be seconds"),
    ([ONE], {"patience": -1}, "patience"),
    ([ONE], {"patience": "long"}, "patience"),
    ([ONE], {"sticky": 1}, "sticky"),
    ([ONE], {"endpoints": []}, "endpoints must name"),
    ([ONE], {"endpoints": 1.5}, "endpoints must name"),
]


@pytest.mark.parametrize(("apps", "options", "text"), WRONG)
def test_bad_input(apps: Any, options: dict[str, Any], text: str) -> None:
    for connect in (Pool, Pool.connect, AsyncPool.connect):
        with pytest.raises(InvalidArgumentError, match=text):
            connect(apps, **options)


def test_an_asynchronous_pool_is_not_made_by_its_class() -> None:
    with pytest.raises(InvalidArgumentError, match=r"await AsyncPool\.connect"):
        AsyncPool([ONE])
    with pytest.raises(AttributeError, match="'predict' is what an open pool has"):
        AsyncPool.connect([ONE]).predict  # noqa: B018


def test_the_options_of_the_pool_are_taken_out() -> None:
    given: dict[str, Any] = {"patience": 0, "endpoints": "/a", "sticky": False, "timeout": 3}
    settings = Settings.taken_from(given)
    assert given == {"timeout": 3}
    assert (settings.patience, settings.endpoints, settings.sticky) == (0, ("/a",), False)
    assert Settings.taken_from({}) == Settings(None, 30.0, True)
    assert Settings.taken_from({"patience": None}).patience is None


def test_only_what_was_named_may_be_called() -> None:
    Settings().check("/b")
    named = Settings(endpoints=("/a",), addresses=("/a",))
    named.check("/a")
    with pytest.raises(EndpointNotFoundError, match="connected for /a"):
        named.check("/b")
