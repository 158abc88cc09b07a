"""Words that were pulled apart: by markup inside them, and by something between each two of their characters.

Markup (`**`, tags, HTML comments) is left out between two letters or digits. Single characters with space between
them (`j a n e`), or with space and punctuation (`j.a-n_e`), four or more in a row, read as one word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import regex

from detectors.regex_tree import PatternSource
from detectors.screening import Cut, Hold
from detectors.views.reading import Change
from detectors.views.steps import REACH_CHARS, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNS = r"(?:\*{1,3}|~{1,2}|`{1,3})"
_INLINE = "b|i|u|s|a|em|strong|span|font|sub|sup|small|big|mark|code|tt|wbr|ins|del"
"""Tags that do not end a word. Cells and list items do: their texts are not one."""
_TAG = rf"(?:</?(?:{_INLINE})(?:\s[^<>]{{0,24}})?>|<!--[^<>]{{0,48}}-->)"
_SOME_TAG = r"(?:</?[A-Za-z]{1,6}(?:\s[^<>]{0,24})?>|<!--[^<>]{0,48}-->)"
_INSIDE = r"[\w.@+-]"
"""What may stand beside a tag inside a value."""
_LONGEST_MARKUP = 3 * 56

_MARKUP = regex.compile(
    rf"(?<=[^\W_]){_SIGNS}(?=[^\W_])|(?<={_INSIDE}){_TAG}{{1,3}}(?={_INSIDE})", regex.IGNORECASE
)
_OPEN_MARKUP = regex.compile(
    rf"(?:(?<=[^\W_]){_SIGNS}"
    rf"|(?<={_INSIDE})(?:{_SOME_TAG}{{1,3}}|{_SOME_TAG}{{0,2}}"
    r"<(?:/?(?:[A-Za-z]{1,6}(?:\s[^<>]{0,24})?)?|!(?:-(?:-[^<>]{0,50})?)?)))\Z"
)


def _markup_changes(text: str) -> Iterator[Change]:
    for found in _MARKUP.finditer(text):
        yield Change(*found.span(), "")


def _markup_pending(text: str) -> int:
    found = _OPEN_MARKUP.search(text, max(0, len(text) - _LONGEST_MARKUP))
    return len(text) if found is None else found.start()


_BESIDE = r"[0-9A-Za-z\x{80}-\x{10FFFF}]"
"""Letters, digits and more: RE2 has no short word for them, and a screen may find too much."""

MARKUP = Step(
    changes=_markup_changes,
    pending=_markup_pending,
    finds=(
        (rf"{_BESIDE}[*~`]+{_BESIDE}", 16),
        (rf"(?i:</?(?:{_INLINE})(?:\s[^<>]*)?>|<!--)", 64),
    ),
    cuts=(
        Cut(Hold(PatternSource(rf"(?<=[^\W_]){_SIGNS}[^\W_]"), 4), "*~`"),
        Cut(Hold(PatternSource(rf"(?<={_INSIDE}){_SOME_TAG}{{1,3}}{_INSIDE}"), _LONGEST_MARKUP + 1), "<"),
    ),
)
"""Leaves out markup inside words."""

_SPACE = "\t \u00a0\u2000-\u200a\u202f\u3000"
_ANY = _SPACE + r".\-_*|/,\u00b7\u2022~^+:;'\"`".replace(r"\u00b7", "\u00b7").replace(r"\u2022", "\u2022")
_MAX_GAP = 3

_SPACED = regex.compile(rf"(?<!\S)\S(?:[{_SPACE}]{{1,2}}\S(?!\S)){{3,}}")
_POINTED = regex.compile(rf"(?<![^\W_])[^\W_](?:[{_ANY}]{{1,3}}[^\W_](?![^\W_])){{3,}}")
_SPACED_GAP = regex.compile(rf"[{_SPACE}]+")
_POINTED_GAP = regex.compile(rf"[{_ANY}]+")
_OPEN_SPACED = regex.compile(rf"(?<!\S)\S(?:[{_SPACE}]{{1,2}}\S){{0,2}}[{_SPACE}]{{0,2}}\Z")
_OPEN_POINTED = regex.compile(rf"(?<![^\W_])[^\W_](?:[{_ANY}]{{1,3}}[^\W_]){{0,2}}[{_ANY}]{{0,3}}\Z")
_SINGLE_LAST = regex.compile(rf"(?:(?<!\S)\S|(?<![^\W_])[^\W_])[{_ANY}]{{0,{_MAX_GAP}}}\Z")
"""What ends in a single character, and a gap perhaps: nothing else can go on as a run."""
_LAST_GAP = regex.compile(rf"[{_ANY}]{{1,{_MAX_GAP}}}\Z")
_LAST_STEP = regex.compile(rf"[{_ANY}]{{1,{_MAX_GAP}}}\S\Z")


def _apart_changes(text: str) -> Iterator[Change]:
    spaced = [found.span() for found in _SPACED.finditer(text)]
    changes = [_joined(gap) for run in spaced for gap in _SPACED_GAP.finditer(text, *run)]
    runs = iter(spaced)
    run = next(runs, None)
    for found in _POINTED.finditer(text):
        for gap in _POINTED_GAP.finditer(text, *found.span()):
            while run is not None and run[1] <= gap.start():
                run = next(runs, None)
            # In a run of characters with space between them, the punctuation is part of what they spell.
            if run is None or gap.end() <= run[0]:
                changes.append(Change(*gap.span(), ""))
    return iter(sorted(changes))


def _joined(gap: regex.Match[str]) -> Change:
    # Where one space is between letters, two are between words.
    return Change(gap.start(), gap.end(), "" if gap.end() - gap.start() == 1 else " ")


def _apart_pending(text: str) -> int:
    if _SINGLE_LAST.search(text, max(0, len(text) - _MAX_GAP - 1)) is None:
        return len(text)
    low = max(0, len(text) - REACH_CHARS)
    return min(
        _pending_of(text, low, _SPACED, _OPEN_SPACED),
        _pending_of(text, low, _POINTED, _OPEN_POINTED),
    )


def _pending_of(text: str, low: int, runs: regex.Pattern[str], opened: regex.Pattern[str]) -> int:
    """Return where a run may begin that is too short yet, or may go on, or may lose its last character."""
    end = len(text)
    run = None
    for run in runs.finditer(text, low):  # noqa: B007 - the last one counts
        pass
    if run is not None and run.end() == end:
        before = _LAST_STEP.search(text, run.start())
        cut = end if before is None else before.start()
        # Its last character may be the first of a word; the run must be one without it.
        return cut if runs.fullmatch(text, run.start(), cut) else run.start()
    after = low if run is None else run.end()
    gap = _LAST_GAP.search(text, max(low, end - _MAX_GAP))
    if run is not None and gap is not None and gap.start() <= after:
        return after
    found = opened.search(text, low)
    return found.start() if found is not None and found.start() >= after else end


APART = Step(
    changes=_apart_changes,
    pending=_apart_pending,
    finds=(
        (rf"(?:^|\s)\S(?:[{_SPACE}]{{1,2}}\S){{3}}", 16),
        (rf"(?:^|[^0-9A-Za-z]){_BESIDE}(?:[{_ANY}]{{1,3}}{_BESIDE}){{3}}", 16),
    ),
    cuts=(
        Cut(Hold(PatternSource(rf"(?<!\S)\S(?:[{_SPACE}]{{1,2}}\S){{3}}"), 16)),
        Cut(Hold(PatternSource(rf"(?<![^\W_])[^\W_](?:[{_ANY}]{{1,3}}[^\W_]){{3}}"), 16)),
    ),
)
"""Puts single characters together."""
