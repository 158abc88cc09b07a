"""Reads the tables of broken files: a name, the text, and every line that must be said about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Broken(NamedTuple):
    """A file that must be refused."""

    name: str
    text: str
    lines: list[str]


def read_table(path: Path) -> list[Broken]:
    """Return the cases: `=== name`, the text, `--- says`, the lines."""
    cases = []
    for entry in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, _, rest = entry.partition("\n")
        text, _, lines = rest.partition("--- says\n")
        cases.append(Broken(name, text, lines.strip("\n").split("\n")))
    return cases
