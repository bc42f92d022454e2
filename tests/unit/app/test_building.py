"""One endpoint, out of its config and its entry in `/info`."""

from __future__ import annotations

from apps import NUMBER, build, component, one


def test_info_and_config_together() -> None:
    entry = {
        "description": "Says hello.",
        "oauth_token": "optional",
        "parameters": [
            {
                "label": "Your name",
                "parameter_name": "name",
                "parameter_has_default": False,
                "parameter_default": None,
                "type": {"type": "string", "enum": ["a", "b"]},
                "component": "Textbox",
                "example_input": "a",
            }
        ],
        "returns": [{"label": "greeting", "type": {"type": "string"}, "component": "Textbox"}],
    }
    endpoint = one(0, 1, outputs=[0, 1], entry=entry, types={"generator": True}, queue=False)
    (parameter,) = endpoint.parameters
    assert (parameter.name, parameter.type) == ("name", "Literal['a', 'b']")
    assert parameter.choices == ("a", "b")
    assert not parameter.has_default
    assert endpoint.address == "/run"
    assert endpoint.description == "Says hello."
    assert endpoint.oauth_token == "optional"
    assert endpoint.is_generator
    assert not endpoint.queued
    assert [slot.kind for slot in endpoint.slots] == ["parameter", "state"]
    assert endpoint.state_outputs == (False, True)
    assert [(r.label, r.type) for r in endpoint.returns] == [("greeting", "str")]
    assert endpoint.return_type == "str"
    assert endpoint.example_call() == 'client.predict("/run", name="a")'


def test_what_info_does_not_say_comes_from_the_config() -> None:
    first, second = one(0, 2).parameters
    assert (first.name, first.wire_name, first.label) == ("your_name", "Your name", "Your name")
    assert (first.type, first.component, first.example) == ("str", "Textbox", "Hello!!")
    assert (first.has_default, second.has_default, second.default) == (False, True, 3)


def test_a_default_of_none_in_info_counts() -> None:
    entry = {"parameters": [{"parameter_has_default": True, "parameter_default": None}]}
    (parameter,) = one(2, entry=entry).parameters
    assert (parameter.has_default, parameter.default) == (True, None)


def test_a_deep_link_sets_the_defaults() -> None:
    info = {"named_endpoints": {"/run": {"parameters": [{"parameter_has_default": False}]}}}
    listed = {"api_name": "run", "inputs": [2]}
    (parameter,) = build([NUMBER], listed, info=info, deep_link_state="valid").find(0).parameters
    assert parameter.default == 3
    (parameter,) = build([NUMBER], listed, info=info, deep_link_state="none").find(0).parameters
    assert not parameter.has_default


def test_labels_that_the_server_made_up_are_none() -> None:
    entry = {"parameters": [{"label": "parameter_17"}], "returns": []}
    endpoint = build([component(17, "textbox")], {"api_name": "run", "inputs": [17]}).find("run")
    assert endpoint.parameters[0].name == "param_0"
    assert one(0, entry=entry).parameters[0].label == ""


def test_equal_labels_get_different_names() -> None:
    components = [component(i, "textbox", label="Text") for i in range(3)]
    names = [p.name for p in build(components, {"inputs": [0, 1, 2]}).find(0).parameters]
    assert names == ["text", "text_2", "text_3"]


def test_a_button_as_input_sends_its_value_and_as_output_gives_one() -> None:
    endpoint = one(0, 3, outputs=[3, 1, 0])
    assert endpoint.slots[1].kind == "fixed"
    assert endpoint.slots[1].value == "Go"
    assert endpoint.state_outputs == (False, True, False)
    assert [returned.component for returned in endpoint.returns] == ["Button", "Textbox"]
    assert endpoint.return_type == "tuple[str, str]"


def test_unknown_components_are_parameters() -> None:
    endpoint = one(99)
    assert [(p.name, p.type) for p in endpoint.parameters] == [("param_0", "Any")]


def test_where_counts_disagree_the_labels_decide() -> None:
    entry = {"parameters": [{"label": "n", "parameter_name": "count"}, {"label": "gone"}, {}]}
    endpoint = one(0, 2, entry=entry)
    assert [p.name for p in endpoint.parameters] == ["your_name", "count"]


def test_old_configs_do_not_say_what_is_hidden() -> None:
    components = [
        {"id": 0, "type": "dataset", "props": {"value": 1}},
        {"id": 1, "type": "state", "props": {}},
        {
            "id": 2,
            "type": "textbox",
            "props": {"label": "x", "value": ""},
            "api_info": {"info": {"type": "string"}, "serialized_info": False},
            "example_inputs": {"raw": "Howdy!", "serialized": "Howdy"},
        },
    ]
    endpoint = build(components, {"api_name": "run", "inputs": [0, 1, 2]}).find("run")
    assert [slot.kind for slot in endpoint.slots] == ["fixed", "state", "parameter"]
    (parameter,) = endpoint.parameters
    assert (parameter.type, parameter.example, parameter.default) == ("str", "Howdy", "")


def test_choices_of_old_servers_come_from_the_component() -> None:
    pairs = component(0, "dropdown", choices=[["A", "a"], "b"])
    free = component(1, "dropdown", choices=["a"], allow_custom_value=True)
    first, second = build([pairs, free], {"inputs": [0, 1]}).find(0).parameters
    assert (first.choices, second.choices) == (("a", "b"), ())


def test_the_hint_under_a_component_describes_it() -> None:
    hinted = component(0, "textbox", label="x", info="What to draw")
    (parameter,) = build([hinted], {"inputs": [0]}).find(0).parameters
    assert parameter.description == "What to draw"


def test_choices_that_are_only_suggested_are_none() -> None:
    free = component(0, "dropdown", choices=["a"], allow_custom_value=True)
    for schema, kind in [
        ({"type": "string", "enum": ["a"]}, "str"),
        ({"type": "array", "items": {"type": "string", "enum": ["a"]}}, "list[str]"),
    ]:
        info = {"named_endpoints": {"/run": {"parameters": [{"type": schema}]}}}
        listed = {"api_name": "run", "inputs": [0]}
        (parameter,) = build([free], listed, info=info).find("run").parameters
        assert (parameter.type, parameter.choices) == (kind, ())
        assert "enum" in str(schema)
