"""More texts from those there are: windows cut out of them, identity terms exchanged, words written wrong.

A window keeps a label only where the source marked the words that earned it. Elsewhere it keeps what a part shares
with its whole for certain: that it is civil.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from detectors.toxicity.card import LABELS
from detectors.toxicity.training import noise
from detectors.toxicity.training.example import Example, known, retold
from detectors.toxicity.training.vocabulary import IDENTITIES

WINDOW_WORDS = (5, 40)
MIN_WORDS_TO_CUT = 9
WINDOWS_EACH = 2
"""Of a text whose toxic words are marked; of any other, one."""
NOISY_SHARE = 0.14
EXCHANGED_EACH = 2
CIVIL_DEGREE = 0.1
"""At or below it a label counts as civil: so is every part of the text."""

SURROUNDED_SHARE = 0.25
HARMFUL_DEGREE = 0.5
MIN_PROSE, MAX_PROSE = 20, 120
"""Characters of a sentence beside which a harmful one is put, or of the harmful one."""
_PROSE = frozenset({"wikipedia-context-toxicity", "made-assistant", "made-fiction", "made-news", "made-medical"})

_WORD = re.compile(r"\S+")
_TOXICITY = LABELS.index("toxicity")


def window(example: Example, random: Random) -> Example | None:
    """Return a run of 5 to 40 words of a text, or None where too little is left or known of it."""
    words = list(_WORD.finditer(example.text))
    if len(words) < MIN_WORDS_TO_CUT:
        return None
    length = min(random.randint(*WINDOW_WORDS), len(words) - 1)
    first = random.randrange(len(words) - length + 1)
    start, end = words[first].start(), words[first + length - 1].end()
    text = example.text[start:end]
    if example.spans is None:
        degrees = [None if degree is None or degree > CIVIL_DEGREE else degree for degree in example.known]
        return retold(example, text, known=tuple(degrees)) if degrees[_TOXICITY] is not None else None
    if not example.spans:
        return None
    inside = [span for span in example.spans if start <= span[0] and span[1] <= end]
    if inside:
        return replace(retold(example, text), weight=0.8 * example.weight)
    if any(span[0] < end and start < span[1] for span in example.spans):
        return None
    # Raters saw the whole text: what they did not mark is mostly civil, and not for certain.
    quiet = known(toxicity=0.12, obscene=0.03, threat=0.04, insult=0.06, identity_attack=0.08)
    return replace(retold(example, text, known=quiet), weight=0.6 * example.weight)


_ADJECTIVES = {identity.adjective.lower(): identity for identity in IDENTITIES}
_PEOPLE = {identity.people.lower(): identity for identity in IDENTITIES}
_TERM = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, {**_ADJECTIVES, **_PEOPLE}), key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)
_SAFE_FAMILIES = frozenset({"religion", "origin", "orientation", "disability"})
"""Families whose terms mean nothing else: `white` and `straight` often do, so they are not put in."""


def exchanged(example: Example, random: Random) -> Example | None:
    """Return the text about another group, or None where it names none: the label must not hang on which one."""
    found = _TERM.search(example.text)
    if found is None:
        return None
    term = found.group().lower()
    old = _ADJECTIVES.get(term) or _PEOPLE[term]
    new = random.choice([identity for identity in IDENTITIES if identity.family in _SAFE_FAMILIES])

    def swap(match: re.Match[str]) -> str:
        here = match.group().lower()
        if here == old.adjective.lower():
            return new.adjective
        return new.people if here == old.people.lower() else match.group()

    return replace(retold(example, _TERM.sub(swap, example.text)), weight=0.7 * example.weight)


def embedded(example: Example, before: str, after: str) -> Example:
    """Return the text with a civil sentence on one or both sides: what is near it does not undo harm."""
    return retold(example, " ".join(part for part in (before, example.text, after) if part))


def surrounded(examples: Sequence[Example], random: Random) -> list[Example]:
    """Return short harmful texts among civil sentences."""
    civil = [
        example.text
        for example in examples
        if example.source in _PROSE and not any(example.known) and MIN_PROSE <= len(example.text) <= MAX_PROSE
    ]
    harmful = [
        example
        for example in examples
        if (example.known[_TOXICITY] or 0.0) >= HARMFUL_DEGREE and len(example.text) <= MAX_PROSE
    ]
    more = []
    for example in harmful if civil else []:
        if random.random() < SURROUNDED_SHARE:
            before, after = random.choice(civil), random.choice(civil)
            side = random.randrange(3)
            more.append(embedded(example, before if side != 1 else "", after if side != 0 else ""))
    return more


def misspelt(example: Example, random: Random) -> Example:
    """Return the text in one of the disguises, with the labels it had."""
    return retold(example, noise.noisy(example.text, random.choice(list(noise.FAMILIES)), random))


def augmented(examples: Sequence[Example], random: Random) -> list[Example]:
    """Return the examples and what is made of them."""
    more: list[Example] = []
    for example in examples:
        more.append(example)
        windows = 1 if example.spans is None else WINDOWS_EACH
        more += [cut for _ in range(windows) if (cut := window(example, random)) is not None]
        if example.source in {"toxigen-seeds", "edos-sexism"} or random.random() < 0.5:  # noqa: PLR2004
            times = EXCHANGED_EACH if example.source == "toxigen-seeds" else 1
            more += [other for _ in range(times) if (other := exchanged(example, random)) is not None]
    more += surrounded(examples, random)
    return more + [misspelt(example, random) for example in more if random.random() < NOISY_SHARE]
