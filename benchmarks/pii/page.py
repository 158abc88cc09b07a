"""The page docs/detectors/pii.md: the part of it that is written by the benchmark, between two marks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.report import Table

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/detectors/pii.md"
BEGIN: Final = "<!-- Written by `python -m benchmarks.pii --write`; do not edit from here -->\n"
END: Final = "<!-- to here -->\n"


def with_figures(
    page: str, facts: Iterable[tuple[str, str]], tables: Iterable[Table], remarks: Iterable[str]
) -> str:
    """Return the page with its figures made anew. Raises ValueError when a mark is missing."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page lacks one of the marks between which the figures stand")
    said = ", ".join(f"{what} {value}" for what, value in facts)
    lines = [f"Measured on: {said}.", "", *remarks, *[""] * bool(remarks)]
    lines += [table.markdown().replace("## ", "### ", 1) for table in tables]
    return "".join((head, BEGIN, "\n", "\n".join(lines).rstrip(), "\n\n", END, tail))
