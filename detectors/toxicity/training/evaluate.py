"""Measures the exported model and fits what its card says: every figure of the report comes from here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from detectors.toxicity.card import LABELS, Calibration, LabelCard
from detectors.toxicity.training import metrics, noise, probes, sets
from detectors.toxicity.training.calibrate import fit, label_card, probabilities
from detectors.toxicity.training.example import Example, is_made
from detectors.toxicity.training.metrics import Bools, Estimate, Floats
from detectors.toxicity.training.thresholds import Evidence, tiers

Scorer = Callable[[Sequence[str]], Floats]
"""Returns the logits of texts: one row a text, one column a label."""
Rival = Callable[[str, Sequence[str]], Floats]
"""Returns a rival's scores for a label."""
Cut = Callable[[str], list[str]]
"""Returns the parts of a text that are judged."""

TIERS = ("rewrite", "block")
ROBUST_TEXTS = 1500
WINDOWED_TEXTS = 1500
MIN_WORDS_TO_WINDOW = 12
CIVIL_SOURCES = frozenset({"wikipedia-context-toxicity", "made-assistant", "hh-rlhf", "python-library"})
FEWEST_OF_GROUP = 15
"""Groups of fewer texts say nothing."""
_TOXICITY = LABELS.index("toxicity")
MOST_WORDS = 10_000
LENGTHS = ((1, 8), (9, 20), (21, 50), (51, MOST_WORDS))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a name and its estimates by column."""

    name: str
    values: dict[str, Estimate | float]
    n: int


@dataclass(frozen=True, slots=True)
class Judge:
    """A model with its calibration: scores and verdicts for texts."""

    scorer: Scorer
    labels: tuple[LabelCard, ...]

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the calibrated probabilities, one column a label."""
        logits = self.scorer(texts)
        columns = [probabilities(logits[:, place], label.calibration) for place, label in enumerate(self.labels)]
        return np.stack(columns, axis=1)

    def fires(self, texts: Sequence[str], tier: str = "rewrite") -> Bools:
        """Return whether any label reaches its shipped threshold."""
        return self.fired(self.scores(texts), tier)

    def fires_within(self, texts: Sequence[str], cut: Cut = sets.shown, tier: str = "rewrite") -> Bools:
        """Return whether any part of each text does, as the guard judges a text that streams."""
        parts = [(place, part) for place, text in enumerate(texts) for part in cut(text)]
        verdicts = np.zeros(len(texts), dtype=np.bool_)
        if parts:
            fired = self.fires([part for _, part in parts], tier)
            np.logical_or.at(verdicts, [place for place, _ in parts], fired)
        return verdicts

    def fired(self, scores: Floats, tier: str = "rewrite") -> Bools:
        """Return the same for scores that are there already."""
        limits = [getattr(label.thresholds, tier) for label in self.labels]
        return np.asarray((scores >= np.array(limits)).any(axis=1))


def fit_labels(scorer: Scorer, development: Sequence[Example]) -> tuple[LabelCard, ...]:
    """Return each label's calibration and thresholds, from the half of the development texts that is for it.

    Thresholds are for windows, since the guard judges windows: the highest of a text's has to stay below.
    """
    half = [example for example in development if sets.is_for_fitting(example)]
    logits = dict(zip([example.text for example in half], scorer([example.text for example in half]), strict=True))
    columns = [sets.decided(half, name, name) for name in LABELS]
    known = [np.array([logits[text][place] for text in one.texts], np.float64) for place, one in enumerate(columns)]
    fits = [fit(values, one.positive) for values, one in zip(known, columns, strict=True)]
    chosen = tiers(_evidence(scorer, half, fits))
    return tuple(
        label_card(one.label, probabilities(values, calibration), one.positive, calibration, pair)
        for one, values, calibration, pair in zip(columns, known, fits, chosen, strict=True)
    )


