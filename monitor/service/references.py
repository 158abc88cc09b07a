"""Shapes of scores that were kept under a name, for `drift.reference` to hold later ones against. One JSON file."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import orjson

from monitor.models.shape import EDGES

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.models.shape import Histogram

FILE_NAME: Final = "references.json"
RESERVED: Final = frozenset({"pinned", "rolling"})
"""Names that mean something else."""
BINS: Final = len(EDGES) + 1
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class ReferencesError(ValueError):
    """A name, or a file, that is none."""


def read_references(folder: Path) -> dict[str, Histogram]:
    """Return what was kept, by name. Raises `ReferencesError` for a file that is damaged, and OSError."""
    try:
        kept = orjson.loads((folder / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return {}
    except orjson.JSONDecodeError:
        kept = None
    if not isinstance(kept, dict) or not all(_is_histogram(one) for one in kept.values()):
        raise ReferencesError(f"{folder / FILE_NAME} is damaged. Delete it, and keep the references anew.")
    return {name: tuple(one) for name, one in kept.items()}


def references_for(wanted: str, folder: Path) -> dict[str, Histogram]:
    """Return what was kept; the one that the settings name must be there. Raises as `read_references`."""
    kept = read_references(folder)
    if wanted not in RESERVED and wanted not in kept:
        known = f"Kept are {', '.join(sorted(kept))}." if kept else "None was kept."
        raise ReferencesError(
            f"drift.reference: there is no {wanted!r}. {known} POST /api/references/NAME keeps one."
        )
    return kept


def keep_reference(folder: Path, name: str, histogram: Histogram) -> None:
    """Keep a shape under a name, in place of what had it. Raises as `read_references`, and for a wrong name."""
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise ReferencesError(f"{name!r} is no name for a reference")
    kept = read_references(folder) | {name: histogram}
    beside = folder / f"{FILE_NAME}.new"
    with beside.open("wb") as file:
        file.write(orjson.dumps(kept))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / FILE_NAME)


def added(histograms: list[Histogram]) -> Histogram | None:
    """Return the shape of several shares together; None where none has one."""
    return tuple(map(sum, zip(*histograms, strict=True))) if histograms else None


def _is_histogram(value: object) -> bool:
    return isinstance(value, list) and len(value) == BINS and all(type(one) is int and one >= 0 for one in value)
