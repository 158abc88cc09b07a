"""Replays the corpus of the fuzzers, and a little noise, on every run of the tests."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
INPUTS = [(name, path) for name in TARGETS for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize(("name", "path"), INPUTS, ids=[f"{name}-{path.stem}" for name, path in INPUTS])
def test_corpus(name: str, path: Path) -> None:
    """Every input that was ever worth keeping still passes, and so do 40 damaged forms of it."""
    data = path.read_bytes()
    TARGETS[name](data)
    chance = random.Random(path.name)
    for _ in range(40):
        TARGETS[name](damaged(data, chance))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return the input with a piece cut out, doubled, or overwritten."""
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.randrange(1, 12))
    noise = bytes(chance.choices(b'\n\r:"\\{}[],0eE\xff\xc3 data', k=chance.randrange(4)))
    return chance.choice([data[:start] + data[end:], data[:end] + data[start:], data[:start] + noise + data[end:]])


def test_every_target_has_a_corpus() -> None:
    """A target without one would not be replayed."""
    assert {name for name, _ in INPUTS} == set(TARGETS)
