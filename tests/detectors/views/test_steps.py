"""What every step of a view says of itself holds on texts made of what it is for."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.automaton import HoldAutomaton
from detectors.views.apart import APART, MARKUP
from detectors.views.characters import CHARACTERS
from detectors.views.lookalikes import LOOKALIKES, leetspeak
from detectors.views.reading import plain
from detectors.views.steps import Step
from tests.support.disguise import PIECES
from tests.support.scale import examples

STEPS = {
    "characters": CHARACTERS,
    "lookalikes": LOOKALIKES,
    "markup": MARKUP,
    "spacing": APART,
    "leetspeak": leetspeak("i"),
}

texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=10).map("".join)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@settings(max_examples=examples(150), deadline=None)
@given(text=texts, more=texts)
def test_what_is_not_pending_reads_the_same_however_the_text_goes_on(step: Step, text: str, more: str) -> None:
    """The reading of a text that grows only grows."""
    certain = plain(text).changed(step.changes(text), step.pending(text))
    whole = plain(text + more).changed(step.changes(text + more), len(text + more))
    assert whole.text.startswith(certain.text)
    assert list(whole.starts[: len(certain.text)]) == list(certain.starts[: len(certain.text)])


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@settings(max_examples=examples(150), deadline=None)
@given(text=texts)
def test_its_patterns_see_all_that_it_does(step: Step, text: str) -> None:
    """A text in which none is found reads as it stands, and is pending only where it is cut."""
    readable = text.encode("utf-8", "replace").decode()
    if any(re2.search(pattern, readable) for pattern, _ in step.finds):
        return
    assert list(step.changes(readable)) == []
    holds = [cut.hold for cut in step.cuts]
    live = HoldAutomaton((h.source for h in holds), (h.span for h in holds)).earliest_live(readable, 0)
    assert live <= step.pending(readable)
    openers = [set(cut.openers) for cut in step.cuts]
    if all(openers) and not any(each & set(readable) for each in openers):
        assert step.pending(readable) == len(readable)
