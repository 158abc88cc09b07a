"""Published data: streams with concepts that change, by River's generators, and rows of a real data set.

A model learns the first concept and is then left alone; what is watched is whether it errs, one bit a row, as the
monitor watches whether an answer has an incident.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from river import datasets
from river.datasets import synth
from river.linear_model import LogisticRegression
from river.naive_bayes import GaussianNB
from river.preprocessing import StandardScaler
from river.tree import HoeffdingTreeClassifier

from benchmarks.monitor.contenders import ALONE, Contender, Monitor
from benchmarks.monitor.streams import generator
from benchmarks.report import Table

if TYPE_CHECKING:
    from collections.abc import Callable

LEARN: Final = 3000
"""Rows that the model learns from."""
BEFORE: Final = 12_000
AFTER: Final = 6000
PARTIES: Final = ("ADWIN, delta 0.002", "PageHinkley", "DDM", "EDDM")


def errors(make: Callable[[int], Any], before: int, after: int, model: Any) -> list[bool]:  # noqa: ANN401 - River's
    """Return the errors of a model that learned the concept `before`, over rows of it and then of `after`."""
    first = iter(make(before))
    for row, label in itertools.islice(first, LEARN):
        model.learn_one(row, label)
    then = itertools.islice(make(after), AFTER)
    rows = itertools.chain(itertools.islice(first, BEFORE), then)
    return [model.predict_one(row) != label for row, label in rows]


def shuttle(share_after: float) -> list[bool]:
    """Return bits of the Statlog Shuttle rows: a model that knows the first rows calls a row an outlier.

    The rows are those of the file; the change is planted: from a point on outliers are drawn more often.
    """
    rows = list(datasets.Shuttle())
    model: Any = StandardScaler() | LogisticRegression()
    for row, label in rows[:10_000]:
        model.learn_one(row, bool(label))
    rest = [(bool(label), bool(model.predict_one(row))) for row, label in rows[10_000:]]
    chance = generator(7)
    outliers = [called for label, called in rest if label]
    normal = [called for label, called in rest if not label]
    share = len(outliers) / len(rest)
    drawn = [
        outliers[chance.integers(len(outliers))]
        if chance.random() < (share if place < BEFORE else share_after)
        else normal[chance.integers(len(normal))]
        for place in range(BEFORE + AFTER)
    ]
    return [bool(one) for one in drawn]


def streams() -> dict[str, list[bool]]:
    """Return every stream; its change is after `BEFORE` rows."""

    def sea(variant: int) -> Any:  # noqa: ANN401
        return synth.SEA(variant=variant, seed=42 + variant, noise=0.1)

    def stagger(variant: int) -> Any:  # noqa: ANN401
        return synth.STAGGER(classification_function=variant, seed=42 + variant)

    def sine(variant: int) -> Any:  # noqa: ANN401
        return synth.Sine(classification_function=variant, seed=42 + variant)

    def agrawal(variant: int) -> Any:  # noqa: ANN401
        return synth.Agrawal(classification_function=variant, seed=42 + variant, perturbation=0.05)

    return {
        "SEA, concept 1 to 3 (Street and Kim 2001)": errors(sea, 0, 2, HoeffdingTreeClassifier()),
        "STAGGER, 0 to 1 (Schlimmer and Granger 1986)": errors(stagger, 0, 1, HoeffdingTreeClassifier()),
        "Sine, 0 to 1 (Gama et al. 2004)": errors(sine, 0, 1, GaussianNB()),
        "Agrawal, 0 to 2 (Agrawal et al. 1993)": errors(agrawal, 0, 2, HoeffdingTreeClassifier()),
        "Statlog Shuttle, real rows, outliers 7 to 14 %": shuttle(0.14),
        "Statlog Shuttle, real rows, nothing changes": shuttle(0.0715),
    }


def table() -> Table:
    """Let the monitor and some of River's detectors watch every stream."""
    parties: dict[str, Callable[[], Contender]] = {"the monitor": Monitor} | {name: ALONE[name] for name in PARTIES}
    rows = []
    for name, bits in streams().items():
        before, after = sum(bits[:BEFORE]) / BEFORE, sum(bits[BEFORE:]) / AFTER
        rows.append(
            (name, f"{100 * before:.1f} to {100 * after:.1f} %", *(_seen(make, bits) for make in parties.values()))
        )
    return Table(
        "Published streams",
        ("stream", "errors", *parties),
        rows,
        f"Rows from the change to the alarm (false alarms in the {BEFORE:,} rows before). A model learned from "
        f"{LEARN:,} rows and was left alone; its errors are watched. All data come with River, so nothing is "
        "downloaded; the streams with changes of their own that River would have to download are left out.",
    )


def _seen(make: Callable[[], Contender], bits: list[bool]) -> str:
    party = make()
    false_alarms = sum(party.take(bit) for bit in bits[:BEFORE])
    delay = next((place for place, bit in enumerate(bits[BEFORE:], 1) if party.take(bit)), None)
    return f"{'-' if delay is None else f'{delay:,}'} ({false_alarms})"
