"""Where the compiled form of the packages lies, and whether it is that of the sources beside it.

`make compiled` puts it there. Nothing is built here.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "build" / "compiled" / "lib"
"""A compiled wheel, unpacked. On PYTHONPATH it comes before what is installed."""

MISSING = "There is no compiled build (`make compiled`; it needs a C compiler): the pure one was measured alone."
STALE = "The compiled build is not that of these sources (`make compiled`): the pure one was measured alone."


def reason_against(packages: Path = PACKAGES, root: Path = ROOT) -> str:
    """Return why the compiled form cannot be measured; empty when it can."""
    sources = sorted(path.relative_to(packages) for path in packages.rglob("*.py"))
    if not sources:
        return MISSING
    is_same = all(_text(packages / source) == _text(root / source) for source in sources)
    return "" if is_same else STALE


def _text(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
