"""Context words: Presidio's own scores over whole texts, for every cut; and what bounds them.

`SLUICEGATE_DIFFERENTIAL=10000 pytest tests/detectors/pii/test_context.py` compares that many generated texts and
every vector. The vectors are the texts of Presidio's tests and synthetic data set (MIT, Microsoft) and of
validator.js' tests (MIT, Chris O'Hara).
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import pytest

from detectors.pii.catalogue import recognizer_classes
from detectors.pii.context import AFTER_CHARS, BEFORE_CHARS, MAX_PIECE_CHARS, Surroundings, lowered, raised
from detectors.pii.tokenizer import tokenizer
from detectors.types import ChannelKind, Window
from tests.support.detectors import Feed, built, fed, fed_in_deltas, spans
from tests.support.pii import SAMPLES, presidio_spans
from tests.support.pii_examples import EXAMPLES
from tests.support.presidio import analyzed, analyzed_alone, is_decided_later

ASKED = int(os.environ.get("SLUICEGATE_DIFFERENTIAL", "0"))
GENERATED = ASKED or 100
EVERY_NTH_VECTOR = 1 if ASKED else 60
ENTITIES = tuple(sorted(set(recognizer_classes()) - {"IN_PAN"}))  # it looks ahead without bound; here it has one
VECTORS = [json.loads(line) for line in Path(__file__).with_name("vectors.jsonl").read_text().splitlines()]
ENGLISH = tokenizer("en")
WORDS = [
    "ssn",
    "social security",
    "phone",
    "call",
    "my",
    "is",
    "the",
    "of",
    "passport",
    "bank",
    "iban",
    "link",
    "mac",
]
PIECES = [
    *WORDS, *(value for _, value, _ in SAMPLES), *(miss for *_, miss in SAMPLES), "Account#", "card:", '{"ssn": "',
    '","', "(", ")", ",", ".", "...", "is:", "e.g.", "can't", ":)", "e-mail", "river", "stone", "IP", "id=", "İd",
]  # fmt: skip
JOINTS = [" ", " ", " ", " ", "", ", ", "\n", "  ", ": ", "=", "\u00a0"]


def generated(rng: random.Random) -> str:
    return "".join(rng.choice(PIECES) + rng.choice(JOINTS) for _ in range(rng.randint(1, 14)))


def compared(text: str, rng: random.Random) -> None:
    """Assert that a text gives Presidio's findings, whole and cut at random.

    Where Presidio would let a later text decide what counts as a word, each token is judged by itself; where it
    fails (spaCy takes no lone surrogates), the scores of its recognizers are compared.
    """
    detector = built("presidio", {"entities": list(ENTITIES)})
    found = spans(fed(detector, text).findings)
    cuts = rng.sample(range(len(text) + 1), min(len(text), rng.randint(1, 4)))
    assert spans(fed(detector, text, cuts, end_apart=True).findings) == found, (text, cuts)
    try:
        expected = analyzed_alone(text, ENTITIES)
    except UnicodeEncodeError:
        expected = presidio_spans(text, *ENTITIES)
    else:
        assert is_decided_later(text) or analyzed(text, ENTITIES) == expected
    assert found == expected, text


def test_generated_texts_give_what_presidio_gives_at_every_cut() -> None:
    """Values, near misses, context words and signs in any order: 0 differences in span, entity and score."""
    rng = random.Random(6)
    later = 0
    for _ in range(GENERATED):
        text = generated(rng)
        later += is_decided_later(text)
        compared(text, rng)
    assert later < GENERATED / 4, "most texts must be compared with their scores"


@pytest.mark.parametrize("share", range(4))
def test_vectors_give_what_presidio_gives(share: int) -> None:
    """The texts of other people's tests: 0 differences."""
    rng = random.Random(share)
    for text in VECTORS[share :: 4 * EVERY_NTH_VECTOR]:
        compared(text, rng)


@pytest.mark.parametrize(
    ("entity", "text", "score"),
    [
        ("US_SSN", "my ssn is 219-09-9999", 0.85),
        ("US_SSN", "the form of 219-09-9999", 0.5),
        ("US_SSN", "social mill river stone water clay 219-09-9999", 0.5),
        ("US_SSN", "social mill river stone water 219-09-9999", 0.85),
        ("US_SSN", "social of the and is to it mill river stone water 219-09-9999", 0.85),
        ("PHONE_NUMBER", "my phone is (212) 555-0123", 0.75),
        ("PHONE_NUMBER", "(212) 555-0123 is my phone", 0.4),
        ("US_BANK_NUMBER", "my account number is 912803456", 0.4),
        ("US_PASSPORT", "mypassportnumberis 912803456", 0.4),
        ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E mac", 0.95),
        ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E of the ethernet", 0.95),
        ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E by a mac", 0.95),
    ],
)
def test_words_raise_a_score(entity: str, text: str, score: float) -> None:
    """Five words before, the word it begins in, and the next one when it begins with none; at every cut."""
    detector = built("presidio", {"entities": [entity]})
    whole = spans(fed(detector, text).findings)
    assert max(found for *_, found in whole) == pytest.approx(score)
    assert whole == analyzed(text, (entity,))
    for cut in range(1, len(text)):
        assert spans(fed(detector, text, [cut], end_apart=True).findings) == whole
    assert spans(fed_in_deltas(detector, text, 1, end_apart=True).findings) == whole


