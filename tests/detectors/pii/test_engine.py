"""The engine: chains of overlapping matches, what is shared, and how far back may be held."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from detectors.pii.catalogue import Added
from detectors.pii.engine import OVERLAP_CHARS, _Found, build_detector, make_engine
from detectors.pii.phone import MAX_SPAN as MAX_PHONE_SPAN
from detectors.pii.phone import PhoneScanner
from detectors.pii.rules import MAX_SPAN, Rule
from detectors.pii.tokenizer import tokenizer
from detectors.turns import finished, scanned
from detectors.types import ChannelKind, ScanResult, Window
from policies.types import Limits
from tests.support.detectors import built, fed, fed_in_deltas, spans
from tests.support.prose import prose

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

NUMBERS = ["US_BANK_NUMBER", "US_SSN", "CREDIT_CARD", "US_DRIVER_LICENSE", "UK_NHS", "AU_ABN", "IT_VAT_CODE"]


def test_overlapping_matches_are_judged_alike_for_every_cut() -> None:
    """A match draws the watermark back to its start, even one that its validator refuses."""
    detector = built("presidio", {"entities": NUMBERS})
    rng = random.Random(11)
    for _ in range(40):
        text = "".join(rng.choice("0123456789 -") for _ in range(120))
        whole = spans(fed(detector, text).findings)
        assert spans(fed(detector, text, rng.sample(range(120), 5), end_apart=True).findings) == whole
        assert spans(fed_in_deltas(detector, text, 3).findings) == whole


def test_a_chain_that_never_ends_is_let_go_and_not_lost() -> None:
    """Addresses joined without end hold no more than the limit, and one after them is found."""
    detector = built("presidio", {"entities": ["EMAIL_ADDRESS"]})
    text = "a" * 300 + "@example.com" + "/b" * 400 + " c@example.org"
    feed = fed_in_deltas(detector, text, 4)
    assert max(feed.held_chars) <= MAX_SPAN + OVERLAP_CHARS
    assert spans(feed.findings) == spans(fed(detector, text).findings)
    assert [f.start for f in feed.findings] == [0, text.index("c@")]


def test_what_may_be_held_is_within_what_a_policy_lets_be_held() -> None:
    """The default entities, and those with the widest patterns."""
    assert built("presidio").max_span == MAX_PHONE_SPAN + OVERLAP_CHARS
    assert built("presidio", {"entities": ["URL", "PHONE_NUMBER"]}).max_span <= Limits().max_hold_chars


def test_the_same_parameters_share_one_engine() -> None:
    """Recognizers and automata are made once in a process."""
    assert make_engine(("US_SSN",), "en", ("US",)) is make_engine(("US_SSN",), "en", ("US",))
    assert build_detector("a", ("US_SSN",), "en", ("US",)).categories == ("US_SSN",)


def test_work_grows_with_the_text_and_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of a megabyte, in deltas: what is shown, and how many matches are looked at, counted."""
    counted: Counter[str] = Counter()
    monkeypatch.setattr(Rule, "matches", counting(Rule.matches, "matches", counted))
    monkeypatch.setattr(PhoneScanner, "_group", counting(PhoneScanner._group, "groups", counted))
    detector = built("presidio")
    page = prose(2_900) + " write to jane.roe@example.com or call 212-555-0123, card 4111 1111 1111 1111. "
    work = []
    for pages in (34, 340):
        counted.clear()
        feed = fed_in_deltas(detector, page * pages, 1_000)
        assert len(feed.findings) == 3 * pages
        work.append((feed.scanned_chars, counted["matches"], counted["groups"]))
    small, large = work
    assert len(page) * 340 > 1_000_000
    assert large[0] < 1.2 * len(page) * 340
    assert all(more <= 10.1 * less for less, more in zip(small, large, strict=True))


def test_a_list_of_values_lets_others_have_their_turn() -> None:
    """The turns of a look grow with what is in it, and end with what `scan` says."""
    detector = built("presidio", {"countries": ["us", "de", "uk"], "refined": True})
    turns = []
    for count in (1, 40):
        window = Window(ChannelKind.TEXT, "", "2125550123 x12 " * count, 0, final=True)
        turns.append(sum(1 for _ in scanned(detector, window)))
        answer = finished(scanned(detector, window))
        assert answer == detector.scan(window)
        assert len(answer.findings) >= count
    assert turns[0] > 3
    assert turns[1] > 2 * turns[0]


def test_what_waits_for_a_number_is_not_looked_at() -> None:
    """A list that may all go on is held whole, and no rule is asked before it is known how it does."""
    detector = built("presidio", {"entities": ["PHONE_NUMBER", "US_BANK_NUMBER"]})
    window = Window(ChannelKind.TEXT, "", "2125550123 x", 0, final=False)
    assert detector.scan(window) == ScanResult([], 0)
    assert [f.category for f in detector.scan(window._replace(final=True)).findings]


def test_what_was_found_up_to_a_place_is_not_looked_for_again() -> None:
    """A search that goes on finds what one does that was never interrupted, and a rule is asked once."""
    detector = built("presidio", {"countries": ["us", "de", "uk", "in"], "refined": True})
    engine = detector.engine  # type: ignore[attr-defined]
    rng = random.Random(5)
    for _ in range(20):
        text = "".join(rng.choice(("2125550123 x12 ", "a@b.co, ", "AB123456C ", "rx 1234567 ")) for _ in range(30))
        window = Window(ChannelKind.TEXT, "", text, 0, final=True)
        seen = []
        for stops in ((), sorted(rng.sample(range(len(text)), 3))):
            found = _Found(engine, text, 0, window)
            found._likely = engine.prefilter.candidates(text)
            counts = []
            for stop in (*stops, len(text) + 1):
                finished(found._match(stop))
                counts.append(all(match.start < stop for match in found._matches))
            assert all(counts)
            seen.append(Counter((match.start, match.end, match.rule.source) for match in found._matches))
        assert seen[0] == seen[1]
        assert len(seen[0]) > 20


def counting(function: Callable[..., Any], name: str, counted: Counter[str]) -> Callable[..., Any]:
    """Count the calls of a method."""

    def counts(*args: Any, **named: Any) -> Any:
        counted[name] += 1
        return function(*args, **named)

    return counts


def test_the_rules_of_a_language_are_made_with_the_engine() -> None:
    """Not at the first finding, which is on the event loop; each language once."""
    engine = make_engine(("US_SSN",), "en", ("US",), Added(("de",)))
    assert engine.tokenizers == (tokenizer("en"), tokenizer("de"))


def test_empty_and_huge_texts() -> None:
    """Nothing in, nothing out; a large text in one piece is searched once."""
    detector = built("presidio")
    assert fed(detector, "").findings == []
    text = "so it goes on and on. " * 20_000 + "a@example.com"
    assert [f.end for f in fed(detector, text).findings] == [len(text)]
