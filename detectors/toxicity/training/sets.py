"""The texts that the report measures on, chosen from the development side: by label, by source, by slice.

No text here was trained on. Half of them fit calibration and thresholds; the figures come from the other half.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

from detectors.sentence_ends import SENTENCE_END, sentence_start
from detectors.toxicity.card import LABELS
from detectors.toxicity.inputs import CONTEXT_CHARS, pieces_of
from detectors.toxicity.training.example import Example, share
from detectors.toxicity.training.metrics import Bools

POSITIVE = 0.5
"""From this degree on a text has the label: half of its raters, or the source's own word."""
NEGATIVE = 0.15
"""Up to this degree it has not. Between them raters disagree, and the text is not counted."""

REFERENCE_TEXTS = 1500
FEWEST_CHARS = 40
"""Shorter paragraphs are headings and lines of code."""

RAMP = (32, 64, 128, 160)
"""Characters of the first windows of a text, and of all that follow."""
WHOLE = (160,)
"""No shorter first windows, to see what those cost."""
_SPACE = re.compile(r"\s(?=\S*\Z)")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts for which one label is decided."""

    name: str
    label: str
    texts: tuple[str, ...]
    positive: Bools


def is_for_fitting(example: Example) -> bool:
    """Whether a development text fits the calibration; the others are reported."""
    return share(example.text, "half") < 0.5  # noqa: PLR2004


def decided(examples: Iterable[Example], label: str, name: str) -> Labelled:
    """Return the texts whose label is clearly there or clearly not."""
    place = LABELS.index(label)
    chosen = [
        (example.text, degree >= POSITIVE)
        for example in examples
        if (degree := example.known[place]) is not None and (degree >= POSITIVE or degree <= NEGATIVE)
    ]
    return Labelled(name, label, tuple(text for text, _ in chosen), np.array([is_so for _, is_so in chosen], bool))


def spans_windows(examples: Sequence[Example]) -> Labelled:
    """Return windows of marked posts: those that hold a marked word, and those that hold none."""
    texts: list[str] = []
    positive: list[bool] = []
    for example in examples:
        if example.source != "toxic-spans" or not example.spans:
            continue
        for start, end in windows(example.text):
            inside = [span for span in example.spans if start <= span[0] and span[1] <= end]
            if inside or not any(span[0] < end and start < span[1] for span in example.spans):
                texts.append(example.text[start:end])
                positive.append(bool(inside))
    return Labelled("toxic-spans, windows", "toxicity", tuple(texts), np.array(positive, bool))


def development_sets(examples: Sequence[Example]) -> list[Labelled]:
    """Return one set a source, with the label that its raters judged."""
    by_source: dict[str, list[Example]] = {}
    for example in examples:
        by_source.setdefault(example.source, []).append(example)
    tweets = [example for example in by_source.get("davidson-hate-offensive", ()) if example.group != "1"]
    answers = [
        Example(example.text, example.source, tuple(1.0 if example.group == "rejected" else 0.0 for _ in LABELS))
        for example in by_source.get("hh-rlhf", ())
    ]
    return [
        spans_windows(by_source.get("toxic-spans", [])),
        decided(by_source.get("edos-sexism", ()), "identity_attack", "edos-sexism, sexist or not"),
        decided(by_source.get("surge-toxicity", ()), "toxicity", "surge-toxicity"),
        decided(by_source.get("diasafety", ()), "toxicity", "diasafety, unsafe or safe reply"),
        decided(by_source.get("wikipedia-context-toxicity", ()), "toxicity", "wikipedia-context-toxicity"),
        decided(tweets, "toxicity", "davidson, hate or neither"),
        decided(by_source.get("toxigen-seeds", ()), "identity_attack", "toxigen-seeds, hate or neutral"),
        decided(by_source.get("unintended-bias", ()), "toxicity", "unintended-bias, comments"),
        decided(by_source.get("madlibs", ()), "toxicity", "unintended-bias, templates"),
        decided(answers, "toxicity", "hh-rlhf, rejected or chosen"),
    ]


def windows(text: str, ramp: Sequence[int] = RAMP) -> list[tuple[int, int]]:
    """Return where the guard's windows of a text begin and end, as a test compares.

    At the ends of sentences, or at a ramp of sizes where those are far.
    """
    found: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        limit = ramp[min(len(found), len(ramp) - 1)]
        sentence = SENTENCE_END.search(text, start, start + limit)
        if sentence is not None:
            end = sentence.end()
        elif len(text) - start < limit:
            end = len(text)
        else:
            half = start + limit // 2
            space = _SPACE.search(text[half : start + limit])
            end = half + space.end() if space is not None else start + limit
        found.append((start, end))
        start = end
    return found


def shown(text: str, ramp: Sequence[int] = RAMP) -> list[str]:
    """Return what a model is shown of a text that streams: of each window its parts, after the sentence so far."""
    return [
        piece.shown
        for start, end in windows(text, ramp)
        for piece in pieces_of(text[max(0, start - CONTEXT_CHARS) : start], text[start:end])
    ]


def shown_after_sentence(text: str) -> list[str]:
    """Return windows after the sentence before their own as well: what the guard does not show, to compare."""
    found = []
    for start, end in windows(text):
        own = sentence_start(text[:start])
        before = sentence_start(text[: max(0, own - 1)]) if own else 0
        found.append(text[max(before, start - 2 * CONTEXT_CHARS) : end].strip())
    return [one for one in found if one]


def reference_paragraphs() -> list[str]:
    """Return paragraphs of Python's language reference as it is installed: technical prose, not trained on."""
    paragraphs = [" ".join(part.split()) for topic in sorted(topics) for part in topics[topic].split("\n\n")]
    return [text for text in dict.fromkeys(paragraphs) if len(text) >= FEWEST_CHARS][:REFERENCE_TEXTS]


def benign_prompts(root: Path) -> list[str]:
    """Return the harmless prompts with words that trigger filters, which are not trained on."""
    folder = root / "vectors/piguard-notinject"
    names = ("wildguard.json", "NotInject_one.json", "NotInject_two.json", "NotInject_three.json")
    return [row["prompt"] for name in names for row in json.loads((folder / name).read_text(encoding="utf-8"))]
