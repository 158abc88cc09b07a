"""What the tables of sentences have in common: slots that are slots, and no sentence twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

SLOTS = frozenset(
    "name relation job place topic thing insult scorn vile harm people identity one profane".split()  # noqa: SIM905 - shorter
)


def tables(module: ModuleType) -> dict[str, tuple[str, ...]]:
    """Return a module's tables by name."""
    return {name: table for name, table in vars(module).items() if isinstance(table, tuple)}


def broken(module: ModuleType) -> list[str]:
    """Return the sentences with a slot that there is not, or with braces that do not close."""
    return [
        sentence
        for table in tables(module).values()
        for sentence in table
        if not set(re.findall(r"\{(\w+)", sentence)) <= SLOTS or sentence.count("{") != sentence.count("}")
    ]


def repeated(*modules: ModuleType) -> list[str]:
    """Return the sentences that are there more than once."""
    every = [sentence.lower() for one in modules for table in tables(one).values() for sentence in table]
    return sorted({sentence for sentence in every if every.count(sentence) > 1})
