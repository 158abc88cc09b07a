"""What a request says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import said
from policies.said import Said

WORDS = st.text("ab\u00e9 -\ud83d\U0001f600", min_size=1, max_size=12)


@pytest.mark.parametrize("short_chars", [0, 1 << 11])
@given(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
def test_it_holds_what_is_in_one_of_its_texts(short_chars: int, texts: list[str], asked: list[str]) -> None:
    """With a table and without: what stands between other words, nothing across two texts, nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(said, "SHORT_CHARS", short_chars)
        found = Said()
        for text in texts:
            found.add(text)
        parts = [part for text in texts for part in text.replace("-", " ").split()]
        assert all(found.holds(text) for text in [*texts, *parts])
        assert not any(found.holds(text) for text in asked if not any(text in one for one in texts))


def test_a_text_that_comes_later_counts() -> None:
    """The table is made anew."""
    found = Said()
    found.add("x" * 5000)
    assert not found.holds("yyyy")
    found.add("yyyy")
    assert found.holds("yyyy")


def test_what_is_not_said_is_not_read() -> None:
    """The table answers; only what it does not rule out is looked for."""
    found = Said()
    found.add("the words of a long request " * 1000)
    assert not found.holds("Karen")
    assert not found.holds("requ")
    assert found._read == 0
    assert not found.holds("words of the")
    assert not found.holds("est")
    assert found.holds("a long request")
    assert found._read > 28_000


def test_beyond_the_limits_everything_may_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too long a request, or too many questions."""
    found = Said()
    found.add("x" * 90)
    monkeypatch.setattr(said, "MAX_READ_CHARS", 180)
    assert [found.holds("y"), found.holds("y"), found.is_closed] == [False, False, True]
    assert found.holds("y")
    monkeypatch.setattr(said, "MAX_CHARS", 100)
    other = Said()
    assert not other.is_closed
    other.add("x" * 100)
    assert other.holds("y")
