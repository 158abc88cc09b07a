"""The teacher's arithmetic is that of its library, and its pickled file is read without running what is in it."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from detectors.toxicity.training import teachers
from detectors.toxicity.training.teachers import SEQUENCE, UNITS, TeacherError, ToxBlock, explicit


class Wrapper:
    """Stands for the encoder's classes, which are not importable where it is read."""

    def __init__(self, inner: object) -> None:
        self.inner = inner


class Evil:
    """Ends the process of whoever runs what is in the file."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return (os._exit, (3,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import h5py  # noqa: PLC0415

    root = tmp_path_factory.mktemp("tox_block")
    models = root / "trained_models"
    models.mkdir()
    words = {"tide": 1, "moon": 2, "wretch": 3}
    encoder = Wrapper([Evil(), Wrapper({"word_index": words, "num_words": 20_000})])
    (models / "encoder_0.pkl").write_bytes(pickle.dumps(encoder))
    chance = np.random.default_rng(1)
    shapes = {"kernel": (4, 4 * UNITS), "recurrent_kernel": (UNITS, 4 * UNITS), "bias": (4 * UNITS,)}
    with h5py.File(models / "lstm_model_0.h5", "w") as file:
        weights = file.create_group("model_weights")
        for side in ("forward", "backward"):
            for name, shape in shapes.items():
                weights[f"bidirectional/bidirectional/{side}_lstm/{name}:0"] = chance.normal(size=shape) * 0.3
        weights["embedding/embedding/embeddings:0"] = chance.normal(size=(10, 4))
        for name, shape in {"dense": (2 * UNITS, 5), "dense_1": (5, 6)}.items():
            weights[f"{name}/{name}/kernel:0"] = chance.normal(size=shape)
            weights[f"{name}/{name}/bias:0"] = chance.normal(size=shape[1:])
    return root


def test_degrees_are_six_and_belong_to_the_text_alone(folder: Path) -> None:
    teacher = ToxBlock(folder)
    one, two = teacher.predict(["The tide, the moon!", "wretch"])
    assert one.shape == (6,)
    assert ((one > 0) & (one < 1)).all()
    assert not np.allclose(one, two)
    assert np.allclose(teacher.predict(["tide moon"])[0], one, atol=1e-6)
    assert teacher.predict([]).shape == (0, 6)


def test_one_step_of_the_network_by_hand(folder: Path) -> None:
    teacher = ToxBlock(folder)
    inputs = np.zeros((1, SEQUENCE, 4), np.float32)
    got = teacher._pass(inputs, "forward")[0]
    bias = teacher._weights["bidirectional/bidirectional/forward_lstm/bias"]
    recurrent = teacher._weights["bidirectional/bidirectional/forward_lstm/recurrent_kernel"]
    hidden, cell, best = np.zeros(UNITS), np.zeros(UNITS), np.full(UNITS, -np.inf)
    for _ in range(SEQUENCE):
        inner, forget, new, outer = np.split(hidden @ recurrent + bias, 4)
        inner, forget, outer = (np.clip(0.2 * gate + 0.5, 0, 1) for gate in (inner, forget, outer))
        cell = forget * cell + inner * np.tanh(new)
        hidden = outer * np.tanh(cell)
        best = np.maximum(best, hidden)
    assert np.allclose(got, best, atol=1e-4)


def test_explicitness_rises_with_different_words() -> None:
    none, one, repeated, two = explicit(["a walk", "naked", "naked naked", "naked and erotic"])
    assert none < one == repeated < two


def test_a_teacher_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="not_there"):
        teachers._package("not_there")
    path = tmp_path / "encoder.pkl"
    path.write_bytes(pickle.dumps(Wrapper({"other": 1})))
    with pytest.raises(TeacherError, match="no table of words"):
        teachers._word_index(path)
