"""Runs a target under atheris, seeded with the corpus of the repository. No test imports it: atheris is extra.

python -m tests.fuzz.fuzz_sse -max_total_time=60
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

CORPUS = Path(__file__).parent / "corpus"


def main(name: str) -> None:
    """Fuzz until the options on the command line end it.

    New inputs go to the first folder named there, to a temporary one without. An input that breaks something is
    written where `-artifact_prefix` says; add it to the corpus together with the fix.
    """
    with atheris.instrument_imports(include=["proxy.wire", "tests.fuzz.targets"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - instrumented as it is imported

    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    with tempfile.TemporaryDirectory() as scratch:
        atheris.Setup([*sys.argv, *([] if folders else [scratch]), str(CORPUS / name)], TARGETS[name])
        atheris.Fuzz()
