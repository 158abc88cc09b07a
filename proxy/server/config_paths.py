"""Reads `open_paths:` of `sluicegate.yaml`: further paths, each by itself or with the dialect that it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator

from policies.fields import StrictModel, custom_error
from policies.problems import did_you_mean, shown
from proxy.server.config_fields import FileText, PathText

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

OPEN_DIALECT: Final = "openai-chat"
"""What a path that names no dialect is read as. Members that it does not know are scanned, so that any JSON object
can be; but a text that is split over events of another layout is not joined."""


class OpenPathFile(StrictModel):
    """One entry."""

    path: PathText
    dialect: FileText = OPEN_DIALECT


def _as_entry(value: object) -> object:
    """Return a path that stands alone as an entry."""
    if not isinstance(value, (str, dict)):
        raise custom_error(f"{shown(value)} is neither a path nor a mapping of 'path' and 'dialect'.")
    return {"path": value} if isinstance(value, str) else value


OpenPath = Annotated[OpenPathFile, BeforeValidator(_as_entry)]


def faults(entries: Sequence[OpenPathFile], dialects: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with entries, each with the keys of its place. `dialects`: those there are."""
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        if entry.dialect not in dialects:
            hint = did_you_mean(entry.dialect, dialects) or f" Known are {', '.join(dialects)}."
            yield f"open_paths[{number}].dialect", f"there is no dialect {entry.dialect!r}.{hint}"
        if entry.path in seen:
            yield f"open_paths[{number}]", f"{entry.path!r} is there already. Keep it once."
        seen.add(entry.path)