@pytest.mark.parametrize(("entity", "value", "_"), SAMPLES)
def test_a_finding_does_not_change_when_text_follows(entity: str, value: str, _: str) -> None:
    """A real finding of each entity, fed sign by sign before any text: what is reported once is the whole's."""
    detector = built("presidio", {"entities": [entity]})
    text = f"number {value} link, then the phone and passport {value}."
    whole = spans(fed(detector, text).findings)
    assert any(name == entity for _, _, name, _ in whole)
    for end in range(1, len(text) + 1):
        feed = Feed(detector)
        for char in text[:end]:
            feed.feed(char)
        assert spans(feed.findings) == [each for each in whole if each[1] <= feed.watermark]


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_entity_is_told_alike_whatever_follows(entity: str) -> None:
    """A real finding of each entity that there is: fed sign by sign, cut off anywhere, it is that of the whole."""
    detector = built("presidio", {"entities": [entity]})
    text = f"a number {EXAMPLES[entity]} then, and {EXAMPLES[entity]}"
    whole = spans(fed(detector, text).findings)
    assert any(name == entity for _, _, name, _ in whole)
    assert whole == analyzed(text, (entity,))
    feed = Feed(detector)
    for char in text:
        feed.feed(char)
        assert spans(feed.findings) == [each for each in whole if each[1] <= feed.watermark]
    feed.feed("", final=True)
    assert spans(feed.findings) == whole


def test_the_languages_of_a_policy_each_have_their_words() -> None:
    """A word of any of the languages raises a score, and what is a stop word in one may count in another."""
    entities = ["CREDIT_CARD", "PHONE_NUMBER"]
    both = built("presidio", {"entities": entities, "languages": ["en", "es"]})
    english = built("presidio", {"entities": entities})
    for text, language in (("tarjeta 030 901820", "es"), ("call 030 901820", "es"), ("the phone 030 901820", "en")):
        each = (analyzed(text, entities, code) for code in ("en", "es"))
        best = [max(pair) for pair in zip(*each, strict=True)]
        assert spans(fed(both, text).findings) == best
        assert best == analyzed(text, entities, language)
        assert spans(fed(english, text).findings) == analyzed(text, entities)


@pytest.mark.parametrize("joint", [",", "=", "/", "x", "。"])
def test_a_piece_without_end_gives_the_same_at_every_cut(joint: str) -> None:
    """Text without white space has no words of a language: its letters and digits are taken, and nothing waits."""
    detector = built("presidio", {"entities": ["US_SSN", "IP_ADDRESS"]})
    text = joint.join(["ssn" + joint + "219-09-9999"] + ["stone", "river", "mill"] * 3) * 12 + " 219-09-9999 end"
    whole = spans(fed(detector, text).findings)
    rng = random.Random(2)
    for _ in range(12):
        assert spans(fed(detector, text, rng.sample(range(len(text)), 4), end_apart=True).findings) == whole
    assert spans(fed_in_deltas(detector, text, 7).findings) == whole


def test_no_look_goes_further_than_its_bound() -> None:
    """A word counts up to the bound and not past it, in whatever stands between."""
    words = (lowered(["SSN"]),)
    for gap, is_near in ((BEFORE_CHARS - 30, True), (BEFORE_CHARS + 5, False)):
        text = "an ssn" + " " * gap + "219-09-9999"
        at = len(text) - 11
        assert Surroundings(text, [ENGLISH], is_start=True, final=True).is_raised(at, len(text), words) is is_near
    open_piece = Surroundings("219-09-9999,", [ENGLISH], is_start=True, final=False)
    assert open_piece.is_raised(0, 11, words) is None
    long_piece = Surroundings("219-09-9999," + "x" * MAX_PIECE_CHARS, [ENGLISH], is_start=True, final=False)
    assert long_piece.is_raised(0, 11, words) is False
    signs = Surroundings("(219-09-9999) " + "of " * AFTER_CHARS, [ENGLISH], is_start=True, final=False)
    assert signs.is_raised(0, 12, words) is False


def test_a_context_word_is_looked_for_in_each_word_alone() -> None:
    """Not across two of them, whatever sign it holds; and the answer does not hang on what was asked before."""
    around = Surroundings("tax river a\0b 219-09-9999", [ENGLISH], is_start=True, final=True)
    asked = {"river": True, "x\0r": False, "rivera": False, "a\0b": True, "stone": False}
    for _ in range(2):
        assert {word: around.is_raised(14, 25, (lowered([word]),)) for word in asked} == asked


def test_a_raised_score_is_presidios() -> None:
    """0.35 more, at least 0.4, at most 1."""
    assert [raised(score) for score in (0.01, 0.05, 0.5, 0.85)] == [0.4, 0.4, 0.85, 1.0]
    assert lowered(["Tax", "tax", "", "ID"]) == ("tax", "id")
    assert lowered(None) == ()


@pytest.mark.parametrize("unit", ["219-09-9999 ", "ssn 219-09-9999 ", "219-09-9999,", "ssn ( . ; :: 219-09-9999 "])
def test_the_cost_is_linear(unit: str) -> None:
    """Sixteen times the text takes no more than a small multiple of sixteen times the time."""
    detector = built("presidio", {"entities": ["US_SSN"]})

    def cost(times: int) -> float:
        text, best = unit * times, float("inf")
        for _ in range(3):
            began = time.process_time()
            detector.scan(Window(ChannelKind.TEXT, "", text, 0, final=True))
            best = min(best, time.process_time() - began)
        return best

    assert cost(1600) < 16 * 4 * max(cost(100), 1e-3)
