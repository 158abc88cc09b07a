"""From the folder of data to the texts that are trained on and those that are measured on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from detectors.toxicity.card import DataCount
from detectors.toxicity.training.augment import augmented
from detectors.toxicity.training.example import Example, is_development, once, share
from detectors.toxicity.training.registers import civil
from detectors.toxicity.training.sources import LICENCES, read_all
from detectors.toxicity.training.templates import made, profane_words

SEED = 20_26
MADE_LICENCE = "made here, Apache-2.0"
PYTHON_LICENCE = "PSF-2.0"

KEPT_SHARE = {
    "wikipedia-context-toxicity": 0.42,
    "davidson-hate-offensive": 0.6,
    "edos-sexism": 0.8,
    "diasafety": 0.8,
    "hh-rlhf": 0.7,
    "madlibs": 0.45,
    "python-library": 0.45,
    "unintended-bias": 0.9,
    "made-assistant": 0.6,
    "made-identity": 0.7,
    "made-counter": 0.8,
    "made-no-insult": 0.8,
}
"""Of sources that say the same thing often, so that a short training hears the others too."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is trained on and what is measured on; no text is in both."""

    train: tuple[Example, ...]
    development: tuple[Example, ...]

    def counts(self) -> tuple[DataCount, ...]:
        """Return the number of texts by source, what was made of them included."""
        train = Counter(example.source for example in self.train)
        development = Counter(example.source for example in self.development)
        return tuple(
            DataCount(source=source, licence=_licence(source), train=count, development=development[source])
            for source, count in sorted(train.items())
        )


def _licence(source: str) -> str:
    if source == "python-library":
        return PYTHON_LICENCE
    return LICENCES.get(source, MADE_LICENCE)


def build(root: Path, *, seed: int = SEED, limit: int | None = None) -> Corpus:
    """Read, split, augment. `limit` keeps so many texts of each side, for a trial."""
    random = Random(seed)  # noqa: S311 - chance that must come out the same again, not a secret
    read = once(read_all(root))
    train = [example for example in read if not is_development(example.text)]
    development = [example for example in read if is_development(example.text)]
    templated = once(made(random, profane_words(train)) + civil(random))
    development += [example for example in templated if is_development(example.text)]
    train += [example for example in templated if not is_development(example.text)]
    measured = {example.text for example in development}
    grown = [example for example in once(augmented(train, random)) if example.text not in measured]
    grown = [example for example in grown if share(example.text, "kept") < KEPT_SHARE.get(example.source, 1.0)]
    random.shuffle(grown)
    random.shuffle(development)
    return Corpus(tuple(_kept(grown, limit)), tuple(_kept(development, limit)))


def _kept(examples: Sequence[Example], limit: int | None) -> Sequence[Example]:
    return examples if limit is None else examples[:limit]
