"""The report's own sentences cover every identity term, and none of them was trained on."""

from __future__ import annotations

from random import Random

from detectors.toxicity.training import probes
from detectors.toxicity.training.registers import civil
from detectors.toxicity.training.templates import made
from detectors.toxicity.training.vocabulary import IDENTITIES


def test_every_term_stands_in_every_neutral_sentence() -> None:
    neutral = probes.neutral()
    assert len({probe.group for probe in neutral}) == len(IDENTITIES) >= 40
    assert len(neutral) == len(IDENTITIES) * len(probes.NEUTRAL)
    assert not any(probe.harmful or "{" in probe.text for probe in neutral)


def test_every_behaviour_has_harmful_or_harmless_sentences() -> None:
    functional = probes.functional()
    assert {probe.harmful for probe in functional} == {True, False}
    assert not any("{" in probe.text for probe in functional)


def test_no_probe_is_trained_on() -> None:
    trained = {example.text.lower().strip(".! ") for example in made(Random(1), ("drat",)) + civil(Random(1))}
    probed = {probe.text.lower().strip(".! ") for probe in (*probes.neutral(), *probes.functional())}
    assert trained & probed == set()
