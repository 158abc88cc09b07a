"""Texts made from templates, harmful and civil ones beside each other: the same words, used for different things.

The report's own probe sentences are other ones (`probes`): what is trained here is not measured there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from detectors.toxicity.card import LABELS
from detectors.toxicity.training import sentences
from detectors.toxicity.training import vocabulary as words
from detectors.toxicity.training.example import CIVIL, Example, Known, civil_but

DRESSED_SHARE = 0.5
MARKED_OBSCENE = 0.66
MARKED_OFTEN = 8

_SLOT = re.compile(r"\{(\w+)(?::([^{}]*))?\}")

_LISTS = {
    "name": words.NAMES,
    "relation": words.RELATIONS,
    "job": words.JOBS,
    "place": words.PLACES,
    "topic": words.TOPICS,
    "thing": words.THINGS,
    "insult": words.INSULTS,
    "scorn": words.SCORNS,
    "vile": words.VILE,
    "harm": words.HARMS,
}


def fill(template: str, random: Random, profane: Sequence[str] = ()) -> tuple[str, str]:
    """Return a template with its slots filled, and the family of the identity in it, if any.

    `{name}` takes from a list, `{one:a|b}` one of those, `{people}` and `{identity}` one identity for the text.
    """
    identity = random.choice(words.IDENTITIES)

    def filled(slot: re.Match[str]) -> str:
        kind, options = slot[1], slot[2]
        if kind == "people":
            return identity.people
        if kind == "identity":
            return identity.adjective
        if kind == "profane":
            return random.choice(profane)
        return random.choice(str(options).split("|") if kind == "one" else _LISTS[kind])

    text = _SLOT.sub(filled, _SLOT.sub(filled, template))  # twice: a choice may hold a slot
    has_identity = "{people}" in template or "{identity}" in template
    text = re.sub(r"\b([Aa]) (?=[aeiouAEIO])", r"\1n ", text)
    return text[0].upper() + text[1:], identity.family if has_identity else ""


_OPENERS = (
    "",
    "",
    "",
    "",
    "",
    "Honestly, ",
    "Look, ",
    "Well, ",
    "So ",
    "And ",
    "I said it before: ",
    "Listen, ",
    "lol ",
)
_CLOSERS = (
    "",
    "",
    "",
    "",
    "",
    ".",
    ".",
    "!",
    "!!",
    " and everyone knows it.",
    ", end of story.",
    " I mean it.",
    " lol",
    "...",
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Templates that share a source name and labels, and how many texts to make of them."""

    source: str
    templates: tuple[str, ...]
    known: Known
    count: int


def make(batch: Batch, random: Random, profane: Sequence[str] = ()) -> list[Example]:
    """Return a batch's texts, half of them in varied dress."""
    examples = []
    for number in range(batch.count):
        text, family = fill(batch.templates[number % len(batch.templates)], random, profane)
        if random.random() < DRESSED_SHARE:
            text = dressed(text, random)
        examples.append(Example(text, batch.source, batch.known, weight=0.7, group=family))
    return examples


def dressed(text: str, random: Random) -> str:
    """Return the text as somebody else might have typed it: another start, end or case."""
    opener = random.choice(_OPENERS)
    if opener:
        text = opener + (text if text.startswith(("I ", "I'")) else text[0].lower() + text[1:])
    closer = random.choice(_CLOSERS)
    if closer:
        text = text.rstrip(".!") + closer
    pick = random.random()
    if pick < 0.25:  # noqa: PLR2004
        return text.lower()
    return text.upper() if pick < 0.3 else text  # noqa: PLR2004


BATCHES = (
    Batch(
        "made-hate",
        sentences.HATE,
        civil_but(toxicity=0.96, severe_toxicity=0.2, identity_attack=0.97, insult=0.5),
        3000,
    ),
    Batch(
        "made-hate-threats",
        sentences.HATE_THREATS,
        civil_but(toxicity=0.98, severe_toxicity=0.6, identity_attack=0.9, threat=0.9),
        500,
    ),
    Batch("made-insults", sentences.INSULT, civil_but(toxicity=0.95, severe_toxicity=0.1, insult=0.95), 2400),
    Batch("made-threats", sentences.THREAT, civil_but(toxicity=0.97, severe_toxicity=0.35, threat=0.96), 2200),
    Batch("made-sexual", sentences.SEXUAL, civil_but(toxicity=0.55, obscene=0.6, sexual_explicit=0.96), 1700),
    Batch("made-profane", sentences.PROFANE, civil_but(toxicity=0.25, obscene=0.75), 500),
    Batch("made-identity", sentences.IDENTITY_CIVIL, CIVIL, 5200),
    Batch("made-counter", sentences.COUNTER, CIVIL, 5200),
    Batch("made-no-insult", sentences.INSULT_CIVIL, CIVIL, 2200),
    Batch("made-no-threat", sentences.THREAT_CIVIL, CIVIL, 1800),
    Batch("made-health", sentences.SEXUAL_CIVIL, CIVIL, 700),
)


def made(random: Random, profane: Sequence[str]) -> list[Example]:
    """Return every text that is made from templates. `profane` are the rude words that the data marks."""
    return [example for batch in BATCHES for example in make(batch, random, profane)]


def profane_words(examples: Sequence[Example]) -> list[str]:
    """Return the single words that raters marked in posts they found obscene, the common ones."""
    obscene = LABELS.index("obscene")
    words_marked: Counter[str] = Counter()
    for example in examples:
        if example.spans and (example.known[obscene] or 0.0) >= MARKED_OBSCENE:
            marked = (example.text[start:end].lower() for start, end in example.spans)
            words_marked.update(word for word in marked if word.isalpha())
    return sorted(word for word, count in words_marked.items() if count >= MARKED_OFTEN)
