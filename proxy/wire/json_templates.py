"""Templates in JSON: values in which marked places are filled when an answer ends before its time.

`{message}`, `{text}`, `{said}`, `{choice}`, `{code}`, `{status}`, and `{$.id}` for a member of the answer. A text
that is nothing but a mark becomes the value itself, with its type; what is filled in is never read as a template.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from proxy.wire.selectors import SelectorError, Wild, parse_selector

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.wire.jsontext import Json

    Fill: TypeAlias = Callable[[str], Json]
    """Gives the value for a mark, without its braces."""

WORDS: Final = ("message", "text", "said", "choice", "code", "status")

_MARK: Final = re.compile(r"\{([a-z]+|\$[^{}]*)\}")


class TemplateError(ValueError):
    """A template holds a mark that means nothing. The message says what to write."""


def fill(template: Json, value_of: Fill) -> Json:
    """Return the template with every mark filled; keys stay as they are."""
    if isinstance(template, str):
        whole = _MARK.fullmatch(template)
        if whole is not None:
            return value_of(whole[1])
        return _MARK.sub(lambda mark: _written(value_of(mark[1])), template)
    if isinstance(template, list):
        return [fill(item, value_of) for item in template]
    if isinstance(template, dict):
        return {key: fill(item, value_of) for key, item in template.items()}
    return template


def _written(value: Json) -> str:
    return "" if value is None else str(value)


def marks_of(template: Json) -> frozenset[str]:
    """Return the marks in a template, without their braces. Raises `TemplateError`."""
    if isinstance(template, str):
        found = frozenset(_MARK.findall(template))
        for mark in found:
            _check(mark)
        return found
    inner = template if isinstance(template, list) else template.values() if isinstance(template, dict) else ()
    return frozenset().union(*map(marks_of, inner))


def _check(mark: str) -> None:
    if mark in WORDS:
        return
    if not mark.startswith("$"):
        raise TemplateError(f"{{{mark}}} means nothing. Marks are {', '.join(f'{{{word}}}' for word in WORDS)}.")
    try:
        selector = parse_selector(mark)
    except SelectorError as error:
        raise TemplateError(f"the mark {{{mark}}} {error}") from None
    if any(isinstance(step, Wild) for step in selector):
        raise TemplateError(f"the mark {{{mark}}} names many places. Write a position, as [0].")
