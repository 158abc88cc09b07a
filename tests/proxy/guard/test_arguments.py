"""The structure of tool arguments."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.guard.arguments import ArgumentsLexer, Token, TokenKind, edit_pieces, touches_key

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def lexed(text: str, cuts: tuple[int, ...] = ()) -> ArgumentsLexer:
    """Feed a text at cuts, then its end."""
    lexer = ArgumentsLexer()
    last = 0
    for stop in [*sorted({c % (len(text) + 1) for c in cuts}), len(text)]:
        lexer.feed(text[last:stop])
        last = stop
    lexer.feed_end()
    return lexer


def leaves(value: object) -> list[tuple[TokenKind, object]]:
    """Keys and values in document order."""
    if isinstance(value, dict):
        return [x for k, v in value.items() for x in [(TokenKind.KEY, k), *leaves(v)]]
    if isinstance(value, list):
        return [x for v in value for x in leaves(v)]
    return [(TokenKind.STRING if isinstance(value, str) else TokenKind.SCALAR, value)]


@given(JSON, st.lists(st.integers(0, 400), max_size=8), st.sampled_from([None, 2]))
def test_tokens_are_the_leaves_of_the_value(value: object, cuts: list[int], indent: int | None) -> None:
    """For every cut, each key, string and bare value is one token at its place."""
    text = json.dumps(value, indent=indent)
    lexer = lexed(text, tuple(cuts))
    assert not lexer.broken
    found = []
    for token in lexer.tokens_in(-1, len(text) + 1):
        raw = text[token.start : token.end]
        found.append((token.kind, json.loads(raw if token.kind is TokenKind.SCALAR else f'"{raw}"')))
    # A token of no characters shares none with a span: empty strings are not found, and need no edit.
    assert found == [leaf for leaf in leaves(value) if leaf[1] != ""]


@pytest.mark.parametrize("text", ["hello", "{a: 1}", '{"a" 1}', "[1,]", '{"a":1}}', "[" * 300, '{"a":1,}', "]"])
def test_other_text_is_broken(text: str) -> None:
    """Text that is not JSON has no structure to keep."""
    assert lexed(text).broken


def test_an_open_value_is_known_to_be_open() -> None:
    """A number may go on until something else is seen."""
    lexer = ArgumentsLexer()
    lexer.feed('{"a": 12')
    assert lexer.open_scalar == 6
    assert lexer.tokens_in(6, 8) == [Token(TokenKind.SCALAR, 6, 8)]
    lexer.feed("3}")
    assert lexer.open_scalar is None
    assert lexer.tokens_in(6, 8) == [Token(TokenKind.SCALAR, 6, 9)]


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ('{"a": "one two"}', (7, 10), '{"a": "<X> two"}'),
        ('{"a": 4111}', (6, 10), '{"a": "<X>"}'),
        ('{"a": -4111}', (7, 11), '{"a": -9999}'),
        ('{"a": 41.5}', (6, 8), '{"a": 99.5}'),
        ('["ab", "cd"]', (3, 9), '["a<X>", "<X>d"]'),
        ("plain text", (0, 5), "<X> text"),
    ],
)
def test_edits_keep_the_structure(text: str, span: tuple[int, int], expected: str) -> None:
    """Only contents of strings and bare values change."""
    start, end = span
    for piece in reversed(edit_pieces(lexed(text), start, end, "<X>", text[start:end])):
        text = text[: piece.start] + piece.replacement + text[piece.end :]
    assert text == expected


def test_replacements_are_escaped() -> None:
    """A replacement with quotes stays inside its string."""
    (piece,) = edit_pieces(lexed('["abc"]'), 2, 5, 'say "no"\n', "abc")
    assert piece.replacement == r"say \"no\"\n"


def test_keys_are_told_from_strings() -> None:
    """An edit that reaches a key is refused."""
    lexer = lexed('{"key": "val"}')
    assert touches_key(lexer, 2, 5)
    assert not touches_key(lexer, 9, 12)
    assert not touches_key(lexed("key"), 0, 3)
