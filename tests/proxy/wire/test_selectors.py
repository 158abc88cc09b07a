"""Selectors: what is one, how it is written, what it selects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.selectors import EVERY, SelectorError, parse_selector, select, write_selector


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        ("$.a", ("a",)),
        ("$.outputs[*].text", ("outputs", EVERY, "text")),
        ("$[0][12]", (0, 12)),
        ("$['a b']['it\\'s'][\"q\\\"\"]", ("a b", "it's", 'q"')),
        ("$['\\\\']", ("\\",)),
        ("$['*']['0']", ("*", "0")),
        ("$.a-b_1", ("a-b_1",)),
        ("$['ключ']", ("ключ",)),
    ],
)
def test_selectors(text: str, steps: tuple[object, ...]) -> None:
    """Members, quoted names, positions, every element."""
    assert parse_selector(text) == steps


@pytest.mark.parametrize(
    "text",
    [
        *["", "a", "$a", "$.", "$..a", "$.*", "$[", "$[]", "$[-1]", "$[01]", "$[1:2]", "$[?@.a]", "$['a", "$['']"],
        *["$.a b", "$.a.", "$[*", "$.1a", "$ .a", "$['a\\n']", "$[1234567]", "$.a\n", "$" + ".a" * 33],
        "$." + "a" * 500,
    ],
)
def test_no_selectors(text: str) -> None:
    """What the full JSONPath has more, and what is none, is refused with a hint."""
    with pytest.raises(SelectorError) as caught:
        parse_selector(text)
    assert "Write" in str(caught.value) or "more than" in str(caught.value)


_STEPS = st.lists(st.text(min_size=1) | st.integers(0, 9999) | st.just(EVERY), max_size=5).map(tuple)


@given(_STEPS)
def test_written_and_read(steps: tuple[object, ...]) -> None:
    """A selector that is written is read as the same, whatever the names."""
    assert parse_selector(write_selector(steps)) == steps  # type: ignore[arg-type]


def test_select() -> None:
    """Places that are not there, or of another sort, add nothing."""
    value = {"a": [{"b": 1}, {"b": 2}, {}, 3], "c": {"0": 4}}
    assert select(value, parse_selector("$.a[*].b")) == [1, 2]
    assert select(value, parse_selector("$.a[1].b")) == [2]
    assert select(value, parse_selector("$")) == [value]
    for nothing in ("$.a.b", "$.a[9]", "$.c[*]", "$.c[0]", "$.x.y", "$.a[3].b"):
        assert select(value, parse_selector(nothing)) == []
