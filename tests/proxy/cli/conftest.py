"""Runs the command line in this process, as a user would see it."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from proxy.cli.main import run
from tests.support.cli import Ran

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Sluicegate


class _Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


@pytest.fixture
def sluicegate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Sluicegate:
    """Run the command with these arguments, and `stdin` as its input."""

    def call(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", _Stdin(stdin))
        capsys.readouterr()
        code = run(list(arguments))
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    """A small policy that loads quickly: keywords only."""
    path = tmp_path / "small.yaml"
    path.write_text(
        """\
version: 1
name: small
detectors:
  words: {type: keywords, words: {SECRET: [falcon-9b], MILD: [gosh]}}
rules:
  - {id: stop, detector: words, categories: [SECRET], action: block, message: "Stopped."}
  - {id: soften, detector: words, categories: [MILD], direction: both, action: redact}
tests:
  - name: gosh is masked
    text: "oh gosh, no"
    expect: {action: redact, output: "oh <MILD>, no"}
"""
    )
    return path
