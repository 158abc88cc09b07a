"""A part beside the encoder that counts tokens and pairs of tokens: what words say wherever they stand.

It learns what raters say of the texts and, in columns of their own, what two published classifiers say of the same
texts and of single words: they saw far more plain abuse than there is here. What each column is worth is fitted
afterwards (`joined`). All of it is linear, so that it becomes one table in the model's graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.metrics import Floats
from detectors.toxicity.training.reading import Block
from detectors.toxicity.training.targets import Targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIR_BUCKETS = 1 << 16
"""Pairs of tokens share so many rows of the table."""
FACTORS = (31_337, 101, 7)
"""Of the first token, of the second, and what is added: their sum, modulo the buckets, is the row of a pair."""
STRENGTH = 3.0
"""What a sum over a text is multiplied by before it is divided by the root of the number of its tokens."""
ROUNDS = 6
BATCH = 256
RATE = 0.02
BIAS_RATE = 0.01
FIRST_BIAS = -2.0
"""Most texts have none of the labels."""


@dataclass(frozen=True, slots=True)
class Table:
    """What each token and each pair says: one row a token of the vocabulary and then one a bucket."""

    weights: Floats
    bias: Floats
    tokens: int
    """How many rows are tokens'."""

    def logits(self, rows: Sequence[Sequence[int]]) -> Floats:
        """Return one row a text, one column as the table has."""
        found = np.zeros((len(rows), len(self.bias)))
        for place, row in enumerate(rows):
            spoken = self.weights[features(row, self.tokens)].sum(axis=0)
            found[place] = STRENGTH * spoken / np.sqrt(len(row)) + self.bias
        return found


def features(row: Sequence[int], tokens: int) -> Block:
    """Return the rows of the table that a text's token numbers ask for."""
    numbers = np.asarray(row, np.int64)
    first, second, more = FACTORS
    pairs = (numbers[:-1] * first + numbers[1:] * second + more) % PAIR_BUCKETS
    return np.concatenate([numbers, tokens + pairs])


def with_opinions(targets: Targets, opinions: NDArray[Any], of_words: NDArray[Any]) -> Targets:
    """Return targets of raters and teachers side by side: texts first, then words, which no rater has seen."""
    unseen = np.zeros((len(of_words), len(LABELS)))
    degrees = np.concatenate(
        [np.concatenate([targets.degrees, opinions], axis=1), np.concatenate([unseen, of_words], axis=1)]
    )
    weights = np.concatenate(
        [
            np.concatenate([targets.weights, np.ones_like(opinions)], axis=1),
            np.concatenate([unseen, np.ones_like(of_words)], axis=1),
        ]
    )
    return Targets(degrees.astype(np.float32), weights.astype(np.float32))


def learn(rows: Sequence[Sequence[int]], targets: Targets, tokens: int, seed: int, rounds: int = ROUNDS) -> Table:
    """Fit the table by stochastic gradient descent, the rate falling to nothing; one column a target."""
    import torch  # noqa: PLC0415 - an optional dependency

    torch.manual_seed(seed)
    columns = targets.degrees.shape[1]
    table = torch.nn.EmbeddingBag(tokens + PAIR_BUCKETS, columns, mode="sum", sparse=True)
    torch.nn.init.zeros_(table.weight)
    bias = torch.nn.Parameter(torch.full((columns,), FIRST_BIAS))
    steps = (torch.optim.SparseAdam(table.parameters(), lr=RATE), torch.optim.Adam([bias], lr=BIAS_RATE))
    degrees, weights = torch.from_numpy(targets.degrees), torch.from_numpy(targets.weights)
    random, places = Random(seed), list(range(len(rows)))  # noqa: S311 - chance that must come out the same again
    for number in range(rounds):
        for group in steps[0].param_groups:
            group["lr"] = RATE * (1 - number / rounds)
        random.shuffle(places)
        for start in range(0, len(places), BATCH):
            chosen = places[start : start + BATCH]
            asked = [features(rows[place], tokens) for place in chosen]
            begins = torch.tensor([0, *np.cumsum([len(one) for one in asked])[:-1].tolist()])
            lengths = torch.tensor([[float(len(rows[place]))] for place in chosen])
            sums = table(torch.from_numpy(np.concatenate(asked)), begins)
            losses = torch.nn.functional.binary_cross_entropy_with_logits(
                STRENGTH * sums / lengths.sqrt() + bias, degrees[chosen], reduction="none"
            )
            known = weights[chosen]
            ((losses * known).sum() / known.sum().clamp(min=1.0)).backward()
            for step in steps:
                step.step()
                step.zero_grad()
    return Table(table.weight.detach().numpy().astype(float), bias.detach().numpy().astype(float), tokens)
