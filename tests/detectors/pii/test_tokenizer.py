"""The tokenizer says what spaCy's says, and remembers nothing that identifies anybody."""

from __future__ import annotations

import pkgutil
import random

import pytest
import spacy
import spacy.lang
from spacy.tokenizer import Tokenizer as SpacyTokenizer
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

from detectors.pii.tokenizer import MAX_KNOWN_PIECES, Tokenizer, _parts, _rules, tokenizer

SIGNS = [
    *"ab01289.,:;-()/'\"%$#@!?+=<>_*&Aé£€°", ":)", "km", "'s", "n't", "U.S.", "...", "--", "http://", "www.",
    ".com", "can't", "8)", "e.g.", "219-09-9999", "192.0.2.17", "jane.roe", "10am", "d'",
]  # fmt: skip
LANGUAGES = ("en", "de", "es", "it", "pl", "tr", "sv")


def parts(found: Tokenizer, piece: str) -> list[str]:
    return [piece[token.start : token.end] for token in found.tokens(piece)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pieces_are_taken_apart_as_spacy_does(language: str) -> None:
    """Generated pieces, and the language's exceptions between affixes, give spaCy's tokens, asked once or twice."""
    rules, found, rng = spacy.blank(language).tokenizer, tokenizer(language), random.Random(3)
    exceptions = sorted(text for text in rules.rules if not any(map(str.isspace, text)))
    pieces = ["".join(rng.choices(SIGNS, k=rng.randint(1, 7))) for _ in range(1200)]
    pieces += [rng.choice('("x1') + rng.choice(exceptions) + rng.choice(').,"s') for _ in range(400)]
    pieces += rng.sample(exceptions, min(200, len(exceptions)))
    for piece in [*pieces, *pieces[:300]]:
        assert parts(found, piece) == [token.text for token in rules(piece)], piece


@pytest.mark.parametrize("language", [one.name for one in pkgutil.iter_modules(spacy.lang.__path__) if one.ispkg])
def test_the_rules_are_those_that_spacy_s_tokenizer_is_made_of(language: str) -> None:
    """In every language of spaCy's; one whose tokenizer is of another kind, or not installed, has those of none."""
    try:
        made = spacy.blank(language).tokenizer
    except ImportError:
        made = None
    if not isinstance(made, SpacyTokenizer):
        made = spacy.blank("xx").tokenizer
    rules = _rules(language)
    assert rules.tokenizer_exceptions.keys() == made.rules.keys()
    assert (rules.token_match, rules.url_match) == (made.token_match, made.url_match)
    for parts_of_it, joined, asked in (
        (rules.prefixes, compile_prefix_regex, made.prefix_search),
        (rules.suffixes, compile_suffix_regex, made.suffix_search),
        (rules.infixes, compile_infix_regex, made.infix_finditer),
    ):
        assert joined(_parts(parts_of_it)).pattern == ("" if asked is None else asked.__self__.pattern)


def test_words_are_what_presidio_counts() -> None:
    """Stop words, punctuation, what holds a colon and Presidio's own two are none."""
    found = tokenizer("en")
    words = {"ssn": True, "The": False, "...": False, "12:30": False, "be": False, "-PRON-": False, "7": True}
    assert {word: found.is_word(word) for word in words} == words
    assert [token.is_word for token in found.tokens("(ssn),")] == [False, True, False, False]


def test_numbers_are_remembered_by_shape_and_addresses_not_at_all() -> None:
    """What is kept has no digit but 0 and no address, and never grows past its limit."""
    found = Tokenizer("en")
    for piece in ("219-09-9999", "218-09-9999,", "jane.roe@example.com", "A12345678", "10am", "192.0.2.17"):
        found.tokens(piece)
    known = found._known
    assert known
    assert not any(set(piece) & set("123456789@") for piece in known)
    for number in range(MAX_KNOWN_PIECES + 10):
        found.tokens("w" + "".join(chr(97 + int(digit)) for digit in str(number)))
    assert len(known) <= MAX_KNOWN_PIECES


def test_a_language_with_a_tokenizer_of_another_kind_gets_the_rules_of_none() -> None:
    """Chinese has no affix rules, Korean's are in a package of its own; stop words stay the language's."""
    assert parts(tokenizer("zh"), "电话：212") == [token.text for token in spacy.blank("xx").tokenizer("电话：212")]
    assert parts(tokenizer("ko"), "(전화)") == ["(", "전화", ")"]
    assert not tokenizer("zh").is_word("的")
    assert tokenizer("en") is tokenizer("en")
