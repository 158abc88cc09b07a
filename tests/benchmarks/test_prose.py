"""The text that is measured with."""

from __future__ import annotations

import pytest

from benchmarks.prose import PROSE, passage, tokens


def test_tokens_are_the_text() -> None:
    """No character is lost or made up between tokens."""
    assert "".join(tokens(PROSE)) == PROSE


def test_tokens_are_as_long_as_a_models() -> None:
    """Tokens have about four and a half characters, most with the space before them."""
    pieces = tokens(PROSE)
    assert 4.0 <= sum(map(len, pieces)) / len(pieces) <= 5.0
    assert sum(piece.startswith(" ") for piece in pieces) > len(pieces) / 2


@pytest.mark.parametrize("chars", [1, 300, 2048, 3 * len(PROSE)])
def test_passages_have_their_length_and_differ(chars: int) -> None:
    """Every variant has the length asked for, and long ones are all different."""
    passages = [passage(variant, chars) for variant in range(16)]
    assert {len(one) for one in passages} == {chars}
    assert chars < 300 or len(set(passages)) == 16
