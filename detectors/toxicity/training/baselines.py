"""What the model is measured beside: a published linear classifier, and words counted on the same texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.example import Example
from detectors.toxicity.training.metrics import Floats
from detectors.toxicity.training.teachers import profanity

MAX_WORDS = 60_000


class CountedWords:
    """TF-IDF of words and pairs of words with logistic regression, for one label."""

    def __init__(self, examples: Sequence[Example], label: str, positive: float, negative: float) -> None:
        place = LABELS.index(label)
        chosen = [
            (example.text, degree >= positive)
            for example in examples
            if (degree := example.known[place]) is not None and (degree >= positive or degree <= negative)
        ]
        self._counts = TfidfVectorizer(ngram_range=(1, 2), min_df=3, max_features=MAX_WORDS, sublinear_tf=True)
        self._model = LogisticRegression(C=4.0, max_iter=200)
        self._model.fit(self._counts.fit_transform([text for text, _ in chosen]), [is_so for _, is_so in chosen])

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the probability of the label."""
        return np.asarray(self._model.predict_proba(self._counts.transform(texts))[:, 1], dtype=np.float64)


def published(texts: Sequence[str]) -> Floats:
    """Return the probability of `alt-profanity-check`, which has one label."""
    return np.asarray(profanity(texts), dtype=np.float64)
