"""Writes the report as Markdown: tables of figures that the evaluation measured, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectors.toxicity.card import Card
from detectors.toxicity.training.evaluate import Row
from detectors.toxicity.training.metrics import Estimate

_LEVEL: Final = "0.000"
"""A lead that the tables do not show."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what it says before its table, and the table."""

    title: str
    said: str
    rows: Sequence[Row]


def cell(value: Estimate | float) -> str:
    """Return a value as the table shows it; an estimate with its 95 % interval."""
    if isinstance(value, Estimate):
        return f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})" if not math.isnan(value.value) else "-"
    if math.isnan(value):
        return "-"
    return str(int(value)) if value == int(value) and abs(value) > 1 else f"{value:.3f}"


def table(rows: Sequence[Row], first: str = "") -> str:
    """Return rows as a Markdown table; the columns are those of the first row."""
    if not rows:
        return "Nothing to measure.\n"
    columns = list(rows[0].values)
    lines = ["| " + " | ".join([first or "what", "n", *columns]) + " |", "|---|" + "---|" * (len(columns) + 1)]
    for row in rows:
        cells = [cell(row.values[column]) for column in columns]
        lines.append("| " + " | ".join([row.name, str(row.n), *cells]) + " |")
    return "\n".join(lines) + "\n"


def wins(rows: Sequence[Row]) -> str:
    """Say on which sets the model is ahead of every rival, and on which it is not: behind, or level to three digits."""
    behind = []
    for row in rows:
        values = {name: value.value for name, value in row.values.items() if isinstance(value, Estimate)}
        ours = values.pop("bundled")
        leads = {name: f"{value - ours:.3f}" for name, value in values.items() if value >= ours}
        said = [f"behind {name} by {lead}" for name, lead in leads.items() if lead != _LEVEL]
        said += [f"level with {name}" for name, lead in leads.items() if lead == _LEVEL]
        if said:
            behind.append(f"On {row.name} it is " + " and ".join(said) + ".")
    if not behind:
        return f"It is ahead of each on all {len(rows)} sets."
    return f"It is ahead of each on {len(rows) - len(behind)} of {len(rows)} sets.\n" + "\n".join(behind)


def gap(rows: Sequence[Row]) -> float:
    """Return the difference between the highest and the lowest rate of the identity terms."""
    rates = [value.value for row in rows[1:] if isinstance(value := row.values["rewrite"], Estimate)]
    return max(rates) - min(rates) if rates else 0.0


def thresholds(card: Card) -> str:
    """Return the shipped thresholds and what each label does at them."""
    lines = ["| label | rewrite | block | scale | bias |", "|---|---|---|---|---|"]
    for label in card.labels:
        tiers, fit = label.thresholds, label.calibration
        lines.append(f"| {label.name} | {tiers.rewrite} | {tiers.block} | {fit.scale:.3f} | {fit.bias:.3f} |")
    return "\n".join(lines) + "\n"


def data(card: Card) -> str:
    """Return the sources with their licences and counts."""
    lines = ["| source | licence | trained on | kept for measuring |", "|---|---|---|---|"]
    lines += [f"| {row.source} | {row.licence} | {row.train} | {row.development} |" for row in card.data]
    return "\n".join(lines) + "\n"


_HEAD = """# The bundled toxicity model

This page is written by `python -m detectors.toxicity.training` and holds only figures that it measured.
How the model is made is in [training](training.md).

Version {version}; base {base} ({base_licence}), {max_tokens} tokens at most, int8.
Licence of the weights: {licence}.
Intervals are 95 %; rates have Wilson's, areas Hanley and McNeil's.
The development texts were kept out of the training; one half of them fitted the calibration and the thresholds, and every figure below is from the other half, or from texts that were used for neither.
It was also meant to do well on data that is not here: these figures say how it does on what is like its training data.
"""


def render(card: Card, sections: Sequence[Section]) -> str:
    """Return the whole page."""
    head = _HEAD.format(
        version=card.version,
        base=card.base,
        base_licence=card.base_licence,
        licence=card.licence,
        max_tokens=card.max_tokens,
    )
    parts = [head, "## Thresholds that ship\n", thresholds(card)]
    for section in sections:
        parts += [f"## {section.title}\n", section.said + "\n", table(section.rows)]
    parts += ["## Data\n", data(card)]
    return "\n".join(parts)
