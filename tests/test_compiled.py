"""The compiled form: its modules can be compiled, and a wheel of it holds them. `make test-compiled` builds one."""

from __future__ import annotations

import ast
import importlib
import os
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["sluicegate"]["compiled"]
WHEEL = os.environ.get("SLUICEGATE_WHEEL", "")
"""The folder of a compiled wheel, which is also what is tested then."""

of_the_wheel = pytest.mark.skipif(not WHEEL, reason="make test-compiled builds the wheel")
of_the_sources = pytest.mark.skipif(bool(WHEEL), reason="the sources are not beside the tests of the wheel")


def fields_of_types_not_imported(source: str) -> list[str]:
    """Fields of named tuples and dataclasses whose type is imported for the type checker alone."""
    tree = ast.parse(source)
    unknown = {
        name.asname or name.name
        for block in tree.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for name in line.names
    }
    return [
        f"{node.name}.{ast.unparse(line.target)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and (node.decorator_list or "NamedTuple" in map(ast.unparse, node.bases))
        for line in node.body
        if isinstance(line, ast.AnnAssign) and _named(line.annotation) in unknown - NO_CLASSES
    ]


NO_CLASSES = {"Node", "Json", "Callable"}
"""Names of types that are no class: mypyc looks none of them up."""


def _named(annotation: ast.expr) -> str:
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return outer.id if isinstance(outer, ast.Name) else ""


@of_the_sources
@pytest.mark.parametrize("module", MODULES)
def test_types_of_fields_are_imported_at_run_time(module: str) -> None:
    """mypyc looks them up when the module is imported; Python does not, so nothing else would tell."""
    assert fields_of_types_not_imported((ROOT / module).read_text()) == []


def test_such_a_field_is_found() -> None:
    source = """
if TYPE_CHECKING:
    from a import B, Node
class C(NamedTuple):
    b: B[int]
    c: C
    d: B | None
    e: Node
"""
    assert fields_of_types_not_imported(source) == ["C.b"]


def test_the_compiler_is_the_pinned_one() -> None:
    """The setup and the constraints name the same version of mypy, whose mypyc is mended there."""
    pins = (ROOT / "constraints.txt").read_text().split()
    assert f'MYPY = "{next(pin for pin in pins if pin.startswith("mypy=="))}"' in (ROOT / "setup.py").read_text()


@of_the_wheel
def test_the_wheel_holds_every_compiled_module() -> None:
    (path,) = Path(WHEEL).glob("*.whl")
    names = zipfile.ZipFile(path).namelist()
    found = {name.split(".")[0] + ".py" for name in names if name.endswith(".so") and "__mypyc" not in name}
    assert found == set(MODULES)


@of_the_wheel
def test_the_compiled_modules_are_those_that_are_tested() -> None:
    names = [module.removesuffix(".py").replace("/", ".") for module in MODULES]
    files = [str(importlib.import_module(name).__file__) for name in names]
    assert [file for file in files if not (file.startswith(WHEEL) and file.endswith(".so"))] == []


@of_the_wheel
def test_nothing_else_is_imported_from_the_sources() -> None:
    ours = [name for name in sys.modules if name.split(".")[0] in {"proxy", "policies", "detectors", "events"}]
    files = [str(sys.modules[name].__file__) for name in ours]
    assert [file for file in files if not file.startswith(WHEEL)] == []
