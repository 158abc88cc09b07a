"""The shape of the repository: tests mirror sources, files stay small, and the wheel holds what it should."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("detectors", "events", "monitor", "policies", "proxy")

COVERED_BY = {
    "detectors/types.py": "tests/detectors/test_contract.py",
    "events/audit/settings.py": "tests/events/audit/test_feeder.py",
    "events/schema/alarm.py": "tests/events/test_jsonschemas.py",
    "events/schema/audit_head.py": "tests/events/test_jsonschemas.py",
    "events/schema/blocks.py": "tests/events/test_jsonschemas.py",
    "events/schema/excerpts.py": "tests/proxy/guard/test_evidence.py",
    "events/schema/exchange.py": "tests/events/test_jsonschemas.py",
    "events/schema/incident.py": "tests/events/test_jsonschemas.py",
    "events/schema/policy.py": "tests/events/test_jsonschemas.py",
    "events/schema/reports.py": "tests/proxy/guard/test_stream.py",
    "events/schema/verdict.py": "tests/events/test_jsonschemas.py",
    "monitor/models/firing.py": "tests/monitor/models/test_desk.py",
    "monitor/settings.py": "tests/monitor/test_engine.py",
    "monitor/types.py": "tests/monitor/test_engine.py",
    "monitor/service/settings.py": "tests/proxy/server/test_monitor_file.py",
    "monitor/service/source.py": "tests/monitor/service/test_runner.py",
    "policies/types.py": "tests/policies/test_decide.py",
    "proxy/wire/types.py": "tests/proxy/wire/test_stream.py",
}
"""Sources that are nothing but values: the tests of what uses them are theirs."""

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40

TABLES = {"detectors/secret_types.py:contextual"}
"""Functions that return a table and do nothing else."""

TOP_LEVEL = {"detectors", "events", "monitor", "policies", "proxy"}
"""What `pip install sluicegate` puts beside everybody else's packages. Another name here is a decision."""

DATA_FILES = {
    "detectors/toxicity/bundled/card.json",
    "detectors/toxicity/bundled/model.onnx",
    "detectors/toxicity/bundled/tokenizer.json",
    "events/schemas/alarm.json",
    "events/schemas/audit-head.json",
    "events/schemas/exchange.json",
    "events/schemas/incident.json",
    "events/schemas/policy.json",
    "events/schemas/verdict.json",
    "monitor/service/templates/replay.html.j2",
    "policies/bundled/default.yaml",
    "policies/bundled/safety.yaml",
    "policies/bundled/strict.yaml",
    "policies/bundled/shadow.yaml",
    "proxy/demo/policy.yaml",
    "proxy/py.typed",
    "detectors/py.typed",
    "events/py.typed",
    "monitor/py.typed",
    "policies/py.typed",
}


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def _name(source: Path) -> str:
    return str(source.relative_to(ROOT))


def mirror(source: Path) -> Path:
    below = source.relative_to(ROOT)
    return ROOT / "tests" / below.parent / f"test_{below.name}"


@pytest.mark.parametrize("source", [path for path in sources() if path.name != "__init__.py"], ids=_name)
def test_every_source_file_has_its_test_file(source: Path) -> None:
    name = _name(source)
    test = ROOT / COVERED_BY[name] if name in COVERED_BY else mirror(source)
    assert test.is_file(), f"{name} has no test: write {test.relative_to(ROOT)}"
    assert "def test_" in test.read_text()


def test_the_exceptions_are_about_files_that_are_there() -> None:
    assert [name for name in COVERED_BY if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("source", sources(), ids=_name)
def test_files_and_functions_stay_small(source: Path) -> None:
    """One subject a file; docstrings count as part of a function."""
    text = source.read_text()
    assert len(text.splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            is_long = node.end_lineno - node.lineno >= MAX_FUNCTION_LINES
            assert not is_long or f"{_name(source)}:{node.name}" in TABLES, f"{node.name} is too long"


def test_what_needs_a_model_s_library_is_marked() -> None:
    """`make test-models` runs what is marked: a test that is not would run nowhere."""
    skip = re.compile(r"^( *).*importorskip\((?:\"torch\"|\"detoxify\"|DEFAULT_MODEL)", re.MULTILINE)
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    skips = {path: found for path, text in texts.items() if (found := skip.findall(text))}
    assert len(skips) > 8
    whole = re.compile(r"^pytestmark = (?:pytest\.mark\.models|\[\n    pytest\.mark\.models,)", re.MULTILINE)
    for path, indents in skips.items():
        text = texts[path]
        assert len(re.findall(r"^pytestmark\b", text, re.MULTILINE)) <= 1, (
            path
        )  # the second would replace the first
        assert whole.search(text) or text.count("@pytest.mark.models") >= len(indents), path


def test_make_keeps_what_python_compiles() -> None:
    """Else each command that tests start compiles 1,200 files: images of containers forbid to keep them."""
    found = subprocess.run(
        [
            "make",
            "--silent",
            "--eval",
            "probe:;@$(PYTHON) -c 'import sys; print(sys.dont_write_bytecode)'",
            "probe",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines() == ["False"]


def test_every_package_is_listed() -> None:
    """Packages are named one by one, so that nothing is shipped by accident and nothing forgotten."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    here = {str(path.parent.relative_to(ROOT)).replace("/", ".") for path in sources()}
    assert sorted(project["tool"]["setuptools"]["packages"]) == sorted(here)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """A wheel built from a copy of the tree with what is installed: no network."""
    tree = tmp_path_factory.mktemp("tree")
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tree / "dist"),
        str(tree),
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = (tree / "dist").glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_these_top_level_names_and_no_tests(wheel: zipfile.ZipFile) -> None:
    names = {name.split("/")[0] for name in wheel.namelist()}
    assert names == TOP_LEVEL | {f"sluicegate-{version('sluicegate')}.dist-info"}


def test_the_wheel_holds_every_source_and_the_data_files(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    wanted = {str(path.relative_to(ROOT)) for path in sources()} | DATA_FILES
    assert wanted - names == set()


def test_the_wheel_needs_no_compiler(wheel: zipfile.ZipFile) -> None:
    """What is compiled is asked for (tests/test_compiled.py); without that the wheel is the same everywhere."""
    assert str(wheel.filename).endswith("-py3-none-any.whl")
    assert [name for name in wheel.namelist() if name.endswith((".so", ".c", ".pyd"))] == []


def test_the_wheel_gives_the_command(wheel: zipfile.ZipFile) -> None:
    (entry,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "sluicegate = proxy.cli.main:main" in wheel.read(entry).decode()
