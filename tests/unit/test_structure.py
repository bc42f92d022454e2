"""The house as it is meant to be built: floors, sizes, what is public, what is documented."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

import gradwire

SOURCE = Path(gradwire.__file__).parent
TESTS = Path(__file__).resolve().parent.parent
MODULES = sorted(SOURCE.rglob("*.py"))

#: From the top of the house down: a module imports from its own floor and from those before it.
FLOORS = ["errors", "app", "data", "codegen", "wire", "transport", "hub", "client", "batch", "cli"]
#: Imported by whoever likes, and themselves importing nothing of the house.
EVERYWHERE = {"version", "logs"}
#: The doors: what users import and run.
DOORS = {"__init__", "__main__", "otel", "ray"}

#: Doors to what an extra of the same name installs.
EXTRAS = {"otel.py": {"opentelemetry"}, "ray.py": {"ray", "pyarrow", "pandas"}}

SOFT_LIMIT, HARD_LIMIT = 350, 450
#: Files over the soft limit, each with the reason. The list is meant to shrink.
LONG: dict[str, str] = {}

#: Files over the hard limit, to be split next.
TOO_LONG: set[str] = set()

ids = [path.relative_to(SOURCE).as_posix() for path in MODULES]
every_module = pytest.mark.parametrize("path", MODULES, ids=ids)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def floor_of(dotted: str) -> str:
    """Return the floor, or the single file, that a module of gradwire is on."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every imported module with its line: lazy ones too, and those for type checkers."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out"
            module = node.module or ""
            yield module, node.lineno
            for alias in node.names:
                # `from gradwire.client import engine` names a module only here.
                if (SOURCE.parent / Path(*module.split("."), f"{alias.name}.py")).exists():
                    yield f"{module}.{alias.name}", node.lineno
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value), node.lineno


@every_module
def test_a_module_imports_only_from_its_floor_and_those_above(path: Path) -> None:
    own = floor_of(".".join(("gradwire", *path.relative_to(SOURCE).with_suffix("").parts)))
    if own in DOORS:
        return
    assert own in FLOORS or own in EVERYWHERE, f"{path.name} stands on no floor"
    allowed = set() if own in EVERYWHERE else {*FLOORS[: FLOORS.index(own) + 1], *EVERYWHERE}
    for module, line in imports(path):
        if module.split(".")[0] == "gradwire":
            floor = floor_of(module)
            assert floor in allowed, f"{path.name}:{line} imports {module}, which is further down"


@every_module
def test_only_the_files_of_that_name_know_aiohttp(path: Path) -> None:
    outside = {"aiohttp", "yarl", "multidict", "aiosignal", "frozenlist"}
    if not path.relative_to(SOURCE).as_posix().startswith("transport/aiohttp"):
        assert not outside & {module.split(".")[0] for module, _ in imports(path)}


@every_module
def test_the_protocol_core_does_no_io(path: Path) -> None:
    """What is on the upper floors knows no event loop, no socket and no thread."""
    if floor_of(f"gradwire.{path.relative_to(SOURCE).parts[0]}") in ("app", "codegen", "wire"):
        io = {"asyncio", "socket", "threading", "http", "ssl", "select", "concurrent", "subprocess"}
        assert not io & {module.split(".")[0] for module, _ in imports(path)}


@every_module
def test_only_the_standard_library_and_what_is_declared(path: Path) -> None:
    known = {"gradwire", "msgspec", "aiohttp", "yarl", "multidict"}
    if path.relative_to(SOURCE).parts[0] == "cli":
        known |= {"click", "rich"}  # the extra `cli`
        known |= {"gradio", "PIL"}  # for the demo; PIL comes with Gradio
    if path.name == "dialing.py":
        known |= {"aiohappyeyeballs"}  # comes with aiohttp, which needs it for the same
    if path.name == "parquet.py":
        known |= {"pyarrow"}  # the extra `parquet`
    if path.name == "loop_thread.py":
        known |= {"uvloop"}  # the extra `speed`
    known |= EXTRAS.get(path.relative_to(SOURCE).as_posix(), set())
    for module, line in imports(path):
        name = module.split(".")[0]
        assert name in known or name in sys.stdlib_module_names, f"{path.name}:{line}: {module}"


