"""Small collections in the shape of those that `benchmarks.pii` reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.pii.cases import RECOGNIZERS, SYNTHETIC, VALIDATORS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SENTENCE = {
    "full_text": "Ann pays DE89370400440532013000",
    "spans": [
        {"entity_type": "PERSON", "start_position": 0, "end_position": 3},
        {"entity_type": "IBAN", "start_position": 9, "end_position": 31},
        {"entity_type": "URL", "start_position": 4, "end_position": 4},
    ],
    "tokens": [
        {"text": "Ann", "idx": 0},
        {"text": "pays", "idx": 4},
        {"text": "DE89370400440532013000", "idx": 9},
    ],
}


def write_collections(
    folder: Path,
    recognizers: Sequence[dict[str, Any]] = (),
    validators: Sequence[dict[str, Any]] = (),
    synthetic: Sequence[dict[str, Any]] = (),
) -> None:
    """Write the three files."""
    files = {
        RECOGNIZERS: "\n".join(map(json.dumps, recognizers)),
        VALIDATORS: "\n".join(map(json.dumps, validators)),
        SYNTHETIC: json.dumps(list(synthetic)),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
