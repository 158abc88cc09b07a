"""What is undone before the tokenizer, and what must stay as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.normalise import normalise

UNDONE = {
    "you 1d10t": "you idiot",
    "an id!ot!": "an idiot!",
    "such a j3rk": "such a jerk",
    "i d i o t": "idiot",
    "an i.d.i.o.t here": "an idiot here",
    "\u0456d\u0456ot": "idiot",
    "id\u200biot": "idiot",
    "i\u0301di\u0300ot": "idiot",
    "\uff49\uff44\uff49\uff4f\uff54": "idiot",
    "soooooo dull": "soo dull",
}

LEFT = (
    "user@example.com",
    "covid19 and mp3 at 5pm on the 4th",
    "$50 or 10k",
    "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440",
    "\u4f60\u597d",
    "x = a * b",
    "plan B, then a walk",
    "v1.2.3",
)


@pytest.mark.parametrize(("text", "plain"), UNDONE.items())
def test_a_disguise_is_undone(text: str, plain: str) -> None:
    assert normalise(text) == plain


@pytest.mark.parametrize("text", LEFT)
def test_ordinary_text_stays(text: str) -> None:
    assert normalise(text) == text


@given(st.text(max_size=200))
def test_it_never_fails_and_white_space_is_single(text: str) -> None:
    plain = normalise(text)
    assert plain == plain.strip()
    assert "  " not in plain


@given(st.lists(st.sampled_from("abc defg 013 @$! . -"), max_size=60).map("".join))
def test_plain_text_grows_by_nothing(text: str) -> None:
    assert len(normalise(text)) <= len(text)
