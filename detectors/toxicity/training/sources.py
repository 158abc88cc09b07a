"""Readers of the published data: each turns one folder into examples with the labels that its raters gave.

Which label a source speaks about differs; the rest stays unknown. The licences are in `LICENCES` and in the card.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from detectors.toxicity.training.example import CIVIL, Example, known, share

LICENCES = {
    "toxic-spans": "CC0-1.0",
    "edos-sexism": "CC0-1.0",
    "surge-toxicity": "MIT",
    "diasafety": "Apache-2.0",
    "wikipedia-context-toxicity": "Apache-2.0, text CC-BY-SA-3.0",
    "davidson-hate-offensive": "MIT",
    "hh-rlhf": "MIT",
    "toxigen-seeds": "CDLA-Permissive-2.0",
    "unintended-bias": "CC-BY-4.0",
    "madlibs": "CC-BY-4.0",
}

MADLIBS_SHARE = 0.09
OFFENSIVE_TWEETS_SHARE = 0.35
MIN_CHARS = 3
_HANDLE = re.compile(r"@\w+:?|&#\d+;|&\w+;|https?://\S+|\bRT\b|\[(?:USER|URL)\]")


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _votes(row: dict[str, object], name: str) -> float:
    votes = row["type_votes"]
    annotators = row["annotators"]
    assert isinstance(votes, dict)  # noqa: S101 - the file's shape, checked by the reader's test
    assert isinstance(annotators, int)  # noqa: S101
    return min(1.0, float(votes.get(name, 0)) / max(annotators, 1))


def toxic_spans(root: Path) -> Iterator[Example]:
    """Civil Comments that raters found toxic, with votes by kind: a vote of a third is a degree, not a mistake."""
    with (root / "toxic-spans/aggregated.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            civil = min(1.0, row["not_toxic_votes"] / max(row["annotators"], 1))
            attack, insult = _votes(row, "Identity based Attack"), _votes(row, "Insult")
            yield Example(
                text=row["text"],
                source="toxic-spans",
                known=known(
                    toxicity=min(0.97, max(0.3, 1.0 - 0.8 * civil)),
                    obscene=_votes(row, "Profane/Obscene"),
                    threat=_votes(row, "Threat"),
                    insult=insult,
                    identity_attack=attack,
                ),
                spans=tuple((start, end) for start, end in row["majority_spans"]),
            )


_SEXIST = {
    "1": {"toxicity": 0.98, "severe_toxicity": 0.7, "threat": 0.8, "identity_attack": 0.9},
    "2": {"toxicity": 0.95, "identity_attack": 0.95},
    "3": {"toxicity": 0.75, "identity_attack": 0.75},
    "4": {"toxicity": 0.6, "identity_attack": 0.75},
}


def edos(root: Path) -> Iterator[Example]:
    """Reddit and Gab posts, sexist or not; what is not sexist may be toxic in other ways, so that stays unknown."""
    for row in _table(root / "edos-sexism/data/edos_labelled_aggregated.csv"):
        text = _HANDLE.sub("", row["text"]).strip()
        degrees = _SEXIST.get(row["label_category"][0], {"identity_attack": 0.08})
        yield Example(text=text, source="edos-sexism", known=known(**degrees), group="women")


def surge(root: Path) -> Iterator[Example]:
    """Social media posts, half of them toxic."""
    for row in _table(root / "surge-toxicity/toxicity_en.csv"):
        is_toxic = row["is_toxic"] == "Toxic"
        yield Example(text=row["text"], source="surge-toxicity", known=known(toxicity=0.97) if is_toxic else CIVIL)


_UNSAFE = {
    "Offending User": known(toxicity=0.95, insult=0.85),
    "Biased Opinion": known(toxicity=0.65, identity_attack=0.65),
    "Toxicity Agreement": known(toxicity=0.4),
}


def diasafety(root: Path) -> Iterator[Example]:
    """Replies of chat models; only the kinds of harm that a reply shows without its context."""
    for name in ("train", "val"):
        for row in json.loads((root / f"diasafety/{name}.json").read_text(encoding="utf-8")):
            if row["label"] == "Safe":
                yield Example(
                    row["response"], "diasafety", known(toxicity=0.03, insult=0.02), group=row["category"]
                )
            elif row["category"] in _UNSAFE:
                agreed = row["category"] == "Toxicity Agreement"
                yield Example(
                    row["response"],
                    "diasafety",
                    _UNSAFE[row["category"]],
                    weight=0.4 if agreed else 1.0,
                    group=row["category"],
                )


def wikipedia(root: Path) -> Iterator[Example]:
    """Talk page comments, one in a hundred toxic. The bought scores in the file are not used."""
    for name in ("gc", "gn"):
        for row in _table(root / f"wikipedia-context-toxicity/data/CAT_LARGE/{name}.csv"):
            is_toxic = row["label"] == "1"
            yield Example(row["text"], "wikipedia-context-toxicity", known(toxicity=0.85) if is_toxic else CIVIL)


def davidson(root: Path) -> Iterator[Example]:
    """Tweets. `offensive` says that a rude word is there, often in a dialect and without a target: not abuse."""
    for row in _table(root / "davidson-hate-offensive/labeled_data.csv"):
        text = _HANDLE.sub("", row["tweet"]).strip(" !:\"'")
        hateful = int(row["hate_speech"]) / int(row["count"])
        if row["class"] == "0":
            severe = 0.5 * hateful
            labels = known(toxicity=0.95, severe_toxicity=severe, identity_attack=0.5 + 0.45 * hateful)
        elif row["class"] == "1":
            if share(text, "offensive") > OFFENSIVE_TWEETS_SHARE:
                continue
            labels = known(toxicity=0.4 + 0.3 * hateful, obscene=0.8, identity_attack=0.5 * hateful)
        else:
            labels = CIVIL
        weight = 0.4 if row["class"] == "1" else 1.0
        yield Example(text, "davidson-hate-offensive", labels, weight=weight, group=row["class"])


_TURN = re.compile(r"\n\n(Human|Assistant): ")


def last_answer(dialogue: str) -> str:
    """Return what the assistant said last in a dialogue."""
    parts = _TURN.split(dialogue)
    return parts[-1].strip() if len(parts) > 1 and parts[-2] == "Assistant" else ""


def hh_rlhf(root: Path) -> Iterator[Example]:
    """Two answers to one question: the preferred one is civil, of the other little is known."""
    with gzip.open(root / "hh-rlhf/harmless-base/test.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            chosen, rejected = last_answer(row["chosen"]), last_answer(row["rejected"])
            yield Example(
                chosen, "hh-rlhf", known(toxicity=0.04, insult=0.02, threat=0.02), weight=0.7, group="chosen"
            )
            yield Example(rejected, "hh-rlhf", known(toxicity=0.18), weight=0.3, group="rejected")


def toxigen(root: Path) -> Iterator[Example]:
    """Statements about groups without rude words, hateful or neutral."""
    with (root / "toxigen-seeds/unique_seed_statements.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            is_hate = row["label"] == "hate"
            labels = known(toxicity=0.9, identity_attack=0.95, threat=0.02) if is_hate else CIVIL
            yield Example(row["text"], "toxigen-seeds", labels, weight=2.0, group=row["group"])


def unintended_bias(root: Path) -> Iterator[Example]:
    """Wikipedia comments, one in six toxic."""
    for row in _table(root / "unintended-bias/toxicity_nonfuzzed_testset.csv"):
        labels = known(toxicity=0.97) if row["toxic"] == "True" else CIVIL
        yield Example(row["comment"], "unintended-bias", labels, weight=1.5)


def madlibs(root: Path) -> Iterator[Example]:
    """Sentences made from templates over identity terms; a sample, since they say little each."""
    for row in _table(root / "unintended-bias/bias_madlibs_77k.csv"):
        if share(row["Text"], "madlibs") < MADLIBS_SHARE:
            labels = known(toxicity=0.95) if row["Label"] == "BAD" else CIVIL
            yield Example(row["Text"], "madlibs", labels, weight=0.5)


READERS: dict[str, Callable[[Path], Iterator[Example]]] = {
    "toxic-spans": toxic_spans,
    "edos-sexism": edos,
    "surge-toxicity": surge,
    "diasafety": diasafety,
    "wikipedia-context-toxicity": wikipedia,
    "davidson-hate-offensive": davidson,
    "hh-rlhf": hh_rlhf,
    "toxigen-seeds": toxigen,
    "unintended-bias": unintended_bias,
    "madlibs": madlibs,
}
"""A visible table: a source is read because it stands here."""


def read_all(root: Path) -> list[Example]:
    """Return every example of every source below the folder of training data."""
    return [
        example for reader in READERS.values() for example in reader(root) if len(example.text.strip()) >= MIN_CHARS
    ]
