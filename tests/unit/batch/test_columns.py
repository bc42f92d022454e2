"""Columns and parameters: what goes where, and what a cell is read as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradwire.app.endpoint import Endpoint, Parameter, Return
from gradwire.app.endpoint import Slot as Place
from gradwire.batch.columns import Columns, WrongRowError, check_files
from gradwire.batch.option_words import COMMAND, PYTHON
from gradwire.batch.results import error_text, free_columns, output_names, with_paths
from gradwire.batch.survey import survey
from gradwire.batch.tables import JsonLines
from gradwire.data.files import FileData
from gradwire.data.inputs import FileInput
from gradwire.errors import AppError, InvalidArgumentError


def parameter(name: str, kind: str = "str", default: Any = ..., **more: Any) -> Parameter:
    return Parameter(
        name=name,
        wire_name=more.get("wire_name", name),
        label=name,
        type=kind,
        schema={},
        component="Any",
        has_default=default is not ...,
        default=None if default is ... else default,
        description="",
        example=None,
        choices=more.get("choices", ()),
    )


def endpoint(*parameters: Parameter, returns: tuple[str, ...] = ("out",)) -> Endpoint:
    return Endpoint(
        name="/call",
        fn_index=0,
        parameters=parameters,
        returns=tuple(Return(label, "str", {}, "Textbox", "") for label in returns),
        description="",
        is_generator=False,
        is_batch=False,
        queued=True,
        streaming_input=False,
        visibility="public",
        oauth_token=None,
        slots=tuple(Place("parameter", index) for index in range(len(parameters))),
        state_outputs=(False,) * len(returns),
    )


def columns(
    called: Endpoint,
    names: list[str] | None,
    *,
    texts: bool = False,
    mapping: dict[str, str] | None = None,
    constants: dict[str, Any] | None = None,
    files: tuple[str, ...] = (),
    folder: Path = Path("in"),
) -> Columns:
    return Columns(
        called,
        columns=names,
        texts=texts,
        folder=folder,
        mapping=mapping or {},
        constants=constants or {},
        files=files,
    )


TWO = endpoint(parameter("prompt"), parameter("steps", "float", 20))


def test_columns_of_the_same_name() -> None:
    found = columns(TWO, ["id", "prompt", "steps"])
    assert found.inputs({"id": 1, "prompt": "x", "steps": 3}) == {"prompt": "x", "steps": 3}
    found = columns(TWO, ["prompt"])
    assert found.inputs({"prompt": None}) == {"prompt": None}
    assert dict(found.describe())["steps"] == "left out: its default"


def test_columns_with_other_names_and_constants() -> None:
    found = columns(TWO, ["text", "steps"], mapping={"text": "prompt"}, constants={"steps": 7})
    assert found.inputs({"text": "x", "steps": 3}) == {"prompt": "x", "steps": 7}
    assert found.describe() == [("prompt", "column text"), ("steps", "the same for all rows")]
    spelled = endpoint(parameter("prompt", wire_name="Your prompt"))
    assert columns(spelled, ["p"], mapping={"p": "Your prompt"}).used == {"prompt": "p"}


@pytest.mark.parametrize(
    ("names", "mapping", "constants", "files", "says"),
    [
        (["x"], {}, {}, (), r"No column of the table is for 'prompt'.*has 'x'.*'prompt', 'steps'"),
        (["x"], {}, {"prompt": "p"}, (), "No column of the table is for any parameter"),
        (["x"], {"x": "promt"}, {}, (), "no parameter 'promt'. Did you mean 'prompt'"),
        (["text"], {"txt": "prompt"}, {}, (), "no column 'txt'. Did you mean 'text'"),
        (["a"], {"a": "prompt"}, {"prompt": 1}, (), "prompt is given twice: by 'a' and by a value"),
        (["a", "b"], {"a": "prompt", "b": "prompt"}, {}, (), "twice: by 'b' and by 'a'"),
        (["prompt"], {}, {}, ("picture",), "no column 'picture'"),
        (["prompt", "picture"], {}, {}, ("picture",), "'picture' is said to name files, and no"),
        (["prompt"], {}, {"stepps": 1}, (), "no parameter 'stepps'. Did you mean 'steps'"),
    ],
)
def test_names_that_are_wrong(
    names: list[str],
    mapping: dict[str, str],
    constants: dict[str, Any],
    files: tuple[str, ...],
    says: str,
) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        columns(TWO, names, mapping=mapping, constants=constants, files=files)


KINDS = endpoint(
    parameter("text"),
    parameter("n", "float", 1),
    parameter("flag", "bool"),
    parameter("choice", "Literal[1, 2]", 1, choices=(1, 2)),
    parameter("loose", "Any", None),
)


def test_texts_are_read_by_the_types_of_their_parameters() -> None:
    found = columns(KINDS, ["text", "n", "flag", "choice", "loose"], texts=True)
    row = {"text": "3", "n": "3", "flag": "no", "choice": "2", "loose": "[1]"}
    assert found.inputs(row) == {"text": "3", "n": 3, "flag": False, "choice": 2, "loose": [1]}
    # An empty cell is an empty text; anything else it leaves out.
    row = {"text": "", "n": "", "flag": "1", "choice": "", "loose": ""}
    assert found.inputs(row) == {"text": "", "flag": True}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"n": "many"}, "^n takes a number, not 'many'"),
        ({"flag": ""}, "flag is empty, and it is needed"),
        ({"flag": "maybe"}, "^flag takes true or false"),
        ({"choice": "3"}, "^choice cannot be '3'. It takes 1, 2"),
    ],
)
def test_texts_that_cannot_be_read(row: dict[str, str], says: str) -> None:
    found = columns(KINDS, ["text", "n", "flag", "choice"], texts=True)
    with pytest.raises(WrongRowError, match=says):
        found.inputs({"text": "x", "n": "1", "flag": "1", "choice": "1", **row})


def test_values_with_types_go_as_they_are() -> None:
    found = columns(KINDS, ["text", "flag"])
    assert found.inputs({"text": 5, "flag": None}) == {"text": 5, "flag": None}
    with pytest.raises(WrongRowError, match="flag is missing, and it is needed"):
        found.inputs({"text": "x"})
    with pytest.raises(WrongRowError, match="text cannot be nan, which JSON does not have"):
        found.inputs({"text": float("nan"), "flag": True})
    with pytest.raises(WrongRowError, match="text takes no bytes"):
        found.inputs({"text": b"x", "flag": True})


FILES = endpoint(parameter("one", "FileData | None"), parameter("many", "list[FileData]", None))


def test_columns_with_files(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a")
    for texts in (True, False):
        found = columns(FILES, ["one", "many"], texts=texts, folder=tmp_path)
        several = '["a.png", "http://h/b.png"]' if texts else ["a.png", "http://h/b.png"]
        inputs = found.inputs({"one": "a.png", "many": several})
        assert isinstance(inputs["one"], FileInput)
        assert inputs["one"].source == tmp_path / "a.png"
        assert inputs["many"][1].url == "http://h/b.png"
        check_files(inputs)
        (only,) = found.inputs({"one": "a.png", "many": "b.png"})["many"]
        with pytest.raises(WrongRowError, match=r"b\.png"):
            check_files({"many": [only]})


def test_files_in_the_table_itself() -> None:
    found = columns(FILES, ["one"])
    assert found.inputs({"one": b"abc"})["one"].source == b"abc"
    picture = found.inputs({"one": {"bytes": b"abc", "path": "x/p.png"}})["one"]
    assert (picture.source, picture.name) == (b"abc", "p.png")
    assert found.inputs({"one": {"bytes": None, "path": "p.png"}})["one"].name == "p.png"
    described = {"path": "/tmp/x", "meta": {"_type": "gradio.FileData"}}
    assert found.inputs({"one": described})["one"] == described
    assert found.inputs({"one": None}) == {"one": None}
    with pytest.raises(WrongRowError, match="takes a file's path, not 5"):
        found.inputs({"one": 5})


def test_a_column_that_is_said_to_name_files() -> None:
    loose = endpoint(parameter("message", "Any"))
    found = columns(loose, ["message"], files=("message",), texts=True)
    assert isinstance(found.inputs({"message": "a.png"})["message"], FileInput)


def look(tmp_path: Path, text: str, *, refuse: bool = True) -> Any:
    path = tmp_path / "t.jsonl"
    path.write_text(text)
    table = JsonLines(path)
    found = columns(TWO, None, mapping={"text": "prompt"})
    return survey(table, found, lambda: None, whole=False, refuse=refuse), found


def test_a_table_whose_rows_say_what_columns_there_are(tmp_path: Path) -> None:
    seen, found = look(tmp_path, '{"text": "a"}\n{"text": "b", "id": 1}\n')
    assert (seen.rows, seen.columns, seen.wrong) == (2, ("text", "id"), 0)
    assert found.used == {"prompt": "text"}
    with pytest.raises(InvalidArgumentError, match=r"no column 'text'.*It has 'prompt'"):
        look(tmp_path, '{"prompt": "a"}\n')


def test_rows_that_cannot_be_sent(tmp_path: Path) -> None:
    text = '{"text": "a"}\n' + '{"id": 1}\n' * 7
    with pytest.raises(InvalidArgumentError) as caught:
        look(tmp_path, text)
    assert "7 of 8 rows cannot be sent; nothing was" in str(caught.value)
    assert "row 2: text is missing, and prompt is needed." in str(caught.value)
    assert "row 6: " in str(caught.value)
    assert "row 7: " not in str(caught.value)
    assert "and 2 more" in str(caught.value)
    seen, _ = look(tmp_path, text, refuse=False)
    assert seen.wrong == 7


def test_names_of_outputs() -> None:
    assert output_names(endpoint(returns=("Negative prompt", "", "Negative prompt"))) == [
        "negative_prompt", "output_2", "negative_prompt_2",
    ]  # fmt: skip
    assert output_names(endpoint(returns=("",))) == ["output"]
    assert free_columns(["text", "error"], ["text", "output_text"]) == [
        "output_output_text", "error",
    ]  # fmt: skip


def test_values_of_outputs() -> None:
    one, other = FileData("/a", url="http://h/a"), FileData("/b")
    value = {"image": one, "more": [other, 1, None]}
    assert with_paths(value, {one: "f/1-1-a"}) == {"image": "f/1-1-a", "more": ["/b", 1, None]}
    assert with_paths(one, {}) == "http://h/a"
    assert error_text(AppError("boom")) == "AppError: boom"


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["prompt;steps"], "separated by semicolons; write commas"),
        (["prompt\tsteps"], "separated by tabs; that is the format tsv"),
        (["Prompt", "x"], "'Prompt' is not 'prompt': case and blanks count"),
        ([" prompt", "x"], "' prompt' is not 'prompt': case and blanks count"),
    ],
)
def test_names_that_are_nearly_right(names: list[str], says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        columns(TWO, names, texts=True)


def test_options_are_called_as_the_reader_gives_them() -> None:
    """A program reads of keywords, a command line of flags."""
    with pytest.raises(InvalidArgumentError, match=r"mapping=\{'COLUMN': 'PARAMETER'\}") as caught:
        columns(TWO, ["x"])
    assert "--" not in str(caught.value)
    assert PYTHON("bad_rows", "fail") == "bad_rows='fail'"
    assert PYTHON("restart", "True") == "restart=True"
    assert COMMAND("output_form") == "--output-format"
    assert COMMAND("bad_rows", "fail") == "--bad-rows fail"
    assert COMMAND("restart", "True") == "--restart"
    assert COMMAND.mapped("a", "b") == "--map a=b"
