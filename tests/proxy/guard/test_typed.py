"""Whether the user typed a value."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.guard import typed as module
from proxy.guard.typed import MAX_TYPED_CHARS, Typed


def typed(*texts: str) -> Typed:
    made = Typed()
    made.take(texts)
    return made


CASES = [
    ("I am jane@example.com.", "jane@example.com", True),
    ("I am JANE@example.com!", "jane@EXAMPLE.com", True),
    ("email:jane@example.com", "jane@example.com", True),
    ("- jane@example.com\n", "jane@example.com", True),
    ("<jane@example.com>, 'jo@example.com'", "jo@example.com", True),
    ("I am \uff4a\uff41\uff4e\uff45@example.com", "jane@example.com", True),
    ("mary-jane@example.com", "jane@example.com", False),
    ("mary.jane@example.com", "jane@example.com", False),
    ("jane@example.com.au", "jane@example.com", False),
    ("jane@example.com", "example.com", False),
    ("o'neil@example.com", "neil@example.com", False),
    ("see https://example.com/a/b", "https://example.com/a", False),
    ("mary-jane@example.com or jane@example.com", "jane@example.com", True),
    ("Jane Roe's laptop", "jane  roe", True),
    ("call 415 555 2671", "(415) 555-2671", True),
    ("call (415) 555-2671 now", "4155552671", True),
    ("card 4111-1111-1111-1111", "4111 1111 1111 1111", True),
    ("14155552671", "4155552671", False),
    ("4155552671 9", "415-555-2671", True),
    ("415 555 2671 22", "4155552671", False),
    ("12345", "1-2-3-4-5", False),
    ("jane@example.com", "jane\\u0040example.com", True),
    ("", "x", False),
    ("x", "", False),
]


@pytest.mark.parametrize(("text", "value", "is_typed"), CASES)
def test_values(text: str, value: str, is_typed: bool) -> None:
    """A value as a whole; a part of a longer one is another value."""
    assert typed(text).holds(value) is is_typed
    assert typed("before", text, "after").holds(value) is is_typed


def test_nothing_goes_on_from_one_text_to_the_next() -> None:
    assert not typed("jane@", "example.com").holds("jane@ example.com")


@given(st.lists(st.text(), max_size=5))
def test_every_whole_text_was_typed(texts: list[str]) -> None:
    """Whatever it holds, unless it is white space, or joined to itself elsewhere."""
    made = typed(*texts)
    for text in texts:
        assert made.holds(text) is bool(module._normal(text))


def test_at_the_bound_the_last_texts_are_remembered() -> None:
    """Each of them whole: what is not remembered counts as not typed."""
    made = typed("first@example.com", "x " * (MAX_TYPED_CHARS // 2 - 10), "last@example.com")
    assert [made.holds("last@example.com"), made.holds("first@example.com")] == [True, False]
    made = typed("first@example.com", "jane@example.com " + "x" * MAX_TYPED_CHARS)
    assert not any([made, made.holds("jane@example.com"), made.holds("first@example.com")])


def test_many_values_cost_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many different ones nothing new was typed, and one that was looked for is known."""
    monkeypatch.setattr(module, "MAX_COMPARED", 2)
    made = typed("a1 b2 c3")
    assert [made.holds(one) for one in ("a1", "b2", "c3", "a1")] == [True, True, False, True]


def test_the_worst_text_is_looked_at_in_a_bounded_time() -> None:
    """A value that never stands alone is looked for at so many places only."""
    made = typed("1" * MAX_TYPED_CHARS)
    made.holds("x")
    began_s = time.process_time()
    assert not any(made.holds("1" * number) for number in range(1, 100))
    assert time.process_time() - began_s < 1


def test_it_shows_and_stores_nothing() -> None:
    """No text is in its representation, and it cannot be pickled."""
    made = typed("jane@example.com")
    assert "jane" not in repr(made)
    with pytest.raises(TypeError, match="not stored"):
        pickle.dumps(made)
