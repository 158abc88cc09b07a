"""Soft labels from two published classifiers that were trained on the Jigsaw data, where our sources say nothing.

`tox-block` (MIT) is a small LSTM whose file no current Keras reads, so its sums are done here from its weights.
`alt-profanity-check` (MIT) is a linear model. Both are used while training only, and neither ships.
"""

from __future__ import annotations

import io
import logging
import pickle
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.toxicity.card import LABELS

Floats = NDArray[np.float32]

SEQUENCE = 100
UNITS = 50
BATCH = 2048
_TOX_BLOCK = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")
_CHARACTERS = re.compile(r'[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~\t\n]')
_EXPLICIT = re.compile(
    r"\b(?:sex|sexy|naked|nude|nudes|orgasm\w*|masturbat\w*|penis|vagina|nipples?|erotic\w*|porn\w*|horny|aroused|"
    r"genitals|"
    r"erections?|ejaculat\w*|blow ?jobs?|threesome|kinky|fetish|boobs?|breasts|"
    r"intercourse|seduc\w+|undress\w*|lingerie|"
    r"climax\w*|thrust\w*|moan\w*)\b",
    re.IGNORECASE,
)
_EXPLICIT_DEGREE = (0.03, 0.3, 0.75, 0.9)

_log = logging.getLogger(__name__)


class TeacherError(RuntimeError):
    """A teacher that is not installed or not as it was."""


class _Blank:
    """Stands for a class of the pickled encoder whose code is not wanted, only its state."""

    def __init__(self, *args: object) -> None:
        self.args = args

    def __setstate__(self, state: object) -> None:
        self.__dict__.update(state if isinstance(state, dict) else {"state": state})


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as the base class has it
        if module in {"builtins", "collections"} and name in {"int", "dict", "OrderedDict", "defaultdict", "set"}:
            return super().find_class(module, name)
        return _Blank


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise TeacherError(f"{name} is not installed: install the [training] extra, or train without teachers")
    return Path(spec.origin).parent


def _word_index(path: Path) -> dict[str, int]:
    """Find the tokenizer's table of words in the pickled encoder, whatever the classes around it are."""
    encoder = _Unpickler(io.BytesIO(path.read_bytes())).load()
    pending, seen = [encoder], set()
    while pending:
        thing = pending.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, dict) and isinstance(thing.get("word_index"), dict):
            return {str(word): int(number) for word, number in thing["word_index"].items()}
        if isinstance(thing, dict):
            pending.extend(thing.values())
        elif isinstance(thing, list | tuple):
            pending.extend(thing)
        elif isinstance(thing, _Blank):
            pending.append(thing.__dict__)
    raise TeacherError(f"{path.name} has no table of words")


def _logistic(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-values)), dtype=np.float32)


class ToxBlock:
    """The classifier of `tox-block`: words to numbers, one bidirectional LSTM, a maximum, two layers."""

    def __init__(self, folder: Path) -> None:
        import h5py  # noqa: PLC0415 - an optional dependency

        models = folder / "trained_models"
        self._words = _word_index(next(models.glob("encoder_*.pkl")))
        with h5py.File(next(models.glob("lstm_model_*.h5"))) as file:
            weights: dict[str, Floats] = {}
            file["model_weights"].visititems(
                lambda name, item: (
                    weights.update({name.split(":")[0]: item[()]}) if hasattr(item, "shape") else None
                )
            )
        self._weights = weights

    def _numbers(self, text: str) -> list[int]:
        text = re.sub(r"\n", " ", text.lower())
        words = _CHARACTERS.sub(" ", text).split()
        known = [number for word in words if (number := self._words.get(word, 0)) and number < 20_000]  # noqa: PLR2004
        return known[-SEQUENCE:]

    def _pass(self, inputs: Floats, direction: str) -> Floats:
        base = f"bidirectional/bidirectional/{direction}_lstm/"
        kernel, recurrent, bias = (self._weights[base + part] for part in ("kernel", "recurrent_kernel", "bias"))
        hidden = np.zeros((inputs.shape[0], UNITS), np.float32)
        cell = np.zeros_like(hidden)
        best = np.full_like(hidden, -np.inf)
        steps = range(SEQUENCE) if direction == "forward" else reversed(range(SEQUENCE))
        for step in steps:
            gates = inputs[:, step] @ kernel + hidden @ recurrent + bias
            inner, forget, _, outer = np.split(np.clip(0.2 * gates + 0.5, 0.0, 1.0), 4, axis=1)
            cell = forget * cell + inner * np.tanh(gates[:, 2 * UNITS : 3 * UNITS])
            hidden = outer * np.tanh(cell)
            best = np.maximum(best, hidden)
        return best

    def _batch(self, texts: Sequence[str]) -> Floats:
        numbers = np.zeros((len(texts), SEQUENCE), np.int64)
        for row, text in enumerate(texts):
            found = self._numbers(text)
            if found:
                numbers[row, -len(found) :] = found
        inputs = self._weights["embedding/embedding/embeddings"][numbers]
        pooled = np.concatenate([self._pass(inputs, "forward"), self._pass(inputs, "backward")], axis=1)
        dense = np.maximum(pooled @ self._weights["dense/dense/kernel"] + self._weights["dense/dense/bias"], 0.0)
        return _logistic(dense @ self._weights["dense_1/dense_1/kernel"] + self._weights["dense_1/dense_1/bias"])

    def predict(self, texts: Sequence[str]) -> Floats:
        """Return the degrees of its six labels, in their order."""
        parts = [self._batch(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, len(_TOX_BLOCK)), np.float32)


def explicit(texts: Sequence[str]) -> Floats:
    """Return a rough degree of explicitness from the number of different plain words for sex in each text."""
    counts = [len({word.lower() for word in _EXPLICIT.findall(text)}) for text in texts]
    return np.array([_EXPLICIT_DEGREE[min(count, 3)] for count in counts], np.float32)


def profanity(texts: Sequence[str]) -> Floats:
    """Return the probability of `alt-profanity-check`."""
    from profanity_check import predict_prob  # noqa: PLC0415 - an optional dependency

    return np.asarray(predict_prob(list(texts)), dtype=np.float32)


def opinions(texts: Sequence[str]) -> Floats:
    """Return what each teacher says by itself: the six labels of `tox-block`, then `alt-profanity-check`."""
    return np.column_stack([ToxBlock(_package("tox_block")).predict(texts), profanity(texts)]).astype(np.float32)


def vocabulary() -> list[str]:
    """Return the words that `alt-profanity-check` knows, to ask teachers about each by itself."""
    import profanity_check  # noqa: PLC0415 - an optional dependency
    from joblib import load  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415 - with it

    counts = load(Path(profanity_check.__file__).parent / "data" / "vectorizer.joblib")
    return [word for word in sorted(counts.vocabulary_) if word.isascii() and word.isalpha()]


def hints(texts: Sequence[str], said: Floats) -> Floats:
    """Return a degree for each label of each text, from what the teachers said: one row a text."""
    columns = {name: said[:, place] for place, name in enumerate(_TOX_BLOCK)}
    columns["toxicity"] = ((columns["toxicity"] + said[:, -1]) / 2).astype(np.float32)
    columns["sexual_explicit"] = explicit(texts)
    return np.stack([columns[label] for label in LABELS], axis=1).astype(np.float32)
