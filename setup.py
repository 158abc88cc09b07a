"""Builds the optional compiled form of the hot modules: `SLUICEGATE_COMPILED=1 pip install .`.

Without that variable nothing here takes effect: the wheel is pure Python, and no compiler is asked for. What the
project is made of stands in pyproject.toml, and so do the modules that are compiled.
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

from setuptools import Extension, setup

MYPY = "mypy==2.4.1"
"""The compiler, mypyc, comes with it. Pinned: what it makes is tested with this one."""

_FLAGS = ("--config-file=", "--no-site-packages", "--ignore-missing-imports")
"""Types of libraries are not looked at, so that every machine makes the same of the same sources."""

_FAULTY_SLICE = "        Py_ssize_t slice_len = endn - startn;\n"
_RIGHT_SLICE = """\
        if (startn == 0 && endn == len && PyBytes_CheckExact(obj)) {
            return Py_NewRef(obj);
        }
        Py_ssize_t slice_len = endn > startn ? endn - startn : 0;
"""


def _mend_slices(runtime: Path) -> None:
    """Cut bytes as Python does: mypyc's own way raises SystemError at `data[5:3]`, and copies at `data[0:]`."""
    text = runtime.read_text()
    if _RIGHT_SLICE not in text:
        if text.count(_FAULTY_SLICE) != 1:
            raise SystemExit(f"{runtime}: another mypyc than that of {MYPY}. Does it still fail at bytes[5:3]?")
        runtime.write_text(text.replace(_FAULTY_SLICE, _RIGHT_SLICE))


def _extensions() -> list[Extension]:
    from mypyc.build import mypycify  # noqa: PLC0415 - nobody else needs it

    modules = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["sluicegate"]["compiled"]
    made: list[Extension] = mypycify([*_FLAGS, *modules], opt_level="3", debug_level="0", multi_file=True)
    _mend_slices(Path("build/bytes_ops.c"))
    return made


IS_WANTED = os.environ.get("SLUICEGATE_COMPILED") == "1"
IS_BUILDING = not {"egg_info", "dist_info", "sdist"} & set(sys.argv[1:])

setup(
    setup_requires=[MYPY] if IS_WANTED else [],
    ext_modules=_extensions() if IS_WANTED and IS_BUILDING else [],
)
