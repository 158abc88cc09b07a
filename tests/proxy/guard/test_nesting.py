"""How many JSON strings a place lies in."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.guard.nesting import MAX_INNER, Nesting, escaped, unescaped
from tests.support.generated import pieces

NESTED = json.dumps({"k": 1, "body": json.dumps({"to": ["x", json.dumps({"y": "MARK"})]}), "z": "MARK"})
CASES = [
    ("MARK", False, 0),
    ('He said "MARK"', False, 0),
    ('{"a": "MARK"}', False, 1),
    (' \n[1, "MARK"', False, 1),
    ('{"MARK": 1}', False, 1),
    ('"MARK"', False, 0),
    ('"MARK"', True, 1),
    ('{"a": "say MARK now"}', True, 1),
    ('{"a": "[\\"MARK\\"]"}', True, 2),
    ('{"a": "\\n {\\"b\\": \\"MARK\\"}"}', True, 2),
    ('{"a": "[MARK]"}', True, 1),
    (NESTED, True, 3),
    ("[MARK](link)", False, 0),
    ('{"a": 1} and "MARK"', False, 0),
]


@pytest.mark.parametrize(("text", "is_json", "depth"), CASES)
def test_depth(text: str, is_json: bool, depth: int) -> None:
    """A string of a text that is JSON counts, and so does one of JSON in it; what only looks like it does not."""
    at = text.index("MARK")
    nesting = Nesting(is_json=is_json)
    nesting.feed(text)
    assert nesting.depth(at, at + 4) == depth


@given(st.integers(0, 2**48))
def test_depth_does_not_depend_on_the_cut_or_on_what_follows(seed: int) -> None:
    """It is known when the text has come as far as the place, and stays."""
    chance = random.Random(seed)
    for text, is_json, depth in CASES:
        at = text.index("MARK")
        nesting = Nesting(is_json=is_json)
        fed = 0
        for piece in pieces(chance, text):
            nesting.feed(piece)
            fed += len(piece)
            if fed >= at + 4:
                assert nesting.depth(at, at + 4) == depth


def test_a_span_across_strings_has_none() -> None:
    """Nor has one that holds a part of a bare value."""
    text = '{"a": "xy", "b": 12345, "c": "[\\"p\\", \\"q\\"]"}'
    nesting = Nesting(is_json=True)
    nesting.feed(text)

    def depth_of(found: str) -> int | None:
        return nesting.depth(text.index(found), text.index(found) + len(found))

    assert [depth_of(one) for one in ('y", "b', "1234", '\\", \\"q', '"xy')] == [None] * 4
    assert [depth_of(one) for one in ("xy", "12345", "p")] == [1, 0, 2]


def test_only_the_last_strings_that_hold_json_are_remembered() -> None:
    """What waits for a decision lies in them."""
    text = json.dumps(['{"a": "MARK"}'] * (MAX_INNER + 5))
    nesting = Nesting(is_json=True)
    nesting.feed(text)
    last = text.rindex("MARK")
    assert nesting.depth(last, last + 4) == 2
    assert len(nesting._inner) == MAX_INNER


@given(st.text(), st.integers(0, 3))
def test_escapes(text: str, layers: int) -> None:
    """Both ways lead back, and JSON reads what was written."""
    assert unescaped(escaped(text, layers), layers) == text
    assert json.loads(f'"{escaped(text)}"') == text
