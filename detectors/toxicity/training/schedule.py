"""How a training goes: its settings, the order of its batches, and its rate at each step. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

LEARNING_RATE = 1.5e-4
POOL_BATCHES = 64
"""Batches are cut from pools of this many, sorted by length, so that little is padding."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the training is done."""

    base: Path
    """Folder of the pretrained encoder."""
    out: Path
    """Folder of the checkpoint and of the trained model."""
    steps: int
    batch: int = 64
    learning_rate: float = LEARNING_RATE
    weight_decay: float = 0.01
    warm_up: int = 120
    """Steps until the learning rate is the whole one; a short plan warms up for a tenth of it."""
    max_tokens: int = 64
    layers: int = 6
    seed: int = 2026
    threads: int = 2
    stop_after: int | None = None
    """Stop at this step of a longer plan; the averaged weights of that moment are the model."""
    checkpoint_every: int = 100
    half: bool = True
    """Compute in bfloat16 where that is safe; twice to four times as fast on cores that have it."""


def batches(lengths: Sequence[int], size: int, random: Random) -> Iterator[list[int]]:
    """Yield places of texts, batch by batch, for ever; each text once a round, like lengths together."""
    while True:
        places = list(range(len(lengths)))
        random.shuffle(places)
        pool = size * POOL_BATCHES
        for start in range(0, len(places), pool):
            near = sorted(places[start : start + pool], key=lengths.__getitem__)
            cut = [near[first : first + size] for first in range(0, len(near), size)]
            random.shuffle(cut)
            yield from cut


def rate(step: int, settings: Settings) -> float:
    """Return the share of the learning rate at a step: up in a straight line, then down to a tenth."""
    warm = max(1, min(settings.warm_up, settings.steps // 10))
    if step < warm:
        return (step + 1) / warm
    return max(0.1, 1.0 - 0.9 * (step - warm) / max(1, settings.steps - warm))
