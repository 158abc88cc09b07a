"""Words that were pulled apart are put together."""

from __future__ import annotations

import pytest

from detectors.views.apart import APART, MARKUP
from detectors.views.reading import plain
from detectors.views.steps import Step


def _read(step: Step, text: str) -> str:
    return plain(text).changed(step.changes(text), len(text)).text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("b**o**mb", "bomb"),
        ("fa<b>l</b>con", "falcon"),
        ("jane<i>.roe</i>@x.org", "jane.roe@x.org"),
        ("fal<!-- nothing -->con", "falcon"),
        ("fal`c`on fal~~con", "falcon falcon"),
        ('fal<span class="x">con</span>.', "falcon."),
        ("**Note**: 2 * 3 ** 4, a < b > c", "**Note**: 2 * 3 ** 4, a < b > c"),
        ("<td>555</td><td>0142</td>", "<td>555</td><td>0142</td>"),
        ("use `code` here, x<y and y>z", "use `code` here, x<y and y>z"),
    ],
)
def test_markup_inside_words(written: str, read: str) -> None:
    """Around words and between cells it stays."""
    assert _read(MARKUP, written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("j a n e", "jane"),
        ("j a n e @ e x . c o m now", "jane@ex.com now"),
        ("j a n e  r o e", "jane roe"),
        ("f.a-l_c*o n", "falcon"),
        ("f, a, l, c, o, n", "falcon"),
        ("4 1 1 1  1 1 1 1", "4111 1111"),
        ("a b c", "a b c"),
        ("I am a b of it", "I am a b of it"),
        ("U.S.A. and e.g. this", "U.S.A. and e.g. this"),
        ("so x = a + b", "so x=a+b"),
    ],
)
def test_single_characters_in_a_row(written: str, read: str) -> None:
    """Four or more; words beside them are not drawn in."""
    assert _read(APART, written) == read


@pytest.mark.parametrize(
    ("step", "text", "at"),
    [
        (MARKUP, "fal**", 3),
        (MARKUP, "fal<", 3),
        (MARKUP, "fal<b>", 3),
        (MARKUP, "fal<!-- no", 3),
        (MARKUP, "a < b", 5),
        (APART, "see j a", 4),
        (APART, "see j a n e", 4),
        (APART, "see j a n e @", 11),
        (APART, "see j a n e @ ", 13),
        (APART, "see you", 7),
    ],
)
def test_what_may_go_on_is_pending(step: Step, text: str, at: int) -> None:
    """The place from which on a text may still read differently."""
    assert step.pending(text) == at