def _evidence(scorer: Scorer, half: Sequence[Example], fits: Sequence[Calibration]) -> Evidence:
    """Return the scores that thresholds are chosen by: of each text as a whole and in windows, the highest."""

    def highest(examples: Sequence[Example]) -> Floats:
        logits = [scorer([one.text, *sets.shown(one.text)]).max(axis=0) for one in examples]
        table = np.array(logits, np.float64).reshape(-1, len(LABELS))
        return np.stack([probabilities(table[:, place], one) for place, one in enumerate(fits)], axis=1)

    harmful = [one for one in half if any(degree is not None and degree >= sets.POSITIVE for degree in one.known)]
    kinds = [
        [
            degree is not None and degree >= sets.POSITIVE and made == is_made(one)
            for degree in one.known
            for made in (True, False)
        ]
        for one in harmful
    ]
    return Evidence(
        civil=highest([one for one in half if is_civil(one)]),
        gentle=highest([one for one in half if _is_gentle(one)]),
        harmful=highest(harmful),
        kinds=np.array(kinds, bool).reshape(-1, 2 * len(LABELS)),
    )


def _is_gentle(example: Example) -> bool:
    """Whether a text was made to look like harm and is none: a neutral mention, a negation, a quotation."""
    return is_made(example) and example.known[_TOXICITY] == 0.0 and not is_civil(example)


def is_civil(example: Example) -> bool:
    """Whether a text is ordinary prose, code or conversation without any abuse."""
    toxicity = example.known[_TOXICITY]
    chosen = example.source != "hh-rlhf" or example.group == "chosen"
    return example.source in CIVIL_SOURCES and chosen and toxicity is not None and toxicity <= sets.NEGATIVE


def by_label(judge: Judge, reported: Sequence[Example]) -> list[Row]:
    """Return areas and calibration error of each label."""
    rows = []
    for place, label in enumerate(judge.labels):
        chosen = sets.decided(reported, label.name, label.name)
        scores = judge.scores(chosen.texts)[:, place]
        values: dict[str, Estimate | float] = {
            "positives": float(chosen.positive.sum()),
            "ROC-AUC": metrics.roc_auc(scores, chosen.positive),
            "PR-AUC": metrics.pr_auc(scores, chosen.positive),
            "ECE": metrics.calibration_error(scores, chosen.positive),
            "recall, rewrite": metrics.rate_at(scores[chosen.positive], label.thresholds.rewrite),
            "recall, block": metrics.rate_at(scores[chosen.positive], label.thresholds.block),
        }
        rows.append(Row(label.name, values, len(chosen.texts)))
    return rows


def by_set(judge: Judge, reported: Sequence[Example], rivals: dict[str, Rival]) -> list[Row]:
    """Return the area of the model and of each rival on each development set."""
    rows = []
    for chosen in sets.development_sets(reported):
        if not chosen.positive.any() or chosen.positive.all():
            continue
        ours = judge.scores(chosen.texts)[:, LABELS.index(chosen.label)]
        values: dict[str, Estimate | float] = {"bundled": metrics.roc_auc(ours, chosen.positive)}
        for name, rival in rivals.items():
            values[name] = metrics.roc_auc(rival(chosen.label, chosen.texts), chosen.positive)
        rows.append(Row(chosen.name, values, len(chosen.texts)))
    return rows


def _rates(judge: Judge, name: str, texts: Sequence[str]) -> Row:
    scores = judge.scores(texts)
    values: dict[str, Estimate | float] = {
        tier: metrics.wilson(int(judge.fired(scores, tier).sum()), len(texts)) for tier in TIERS
    }
    for tier in TIERS:
        fired = judge.fires_within(texts, tier=tier)
        values[f"windows, {tier}"] = metrics.wilson(int(fired.sum()), len(texts))
    return Row(name, values, len(texts))


def false_positives(judge: Judge, reported: Sequence[Example], prompts: Sequence[str]) -> list[Row]:
    """Return how often civil text of each register fires."""
    texts: dict[str, list[str]] = defaultdict(list)
    for example in reported:
        if is_civil(example) or _is_gentle(example):
            texts[example.source].append(example.text)
    texts["harmless prompts with trigger words"] = list(prompts)
    texts["Python's language reference"] = sets.reference_paragraphs()
    return [_rates(judge, name, found) for name, found in sorted(texts.items())]


def by_length(judge: Judge, reported: Sequence[Example]) -> list[Row]:
    """Return the area of toxicity by number of words."""
    chosen = sets.decided(reported, "toxicity", "toxicity")
    scores = judge.scores(chosen.texts)[:, _TOXICITY]
    words = np.array([len(text.split()) for text in chosen.texts])
    rows = []
    for low, high in LENGTHS:
        inside = (words >= low) & (words <= high)
        values: dict[str, Estimate | float] = {"ROC-AUC": metrics.roc_auc(scores[inside], chosen.positive[inside])}
        rows.append(
            Row(
                f"{low} to {high} words" if high < MOST_WORDS else f"{low} words and more",
                values,
                int(inside.sum()),
            )
        )
    return rows


