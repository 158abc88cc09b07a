"""A screen of words is found wherever the detector finds one of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.folding import Fold
from detectors.keyword_screen import FOLD_TO_ASCII, MAX_SCREENED_CHARS
from detectors.screening import QUIET, fused
from detectors.types import ChannelKind, Window
from tests.support.detectors import built
from tests.support.scale import examples

WORDS = st.lists(st.text("abfilstkS ß.", min_size=1, max_size=5).filter(str.strip), min_size=1, max_size=3)
TEXT = st.text("abfilstkSKTB .ßẞſKﬁﬀﬃﬆ\u00a0\u2003\u0301é_", max_size=12)


def test_all_characters_that_fold_to_ascii_are_known() -> None:
    """Checked against all of Unicode."""
    for ignore_case in (True, False):
        fold = Fold(ignore_case=ignore_case)
        found = {chr(c) for c in range(0x80, 0x110000) if not 0xD800 <= c < 0xE000 and fold[c].isascii()}
        assert found <= set(FOLD_TO_ASCII)


@given(WORDS, TEXT, st.booleans(), st.booleans())
@settings(max_examples=examples(150), deadline=None)
def test_quiet_text_holds_no_word(words: list[str], text: str, ignore_case: bool, whole_word: bool) -> None:
    """Letters of other scripts, ligatures and spaces of all kinds are seen as the detector sees them."""
    detector = built("keywords", {"words": words, "ignore_case": ignore_case, "whole_word": whole_word})
    screen = fused((detector,))
    if screen is None:
        assert not all(map(str.isascii, words))
        return
    if screen.look(text) == QUIET:
        for final in (False, True):
            answer = detector.scan(Window(ChannelKind.TEXT, "", text, 0, final))
            assert not answer.findings
            place = screen.held_from(text, 0)
            assert final or (place is not None and place <= answer.watermark)


def test_a_word_is_found_in_every_spelling() -> None:
    """Case, white space and ligatures; in a list that is short enough."""
    screen = fused((built("keywords", {"words": ["off list"]}),))
    assert screen is not None
    assert [
        screen.look(t) == QUIET for t in ("OFF\u00a0LIST", "o\ufb00 li\ufb01", "o\ufb00 li\ufb06", "o list")
    ] == [
        False,
        True,
        False,
        True,
    ]
    assert (
        fused((built("keywords", {"words": ["x" * 400 + str(n) for n in range(MAX_SCREENED_CHARS // 400 + 1)]}),))
        is None
    )
