"""What was measured of the bundled toxicity model, for a person who chooses a threshold. It measures nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.toxicity.card import CardError, load_card
from detectors.toxicity.layout import CARD_FILE
from proxy.cli.errors import CommandError
from proxy.cli.terminal import console, write

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.toxicity.card import LabelCard


def measured(folder: Path) -> list[dict[str, Any]]:
    """Return, by label, the shipped thresholds and what each threshold catches and costs; nothing without a card.

    Raises `CommandError` for a card that cannot be read.
    """
    if not (folder / CARD_FILE).is_file():
        return []
    try:
        card = load_card(folder / CARD_FILE)
    except CardError as error:
        raise CommandError(str(error)) from error
    return [_label(one) for one in card.labels]


def _label(label: LabelCard) -> dict[str, Any]:
    return {
        "label": label.name,
        "rewrite": label.thresholds.rewrite,
        "block": label.thresholds.block,
        "positives": label.positives,
        "negatives": label.negatives,
        "thresholds": [point.model_dump() for point in label.operating_points],
    }


def show_measured(labels: list[dict[str, Any]]) -> None:
    """Write a table of thresholds for each label."""
    from rich.table import Table  # noqa: PLC0415 - only where a table is drawn

    out = console()
    write("\nPrecision and recall of the bundled model on its development set, by min_score:\n")
    write("(with `scores: tiers`, min_score 0.5 is the shipped threshold for rewrite, 0.75 that for block)\n")
    for label in labels:
        shipped = f"shipped: rewrite from {label['rewrite']:g}, block from {label['block']:g}"
        texts = f"{label['positives']} texts of {label['positives'] + label['negatives']}"
        write(f"\n{label['label']} ({texts}; {shipped})\n")
        table = Table("min_score", "precision", "recall", "false positives", box=None, header_style="bold")
        for point in label["thresholds"]:
            table.add_row(
                f"{point['threshold']:g}",
                "-" if point["precision"] is None else f"{100 * point['precision']:.1f} %",
                f"{100 * point['recall']:.1f} %",
                f"{100 * point['false_positive_rate']:.2f} %",
            )
        out.print(table)
