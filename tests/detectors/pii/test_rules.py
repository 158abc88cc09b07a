"""Patterns without bound: where a match is cut, and that cuts of the text do not matter."""

from __future__ import annotations

import random
from itertools import chain

import pytest
import regex

from detectors.pii.rules import LOOK_BEHIND_CHARS, MAX_SPAN, Judged, Stretches, _stretch_of, without_contained
from tests.support.detectors import built, fed, fed_in_deltas, spans

EMAIL = built("presidio", {"entities": ["EMAIL_ADDRESS"]})
UNBOUNDED = built(
    "presidio", {"entities": ["EMAIL_ADDRESS", "IP_ADDRESS", "DATE_TIME", "US_CLAIM_NUMBER", "IN_PAN"]}
)


@pytest.mark.parametrize(("local_chars", "end"), [(1, 16), (308, 323), (309, 323), (319, None), (2000, None)])
def test_a_match_reaches_as_far_as_an_address_can(local_chars: int, end: int | None) -> None:
    """320 characters are an address, a longer one is cut there, and one without a domain by then is none."""
    text = "to " + "a" * local_chars + "@example.com now"
    expected = [(3, end)] if end else []
    assert [(f.start, f.end) for f in fed(EMAIL, text).findings] == expected
    assert [(f.start, f.end) for f in fed_in_deltas(EMAIL, text, 1).findings] == expected


def test_a_match_that_goes_on_is_cut_at_the_limit() -> None:
    """A domain that never ends is found as far as a match may reach, however the text comes."""
    text = "a@example.com" + ".com" * 500 + " b@example.org"
    whole = spans(fed(EMAIL, text).findings)
    assert whole[0][:2] == (0, MAX_SPAN)
    assert whole[-1][:2] == (len(text) - len("b@example.org"), len(text))
    assert spans(fed_in_deltas(EMAIL, text, 3).findings) == whole


@pytest.mark.parametrize("spaces", [1, LOOK_BEHIND_CHARS - 20, LOOK_BEHIND_CHARS + 20])
def test_a_look_behind_has_a_bound(spaces: int) -> None:
    """A label counts as long as it is near; a window's context reaches as far."""
    detector = built("presidio", {"entities": ["US_CLAIM_NUMBER"]})
    text = "the claim" + " " * spaces + "1234567 is"
    whole = spans(fed(detector, text).findings)
    assert bool(whole) is (spaces < LOOK_BEHIND_CHARS)
    assert spans(fed_in_deltas(detector, text, 1).findings) == whole


def test_long_runs_are_judged_alike_for_every_cut() -> None:
    """Runs at and over every limit give the same findings whole and in pieces, and never hold over the maximum."""
    rng = random.Random(7)
    parts = [
        "a" * 316 + "@x.co", "a.b-" * 120 + "@" + "c.d-" * 20 + "z!", "a@b.co" + "-" * 400 + "x ",
        "word-" * 90 + " ",
        "a/" * 200 + "@example.com ", "claim" + " " * 256 + "CLM-123456 ", "fe80::1%" + "e" * 400 + " ",
        "2024-01-01T10:00:00." + "1" * 400 + "Z ", "12 34 56 " * 60, "AAAPA 1234 ",
        "x" * 10 + " " * 60 + "2024 ",
    ]  # fmt: skip
    for _ in range(12):
        text = "".join(chain.from_iterable(rng.choices(parts, k=2)))
        whole = spans(fed(UNBOUNDED, text).findings)
        cuts = rng.sample(range(len(text)), 8)
        assert spans(fed(UNBOUNDED, text, cuts, end_apart=True).findings) == whole
        assert spans(fed_in_deltas(UNBOUNDED, text, 13).findings) == whole


def test_what_lies_in_a_surer_finding_is_dropped_as_presidio_does() -> None:
    """Equal spans, contained ones and overlapping ones."""
    kept = without_contained(
        [Judged(0, 9, 0.5), Judged(0, 9, 0.1), Judged(2, 5, 0.5), Judged(2, 6, 0.9), Judged(8, 12, 0.1)]
    )
    assert kept == [Judged(0, 9, 0.5), Judged(2, 6, 0.9), Judged(8, 12, 0.1)]


@pytest.mark.parametrize("signs", ["0123:\u0661xs\u017f", "0123:xsS"])
@pytest.mark.parametrize("gap", [16, 32])
def test_stretches_are_what_required_characters_join(gap: int, signs: str) -> None:
    """Those of a class, which are found another way, of alternatives and of ignored case; and in texts of ASCII."""
    rng = random.Random(gap)
    for one, flags in ((r"[\d]", 0), ("[1-3:]", 0), (r"(?a:\d)|[x]", 0), ("[s]", regex.IGNORECASE)):
        found = _stretch_of(one, flags, gap)
        hit = regex.compile(one, flags)
        for _ in range(60):
            text = "".join(rng.choice(signs if rng.random() < 0.1 else "ab -\n") for _ in range(150))
            joined: list[list[int]] = []
            for place in (match.start() for match in hit.finditer(text)):
                if joined and place - joined[-1][1] <= gap:
                    joined[-1][1] = place + 1
                else:
                    joined.append([place, place + 1])
            assert [list(match.span()) for match in found.finditer(text)] == joined


def test_rules_that_ask_alike_share_their_stretches() -> None:
    """Looked up once for a text, whatever the rule."""
    engine = built("presidio", {"entities": ["PL_PESEL", "UK_NHS", "AU_ABN"]}).engine  # type: ignore[attr-defined]
    patterns = {id(rule.stretch): rule.stretch for rule in engine.rules}
    assert len(patterns) < len(engine.rules)
    stretches = Stretches("no. 943 476 5919 of 12", 4)
    for pattern in patterns.values():
        assert stretches.of(pattern) is stretches.of(pattern)
