"""The config of an app: recorded ones, odd ones, and what a `gr.render` does to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import config as recorded
from recording import versions

from gradwire.app.config import Config, parse_config
from gradwire.errors import ProtocolError

URL = "http://h/config"


def parse(**answer: Any) -> Config:
    return parse_config({"components": [], "dependencies": [], **answer}, URL)


@pytest.mark.parametrize("version", versions())
def test_every_recorded_config(version: str) -> None:
    answer = recorded(version)
    config = parse_config(answer, URL)
    assert config.version == version
    assert config.protocol == answer["protocol"]
    assert config.api_prefix == (answer.get("api_prefix") or "")
    assert config.app_id == str(answer["app_id"])
    assert config.raw is answer
    assert list(config.components) == [item["id"] for item in answer["components"]]
    for item in answer["components"]:
        component = config.components[item["id"]]
        assert component.type == item["type"]
        assert component.props == item["props"]
        assert component.label == item["props"].get("label")
        assert config.component(item["id"]) is component
    assert config.component(-1) is None
    assert len(config.dependencies) == len(answer["dependencies"])
    for index, item in enumerate(answer["dependencies"]):
        dependency = config.dependencies[item.get("id", index)]
        assert dependency.api_name == (item["api_name"] or None)
        assert list(dependency.inputs) == item["inputs"]
        assert list(dependency.outputs) == item["outputs"]
        assert dependency.is_generator == item["types"]["generator"]
        assert list(dependency.cancels) == item["cancels"]
        around = item["batch"] and config.protocol in ("sse_v1", "sse_v2")
        assert config.is_queued(dependency) == (item["queue"] is not False and not around)
        assert all(event for _, event in dependency.targets)


@pytest.mark.parametrize("version", versions())
def test_every_version_describes_the_same_app(version: str) -> None:
    config = parse_config(recorded(version), URL)
    by_name = {d.api_name: d for d in config.dependencies.values()}
    assert by_name["hello"].id == 0
    assert by_name["stream"].is_generator
    assert not config.is_queued(by_name["noqueue"])
    states = [c for c in config.components.values() if c.is_state]
    assert states
    assert all(state.skip_api for state in states)


def test_the_defaults_are_those_of_the_oldest_apps() -> None:
    config = parse()
    assert (config.version, config.protocol, config.api_prefix) == ("", "ws", "")
    assert not config.enable_queue
    assert config.is_old
    assert not config.connect_heartbeat
    assert config.max_file_size is None
    assert config.app_id is None
    assert config.pages == ()
    assert parse(enable_queue=True).enable_queue
    assert parse(protocol="sse").enable_queue
    assert not parse(protocol="sse", enable_queue=False).enable_queue


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("3.9.1", (3, 9)),
        ("3.16.2\n", (3, 16)),
        ("6.31.0b2", (6, 31)),
        ("", (99, 0)),
        ("x", (99, 0)),
    ],
)
def test_the_release(version: str, release: tuple[int, int]) -> None:
    assert parse(version=version).release == release


@pytest.mark.parametrize(
    ("version", "protocol", "uploads"),
    [("3.18.0", "ws", False), ("3.19.0", "ws", True), ("", "ws", True), ("4.0.2", "sse", True)],
)
def test_who_takes_uploads(version: str, protocol: str, uploads: bool) -> None:
    assert parse(version=version, protocol=protocol).takes_uploads is uploads


def test_a_dependency_without_id_is_numbered_by_its_place() -> None:
    config = parse(dependencies=[{"api_name": "a"}, {"api_name": "b", "id": 7}, {"id": True}])
    assert {i: d.api_name for i, d in config.dependencies.items()} == {0: "a", 7: "b", 2: None}


@pytest.mark.parametrize(
    ("queue", "enabled", "queued"),
    [(True, False, True), (False, True, False), (None, True, True), (None, False, False)],
)
def test_who_decides_about_the_queue(queue: Any, enabled: bool, queued: bool) -> None:
    config = parse(dependencies=[{"queue": queue}], enable_queue=enabled)
    assert config.is_queued(config.dependencies[0]) is queued


@pytest.mark.parametrize(
    ("name", "seen"),
    [("/predict", "predict"), ("predict", "predict"), ("", None), (False, None), (None, None)],
)
def test_api_names(name: Any, seen: str | None) -> None:
    assert parse(dependencies=[{"api_name": name}]).dependencies[0].api_name == seen


@pytest.mark.parametrize(
    ("item", "visibility"),
    [
        ({}, "public"),
        ({"show_api": True}, "public"),
        ({"show_api": False}, "undocumented"),
        ({"api_visibility": "private", "show_api": True}, "private"),
        ({"api_visibility": None, "show_api": False}, "undocumented"),
    ],
)
def test_visibility(item: Any, visibility: str) -> None:
    assert parse(dependencies=[item]).dependencies[0].visibility == visibility


@pytest.mark.parametrize(
    ("targets", "seen"),
    [
        ([[3, "click"], [None, "load"]], ((3, "click"), (None, "load"))),
        ([3, 4], ((3, ""), (4, ""))),
        ([["3", "click"], [1], "x", None], ((None, "click"),)),
        ("click", ()),
        (None, ()),
    ],
)
def test_targets(targets: Any, seen: Any) -> None:
    assert parse(dependencies=[{"targets": targets}]).dependencies[0].targets == seen


@pytest.mark.parametrize(
    ("prefix", "seen"),
    [("/gradio_api", "/gradio_api"), ("gradio_api/", "/gradio_api"), ("/", ""), (7, ""), ("", "")],
)
def test_the_prefix(prefix: Any, seen: str) -> None:
    assert parse(api_prefix=prefix).api_prefix == seen


@pytest.mark.parametrize(
    ("size", "seen"), [(7, 7), (0, None), (-1, None), ("7", None), (1.5, None)]
)
def test_the_largest_file(size: Any, seen: int | None) -> None:
    assert parse(max_file_size=size).max_file_size == seen


@pytest.mark.parametrize("limit", [None, "x", True, 10**400, [1]])
def test_a_time_limit_that_is_none(limit: Any) -> None:
    assert parse(dependencies=[{"time_limit": limit}]).dependencies[0].time_limit is None


@pytest.mark.parametrize("answer", [None, 7, "x", [], {}, {"detail": "Not Found"}, [{}]])
def test_what_is_no_config(answer: Any) -> None:
    with pytest.raises(ProtocolError, match="not the config of a Gradio app") as caught:
        parse_config(answer, URL)
    assert caught.value.url == URL


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
TOP = "version protocol api_prefix title mode app_id root space_id username enable_queue pages page"
TOP += " connect_heartbeat max_file_size current_page deep_link_state"
PARTS = "id type props skip_api api_name inputs outputs queue batch types connection time_limit"
PARTS += " cancels targets api_visibility show_api backend_fn rendered_in renderable"


def objects(names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names.split()), JSON, max_size=6)


ITEMS = st.lists(objects(PARTS) | JSON, max_size=4) | JSON


@given(objects(TOP), ITEMS, ITEMS, objects("render_id components dependencies"), ITEMS, ITEMS)
def test_any_config(top: Any, ones: Any, twos: Any, render: Any, threes: Any, fours: Any) -> None:
    config = parse_config({**top, "components": ones, "dependencies": twos}, URL)
    rendered = config.with_render({"components": threes, "dependencies": fours, **render})
    for each in (config, rendered, rendered.get_page_config("x"), config.get_page_config("")):
        for number, component in each.components.items():
            assert component.id == number
            assert component.label is None or isinstance(component.label, str)
        for number, dependency in each.dependencies.items():
            assert dependency.id == number
            each.is_queued(dependency)
        hash(each.pages)
        repr(each)


# -- pages -----------------------------------------------------------------------------------------


def pages() -> Config:
    return parse(
        components=[{"id": 1}, {"id": 2}],
        dependencies=[{"id": 0}, {"id": 1}],
        pages=[["", "Home"], ["about", "About", True], ["broken"], "x"],
        page={
            "": {"components": [1], "dependencies": [0], "layout": {"id": 10}},
            "about": {"components": [2, "x"], "dependencies": [1], "layout": {"id": 20}},
            "odd": None,
        },
    )


def test_pages() -> None:
    config = pages()
    assert config.pages == (("", "Home"), ("about", "About"))
    about = config.get_page_config("/about/")
    assert (list(about.components), list(about.dependencies)) == ([2], [1])
    assert about.current_page == "about"
    assert about.raw["layout"] == {"id": 20}
    assert (list(config.components), config.raw.get("layout")) == ([1, 2], None)


def test_an_unknown_page_is_the_main_one() -> None:
    config = pages()
    for name in ("", "/", "nowhere"):
        page = config.get_page_config(name)
        assert (page.current_page, list(page.components)) == ("", [1])
    assert config.get_page_config("odd").components == {}


def test_an_app_of_one_page() -> None:
    config = parse(components=[{"id": 1}])
    assert config.get_page_config("about") is config


# -- renders ---------------------------------------------------------------------------------------


def rendered_app() -> Config:
    return parse(
        components=[
            {"id": 1, "type": "textbox"},
            {"id": 2, "type": "column"},
            {"id": 5, "type": "textbox", "renderable": 0, "rendered_in": 0},
            {"id": 6, "type": "form", "renderable": 0},
            {"id": 9, "type": "textbox", "renderable": 1, "props": {"rendered_in": 1}},
        ],
        dependencies=[
            {"id": 0, "api_name": "apply"},
            {"id": 1, "api_name": "old", "rendered_in": 0},
            {"id": 2, "api_name": "other", "rendered_in": 1},
        ],
    )


def test_a_render_replaces_what_it_showed_before() -> None:
    config = rendered_app()
    after = config.with_render(
        {
            "render_id": 0,
            "components": [
                {"id": 2, "type": "column", "renderable": 0},
                {"id": 12, "type": "textbox", "renderable": 0, "rendered_in": 0},
            ],
            "dependencies": [{"id": 3, "api_name": "new", "rendered_in": 0}],
        }
    )
    assert sorted(after.components) == [1, 2, 9, 12]
    assert sorted(after.dependencies) == [0, 2, 3]
    assert after.dependencies[3].rendered_in == 0
    assert sorted(config.components) == [1, 2, 5, 6, 9]
    again = after.with_render({"render_id": 1, "components": [], "dependencies": []})
    assert sorted(again.components) == [1, 2, 12]
    assert sorted(again.dependencies) == [0, 3]


@pytest.mark.parametrize("render_id", [None, "0", True, [0], 7])
def test_a_render_that_cannot_be_told_takes_nothing_away(render_id: Any) -> None:
    config = rendered_app()
    after = config.with_render({"render_id": render_id, "components": [{"id": 20}]})
    assert sorted(after.components) == [1, 2, 5, 6, 9, 20]
    assert after.dependencies == config.dependencies


@pytest.mark.parametrize(
    ("rendered", "needed"),
    [
        ({"components": [{"id": 20, "type": "state"}]}, True),
        ({"dependencies": [{"id": 20, "targets": [[1, "unload"]]}]}, True),
        ({"components": [{"id": 20, "type": "textbox"}]}, False),
    ],
)
def test_a_render_can_make_a_heartbeat_necessary(rendered: Any, needed: bool) -> None:
    assert rendered_app().with_render(rendered).connect_heartbeat is needed
