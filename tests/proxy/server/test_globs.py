"""Globs over models: what they match, and which one covers which."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.server.globs import MODEL, Glob, glob_problem

MODELS = st.text("abAB1-./", min_size=1, max_size=8)
GLOBS = st.text("abAB1-./*?", min_size=1, max_size=6).filter(lambda text: glob_problem(text) is None)


@given(GLOBS, MODELS)
def test_it_matches_as_a_shell_does(glob: str, model: str) -> None:
    """But for capitals."""
    expected = fnmatch.fnmatchcase(model.lower(), glob.lower())
    assert Glob.of(glob).matches(model) is expected
    assert Glob.of(glob.swapcase()).matches(model.swapcase()) is expected


@given(GLOBS, GLOBS, st.lists(MODELS, max_size=20))
def test_covering_is_sound(one: str, other: str, models: list[str]) -> None:
    """What is covered matches nothing that the cover does not."""
    if Glob.of(one).covers(Glob.of(other)):
        assert all(Glob.of(one).matches(model) for model in models if Glob.of(other).matches(model))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("*", "a*b", True), ("gpt-*", "gpt-4*", True), ("gpt-*", "GPT-4", True), ("gpt-4", "gpt-4", True),
     ("gpt-4*", "gpt-*", False), ("gpt-?", "gpt-4", True), ("gpt-?", "gpt-*", False), ("*a", "*b", False)],
)  # fmt: skip
def test_covering(one: str, other: str, expected: bool) -> None:
    """The cases that people write."""
    assert Glob.of(one).covers(Glob.of(other)) is expected


@pytest.mark.parametrize("text", ["", "a b", "[a]", "a\n", "ä", "a" * 129, "a*b*c*d*e*"])
def test_what_is_no_glob(text: str) -> None:
    """It is told so."""
    assert glob_problem(text) is not None


@pytest.mark.parametrize("model", ["", " a", "a b", "a\n", "ä", "a" * 257, "\x00"])
def test_what_is_no_name_of_a_model(model: str) -> None:
    """It decides nothing."""
    assert MODEL.fullmatch(model) is None


def test_the_worst_name_is_matched_quickly() -> None:
    """No backtracking."""
    begin = time.process_time()
    assert not Glob.of("*a*a*a*b").matches("a" * 256)
    assert time.process_time() - begin <= 0.2
