"""A set holds only texts whose label is clear, and windows cover a text without a gap."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.training import sets
from detectors.toxicity.training.example import Example, known
from proxy.guard.sentences import SEGMENT_RAMP_CHARS, Splitter


def test_texts_on_which_raters_disagree_are_not_counted() -> None:
    examples = [Example(f"text {degree}", "made", known(insult=degree)) for degree in (0.0, 0.15, 0.35, 0.5, 1.0)]
    examples.append(Example("unknown", "made", known(threat=1.0)))
    found = sets.decided(examples, "insult", "insults")
    assert found.texts == ("text 0.0", "text 0.15", "text 0.5", "text 1.0")
    assert found.positive.tolist() == [False, False, True, True]


@given(st.text("ab .!?\n", max_size=600))
def test_windows_follow_each_other_to_the_end_and_are_bounded(text: str) -> None:
    found = sets.windows(text)
    assert "".join(text[start:end] for start, end in found) == text
    assert all(0 < end - start <= max(sets.RAMP) for start, end in found)


@given(st.text("ab .!?\u2026\u3002)\n", max_size=600), st.sampled_from([sets.RAMP, sets.WHOLE]))
def test_windows_are_those_of_the_guard(text: str, ramp: tuple[int, ...]) -> None:
    splitter, ends = Splitter(ramp), [0]
    while ends[-1] < len(text):
        boundary = splitter.next_boundary(text, 0)
        ends.append(len(text) if boundary is None else boundary)
    assert sets.windows(text, ramp) == list(pairwise(ends))
    assert sets.RAMP == SEGMENT_RAMP_CHARS


def test_the_sentence_before_is_shown_to_compare() -> None:
    found = sets.shown_after_sentence("One is here. Two is there. Three.")
    assert found == ["One is here.", "One is here. Two is there.", "Two is there. Three."]


@given(st.lists(st.sampled_from(["tides", "come", "in.", "And", "go!", "\n"]), max_size=80).map(" ".join))
def test_every_word_is_shown(text: str) -> None:
    together = " ".join(sets.shown(text))
    assert all(word in together for word in text.split())


def test_a_window_is_harmful_where_its_mark_is() -> None:
    text = "A civil sentence. What a silly thing! And a civil end."
    start = text.index("silly")
    found = sets.spans_windows([Example(text, "toxic-spans", known(), spans=((start, start + 5),))])
    assert found.texts == ("A civil sentence. ", "What a silly thing! ", "And a civil end.")
    assert found.positive.tolist() == [False, True, False]


def test_there_is_a_set_for_each_source_and_rude_tweets_are_in_none() -> None:
    examples = [
        Example("rude", "davidson-hate-offensive", known(toxicity=0.9), group="1"),
        Example("hateful", "davidson-hate-offensive", known(toxicity=0.9), group="0"),
        Example("chosen", "hh-rlhf", known(), group="chosen"),
        Example("rejected", "hh-rlhf", known(), group="rejected"),
    ]
    found = {chosen.name: chosen for chosen in sets.development_sets(examples)}
    assert len(found) == 10
    assert found["davidson, hate or neither"].texts == ("hateful",)
    assert found["hh-rlhf, rejected or chosen"].positive.tolist() == [False, True]


def test_paragraphs_of_the_reference_are_prose_and_there_once() -> None:
    paragraphs = sets.reference_paragraphs()
    assert len(set(paragraphs)) == len(paragraphs) == sets.REFERENCE_TEXTS
    assert min(map(len, paragraphs)) >= sets.FEWEST_CHARS


def test_prompts_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "vectors/piguard-notinject"
    folder.mkdir(parents=True)
    for name in ("wildguard.json", "NotInject_one.json", "NotInject_two.json", "NotInject_three.json"):
        (folder / name).write_text(json.dumps([{"prompt": name}]))
    assert len(sets.benign_prompts(tmp_path)) == 4
