"""The evaluation stage of the command: card and report of an exported model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from detectors.toxicity.card import Card
from detectors.toxicity.normalise import NORMALISER
from detectors.toxicity.training import evaluate, report, sets
from detectors.toxicity.training.baselines import CountedWords, published
from detectors.toxicity.training.build import Corpus
from detectors.toxicity.training.example import Example
from detectors.toxicity.training.exported import Exported, digest
from detectors.toxicity.training.metrics import Estimate, Floats

MAX_TOKENS = 128
VERSION = "2"
BASE = "sentence-transformers/all-MiniLM-L6-v2"
FILES = ("model.onnx", "tokenizer.json")

SEEN = (
    "alt-profanity-check says that it was trained on the tweets of the Davidson set and on the Wikipedia comments "
    "that unintended-bias is from, so that it may have seen these texts. Sets of fewer than 500 texts tell little."
)

_log = logging.getLogger(__name__)


def rivals(corpus: Corpus) -> dict[str, evaluate.Rival]:
    """Return the classifiers that the model is measured beside."""
    counted = {
        label: CountedWords(corpus.train, label, sets.POSITIVE, sets.NEGATIVE)
        for label in ("toxicity", "identity_attack")
    }

    def words(label: str, texts: Sequence[str]) -> Floats:
        return counted[label].scores(texts)

    def profanity(_label: str, texts: Sequence[str]) -> Floats:
        return published(texts)

    return {"alt-profanity-check": profanity, "TF-IDF + logistic regression": words}


def card_of(folder: Path, corpus: Corpus, seed: int) -> Card:
    """Return the card of the model in a folder."""
    exported = Exported(folder)
    labels = evaluate.fit_labels(lambda texts: exported.logits(texts, MAX_TOKENS), corpus.development)
    return Card(
        format=1,
        name="bundled",
        version=VERSION,
        base=BASE,
        base_licence="Apache-2.0",
        licence="Apache-2.0",
        seed=seed,
        max_tokens=MAX_TOKENS,
        normaliser=NORMALISER,
        labels=labels,
        data=corpus.counts(),
        files={name: digest(folder / name) for name in FILES},
    )


def quality(judge: evaluate.Judge, reported: Sequence[Example], corpus: Corpus) -> list[report.Section]:
    """Measure how well labels are told."""
    beside = evaluate.by_set(judge, reported, rivals(corpus))
    _log.info("measured the development sets")
    return [
        report.Section(
            "By label",
            "ECE is the calibration error over 15 bins. Few raters told severe_toxicity and sexual_explicit: "
            "the first leans on a teacher and on threats, the second on texts made from templates, so that their "
            "areas say less than those of the others.",
            evaluate.by_label(judge, reported),
        ),
        report.Section("Beside two others: ROC-AUC", f"{report.wins(beside)}\n{SEEN}", beside),
        report.Section("By group: identity_attack", "", evaluate.by_group(judge, reported)),
        report.Section("By length: toxicity", "", evaluate.by_length(judge, reported)),
    ]


def verdicts(judge: evaluate.Judge, reported: Sequence[Example], root: Path) -> list[report.Section]:
    """Measure what fires and what does not at the shipped thresholds."""
    mentions = evaluate.neutral_mentions(judge)
    rate = mentions[0].values["rewrite"]
    assert isinstance(rate, Estimate)  # noqa: S101 - what `neutral_mentions` returns
    return [
        report.Section(
            "False positives on civil text",
            "Share of texts in which any label reaches its threshold, read whole and, as the guard reads, in "
            "windows. `hh-rlhf` are the answers that people preferred to provoking questions; some of them are "
            "rude.",
            evaluate.false_positives(judge, reported, sets.benign_prompts(root)),
        ),
        report.Section(
            "Identity terms",
            f"Neutral sentences from templates that were not trained on: {rate.value:.2%} of {rate.n} fire; "
            f"the gap between the terms is {100 * report.gap(mentions):.1f} points.",
            mentions,
        ),
        report.Section(
            "By behaviour",
            "Verdicts at the rewrite threshold, on sentences that were not trained on.",
            evaluate.functions(judge),
        ),
    ]


def endurance(judge: evaluate.Judge, reported: Sequence[Example], seed: int) -> list[report.Section]:
    """Measure what disguises and windows do to the answers."""
    return [
        report.Section(
            "Disguises: toxicity",
            "Letters are undone before the tokenizer.",
            evaluate.robustness(judge, reported, seed),
        ),
        report.Section(
            "Windows against whole texts",
            "A text fires where one of its windows does, shown after the sentence so far as in the guard. `whole "
            "ones lost` are harmful texts that fire as a whole and in no window. The last two rows are what the "
            "guard does not do: see the decision on context.",
            evaluate.windowed(judge, reported),
        ),
    ]


def measure(folder: Path, corpus: Corpus, root: Path, seed: int) -> Card:
    """Write `card.json` and `bundled-toxicity.md` into the folder; return the card."""
    card = card_of(folder, corpus, seed)
    (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
    _log.info("wrote the card")
    exported = Exported(folder)
    judge = evaluate.Judge(lambda texts: exported.logits(texts, MAX_TOKENS), card.labels)
    reported = [example for example in corpus.development if not sets.is_for_fitting(example)]
    parts = quality(judge, reported, corpus) + verdicts(judge, reported, root) + endurance(judge, reported, seed)
    page = report.render(card, parts)
    (folder.parent / "bundled-toxicity.md").write_text(page, encoding="utf-8")
    return card