def by_group(judge: Judge, reported: Sequence[Example]) -> list[Row]:
    """Return the area of identity attack by group, where the source names one."""
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in reported:
        if example.source in {"toxigen-seeds", "made-hate", "made-identity", "made-counter"} and example.group:
            groups[example.group].append(example)
    place, rows = LABELS.index("identity_attack"), []
    for group, examples in sorted(groups.items()):
        chosen = sets.decided(examples, "identity_attack", group)
        if len(chosen.texts) >= FEWEST_OF_GROUP and chosen.positive.any() and not chosen.positive.all():
            scores = judge.scores(chosen.texts)[:, place]
            rows.append(Row(group, {"ROC-AUC": metrics.roc_auc(scores, chosen.positive)}, len(chosen.texts)))
    return rows


def neutral_mentions(judge: Judge) -> list[Row]:
    """Return how often neutral sentences fire, by identity term, all of them first."""
    texts = probes.neutral()
    fired = judge.fires([probe.text for probe in texts])
    rows = [Row("all terms", {"rewrite": metrics.wilson(int(fired.sum()), len(texts))}, len(texts))]
    for group in dict.fromkeys(probe.group for probe in texts):
        of_group = [bool(is_fired) for probe, is_fired in zip(texts, fired, strict=True) if probe.group == group]
        rows.append(Row(group, {"rewrite": metrics.wilson(sum(of_group), len(of_group))}, len(of_group)))
    return rows


def functions(judge: Judge) -> list[Row]:
    """Return the share of right verdicts by behaviour."""
    texts = probes.functional()
    fired = judge.fires([probe.text for probe in texts])
    right: dict[str, list[bool]] = defaultdict(list)
    for probe, is_fired in zip(texts, fired, strict=True):
        side = "should fire" if probe.harmful else "should not"
        right[f"{probe.behaviour} ({side})"].append(bool(is_fired) == probe.harmful)
    return [
        Row(name, {"right": metrics.wilson(sum(found), len(found))}, len(found)) for name, found in right.items()
    ]


def robustness(judge: Judge, reported: Sequence[Example], seed: int) -> list[Row]:
    """Return the area of toxicity on texts as they are and in each disguise."""
    random = Random(seed)  # noqa: S311 - chance that must come out the same again
    chosen = sets.decided(reported, "toxicity", "toxicity")
    texts, positive = chosen.texts[:ROBUST_TEXTS], chosen.positive[:ROBUST_TEXTS]
    plain = metrics.roc_auc(judge.scores(texts)[:, _TOXICITY], positive)
    rows = [Row("as written", {"ROC-AUC": plain, "fall": 0.0}, len(texts))]
    for family in noise.FAMILIES:
        disguised = [noise.noisy(text, family, random) for text in texts]
        area = metrics.roc_auc(judge.scores(disguised)[:, _TOXICITY], positive)
        rows.append(Row(family, {"ROC-AUC": area, "fall": plain.value - area.value}, len(texts)))
    return rows


def windowed(judge: Judge, reported: Sequence[Example]) -> list[Row]:
    """Return recall and false positives of whole texts, and of the same shown window by window."""
    long = [example for example in reported if len(example.text.split()) >= MIN_WORDS_TO_WINDOW]
    chosen = sets.decided(long, "toxicity", "toxicity")
    texts, positive = chosen.texts[:WINDOWED_TEXTS], chosen.positive[:WINDOWED_TEXTS]
    whole, parts = judge.fires(texts), judge.fires_within(texts)
    steady = judge.fires_within(texts, lambda text: sets.shown(text, sets.WHOLE))
    after = judge.fires_within(texts, sets.shown_after_sentence)
    return [
        Row(
            name,
            {
                "recall": metrics.wilson(int(verdicts[positive].sum()), int(positive.sum())),
                "false positives": metrics.wilson(int(verdicts[~positive].sum()), int((~positive).sum())),
                "whole ones lost": metrics.wilson(
                    int((positive & whole & ~verdicts).sum()), int((positive & whole).sum())
                ),
            },
            len(texts),
        )
        for name, verdicts in (
            ("whole", whole),
            ("windows", parts),
            ("windows, the first not shorter", steady),
            ("windows, and again after the sentence before", parts | after),
        )
    ]
