"""A compiled build is measured when it is that of the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compiled import MISSING, STALE, reason_against

if TYPE_CHECKING:
    from pathlib import Path


def test_it_must_be_there_and_of_the_same_sources(tmp_path: Path) -> None:
    packages, root = tmp_path / "lib", tmp_path / "root"
    assert reason_against(packages, root) == MISSING
    for folder in (packages, root):
        (folder / "proxy").mkdir(parents=True)
        (folder / "proxy" / "a.py").write_text("a = 1\n")
    (packages / "proxy" / "a.so").write_bytes(b"x")
    assert not reason_against(packages, root)
    (root / "proxy" / "a.py").write_text("a = 2\n")
    assert reason_against(packages, root) == STALE
    (root / "proxy" / "a.py").unlink()
    assert reason_against(packages, root) == STALE
