"""Selectors: a strict part of JSONPath (RFC 9535) that names places in JSON. `$.outputs[*].text`, `$['a b'][0]`.

Members, quoted names, `[*]` and `[n]`; no search, no filter, no slice: each selector can be written as a table.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from proxy.wire.jsontext import Json

MAX_SELECTOR_CHARS: Final = 500
"""Longer than any place of a real format."""
MAX_STEPS: Final = 32
"""Deeper than any place of a real format."""


class Wild(Enum):
    """A step that is not one name or number."""

    EVERY = "[*]"
    """Every element of a list."""


EVERY: Final = Wild.EVERY

Step: TypeAlias = str | int | Wild
Selector: TypeAlias = tuple[Step, ...]

_STEP: Final = re.compile(
    r"""\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
      | \[(?P<every>\*)\]
      | \[(?P<position>0|[1-9][0-9]{0,5})\]
      | \['(?P<single>(?:[^'\\]|\\['\\])+)'\]
      | \["(?P<double>(?:[^"\\]|\\["\\])+)"\]""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(.)")
_HINT: Final = "Write members as .name or ['any name'], elements of lists as [*] or [0]."


class SelectorError(ValueError):
    """A text is no selector. The message says what to write."""


def parse_selector(text: str) -> Selector:
    """Return the steps of a selector. Raises `SelectorError`."""
    if not text.startswith("$"):
        raise SelectorError(f"{text[:60]!r} is not a selector: it does not begin with '$'. {_HINT}")
    if len(text) > MAX_SELECTOR_CHARS:
        raise SelectorError(f"is a selector of more than {MAX_SELECTOR_CHARS} characters.")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise SelectorError(f"{text[:60]!r} is not a selector, from {text[at : at + 20]!r} on. {_HINT}")
        steps.append(_step(found))
        at = found.end()
    if len(steps) > MAX_STEPS:
        raise SelectorError(f"is a selector of more than {MAX_STEPS} steps.")
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if found["every"]:
        return EVERY
    if found["position"]:
        return int(found["position"])
    if found["name"]:
        return found["name"]
    return _ESCAPE.sub(r"\1", found["single"] or found["double"])


def write_selector(selector: Selector) -> str:
    """Write a selector in its usual form, the same for all that name the same place."""
    written = "$"
    for step in selector:
        if isinstance(step, Wild):
            written += step.value
        elif isinstance(step, int):
            written += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", step):
            written += f".{step}"
        else:
            escaped = step.replace("\\", "\\\\").replace("'", "\\'")
            written += f"['{escaped}']"
    return written


def select(value: Json, selector: Selector) -> list[Json]:
    """Return what stands at the places that a selector names, in order; a place that is not there adds nothing."""
    found = [value]
    for step in selector:
        below: list[Json] = []
        for one in found:
            if isinstance(step, Wild):
                below += one if isinstance(one, list) else ()
            elif isinstance(step, int):
                below += one[step : step + 1] if isinstance(one, list) else ()
            elif isinstance(one, dict) and step in one:
                below.append(one[step])
        found = below
    return found
