"""JSON between fences of Markdown."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.guard import fences
from proxy.guard.fences import Fences
from tests.support.generated import pieces

CASES = [
    ('Here:\n```json\n{"a": "MARK"}\n```\n', 1),
    ('```JSON\n{"a": "x"}\n```\nsay "MARK"', 0),
    ('```json\n{"a": "x"}\n```\nand\n~~~~json title="x"\n["```", "MARK"]\n~~~~\n', 1),
    ('```\n{"a": "MARK"}\n```', 1),
    ('```\nsay "MARK"\n```', 0),
    ('```python\nd = {"a": "MARK"}\n```', 0),
    ('````markdown\n```json\n{"a": "MARK"}\n```\n````', 0),
    ('```python\nx\n```\n```json\n{"a": "MARK"}', 1),
    ('1. like this\n\n    ```json\n    {"a": ["MARK"]}\n    ```', 1),
    ('```json\r\n{"a": "MARK"}\r\n```\r\n', 1),
    ('```json\n{"a": 1, MARK}\n```', 0),
    ('```json\n{"a": "[\\"MARK\\"]"}\n```', 2),
    ('the fence ```json\n{"a": "MARK"}', 0),
    ('```json {"a": "MARK"}```', 0),
    ("```json" + " " * 100 + '\n{"a": "MARK"}', 0),
    ('```json\n{"a": "' + "x" * 500 + ' MARK"}\n```\n', 1),
    ('```json\n{"a": "x\n```\nMARK', 0),
]


@pytest.mark.parametrize(("text", "depth"), CASES)
def test_depth(text: str, depth: int) -> None:
    """Strings between fences that are JSON count; those of programs and of prose do not."""
    at = text.index("MARK")
    read = Fences()
    read.feed(text)
    assert read.depth(at, at + 4) == depth


@given(st.integers(0, 2**48))
def test_depth_does_not_depend_on_the_cut_or_on_what_follows(seed: int) -> None:
    """It is known when the text has come as far as the place, and stays."""
    chance = random.Random(seed)
    for text, depth in CASES:
        at = text.index("MARK")
        read = Fences()
        fed = 0
        for piece in pieces(chance, text):
            read.feed(piece)
            fed += len(piece)
            if fed >= at + 4:
                assert read.depth(at, at + 4) == depth


def test_a_span_across_strings_has_none() -> None:
    text = '```json\n["ab", "cd"]\n```'
    read = Fences()
    read.feed(text)
    assert read.depth(text.index("ab"), text.index("cd") + 2) is None


def test_beyond_so_many_fences_text_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those before them are not forgotten."""
    monkeypatch.setattr(fences, "MAX_FENCES", 3)
    text = "".join(f"```json\n{json.dumps([f'MARK{n}'])}\n```\n" for n in range(5))
    read = Fences()
    read.feed(text)
    places = [text.index(f"MARK{n}") for n in range(5)]
    assert [read.depth(at, at + 5) for at in places] == [1, 1, 1, 0, 0]
