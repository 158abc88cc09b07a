"""Which of what waits for a verdict a reviewer asks for, and which names there are to ask for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from monitor.types import POOLED, Dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.engine import Engine
    from monitor.models.labels import Waiting

NAMES: Final = ("policy", "rule", "category", "route", "tenant", "model")
"""What may be asked for: a dimension of slices, or the rule."""
MAX_SHOWN: Final = 8
"""Names that an error lists."""
MAX_SHOWN_CHARS: Final = 100
"""Of what was asked for, in an error."""


class UnknownNameError(LookupError):
    """Nothing of that name has been seen; the message says what has."""


def has_names(one: Waiting, names: Mapping[str, str]) -> bool:
    """Whether it has each of these names; with none, anything has."""
    return all(getattr(one, name) == value for name, value in names.items())


def check_names(names: Mapping[str, str], engines: Iterable[Engine]) -> None:
    """Refuse a name that nothing here has: an empty list would say all is judged. Raises `UnknownNameError`."""
    engines = list(engines)
    for name, value in names.items():
        seen = _seen(name, engines)
        if value not in seen:
            raise UnknownNameError(_unknown(name, value, seen))


def _seen(name: str, engines: Iterable[Engine]) -> set[str]:
    found: set[str | None] = set()
    for engine in engines:
        found |= {getattr(one, name) for one in engine.waiting()}
        if name == "rule":
            found |= {one.rule for one in engine.precisions()}
        else:
            found |= {one.slice.value for one in engine.slices() if one.slice.dimension is Dimension(name)}
    return {one for one in found if one is not None} - {POOLED}


def _unknown(name: str, value: str, seen: set[str]) -> str:
    said = f"no {name} {value[:MAX_SHOWN_CHARS]!r} has been seen here"
    close = get_close_matches(value[:MAX_SHOWN_CHARS], seen, n=1)
    if close:
        return f"{said}. Did you mean {close[0]!r}?"
    if not seen:
        return f"{said}, nor any other {name}"
    more = f" and {len(seen) - MAX_SHOWN} more" if len(seen) > MAX_SHOWN else ""
    return f"{said}, only {', '.join(sorted(seen)[:MAX_SHOWN])}{more}"