@pytest.mark.parametrize("module", ["aiohttp", "asyncio", "msgspec", "logging", "ssl", "http"])
def test_importing_gradwire_loads_next_to_nothing(module: str) -> None:
    code = f"import sys, gradwire; print({module!r} in sys.modules)"
    # -S: what site-packages hooks into the start of Python is not ours.
    run = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r})"]
    run[-1] += f"; {code}"
    shown = subprocess.run(run, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


# -- what is public --------------------------------------------------------------------------------


def for_type_checkers() -> dict[str, str]:
    """Return what `if TYPE_CHECKING` imports in `gradwire/__init__.py`: name -> module."""
    found = {}
    for node in parsed(SOURCE / "__init__.py").body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for each in node.body:
                assert isinstance(each, ast.ImportFrom)
                for alias in each.names:
                    assert alias.asname is None
                    found[alias.name] = each.module or ""
    return found


def test_type_checkers_and_users_see_the_same_names() -> None:
    typed = for_type_checkers()
    assert typed == gradwire._MODULE_OF
    assert {*typed, "__version__"} == set(gradwire.__all__) == set(dir(gradwire))
    assert len(gradwire.__all__) == len(set(gradwire.__all__))
    for name, module in typed.items():
        assert getattr(gradwire, name) is getattr(import_module(module), name)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Clint'"):
        gradwire.Clint  # noqa: B018
    with pytest.raises(ImportError):
        from gradwire import Clint  # noqa: F401


def test_everything_can_be_imported_at_once() -> None:
    names: dict[str, object] = {}
    exec("from gradwire import *", names)
    assert set(gradwire.__all__) <= names.keys()


def test_the_package_says_that_it_is_typed() -> None:
    assert files("gradwire").joinpath("py.typed").is_file()


# -- size, documentation, tests --------------------------------------------------------------------


def test_files_stay_small() -> None:
    lengths = {
        path.relative_to(SOURCE).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in MODULES
    }
    over = {name for name, length in lengths.items() if length > SOFT_LIMIT}
    assert over - LONG.keys() == set(), "split the file, or name it in LONG with the reason"
    assert LONG.keys() - over == set(), "short enough by now: take it out of LONG"
    assert {name for name, length in lengths.items() if length > HARD_LIMIT} <= TOO_LONG


def public_parts(module: ast.Module) -> Iterator[ast.AST]:
    """Yield the module, its public classes and functions, and the public methods of those."""
    yield module
    for node in module.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_"):
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    part
                    for part in node.body
                    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not part.name.startswith("_")
                    and not is_variant(part)
                )


def is_variant(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a method is documented elsewhere: an overload, a setter, or an override."""
    decorators = {ast.unparse(each).rpartition(".")[2] for each in function.decorator_list}
    return bool(decorators & {"overload", "setter", "override"})


#: Classes whose methods are described by the class's table or by a protocol beside them.
SPEAKING = {"Requests", "PathReader", "BufferReader", "OpenFileReader", "RemoteReader"}
SPEAKING |= {"RenderingReader"}


@every_module
def test_what_is_public_is_documented(path: Path) -> None:
    module = parsed(path)
    inside = {
        part
        for node in module.body
        if isinstance(node, ast.ClassDef) and (node.name in SPEAKING or overrides(node))
        for part in node.body
    }
    missing = [
        f"{path.name}:{getattr(part, 'lineno', 1)} {getattr(part, 'name', 'module')}"
        for part in public_parts(module)
        if part not in inside and not ast.get_docstring(part)  # type: ignore[arg-type]
    ]
    assert missing == []


def overrides(node: ast.ClassDef) -> bool:
    """Tell whether a class does what the documentation of another describes."""
    bases = {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases}
    return bool(bases - {"Struct", "Protocol", "Generic", "NamedTuple", "TypedDict"})


def test_test_files_have_names_of_their_own() -> None:
    """Outside of packages, two test files of one name cannot be collected together."""
    names = Counter(
        path.name
        for path in TESTS.rglob("*.py")
        if path.name != "conftest.py" and not (path.parent / "__init__.py").exists()
    )
    assert [name for name, count in names.items() if count > 1] == []
    assert list((TESTS / "unit").rglob("__init__.py")) == []
