"""The rooms of scripts/lib: who may import whom, and that examples in docstrings are true."""

import ast
import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
# Each room, and those below it, which it may import. docs/development.md shows them.
BELOW = {
    "base": set(),
    "data": {"base"},
    "clustering": {"base"},
    "features": {"base", "data", "clustering"},
    "evaluation": {"base", "clustering"},
    "report": {"base", "data", "evaluation"},
    "workflow": {"base", "data", "features"},
}
MODULES = sorted(path for path in (SCRIPTS / "lib").rglob("*.py") if path.stem != "__init__")
# They load TensorFlow, which takes seconds.
WITH_KERAS = {"autoencoder", "autoencoder_training", "keras_encoder", "keras_import"}


def imported(path: Path) -> set[str]:
    """The modules of scripts/ that a file imports, as room/module or script."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            module = name.replace(".", "/")
            if (SCRIPTS / f"{module}.py").exists():
                found.add(module.removeprefix("lib/"))
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(SCRIPTS / "lib").with_suffix(""))


def test_every_room_is_known():
    assert {name_of(path).partition("/")[0] for path in MODULES} == BELOW.keys()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_rooms_import_those_below_them_only(path):
    room = name_of(path).partition("/")[0]
    rooms = {module.partition("/")[0] for module in imported(path)} - {room}
    assert rooms <= BELOW[room], f"{name_of(path)} imports {sorted(rooms - BELOW[room])}"


def test_no_module_imports_itself_by_way_of_others():
    imports = {name_of(path): imported(path) for path in MODULES}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " imports ".join([*way[way.index(module) :], module])
        if module not in done:
            for other in sorted(imports[module]):
                visit(other, (*way, module))
            done.add(module)

    for module in imports:
        visit(module, ())


def test_scripts_import_no_scripts():
    for path in SCRIPTS.glob("*.py"):
        assert all("/" in module for module in imported(path)), path.name


def test_packages_hold_a_docstring_and_nothing_else():
    """They belong to the code of all that imports from them."""
    for path in (SCRIPTS / "lib").rglob("__init__.py"):
        assert [type(node) for node in ast.parse(path.read_text()).body] in ([], [ast.Expr]), path


@pytest.mark.parametrize("path", [path for path in MODULES if path.stem not in WITH_KERAS], ids=name_of)
def test_examples_in_docstrings(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(f"lib.{name_of(path).replace('/', '.')}")
    assert not doctest.testmod(module).failed


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WITH_KERAS))
def test_examples_in_docstrings_of_what_loads_tensorflow(name, tmp_path):
    code = f"import doctest, lib.features.{name} as m; raise SystemExit(doctest.testmod(m).failed)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env={"PYTHONPATH": str(SCRIPTS)})
